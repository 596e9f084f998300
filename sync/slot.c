#include "sync/slot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "git/spec_files.h"
#include "sync/facts.h"
#include "sync/mirror.h"
#include "sync/schedule.h"
#include "sync/targets.h"

#define US_PER_S 1000000
#define TEXT_MAX 1000 /* bytes of a sentence or a version that a worker may send */
#define RUNNING_MAX_BYTES (128 * 1024)
#define STORES_MAX 1000
#define LINES_MAX 1000 /* a turn: one worker that talks without end is not the only one */
/* over the engine's own limits, which come first and know more about the cause */
#define MARGIN_S 15
#define AFTER_S 5
/* a restart of the database; less than others wait for the store's lock */
#define ANSWER_LEAST_S 25
#define QUIET_S (10 * 60) /* checking and publishing: disk and processor, no upstream */

static const char unclear_text[] = "the upstream's answer held the credentials and is not shown";

static void
end(void *slot)
{
	struct slot *s = slot;

	child_kill(&s->child);
	explicit_bzero(s->credentials, strlen(s->credentials));
	arena_free(s->mem);
}

struct slot *
slot_new(struct arena *mem)
{
	struct slot *s = arena_new_of(mem, struct slot);

	s->state = SLOT_FREE;
	s->child.fd = -1;
	s->mem = arena_new();
	arena_defer(mem, end, s);
	s->credentials = arena_strdup(s->mem, "");
	s->name = NULL;
	return s;
}

bool
slot_has_row(const struct slot *s)
{
	return s->job.id != 0;
}

static struct job
copy_job(struct arena *mem, const struct job *job)
{
	struct job copy = *job;

	copy.kind = arena_strdup(mem, job->kind);
	copy.worker = arena_strdup(mem, job->worker);
	copy.path = arena_strdup(mem, job->path ? job->path : "");
	copy.url = arena_strdup(mem, job->url ? job->url : "");
	copy.fingerprint = arena_strdup(mem, job->fingerprint ? job->fingerprint : "");
	copy.sealed_credentials = NULL; /* opened already */
	copy.branches = arena_strdup(mem, job->branches ? job->branches : "");
	copy.options = arena_strdup(mem, job->options ? job->options : "{}");
	return copy;
}

static const char *
running_text(struct arena *mem, const struct job_fences *fences)
{
	struct buf *b = buf_new(mem, RUNNING_MAX_BYTES);

	for (size_t i = 0; fences != NULL && i < fences->n_running; i++)
		buf_printf(b, i == 0 ? "%lld" : ",%lld", (long long)fences->running[i]);
	assert(!b->full); /* 64 workers each on some hundred machines */
	return b->data;
}

static int
job_line(struct ctx *c, struct slot *s, const struct job_fences *fences, const char **out)
{
	struct wire_message m = { .type = WIRE_JOB };

	m.job = (struct wire_job){
		.kind = s->job.kind,
		.fence = fences ? fences->newest : s->job.fence,
		.store_id = s->job.store_id,
		.url = s->job.url,
		.credentials = s->credentials,
		.fingerprint = s->job.fingerprint,
		.is_anew = s->job.is_anew,
		.answer_s =
		    c->conf->sync_lease_s > ANSWER_LEAST_S ? c->conf->sync_lease_s : ANSWER_LEAST_S,
		.running = running_text(c->mem, fences),
		.branches = s->job.branches,
		.options = s->job.options,
		.target = s->target != NULL ? targets_spec(s->target) : "",
	};
	return wire_line(c, &m, out);
}

static int
start_and_send(struct ctx *c, struct slot *s, const char *conf_path, const char *line)
{
	if (s->child.pid == 0)
		TRY(child_start(c, &s->child, conf_path));
	s->child.jobs++;
	return child_send(c, &s->child, line);
}

static void
take(struct slot *s, const struct job *job)
{
	assert(s->state == SLOT_FREE);
	s->job = copy_job(s->mem, job);
	s->held = (struct job_held){ .id = job->id, .fence = job->fence, .phase = "" };
	s->begun_us = s->heard_us = clock_mono_us();
	s->state = SLOT_BUSY;
}

