#include "sync/hooks.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/str.h"
#include "core/project.h"
#include "db/db.h"

#define US_PER_MS 1000
#define LEASE_MARGIN_S 60 /* over hub.hook_s */
#define READS_MAX 64	  /* a turn */
#define ID_CHARS 40

/* ---- which */

/* One of ours stands beside this program; "jira" is jira-post-fetch-hook. */
static const char *
own_program(struct arena *mem, const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name))
		return NULL;
	self[n] = '\0';
	strrchr(self, '/')[0] = '\0';
	return arena_printf(mem, "%s/%s-post-fetch-hook", self, name);
}

void
hooks_open(struct hooks *h, struct ctx *c, struct arena *mem, const char *conf_path)
{
	size_t n;
	char **words = str_split(c->mem, c->conf->hub_post_fetch_hooks, ',', &n);

	*h = (struct hooks){ .conf_path = conf_path };
	h->programs = arena_new_array(mem, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		char *word = words[i] + strspn(words[i], " \t");
		const char *path;

		word[strcspn(word, " \t")] = '\0';
		if (word[0] == '\0')
			continue;
		path = word[0] == '/' ? arena_strdup(mem, word) : own_program(mem, word);
		if (path == NULL)
			log_write(LOG_WARN, "hook", LOG_TEXT("hook", word),
			    LOG_TEXT("why", "neither an absolute path nor a name of ours"));
		else
			h->programs[h->n_programs++] = path;
	}
	h->mem = arena_new();
	h->call_mem = arena_new();
}

/* ---- the task and its calls */

static int64_t
lease_s(const struct ctx *c)
{
	return c->conf->hub_hook_s + LEASE_MARGIN_S;
}

static void
forget_task(struct hooks *h)
{
	h->has_task = false;
	arena_reset(h->mem);
}

static const char *
all_before(struct arena *mem, char **lines, size_t n)
{
	struct buf *b = buf_new(mem, n * (ID_CHARS + 1));

	for (size_t i = 0; i < n; i++)
		if (strspn(lines[i], "0") < ID_CHARS)
			buf_printf(b, "%s%.*s", b->len > 0 ? " " : "", ID_CHARS, lines[i]);
	return b->data;
}

static int
take_task(struct hooks *h, struct ctx *c)
{
	struct outbox_task t;
	size_t n;

	TRY(outbox_claim_task(c, lease_s(c), &t));
	h->task = t;
	h->task.path = arena_strdup(h->mem, t.path);
	h->task.upstream = arena_strdup(h->mem, t.upstream);
	h->lines = str_split(h->mem, t.refs, '\n', &n);
	h->before = all_before(h->mem, h->lines, n);
	h->n_calls = (int64_t)(n * h->n_programs);
	h->has_task = true;
	crash_point("hooks");
	return OK;
}

/* One line of the task, and the program of the call at hand. */
struct call {
	const char *before, *after, *name, *program;
};

static struct call
next_call(const struct hooks *h)
{
	size_t number = (size_t)h->task.done, n, len;
	char **words = str_split(h->mem, h->lines[number / h->n_programs], ' ', &n);
	struct call call = { .program = h->programs[number % h->n_programs] };

	call.before = words[0];
	call.after = n > 1 ? words[1] : "";
	call.name = n > 2 ? words[2] : "";
	if (call.name[0] == '=')
		call.name = str_unbase64(h->mem, call.name + 1, &len);
	return call;
}

static void
tell(struct hooks *h, const char *why, int64_t status)
{
	struct call call = next_call(h);
	bool is_fine = why == NULL && status == 0;

	h->output[h->n_output] = '\0';
	log_write(is_fine ? LOG_INFO : LOG_WARN, "hook", LOG_TEXT("project", h->task.path),
	    LOG_TEXT("hook", call.program), LOG_TEXT("ref", call.name),
	    LOG_TEXT("before", call.before), LOG_TEXT("after", call.after), LOG_INT("exit", status),
	    LOG_TEXT("why", why), LOG_INT("ms", (clock_mono_us() - h->begun_us) / US_PER_MS),
	    LOG_TEXT("output", h->n_output > 0 ? h->output : NULL));
}

static void
end_call(struct hooks *h)
{
	h->proc = NULL;
	arena_reset(h->call_mem);
	h->is_over = true;
}

