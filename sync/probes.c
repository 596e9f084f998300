#include "sync/probes.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/seal.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "store/job.h"
#include "sync/mirror.h"
#include "sync/probe_row.h"
#include "sync/probe_slot.h"

#define US_PER_MS 1000
#define US_PER_S 1000000
#define SILENT_US (30LL * US_PER_S) /* the prober says something each second */
#define START_AGAIN_US US_PER_S
#define START_AGAIN_MOST_US (60LL * US_PER_S)
#define STEADY_US (60LL * US_PER_S) /* it has lived that long: the next one starts at once */
#define DEATHS_MOST 2 /* in a row: once may be a killer out of memory, or somebody's hand */
#define LINE_ROWS_BYTES (64 * 1024) /* of one line to the prober, about */
#define ROWS_MAX_BYTES (200 * 1024)
#define LINES_MAX 100 /* a turn */
#define HOST_BYTES 65
/* Results are written when there are so many, or nothing else is to be waited for, or the first of
 * them has waited so long: each statement costs as much as twenty of its rows. */
#define WRITE_LEAST 128
#define WRITE_US (250 * US_PER_MS)
/* Those that were put off for their hosts are looked for so often: each look is a statement, too.
 */
#define AGAIN_US US_PER_S

static void
end_all(void *probes)
{
	struct probes *p = probes;

	child_kill(&p->child);
	for (size_t i = 0; i < p->n; i++)
		arena_free(p->slots[i].mem);
	arena_free(p->out_mem);
}

static const char *
own_name(struct arena *mem)
{
	char host[HOST_BYTES] = "";

	gethostname(host, sizeof(host) - 1);
	return arena_printf(mem, "%s:%d:%s", host, (int)getpid(), random_hex(mem, 4));
}

void
probes_open(struct probes *p, struct ctx *c, struct arena *mem, const char *conf_path)
{
	*p = (struct probes){ .n = (size_t)c->conf->sync_probes, .conf_path = conf_path };
	p->slots = arena_new_array(mem, struct probe_slot, p->n + 1);
	p->child.fd = -1;
	p->worker = own_name(mem);
	p->out_mem = arena_new();
	p->count.told_us = clock_mono_us();
	arena_defer(mem, end_all, p);
}

size_t
probes_count(const struct probes *p)
{
	return p->n_busy + p->n_done + p->n_returned + p->n_suspect;
}

/* ---- what the prober says */

/* The prober keeps passwords out of its sentences; this is the second lock. */
static const char *
shown(const struct probe_slot *s, const char *text)
{
	if (s->secret != NULL && s->secret[0] != '\0' && strstr(text, s->secret) != NULL)
		return "the upstream's answer held the credentials and is not shown";
	return text;
}

/* One that we do not know was taken from us meanwhile. */
static void
take_report(struct probes *p, struct ctx *c, const struct probe_report *r)
{
	struct probe_slot *s = probe_slot_by_fence(p, r->fence);

	if (s == NULL)
		return;
	if (r->error[0] == '\0')
		probe_slot_end(p, c, s, r);
	else
		probe_slot_fail(
		    p, s, sync_error_by_name(r->error), r->retry_after_s, shown(s, r->error_text));
}

static int
take_line(struct probes *p, struct ctx *c, const char *line)
{
	struct wire_message m;
	struct probe_report r;
	char **rows;
	size_t n;

	TRY(wire_parse(c, line, strlen(line), &m));
	if (m.type != WIRE_PROBED)
		return fail(c, E_INVALID, "a prober does not say that");
	p->heard_us = clock_mono_us();
	rows = str_split(c->mem, m.probed.rows, '\n', &n);
	for (size_t i = 0; i + 1 < n; i++) { /* the last one is empty */
		TRY(probe_report_parse(c, rows[i], &r));
		take_report(p, c, &r);
	}
	if (p->n_busy == 0) /* it has lived through all of them */
		p->deaths = 0;
	return OK;
}

/* ---- the process */

static void
lose(struct probes *p, const char *why)
{
	enum probe_state next = p->deaths >= DEATHS_MOST ? PROBE_SUSPECT : PROBE_RETURNED;
	int64_t now_us = clock_mono_us();

	if (why != NULL)
		log_write(LOG_WARN, "prober", LOG_TEXT("why", why),
		    LOG_INT("probes", (int64_t)p->n_busy));
	child_kill(&p->child);
	arena_reset(p->out_mem);
	p->out = NULL;
	p->out_len = 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->slots[i].state == PROBE_BUSY)
			probe_slot_set(p, &p->slots[i], next);
	if (why == NULL || now_us - p->start_us > STEADY_US)
		p->start_after_us = 0;
	else
		p->start_after_us = p->start_after_us == 0 ? START_AGAIN_US : 2 * p->start_after_us;
	if (p->start_after_us > START_AGAIN_MOST_US)
		p->start_after_us = START_AGAIN_MOST_US;
	p->start_us = now_us + p->start_after_us;
}