void
slot_refuse(struct slot *s, const struct job *job, const char *error_text)
{
	take(s, job);
	slot_fail(s, SYNC_LOCAL, 0, error_text);
}

void
slot_skip(struct slot *s, const struct job *job)
{
	take(s, job);
	s->result = (struct job_result){ .id = s->job.id,
		.fence = s->job.fence,
		.error_class = "",
		.error_text = "",
		.fingerprint = "",
		.head = "" };
	s->state = SLOT_DONE;
}

void
slot_give(struct ctx *c, struct slot *s, const char *conf_path, const struct job *job,
    const char *credentials, const struct job_fences *fences)
{
	bool is_old = s->child.pid != 0;
	const char *line;
	int code;

	take(s, job);
	s->credentials = arena_strdup(s->mem, credentials);
	if (job_line(c, s, fences, &line) != OK) {
		slot_fail(s, SYNC_POLICY, 0, "its options, with the refs taken back, are too long");
		return;
	}
	code = start_and_send(c, s, conf_path, line);
	if (code != OK && is_old) { /* it died since its last job, and nobody has noticed yet */
		child_kill(&s->child);
		code = start_and_send(c, s, conf_path, line);
	}
	explicit_bzero((char *)(uintptr_t)line, strlen(line)); /* the credentials are in it */
	if (code != OK) {
		log_write(
		    LOG_WARN, "worker", LOG_TEXT("worker", s->name), LOG_TEXT("why", c->reason));
		child_kill(&s->child);
		s->has_died = true;
		slot_fail(s, SYNC_LOCAL, 0, "no worker could be started");
	}
}

void
slot_fail(struct slot *s, enum sync_error error, int64_t retry_after_s, const char *error_text)
{
	s->result = (struct job_result){
		.id = s->job.id,
		.fence = s->job.fence,
		.project_id = s->job.project_id,
		.error_class = sync_error_text(error),
		.error_text = arena_strdup(s->mem, error_text),
		.retry_after_s = retry_after_s,
		.delay_s = schedule_delay_s(&(struct schedule_case){ .error = error,
		    .failures = s->job.attempts,
		    .interval_s = s->job.interval_s,
		    .retry_after_s = retry_after_s,
		    .luck = random_below(SCHEDULE_LUCK),
		    .failing_s = s->job.pace.failing_s }),
		.bytes = s->held.bytes,
		.objects = s->held.objects,
		.fingerprint = "",
		.head = "",
	};
	s->state = SLOT_DONE;
}

/* ---- what the worker says */

/* A sentence for people. The engine keeps credentials out of it; this is the second lock. */
static const char *
told(struct slot *s, const char *text)
{
	const char *colon = strchr(s->credentials, ':');
	const char *password = colon ? colon + 1 : s->credentials;

	if ((password[0] != '\0' && strstr(text, password) != NULL) ||
	    (s->target != NULL && targets_is_secret(s->target, text)))
		return unclear_text;
	return str_utf8(s->mem, text, strnlen(text, TEXT_MAX)); /* not half a character */
}

static bool
is_fingerprint(const char *text)
{
	unsigned char bytes[32];

	return text[0] == '\0' || str_is_hex(text, bytes, sizeof(bytes));
}

/* When it is due again. A first sync says nothing about how often its upstream changes. */
static void
plan(struct ctx *c, struct slot *s)
{
	if (str_is_equal(s->job.kind, "sync") && s->result.error_class[0] == '\0')
		s->result.delay_s = schedule_next_s(
		    &(struct schedule_success){ .pace = &s->job.pace,
			.interval_s = s->job.interval_s,
			.is_adaptive = c->conf->schedule_adaptive,
			.is_changed = s->result.is_changed && s->job.fingerprint[0] != '\0',
			.chance = random_below(SCHEDULE_CHANCE) },
		    &s->result.next);
}

