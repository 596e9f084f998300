#include "sync/supervisor.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "auth/seal.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/path.h"
#include "base/random.h"
#include "base/str.h"
#include "db/db.h"
#include "sync/crash.h"
#include "sync/janitor.h"
#include "sync/slot.h"

#define US_PER_MS 1000
#define US_PER_S 1000000
#define SLOTS_MAX JOB_BATCH_MAX
#define GRACE_US (5 * US_PER_S)	   /* for workers, after SIGTERM */
#define LAST_WORDS_US (3 * US_PER_S) /* for the database, behind that */
#define RENEW_US US_PER_S
#define HOUR_US (3600LL * US_PER_S)
#define AWAY_MOST_US (60LL * US_PER_S) /* without `follow` */
#define TRY_DB_MOST_US (10 * US_PER_S)
#define TURN_MOST_MS 1000
#define TURN_SOON_MS 50
#define HOST_BYTES 65

struct supervisor {
	struct ctx *c; /* its arena is emptied after each turn */
	const struct supervisor_options *options;
	const char *host;
	struct slot *slots[SLOTS_MAX];
	size_t n_slots;
	int signals; /* a signalfd */

	bool wants_claim; /* something may be due */
	bool wants_sweep;
	bool is_disk_low;
	bool is_stopping;
	int64_t stop_us;   /* when it was asked to */
	int64_t pass_us, renew_us, hour_us; /* when these are due */
	int64_t claim_wall_us;

	int64_t away_us; /* since when the database is away; 0: it is not */
	int64_t try_db_us, try_db_after_us;
};

/* ---- the log: one line per mirror */

static void
log_end(const struct slot *slot, const char *outcome)
{
	const struct job_result *r = &slot->result;
	const char *colon = strchr(slot->credentials, ':');
	bool is_ours = str_is_equal(r->error_class, "local");

	log_hide(slot->credentials);
	if (colon != NULL)
		log_hide(colon + 1);
	log_write(is_ours ? LOG_WARN : LOG_INFO, slot->job.kind, LOG_TEXT("project", slot->job.path),
	    LOG_INT("store", slot->job.store_id), LOG_INT("job", slot->job.id),
	    LOG_INT("fence", slot->job.fence), LOG_TEXT("worker", slot->name),
	    LOG_TEXT("outcome", outcome), LOG_TEXT("class", r->error_class),
	    LOG_TEXT("why", r->error_text), LOG_INT("again_in_s", r->delay_s),
	    LOG_INT("ms", (clock_mono_us() - slot->begun_us) / US_PER_MS), LOG_INT("bytes", r->bytes),
	    LOG_INT("objects", r->objects), LOG_INT("refs_changed", r->refs_changed));
	log_hide_none();
}

static const char *
outcome_text(const struct job_result *r)
{
	if (r->error_class[0] != '\0')
		return "failed";
	return r->is_changed ? "changed" : "unchanged";
}

/* ---- slots */

static size_t
count(const struct supervisor *s, enum slot_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_slots; i++)
		n += s->slots[i]->state == state;
	return n;
}

static struct slot *
slot_by_name(struct supervisor *s, const char *name)
{
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_FREE && str_is_equal(s->slots[i]->name, name))
			return s->slots[i];
	return NULL;
}

static void
clear(struct supervisor *s, struct slot *slot)
{
	s->wants_sweep |= slot->has_died;
	s->wants_claim = true;
	slot_clear(s->c, slot);
}

/* A process that is gone takes its name with it; a new one gets its own. Its heartbeat is
 * removed here, so that only those count as lost whose supervisor died too. */
static int
name_slot(struct supervisor *s, struct slot *slot)
{
	if (slot->child.pid == 0 && slot->name != NULL) {
		TRY(job_forget_workers(s->c, &slot->name, 1));
		slot->name = NULL;
	}
	if (slot->name == NULL) {
		arena_reset(slot->life);
		slot->name = arena_printf(slot->life, "%s:%d:%s", s->host, (int)getpid(),
		    random_hex(slot->life, 4));
	}
	return OK;
}

/* ---- work with the database: each step may fail, and is then tried again next turn */

/* What no row waits for. */
static void
end_sweeps(struct supervisor *s)
{
	for (size_t i = 0; i < s->n_slots; i++) {
		struct slot *slot = s->slots[i];

		if (slot->state != SLOT_DONE || slot_has_row(slot))
			continue;
		if (slot->removed > 0 || slot->result.error_class[0] != '\0')
			log_write(LOG_INFO, "sweep", LOG_INT("removed", slot->removed),
			    LOG_TEXT("why", slot->result.error_text));
		slot_clear(s->c, slot);
	}
}