/* By itself, or because of what it said or did not say. */
static void
bury(struct probes *p, const char *why)
{
	if (p->n_busy > 0)
		p->deaths++;
	lose(p, why);
	if (p->n_suspect > 0)
		p->deaths = 0;
}

static int
start(struct probes *p, struct ctx *c)
{
	if (p->child.pid != 0)
		return OK;
	TRY(child_start_as(c, &p->child, p->conf_path, "--prober"));
	p->start_us = p->heard_us = clock_mono_us();
	return OK;
}

static void
write_out(struct probes *p, struct ctx *c)
{
	while (p->out_len > 0) {
		ssize_t n = send(p->child.fd, p->out, p->out_len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			bury(p, arena_printf(c->mem, "it does not read: %s", strerror(errno)));
			return;
		}
		explicit_bzero(p->out, (size_t)n); /* credentials */
		p->out += n;
		p->out_len -= (size_t)n;
	}
	p->out = NULL;
	arena_reset(p->out_mem);
}

void
probes_hear(struct probes *p, struct ctx *c)
{
	char *line = NULL;
	int status, code = OK, n = 0;

	if (p->child.pid == 0)
		return;
	do {
		code = child_line(c, &p->child, &line);
		if (code == OK && line != NULL)
			code = take_line(p, c, line);
	} while (code == OK && line != NULL && ++n < LINES_MAX);
	if (code == E_INVALID)
		bury(p, c->reason);
	else if (code != OK || child_has_ended(&p->child, &status))
		bury(p, "it ended");
	else if (clock_mono_us() - p->heard_us > SILENT_US)
		bury(p, "it was silent for too long");
	else
		write_out(p, c);
}

nfds_t
probes_poll(const struct probes *p, struct pollfd *fds)
{
	if (p->child.fd < 0)
		return 0;
	fds[0] = (struct pollfd){ .fd = p->child.fd,
		.events = (short)(POLLIN | (p->out_len > 0 ? POLLOUT : 0)) };
	return 1;
}

pid_t
probes_pid(const struct probes *p)
{
	return p->child.pid;
}

void
probes_stop(struct probes *p)
{
	p->is_closing = true;
	if (p->child.pid != 0)
		lose(p, NULL);
}

/* ---- with the database */

static void
tell_failure(const struct probe_slot *s)
{
	const struct probe_result *r = &s->result;

	log_hide(s->secret != NULL ? s->secret : "");
	log_write(str_is_equal(r->error_class, "local") ? LOG_WARN : LOG_INFO, "sync",
	    LOG_TEXT("project", s->job.path), LOG_INT("job", s->job.id),
	    LOG_INT("fence", s->job.fence), LOG_TEXT("outcome", "failed"),
	    LOG_TEXT("class", r->error_class), LOG_TEXT("why", r->error_text),
	    LOG_INT("again_in_s", r->delay_s),
	    LOG_INT("ms", (clock_mono_us() - s->begun_us) / US_PER_MS));
	log_hide_none();
}

static const struct probe_end *
end_of(const struct probe_end *ends, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ends[i].id == id)
			return &ends[i];
	return NULL;
}

static int
write_batch(struct probes *p, struct ctx *c)
{
	struct probe_result *results =
	    arena_new_array(c->mem, struct probe_result, PROBE_BATCH_MAX);
	struct probe_slot *slots[PROBE_BATCH_MAX];
	struct probe_end *ends;
	size_t n = 0, n_ends;

	for (size_t i = 0; i < p->n && n < PROBE_BATCH_MAX; i++)
		if (p->slots[i].state == PROBE_DONE) {
			slots[n] = &p->slots[i];
			results[n++] = p->slots[i].result;
		}
	TRY(probe_finish(c, results, n, &ends, &n_ends));
	for (size_t i = 0; i < n; i++) {
		const struct probe_end *end = end_of(ends, n_ends, slots[i]->job.id);

		if (end != NULL)
			probe_count_add(&p->count, end->outcome);
		if (end != NULL && str_is_equal(end->outcome, "failed"))
			tell_failure(slots[i]);
		probe_slot_clear(p, slots[i]);
	}
	return OK;
}