/* What a sync decided, written anew: nothing else than facts reaches the database. */
static bool
take_facts(struct ctx *c, struct slot *s, const struct wire_result *r, struct facts *out)
{
	struct ctx inner = *c;

	*out = (struct facts){ .verdict = 0 };
	if (!str_is_equal(s->job.kind, "sync"))
		return !r->is_held;
	inner.mem = s->mem;
	return facts_parse(&inner, r->facts, out) == OK &&
	    r->is_held == (out->verdict == FACTS_HELD);
}

static void
on_result(struct ctx *c, struct slot *s, const struct wire_result *r)
{
	enum sync_error error = r->error[0] == '\0' ? SYNC_OK : sync_error_by_name(r->error);
	bool has_version = r->latest_version != NULL && strlen(r->latest_version) <= TEXT_MAX;
	struct facts facts;

	s->held.bytes = r->bytes;
	s->held.objects = r->objects;
	s->removed = r->removed;
	if (error == SYNC_FENCED) /* without a no of ours, which is a kill: nobody could be asked */
		slot_fail(s, SYNC_LOCAL, 0, "the queue could not be asked before publishing");
	else if (error != SYNC_OK)
		slot_fail(s, error, r->retry_after_s, told(s, r->error_text));
	else if (!is_fingerprint(r->fingerprint) || !take_facts(c, s, r, &facts))
		slot_fail(s, SYNC_LOCAL, 0, "the worker's answer makes no sense");
	else
		s->result = (struct job_result){
			.id = s->job.id,
			.fence = s->job.fence,
			.project_id = s->job.project_id,
			.is_changed = r->is_changed,
			.is_held = r->is_held,
			.facts = facts.verdict != 0 ? facts_text(s->mem, &facts) : NULL,
			.error_class = "",
			.error_text = "",
			.bytes = r->bytes,
			.objects = r->objects,
			.refs_changed = r->refs_changed,
			.size_bytes = r->size_bytes,
			.fingerprint = arena_strdup(s->mem, r->fingerprint),
			.latest_version = has_version ? told(s, r->latest_version) : NULL,
			.head = strlen(r->head) <= TEXT_MAX ? told(s, r->head) : "",
		};
	plan(c, s);
	s->state = SLOT_DONE;
}

static const char *
phase_word(const char *text)
{
	for (enum mirror_phase p = PHASE_PROBING; p <= PHASE_PUSHING; p++)
		if (str_is_equal(mirror_phase_text(p), text))
			return mirror_phase_text(p);
	return "";
}

static size_t
take_ids(struct arena *mem, const char *text, int64_t *ids)
{
	size_t n_parts, n = 0;
	char **parts = str_split(mem, text, ',', &n_parts);

	for (size_t i = 0; i < n_parts && n < STORES_MAX; i++)
		if (str_is_int(parts[i], &ids[n]))
			n++;
	return n;
}

/* One folder of stores after the other, in the same room. */
static void
on_stores(struct ctx *c, struct slot *s, const struct wire_stores *stores)
{
	if (s->seen == NULL) {
		s->seen = arena_new_array(s->mem, int64_t, STORES_MAX);
		s->due = arena_new_array(s->mem, int64_t, STORES_MAX);
	}
	s->n_seen = take_ids(c->mem, stores->ids, s->seen);
	s->n_due = take_ids(c->mem, stores->due, s->due);
	s->seen_first = stores->first;
	s->has_seen = true;
}

/* Nothing that the reader of spec files could not have said is taken from the worker. */
static bool
is_package(const struct slot *s, const struct wire_package *p)
{
	const struct git_spec spec = {
		.name = p->name, .epoch = p->epoch, .version = p->version, .release = p->release
	};
	unsigned char id[20];

	return str_is_equal(s->job.kind, "packages") && s->n_packages < JOB_PACKAGES_MAX &&
	    git_spec_is_possible(&spec) && str_is_hex(p->commit_id, id, sizeof(id)) &&
	    strlen(p->branch) <= TEXT_MAX && strlen(p->committer_name) <= GIT_PERSON_MAX &&
	    strlen(p->committer_email) <= GIT_PERSON_MAX;
}