static bool
is_among(const int64_t *ids, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static int
write_results(struct supervisor *s)
{
	struct job_result results[SLOTS_MAX];
	size_t n = 0, n_ids;
	int64_t *ids;

	end_sweeps(s);
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_DONE)
			results[n++] = s->slots[i]->result;
	if (n == 0)
		return OK;
	crash_point("before-report");
	TRY(job_finish(s->c, results, n, &ids, &n_ids));
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_DONE) {
			bool is_ours = is_among(ids, n_ids, s->slots[i]->job.id);

			log_end(s->slots[i],
			    is_ours ? outcome_text(&s->slots[i]->result) : "fenced");
			clear(s, s->slots[i]);
		}
	return OK;
}

static int
write_returns(struct supervisor *s)
{
	struct job_held held[SLOTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_RETURNED && slot_has_row(s->slots[i]))
			held[n++] = s->slots[i]->held;
	if (n > 0)
		TRY(job_release(s->c, held, n));
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_RETURNED)
			slot_clear(s->c, s->slots[i]);
	return OK;
}

/* Extends the leases of the slots that `wanted` picks; a worker whose job is no longer ours is
 * killed at once. An ask is answered by the same statement: it extends the lease if and only if
 * the job is still ours. */
static int
renew(struct supervisor *s, bool (*wanted)(const struct slot *))
{
	struct job_held held[SLOTS_MAX];
	struct slot *slots[SLOTS_MAX];
	size_t n = 0, n_ids;
	int64_t *ids;

	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_BUSY && slot_has_row(s->slots[i]) &&
		    wanted(s->slots[i])) {
			held[n] = s->slots[i]->held;
			slots[n++] = s->slots[i];
		}
	if (n == 0)
		return OK;
	TRY(job_renew(s->c, held, n, &ids, &n_ids));
	for (size_t i = 0; i < n; i++) {
		if (!is_among(ids, n_ids, slots[i]->job.id)) {
			slot_kill(slots[i]);
			slots[i]->has_died = true;
			log_end(slots[i], "fenced");
			clear(s, slots[i]);
		} else if (slots[i]->is_asking) {
			slot_allow(s->c, slots[i]);
		}
	}
	return OK;
}

static bool
is_asking(const struct slot *slot)
{
	return slot->is_asking;
}

static bool
is_any(const struct slot *slot)
{
	(void)slot;
	return true;
}

static int
renew_due(struct supervisor *s)
{
	if (clock_mono_us() < s->renew_us)
		return renew(s, is_asking);
	TRY(renew(s, is_any));
	s->renew_us = clock_mono_us() + RENEW_US;
	return OK;
}

/* Folders that no row names are told of, never removed: the database may be the one that is wrong
 * (an old backup). */
static int
tell_orphans(struct supervisor *s)
{
	for (size_t i = 0; i < s->n_slots; i++) {
		struct slot *slot = s->slots[i];
		int64_t *unknown;
		size_t n;

		if (slot->n_seen == 0)
			continue;
		TRY(job_unknown_stores(s->c, slot->seen, slot->n_seen, &unknown, &n));
		for (size_t k = 0; k < n; k++)
			log_write(LOG_WARN, "a folder without a row", LOG_INT("store", unknown[k]));
		slot->n_seen = 0;
	}
	return OK;
}

static void
look_at_disk(struct supervisor *s)
{
	int percent;
	bool was_low = s->is_disk_low;

	if (path_free_percent(s->c, s->c->conf->data_dir, &percent) != OK)
		percent = 0;
	s->is_disk_low = percent < s->c->conf->sync_disk_free_percent;
	if (s->is_disk_low != was_low)
		log_write(LOG_WARN, s->is_disk_low ? "disk low, no fetches" : "disk free again",
		    LOG_INT("free_percent", percent), LOG_TEXT("folder", s->c->conf->data_dir));
}

/* Once every sync.poll_s: signs of life, lost leases, and another look at what is due. */
static int
pass(struct supervisor *s)
{
	const char *names[SLOTS_MAX];
	size_t n = 0;
	int64_t n_reaped;

	if (clock_mono_us() < s->pass_us)
		return OK;
	TRY(job_reap(s->c, &n_reaped));
	if (n_reaped > 0)
		log_write(LOG_WARN, "leases ran out", LOG_INT("jobs", n_reaped));
	s->wants_sweep |= n_reaped > 0;
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->child.pid != 0)
			names[n++] = s->slots[i]->name;
	TRY(job_pass(s->c, names, n, s->claim_wall_us));
	s->claim_wall_us = 0;
	look_at_disk(s);
	s->wants_claim = true;
	s->pass_us = clock_mono_us() + s->c->conf->sync_poll_s * US_PER_S;
	return OK;
}