static bool
should_write(const struct probes *p)
{
	return p->n_done > 0 &&
	    (p->n_done >= WRITE_LEAST || p->n_busy == 0 || p->is_closing ||
		clock_mono_us() - p->done_us >= WRITE_US);
}

static int
write_results(struct probes *p, struct ctx *c, bool *has_passed_out)
{
	int64_t n_changed = p->count.changed;

	while (should_write(p))
		TRY(write_batch(p, c));
	*has_passed_out = p->count.changed > n_changed;
	return OK;
}

/* One batch of those in that state, by that statement; then they are ours no more. */
static int
give_back(struct probes *p, struct ctx *c, enum probe_state state,
    int (*write)(struct ctx *c, const struct probe_held *held, size_t n))
{
	struct probe_held *held = arena_new_array(c->mem, struct probe_held, PROBE_BATCH_MAX);
	struct probe_slot *slots[PROBE_BATCH_MAX];
	size_t n = 0;

	for (size_t i = 0; i < p->n && n < PROBE_BATCH_MAX; i++) {
		struct probe_slot *s = &p->slots[i];

		if (s->state != state)
			continue;
		held[n] = (struct probe_held){ s->job.id, s->job.fence };
		slots[n++] = s;
	}
	TRY(write(c, held, n));
	for (size_t i = 0; i < n; i++)
		probe_slot_clear(p, slots[i]);
	return OK;
}

static int
write_returns(struct probes *p, struct ctx *c, bool *has_passed_out)
{
	*has_passed_out |= p->n_suspect > 0;
	while (p->n_returned > 0)
		TRY(give_back(p, c, PROBE_RETURNED, probe_release));
	while (p->n_suspect > 0)
		TRY(give_back(p, c, PROBE_SUSPECT, probe_hand_over));
	return OK;
}

/* Those whose lease has a third behind it. What is not ours any more is forgotten; what the prober
 * says of it later means nothing. */
int
probes_renew(struct probes *p, struct ctx *c)
{
	int64_t now_us = clock_mono_us(), after_us = c->conf->sync_lease_s * US_PER_S / 3;
	struct job_held held[JOB_BATCH_MAX];
	struct probe_slot *slots[JOB_BATCH_MAX];
	size_t n = 0, n_ids;
	int64_t *ids;

	for (size_t i = 0; i < p->n && n < JOB_BATCH_MAX; i++) {
		struct probe_slot *s = &p->slots[i];

		if (s->state == PROBE_FREE || now_us - s->renewed_us < after_us)
			continue;
		held[n] = (struct job_held){ .id = s->job.id,
			.fence = s->job.fence,
			.phase = mirror_phase_text(PHASE_PROBING) };
		slots[n++] = s;
	}
	if (n == 0)
		return OK;
	TRY(job_renew(c, held, n, &ids, &n_ids));
	for (size_t i = 0; i < n; i++) {
		bool is_ours = false;

		for (size_t k = 0; k < n_ids; k++)
			is_ours |= ids[k] == slots[i]->job.id;
		slots[i]->renewed_us = now_us;
		if (!is_ours)
			probe_slot_clear(p, slots[i]);
	}
	return n == JOB_BATCH_MAX ? probes_renew(p, c) : OK;
}

/* ---- claiming */

static int
open_credentials(struct ctx *c, const struct probe_job *job, const char **out)
{
	const char *context = arena_printf(c->mem, "mirror:%lld", (long long)job->project_id);

	*out = "";
	return job->sealed_credentials == NULL
	    ? OK
	    : seal_open(c, context, job->sealed_credentials, out);
}

static void
take(struct probes *p, struct probe_slot *s, const struct probe_job *job)
{
	if (s->mem == NULL)
		s->mem = arena_new();
	s->job = *job;
	s->job.path = arena_strdup(s->mem, job->path != NULL ? job->path : "");
	s->job.url = s->job.sealed_credentials = s->job.options = NULL; /* told already */
	s->begun_us = s->renewed_us = clock_mono_us();
	probe_slot_set(p, s, PROBE_BUSY);
}

static void
give(struct probes *p, struct ctx *c, struct probe_slot *s, const struct probe_job *job,
    struct buf *rows)
{
	const char *credentials, *colon;