static int
on_package(struct ctx *c, struct slot *s, const struct wire_package *p)
{
	if (!is_package(s, p))
		return fail(c, E_INVALID, "a worker told of a package that cannot be");
	if (s->packages == NULL)
		s->packages = arena_new_array(s->mem, struct job_package, JOB_PACKAGES_MAX);
	s->packages[s->n_packages++] = (struct job_package){
		.branch = arena_strdup(s->mem, p->branch),
		.commit_id = str_lower(s->mem, p->commit_id),
		.committer_name = arena_strdup(s->mem, p->committer_name),
		.committer_email = arena_strdup(s->mem, p->committer_email),
		.name = arena_strdup(s->mem, p->name),
		.epoch = p->epoch,
		.version = arena_strdup(s->mem, p->version),
		.release = arena_strdup(s->mem, p->release),
	};
	return OK;
}

static bool
is_id(const char *hex)
{
	unsigned char id[20];

	return str_is_hex(hex, id, sizeof(id));
}

static bool
is_ref_name(const char *name, size_t len)
{
	bool is_possible = str_starts(name, "refs/") && !str_starts(name, "refs/mirrorhub/");

	return is_possible && len == strlen(name) && len <= GIT_REF_NAME_MAX &&
	    str_is_printable(name);
}

static int
on_ref(struct ctx *c, struct slot *s, const struct wire_ref *r)
{
	struct ctx inner = *c;
	size_t len = 0;
	const char *name = str_unbase64(s->mem, r->name, &len);

	if (!str_is_equal(s->job.kind, "sync") || s->n_refs == REF_LIST_MAX || name == NULL ||
	    !is_ref_name(name, len) || !is_id(r->old_id) || !is_id(r->new_id))
		return fail(c, E_INVALID, "a worker told of a ref that cannot be");
	if (s->refs == NULL)
		s->refs = arena_new_array(s->mem, struct ref_change, REF_LIST_MAX);
	inner.mem = s->mem;
	s->refs[s->n_refs++] =
	    ref_change_of(&inner, name, str_lower(s->mem, r->old_id), str_lower(s->mem, r->new_id));
	return OK;
}

static int
on_line(struct ctx *c, struct slot *s, const char *line)
{
	struct wire_message m;

	TRY(wire_parse(c, line, strlen(line), &m));
	if (s->state != SLOT_BUSY)
		return fail(c, E_INVALID, "a worker without a job has nothing to say");
	s->heard_us = clock_mono_us();
	switch (m.type) {
	case WIRE_PROGRESS:
		s->held.phase = phase_word(m.progress.phase);
		s->held.bytes = m.progress.bytes;
		s->held.objects = m.progress.objects;
		s->held.objects_total = m.progress.objects_total;
		return OK;
	case WIRE_ASK:
		s->is_asking = true;
		return OK;
	case WIRE_STORES:
		on_stores(c, s, &m.stores);
		return OK;
	case WIRE_PACKAGE:
		return on_package(c, s, &m.package);
	case WIRE_REF:
		return on_ref(c, s, &m.ref);
	case WIRE_OWNED_ASK:
	case WIRE_NOTES:
	case WIRE_MADE:
	case WIRE_PUSHED:
		return targets_hear(c, s, &m);
	case WIRE_RESULT:
		on_result(c, s, &m.result);
		if (s->target != NULL && s->result.error_class[0] == '\0')
			targets_end(s);
		return OK;
	case WIRE_JOB:
	case WIRE_ANSWER:
	case WIRE_POST:
	case WIRE_POSTED:
	case WIRE_LIST:
	case WIRE_LISTED:
	case WIRE_LIST_DONE:
	case WIRE_UNMAKE:
	case WIRE_OWNED:
	case WIRE_PROBES:
	case WIRE_PROBED:
		break;
	}
	return fail(c, E_INVALID, "a worker does not say that");
}

bool
slot_is_full(const struct slot *s)
{
	return s->has_seen || (s->target != NULL && targets_is_full(s->target));
}

/* Reads what the worker has said, the rest next turn. */
static int
hear(struct ctx *c, struct slot *s)
{
	char *line;

	for (int n = 0; n < LINES_MAX && !slot_is_full(s); n++) {
		TRY(child_line(c, &s->child, &line));
		if (line == NULL)
			return OK;
		TRY(on_line(c, s, line));
	}
	return OK;
}