/* Once an hour: old rows go, and a sweep of the disk. */
static int
hourly(struct supervisor *s)
{
	if (clock_mono_us() < s->hour_us)
		return OK;
	TRY(janitor_rows(s->c));
	s->wants_sweep = true;
	s->hour_us = clock_mono_us() + HOUR_US;
	return OK;
}

static int
sweep(struct supervisor *s)
{
	struct job_fences fences;
	struct job job = { .kind = "sweep", .path = "" };
	struct slot *slot = NULL;

	if (!s->wants_sweep || s->is_stopping)
		return OK;
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_FREE)
			slot = s->slots[i];
	if (slot == NULL)
		return OK;
	TRY(name_slot(s, slot));
	TRY(job_fences(s->c, &fences));
	job.worker = slot->name;
	slot_give(s->c, slot, s->options->conf_path, &job, "", &fences);
	s->wants_sweep = false;
	return OK;
}

/* ---- claiming */

/* Its project is gone: whoever still works in its folder is stopped before that is removed. */
static void
stop_others(struct supervisor *s, const struct job *job)
{
	for (size_t i = 0; i < s->n_slots; i++) {
		struct slot *other = s->slots[i];

		if (other->state != SLOT_BUSY || !slot_has_row(other) ||
		    other->job.store_id != job->store_id || other->job.id == job->id)
			continue;
		slot_kill(other);
		clear(s, other);
	}
}

static void
give(struct supervisor *s, const struct job *job)
{
	struct slot *slot = slot_by_name(s, job->worker);
	const char *context = arena_printf(s->c->mem, "mirror:%lld", (long long)job->project_id);
	const char *secret = "";

	assert(slot != NULL);
	if (job->sealed_credentials != NULL &&
	    seal_open(s->c, context, job->sealed_credentials, &secret) != OK) {
		slot_refuse(slot, job, "the stored credentials cannot be opened");
		return;
	}
	if (str_is_equal(job->kind, "remove_store"))
		stop_others(s, job);
	slot_give(s->c, slot, s->options->conf_path, job, secret, NULL);
	if (secret[0] != '\0')
		explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
}

static int
claim(struct supervisor *s)
{
	const char *names[SLOTS_MAX];
	int64_t begun_us = clock_mono_us();
	struct job *jobs;
	size_t n = 0, n_jobs;

	if (!s->wants_claim || s->is_stopping)
		return OK;
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_FREE) {
			TRY(name_slot(s, s->slots[i]));
			names[n++] = s->slots[i]->name;
		}
	if (n == 0)
		return OK;
	TRY(job_claim(s->c, names, n, !s->is_disk_low, &jobs, &n_jobs));
	if (n_jobs > 0)
		crash_point("claim");
	s->claim_wall_us += clock_mono_us() - begun_us;
	s->wants_claim = n_jobs == n;
	for (size_t i = 0; i < n_jobs; i++)
		give(s, &jobs[i]);
	return OK;
}

static int
work(struct supervisor *s)
{
	TRY(db_ready(s->c));
	s->wants_claim |= db_is_notified(s->c->db);
	TRY(write_results(s));
	TRY(renew_due(s));
	TRY(write_returns(s));
	TRY(tell_orphans(s));
	TRY(pass(s));
	TRY(hourly(s));
	TRY(sweep(s));
	return claim(s);
}

/* ---- the turn */

/* A failure that does not pass is a bug or a missing right: told each time, and tried again all
 * the same, more and more slowly. */
static void
see_database(struct supervisor *s, int code)
{
	int64_t now_us = clock_mono_us();

	if (code == OK) {
		if (s->away_us != 0)
			log_write(LOG_INFO, "the database answers again",
			    LOG_INT("ms", (now_us - s->away_us) / US_PER_MS));
		s->away_us = s->try_db_us = s->try_db_after_us = 0;
		return;
	}
	if (s->away_us == 0 || s->c->retry_after_s == 0)
		log_write(s->c->retry_after_s > 0 || code == E_CONFLICT ? LOG_WARN : LOG_ERR,
		    "database", LOG_TEXT("why", s->c->reason));
	if (s->away_us == 0)
		s->away_us = now_us;
	s->try_db_after_us = s->try_db_after_us == 0 ? US_PER_S / 4 : s->try_db_after_us * 2;
	if (s->try_db_after_us > TRY_DB_MOST_US)
		s->try_db_after_us = TRY_DB_MOST_US;
	s->try_db_us = now_us + s->try_db_after_us;
}

static void
see_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue; /* it only ends the poll */
		if (!s->is_stopping)
			s->stop_us = clock_mono_us();
		else
			s->stop_us -= GRACE_US; /* asked twice: at once */
		s->is_stopping = true;
		log_write(LOG_INFO, "stopping", LOG_INT("running", (int64_t)count(s, SLOT_BUSY)));
	}
}

