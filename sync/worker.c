#include "sync/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "git/init.h"
#include "sync/audit.h"
#include "sync/child.h"
#include "sync/confine.h"
#include "sync/janitor.h"
#include "sync/manifest.h"
#include "sync/mirror.h"
#include "sync/packages.h"
#include "sync/post.h"
#include "sync/unmake.h"
#include "sync/target_job.h"
#include "sync/upkeep.h"
#include "sync/wire.h"

#define PROGRESS_US 500000 /* between two lines of progress in the same phase */
#define IDS_MAX_BYTES (32 * 1024)

struct worker {
	struct ctx *c; /* its arena is emptied after each job */
	size_t n_in;   /* received, up to a line not yet whole */
	char in[WIRE_LINE_MAX];
	struct arena *line_mem; /* for what is sent, emptied after each line */

	struct wire_job job;
	int64_t told_us;
	enum mirror_phase told_phase;
	int64_t list_id;
	bool is_alone; /* the supervisor is gone */
};

/* ---- the line */

static bool
say(struct worker *w, const struct wire_message *m)
{
	const char *line = wire_text(w->line_mem, m);
	size_t len = strlen(line);

	while (len > 0 && !w->is_alone) {
		ssize_t n = write(CHILD_FD, line, len);

		if (n < 0 && errno != EINTR)
			w->is_alone = true;
		if (n > 0) {
			line += n;
			len -= (size_t)n;
		}
	}
	arena_reset(w->line_mem);
	return !w->is_alone;
}

/* Waits for more, until the time is up (-1: for ever). */
static int
receive(struct worker *w, int wait_ms)
{
	struct pollfd p = { .fd = CHILD_FD, .events = POLLIN };
	ssize_t n;
	int ready;

	if (w->n_in == sizeof(w->in))
		return fail(w->c, E_INVALID, "a line is too long");
	ready = poll(&p, 1, wait_ms);
	if (ready == 0)
		return fail(w->c, E_CONFLICT, "no answer in time");
	n = ready < 0 ? -1 : read(CHILD_FD, w->in + w->n_in, sizeof(w->in) - w->n_in);
	if (n < 0 && errno == EINTR)
		return OK;
	if (n <= 0)
		return fail(w->c, E_NOTFOUND, "the supervisor is gone");
	w->n_in += (size_t)n;
	return OK;
}

/* The next message. E_CONFLICT: none came in time. E_NOTFOUND: none will come any more. */
static int
listen_for(struct worker *w, int64_t wait_ms, struct wire_message *out)
{
	int64_t until_us = clock_mono_us() + wait_ms * 1000;
	char *feed;
	size_t len;
	int code;

	while ((feed = memchr(w->in, '\n', w->n_in)) == NULL) {
		int64_t left_ms = (until_us - clock_mono_us()) / 1000;

		TRY(receive(w, wait_ms < 0 ? -1 : (int)(left_ms > 0 ? left_ms : 0)));
	}
	len = (size_t)(feed - w->in);
	code = wire_parse(w->c, w->in, len, out);
	w->n_in -= len + 1;
	memmove(w->in, feed + 1, w->n_in);
	explicit_bzero(w->in + w->n_in, len + 1); /* credentials may have been in it */
	return code;
}

/* ---- hooks of the engine */

static bool
tell_progress(
    void *payload, enum mirror_phase phase, int64_t bytes, int64_t objects, int64_t objects_total)
{
	struct worker *w = payload;
	int64_t now_us = clock_mono_us();

	if (phase == w->told_phase && now_us - w->told_us < PROGRESS_US)
		return !w->is_alone;
	w->told_us = now_us;
	w->told_phase = phase;
	return say(w,
	    &(struct wire_message){ .type = WIRE_PROGRESS,
		.progress = { mirror_phase_text(phase), bytes, objects, objects_total } });
}

/* No answer in time is a no: someone else may have the job by now, and waits for the store's lock,
 * which is held here. */
static bool
ask_to_publish(void *payload)
{
	struct worker *w = payload;
	int64_t wait_ms = w->job.answer_s * 1000, until_us = clock_mono_us() + wait_ms * 1000;
	struct wire_message m;

	if (!say(w, &(struct wire_message){ .type = WIRE_ASK, .ask = { w->job.fence } }))
		return false;
	while (wait_ms > 0) {
		if (listen_for(w, wait_ms, &m) != OK)
			return false;
		if (m.type == WIRE_ANSWER && m.answer.fence == w->job.fence)
			return m.answer.may_publish;
		wait_ms = (until_us - clock_mono_us()) / 1000; /* that was for an earlier job */
	}
	return false;
}

/* ---- the jobs */