static void
begin_call(struct hooks *h, struct ctx *c)
{
	struct call call = next_call(h);
	struct ctx inner = *c;
	const char *const argv[] = { call.program, call.before, call.after, call.name, NULL };
	const char *const env[] = { arena_printf(h->call_mem, "CONFIG=%s", h->conf_path),
		arena_printf(h->call_mem, "MOLYBDENUM_CONFIG=%s", h->conf_path),
		arena_printf(h->call_mem, "MIRRORHUB_PROJECT=%s", h->task.path),
		arena_printf(h->call_mem, "MIRRORHUB_UPSTREAM=%s", h->task.upstream),
		arena_printf(h->call_mem, "MIRRORHUB_BEFORE=%s", h->before), NULL };
	const struct proc_spec spec = {
		.argv = argv,
		.env = env,
		.dir = project_store_dir(c, h->task.store_id),
		.limits = { .wall_ms = c->conf->hub_hook_s * 1000 },
	};

	inner.mem = h->call_mem;
	h->begun_us = clock_mono_us();
	h->n_output = 0;
	h->is_over = h->is_late = false;
	if (proc_start(&inner, &spec, &h->proc) == OK) {
		proc_close_in(h->proc);
		return;
	}
	tell(h, inner.reason, 127);
	end_call(h);
}

/* ---- the program at work */

/* What does not fit is read and dropped: a program that writes much must not wait for us, nor we
 * for it. */
static void
read_output(struct hooks *h, int *fd)
{
	char rest[4096];
	ssize_t n;

	for (int i = 0; i < READS_MAX && *fd >= 0; i++) {
		size_t room = HOOK_OUTPUT_MAX_BYTES - h->n_output;

		n = room > 0 ? read(*fd, h->output + h->n_output, room)
			     : read(*fd, rest, sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close(*fd);
			*fd = -1;
		} else if (room > 0) {
			h->n_output += (size_t)n;
		}
	}
}

void
hooks_hear(struct hooks *h, struct ctx *c)
{
	int status;

	if (h->proc == NULL)
		return;
	read_output(h, &h->proc->out);
	read_output(h, &h->proc->err);
	if (!proc_has_ended(h->proc, &status)) { /* first: it is not late because we are */
		h->is_late |= clock_mono_us() > h->proc->deadline_us;
		if (h->is_late)
			proc_kill(h->proc);
		return;
	}
	read_output(h, &h->proc->out); /* its last words */
	read_output(h, &h->proc->err);
	tell(h,
	    h->is_late ? arena_printf(c->mem, "it took longer than %lld s and was killed",
			     (long long)c->conf->hub_hook_s)
		       : NULL,
	    status);
	end_call(h);
}

nfds_t
hooks_poll(const struct hooks *h, struct pollfd *fds)
{
	nfds_t n = 0;

	if (h->proc != NULL && h->proc->out >= 0)
		fds[n++] = (struct pollfd){ .fd = h->proc->out, .events = POLLIN };
	if (h->proc != NULL && h->proc->err >= 0)
		fds[n++] = (struct pollfd){ .fd = h->proc->err, .events = POLLIN };
	return n;
}

pid_t
hooks_pid(const struct hooks *h)
{
	return h->proc != NULL ? h->proc->pid : 0;
}

/* ---- with the database */

/* Somebody else has the task, or its project is gone: both are known from one more row. */
static int
note_call(struct hooks *h, struct ctx *c)
{
	int code = outbox_note_call(c, &h->task, h->task.done + 1, lease_s(c));

	if (code != OK && code != E_NOTFOUND)
		return code;
	h->is_over = false;
	h->task.done++;
	if (code == E_NOTFOUND)
		forget_task(h);
	return OK;
}

int
hooks_work(struct hooks *h, struct ctx *c, bool may_begin, bool *has_more_out)
{
	int code;

	if (h->is_over)
		TRY(note_call(h, c));
	if (h->proc != NULL)
		return OK;
	if (h->has_task && h->task.done >= h->n_calls) {
		TRY(outbox_end_task(c, &h->task));
		forget_task(h);
	}
	if (!h->has_task && may_begin && *has_more_out) {
		code = take_task(h, c);
		*has_more_out = code == OK;
		if (code != OK)
			return code == E_NOTFOUND ? OK : code;
	}
	if (h->has_task && may_begin && h->task.done < h->n_calls)
		begin_call(h, c);
	return OK;
}

void
hooks_end(struct hooks *h, struct ctx *c)
{
	arena_free(h->call_mem); /* the program ends with it */
	if (h->has_task && db_ready(c) == OK && outbox_return_task(c, &h->task) != OK)
		log_write(LOG_WARN, "database", LOG_TEXT("why", c->reason));
	arena_free(h->mem);
}