static void
kill_late(struct supervisor *s)
{
	if (!s->is_stopping || clock_mono_us() - s->stop_us < GRACE_US)
		return;
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i]->state == SLOT_BUSY)
			slot_kill(s->slots[i]);
}

static int
wait_ms(const struct supervisor *s)
{
	int64_t now_us = clock_mono_us(), until_us = now_us + TURN_MOST_MS * US_PER_MS;
	bool has_work = count(s, SLOT_DONE) + count(s, SLOT_RETURNED) > 0 || s->is_stopping;

	if (s->away_us != 0)
		until_us = s->try_db_us < until_us ? s->try_db_us : until_us;
	else if (has_work)
		until_us = now_us + TURN_SOON_MS * US_PER_MS;
	else if (s->pass_us < until_us)
		until_us = s->pass_us;
	return until_us <= now_us ? 0 : (int)((until_us - now_us) / US_PER_MS) + 1;
}

static void
wait_for_something(const struct supervisor *s)
{
	struct pollfd fds[SLOTS_MAX + 2];
	nfds_t n = 0;

	fds[n++] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = db_fd(s->c->db), .events = POLLIN };
	for (size_t i = 0; i < s->n_slots; i++)
		/* one that has to be dealt with first would only wake us up for nothing */
		if (s->slots[i]->n_seen == 0)
			fds[n++] = (struct pollfd){ .fd = s->slots[i]->child.fd, .events = POLLIN };
	if (poll(fds, n, wait_ms(s)) < 0)
		return; /* EINTR: the next turn sees to it */
}

static void
turn(struct supervisor *s)
{
	wait_for_something(s);
	see_signals(s);
	for (size_t i = 0; i < s->n_slots; i++)
		slot_turn(s->c, s->slots[i]);
	kill_late(s);
	if (s->away_us == 0 || clock_mono_us() >= s->try_db_us)
		see_database(s, work(s));
	arena_reset(s->c->mem);
}

static bool
is_over(const struct supervisor *s)
{
	bool is_idle = count(s, SLOT_FREE) == s->n_slots;
	int64_t now_us = clock_mono_us();

	if (s->is_stopping)
		return is_idle || now_us - s->stop_us > GRACE_US + LAST_WORDS_US;
	if (s->options->follow)
		return false;
	if (s->away_us != 0)
		return count(s, SLOT_BUSY) == 0 && now_us - s->away_us > AWAY_MOST_US;
	return is_idle && !s->wants_claim && !s->wants_sweep;
}

static int
open_signals(struct ctx *c, int *out)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return fail(c, E_INTERNAL, "signals cannot be blocked");
	*out = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (*out < 0)
		return fail(c, E_INTERNAL, "signalfd cannot be made");
	signal(SIGPIPE, SIG_IGN);
	return OK;
}

static void
end_workers(struct supervisor *s)
{
	const char *names[SLOTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->n_slots; i++) {
		slot_kill(s->slots[i]);
		if (s->slots[i]->name != NULL)
			names[n++] = s->slots[i]->name;
	}
	if (n == 0 || s->away_us != 0 || db_ready(s->c) != OK)
		return; /* others will find them silent */
	if (job_forget_workers(s->c, names, n) != OK)
		log_write(LOG_WARN, "database", LOG_TEXT("why", s->c->reason));
}

static int
last_word(struct supervisor *s)
{
	if (s->away_us != 0)
		return fail(s->c, E_INTERNAL, "the database has been away until the end");
	if (s->is_disk_low && !s->options->follow)
		return fail(s->c, E_INTERNAL, "the disk is too full to fetch");
	return OK;
}

static void
free_arena(void *mem)
{
	arena_free(mem);
}

int
supervisor_run(struct ctx *c, const struct supervisor_options *options)
{
	char host[HOST_BYTES] = "";
	struct ctx inner = *c; /* for the turns: an arena of their own */
	struct supervisor s = { .c = &inner, .options = options, .wants_claim = true,
		.host = host, .n_slots = (size_t)c->conf->sync_workers };

	inner.mem = arena_new();
	arena_defer(c->mem, free_arena, inner.mem);
	gethostname(host, sizeof(host) - 1);
	TRY(open_signals(c, &s.signals));
	TRY(db_listen(c, "mirrorhub_job"));
	for (size_t i = 0; i < s.n_slots; i++)
		s.slots[i] = slot_new(c->mem);
	while (!is_over(&s))
		turn(&s);
	end_workers(&s);
	close(s.signals);
	if (last_word(&s) != OK)
		return fail(c, E_INTERNAL, "%s", inner.reason);
	return OK;
}