static void
tell_refs(struct worker *w, const struct mirror_result *r)
{
	for (size_t i = 0; i < r->n_changes; i++) {
		const struct git_ref_change *change = &r->changes[i];
		const struct wire_ref ref = {
			.name = str_base64(w->line_mem, change->name, strlen(change->name)),
			.old_id = change->old_id,
			.new_id = change->new_id,
		};

		if (!say(w, &(struct wire_message){ .type = WIRE_REF, .ref = ref }))
			return;
	}
}

static void
do_sync(struct worker *w, struct wire_result *out)
{
	struct mirror_hooks hooks = { w, tell_progress, ask_to_publish };
	struct mirror_spec spec = {
		.store_id = w->job.store_id,
		.url = w->job.url,
		.credentials = w->job.credentials,
		.old_fingerprint = w->job.fingerprint,
		.options = w->job.options,
		.fence = w->job.fence,
		.is_anew = w->job.is_anew,
	};
	struct mirror_result r = { .error = SYNC_LOCAL };

	mirror_sync(w->c, &spec, &hooks, &r);
	tell_refs(w, &r);
	*out = (struct wire_result){
		.error = r.error == SYNC_OK ? "" : sync_error_text(r.error),
		.error_text = r.error_text ? r.error_text : "",
		.retry_after_s = r.retry_after_s,
		.is_changed = r.is_changed,
		.is_held = r.is_held,
		.facts = r.facts ? r.facts : "",
		.fingerprint = r.fingerprint ? r.fingerprint : "",
		.latest_version = r.latest_version,
		.head = r.head ? r.head : "",
		.bytes = r.bytes,
		.objects = r.objects,
		.refs_changed = r.refs_changed,
		.size_bytes = r.size_bytes,
	};
}

static bool
say_line(void *payload, const struct wire_message *m)
{
	return say(payload, m);
}

static int
hear_line(void *payload, int64_t wait_ms, struct wire_message *out)
{
	return listen_for(payload, wait_ms, out);
}

static void
do_target(struct worker *w, struct wire_result *out)
{
	const struct target_line line = { w, say_line, hear_line, tell_progress, ask_to_publish,
		w->job.answer_s * 1000 };

	target_job(w->c, &line, w->job.target, out);
}

static int
do_remove(struct worker *w, struct wire_result *out)
{
	(void)out;
	return janitor_remove_store(w->c, w->job.store_id);
}

static const char *
ids_text(struct worker *w, const int64_t *ids, size_t n)
{
	struct buf *b = buf_new(w->line_mem, IDS_MAX_BYTES);

	for (size_t i = 0; i < n; i++)
		buf_printf(b, i == 0 ? "%lld" : ",%lld", (long long)ids[i]);
	return b->data;
}

static void
tell_stores(
    void *payload, int64_t first, const int64_t *ids, size_t n, const int64_t *due, size_t n_due)
{
	struct worker *w = payload;

	(void)say(w, /* that nobody listens any more shows at the next job */
	    &(struct wire_message){ .type = WIRE_STORES,
		.stores = { first, ids_text(w, ids, n), ids_text(w, due, n_due) } });
}

static int
do_sweep(struct worker *w, struct wire_result *out)
{
	struct janitor_hooks hooks = { w, tell_stores, w->job.store_id };
	struct job_fences fences = { .newest = w->job.fence };
	size_t n;
	char **parts = str_split(w->c->mem, w->job.running, ',', &n);

	fences.running = arena_new_array(w->c->mem, int64_t, n + 1);
	for (size_t i = 0; i < n; i++)
		if (str_is_int(parts[i], &fences.running[fences.n_running]))
			fences.n_running++;
	return janitor_sweep(w->c, &fences, false, &hooks, &out->removed);
}

static bool
tell_package(
    void *payload, const char *branch, const struct git_spec_tip *tip, const struct git_spec *spec)
{
	const struct wire_package p = {
		.branch = branch,
		.commit_id = tip->commit,
		.committer_name = tip->committer_name,
		.committer_email = tip->committer_email,
		.name = spec->name,
		.epoch = spec->epoch,
		.version = spec->version,
		.release = spec->release,
	};

	return say(payload, &(struct wire_message){ .type = WIRE_PACKAGE, .package = p });
}

static int
do_packages(struct worker *w)
{
	const struct packages_hooks hooks = { w, tell_package };

	return packages_read(w->c, w->job.store_id, w->job.branches, &hooks);
}

#define IO_OF_PROCESS 1
#define IO_LEAST ((2 << 13) | 7) /* best effort, the last */