	take(p, s, job);
	if (open_credentials(c, job, &credentials) != OK) {
		probe_slot_fail(p, s, SYNC_LOCAL, 0, "the stored credentials cannot be opened");
		return;
	}
	if (!str_is_printable(job->url)) {
		probe_slot_fail(
		    p, s, SYNC_POLICY, 0, "an address has no blanks, control bytes or backslashes");
		return;
	}
	colon = strchr(credentials, ':');
	s->secret = arena_strdup(s->mem, colon != NULL ? colon + 1 : credentials);
	probe_order_add(rows,
	    &(struct probe_order){ .fence = job->fence,
		.host_v2 = job->host_v2,
		.most = c->conf->sync_probes,
		.url = job->url,
		.credentials = credentials,
		.options = probe_order_options(c, job->options) });
	if (credentials[0] != '\0')
		explicit_bzero((char *)(uintptr_t)credentials, strlen(credentials));
}

/* Puts a line behind what is on its way. */
static void
send_rows(struct probes *p, struct ctx *c, struct buf *rows)
{
	struct wire_message m = { .type = WIRE_PROBES, .probes = { rows->data } };
	const char *line;
	char *all;
	size_t len;

	if (rows->len == 0)
		return;
	line = wire_text(c->mem, &m);
	len = strlen(line);
	all = arena_room(p->out_mem, p->out_len + len + 1);
	if (p->out_len > 0)
		memcpy(all, p->out, p->out_len);
	memcpy(all + p->out_len, line, len);
	explicit_bzero((char *)(uintptr_t)line, len);
	explicit_bzero(rows->data, rows->len);
	buf_clear(rows);
	p->out = all;
	p->out_len += len;
}

static void
give_all(struct probes *p, struct ctx *c, const struct probe_job *jobs, size_t n)
{
	struct buf *rows = buf_new(c->mem, ROWS_MAX_BYTES);

	for (size_t i = 0, at = 0; i < n; at++) {
		if (p->slots[at].state != PROBE_FREE)
			continue;
		give(p, c, &p->slots[at], &jobs[i++], rows);
		if (rows->len > LINE_ROWS_BYTES)
			send_rows(p, c, rows);
	}
	send_rows(p, c, rows);
}

static int
claim(struct probes *p, struct ctx *c, bool *has_more)
{
	size_t most = p->n - probes_count(p), n;
	struct probe_job *jobs;

	p->again_us = clock_mono_us() + AGAIN_US;
	/* a few places are not worth a statement while others are about to be free */
	if (most == 0 || (probes_count(p) > 0 && most < (p->n + 3) / 4))
		return OK;
	if (clock_mono_us() < p->start_us && p->child.pid == 0)
		return OK;
	most = most < PROBE_BATCH_MAX ? most : PROBE_BATCH_MAX;
	TRY(probe_claim(c, p->worker, most, &jobs, &n));
	*has_more = n == most;
	/* where nothing was free we are not told: the answers that are under way make room */
	p->is_behind = n > 0 ? jobs[0].has_put_off : p->is_behind && probes_count(p) > 0;
	if (n == 0)
		return OK;
	if (start(p, c) != OK) {
		log_write(LOG_WARN, "prober", LOG_TEXT("why", c->reason));
		*has_more = false;
		/* as if it had died: they go back */
		give_all(p, c, jobs, n);
		lose(p, c->reason);
		return OK;
	}
	give_all(p, c, jobs, n);
	write_out(p, c);
	return OK;
}

/* Another one takes over before this one's processor time is over. */
static void
replace_tired(struct probes *p, struct ctx *c)
{
	if (p->child.pid != 0 && p->n_busy == 0 && child_is_tired(c, &p->child))
		lose(p, NULL);
}

int
probes_work(struct probes *p, struct ctx *c, bool may_begin, bool *has_more, bool *has_passed_out)
{
	*has_passed_out = false;
	TRY(write_results(p, c, has_passed_out));
	TRY(write_returns(p, c, has_passed_out));
	replace_tired(p, c);
	if (p->n == 0)
		*has_more = false;
	if (may_begin && !p->is_closing &&
	    (*has_more || (p->is_behind && clock_mono_us() >= p->again_us)))
		TRY(claim(p, c, has_more));
	probe_count_tell(&p->count, probes_count(p) == 0 && !*has_more);
	return OK;
}

int
probes_wait_ms(const struct probes *p)
{
	int64_t until_us = INT64_MAX, left_us;

	if (p->n_returned > 0 || p->n_suspect > 0)
		return 0;
	if (p->n_done > 0)
		until_us = p->done_us + WRITE_US;
	if (p->is_behind && !p->is_closing && p->again_us < until_us)
		until_us = p->again_us;
	if (until_us == INT64_MAX)
		return -1;
	left_us = until_us - clock_mono_us();
	return left_us > 0 ? (int)(left_us / US_PER_MS) + 1 : 0;
}