/* ---- its end */

static const char *
end_text(struct arena *mem, int status)
{
	if (WIFSIGNALED(status))
		return arena_printf(mem, "the worker died (signal %d)", WTERMSIG(status));
	return arena_printf(mem, "the worker ended (status %d)", WEXITSTATUS(status));
}

static void
lose(struct slot *s, enum sync_error error, const char *why)
{
	log_write(LOG_WARN, "worker", LOG_TEXT("worker", s->name), LOG_TEXT("why", why),
	    LOG_TEXT("project", s->job.path));
	child_kill(&s->child);
	s->has_died = true;
	s->n_lost++;
	if (s->state == SLOT_BUSY)
		slot_fail(s, error, 0, why);
}

/* Seconds that this job may be silent. */
static int64_t
silence_s(struct ctx *c, const struct slot *s)
{
	bool is_local = str_is_equal(s->held.phase, mirror_phase_text(PHASE_CHECKING)) ||
	    str_is_equal(s->held.phase, mirror_phase_text(PHASE_PUBLISHING));

	if (s->is_asking || !str_is_equal(s->job.kind, "sync"))
		return c->conf->sync_total_s;
	if (is_local)
		return QUIET_S;
	return c->conf->net_low_speed_s + c->conf->net_connect_s + MARGIN_S;
}

static void
watch(struct ctx *c, struct slot *s)
{
	int64_t now_us = clock_mono_us(), limit_s = silence_s(c, s);

	if (now_us - s->begun_us > (c->conf->sync_total_s + AFTER_S) * US_PER_S)
		lose(s, SYNC_POLICY,
		    arena_printf(c->mem, "the sync took longer than %lld s",
			(long long)c->conf->sync_total_s));
	else if (now_us - s->heard_us > limit_s * US_PER_S)
		lose(s, SYNC_LOCAL,
		    arena_printf(c->mem, "no progress for %lld s", (long long)limit_s));
}

void
slot_turn(struct ctx *c, struct slot *s)
{
	int status, code;

	if (s->child.pid == 0)
		return;
	code = hear(c, s);
	if (code == E_INVALID)
		lose(s, SYNC_LOCAL, c->reason);
	else if (code == E_NOTFOUND) /* closed: it is dying */
		lose(s, SYNC_LOCAL, end_text(c->mem, child_kill(&s->child)));
	else if (!slot_is_full(s) && child_has_ended(&s->child, &status))
		lose(s, SYNC_LOCAL, end_text(c->mem, status));
	else if (s->state == SLOT_BUSY)
		watch(c, s);
}

void
slot_allow(struct ctx *c, struct slot *s)
{
	struct wire_message m = { .type = WIRE_ANSWER,
		.answer = { .fence = s->job.fence, .may_publish = true } };

	s->is_asking = false;
	s->heard_us = clock_mono_us();
	if (s->child.pid != 0 && child_send(c, &s->child, wire_text(c->mem, &m)) != OK)
		lose(s, SYNC_LOCAL, c->reason);
}

void
slot_kill(struct slot *s)
{
	child_kill(&s->child);
	if (s->state == SLOT_BUSY)
		s->state = SLOT_RETURNED;
}

void
slot_clear(struct ctx *c, struct slot *s)
{
	explicit_bzero(s->credentials, strlen(s->credentials));
	if (s->target != NULL)
		targets_forget(s->target);
	s->target = NULL;
	arena_reset(s->mem);
	s->credentials = arena_strdup(s->mem, "");
	s->is_asking = s->has_died = false;
	s->seen = s->due = NULL;
	s->n_seen = s->n_due = 0;
	s->has_seen = false;
	s->removed = 0;
	s->packages = NULL;
	s->n_packages = 0;
	s->refs = NULL;
	s->n_refs = 0;
	s->job = (struct job){ 0 };
	s->result = (struct job_result){ 0 };
	s->state = SLOT_FREE;
	if (s->child.pid != 0 && child_is_worn(c, &s->child))
		child_kill(&s->child);
}