/* Nobody waits for these two, and their process does nothing else. */
static void
be_nice(void)
{
	(void)setpriority(PRIO_PROCESS, 0, 10); /* less nice is no reason not to do it */
	(void)syscall(SYS_ioprio_set, IO_OF_PROCESS, 0, IO_LEAST);
}

static int
do_upkeep(struct worker *w, struct wire_result *out)
{
	be_nice();
	return upkeep_store(w->c, w->job.store_id, &out->is_changed);
}

static int
do_audit(struct worker *w, struct wire_result *out)
{
	const struct audit_spec spec = { .store_id = w->job.store_id,
		.known = w->job.fingerprint,
		.options = w->job.options,
		.may_repair = w->job.may_repair };
	struct audit_result r;

	be_nice();
	audit_store(w->c, &spec, &r);
	out->found = r.found;
	out->error_text = r.sentence;
	out->fingerprint = r.fingerprint;
	out->bytes = r.bytes;
	return OK;
}

static void
do_job(struct worker *w, struct wire_result *out)
{
	int code;

	if (str_is_equal(w->job.kind, "sync")) {
		do_sync(w, out);
		return;
	}
	if (str_is_equal(w->job.kind, "target")) {
		do_target(w, out);
		return;
	}
	if (str_is_equal(w->job.kind, "packages"))
		code = do_packages(w);
	else if (str_is_equal(w->job.kind, "remove_store"))
		code = do_remove(w, out);
	else if (str_is_equal(w->job.kind, "sweep"))
		code = do_sweep(w, out);
	else if (str_is_equal(w->job.kind, "upkeep"))
		code = do_upkeep(w, out);
	else if (str_is_equal(w->job.kind, "audit"))
		code = do_audit(w, out);
	else
		code = fail(w->c, E_INVALID, "a job of no known kind");
	if (code == OK)
		return;
	out->error = sync_error_text(SYNC_LOCAL);
	out->error_text = w->c->reason;
}

static int
do_post(struct worker *w, const struct wire_post *post)
{
	struct wire_message out = { .type = WIRE_POSTED };

	post_send(w->c, post, &out.posted);
	return say(w, &out) ? OK : E_NOTFOUND;
}

static bool
tell_listed(void *payload, const char *lines)
{
	struct worker *w = payload;
	const struct wire_listed listed = { .id = w->list_id, .lines = lines };

	return say(w, &(struct wire_message){ .type = WIRE_LISTED, .listed = listed });
}

static int
do_list(struct worker *w, const struct wire_list *list)
{
	const struct manifest_hooks hooks = { w, tell_listed };
	struct wire_message out = { .type = WIRE_LIST_DONE };

	w->list_id = list->id;
	manifest_read(w->c, list, &hooks, &out.list_done);
	return say(w, &out) ? OK : E_NOTFOUND;
}

static int
do_unmake(struct worker *w, const struct wire_unmake *order)
{
	struct wire_message out = { .type = WIRE_RESULT };

	unmake(w->c, order, &out.result);
	return say(w, &out) ? OK : E_NOTFOUND;
}

static int
do_next(struct worker *w)
{
	struct wire_message in, out = { .type = WIRE_RESULT };
	int code = listen_for(w, -1, &in);

	if (code != OK)
		return code;
	if (in.type == WIRE_ANSWER)
		return OK; /* too late for the job it was for */
	if (in.type == WIRE_POST)
		return do_post(w, &in.post);
	if (in.type == WIRE_LIST)
		return do_list(w, &in.list);
	if (in.type == WIRE_UNMAKE)
		return do_unmake(w, &in.unmake);
	if (in.type != WIRE_JOB)
		return fail(w->c, E_INVALID, "a supervisor does not say that");
	w->job = in.job;
	w->told_phase = 0;
	out.result.error = out.result.error_text = out.result.fingerprint = out.result.head = "";
	out.result.found = out.result.facts = "";
	do_job(w, &out.result);
	return say(w, &out) ? OK : E_NOTFOUND;
}

int
worker_run(struct ctx *c)
{
	struct worker *w = arena_new_of(c->mem, struct worker);
	struct ctx inner = *c;
	int code;

	fcntl(CHILD_FD, F_SETFD, FD_CLOEXEC); /* an ssh of ours must not keep it open */
	signal(SIGPIPE, SIG_IGN);
	umask(0027);
	TRY(confine(c));
	TRY(git_init(c));
	w->c = &inner;
	inner.mem = arena_new();
	w->line_mem = arena_new();
	while ((code = do_next(w)) == OK)
		arena_reset(inner.mem);
	if (code != E_NOTFOUND)
		fail(c, code, "%s", inner.reason);
	arena_free(inner.mem);
	arena_free(w->line_mem);
	return code == E_NOTFOUND ? OK : code;
}
