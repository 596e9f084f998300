#include "sync/crew.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "auth/seal.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/path.h"
#include "base/random.h"
#include "base/str.h"
#include "core/platform_tree.h"
#include "db/db.h"
#include "base/crash.h"
#include "store/audit.h"
#include "sync/datadir.h"
#include "sync/janitor.h"
#include "sync/ledger.h"
#include "sync/mirror.h"
#include "sync/targets.h"

#define US_PER_S 1000000
#define BEAT_US (15LL * US_PER_S) /* silent for a minute is dead */
#define HOUR_US (3600LL * US_PER_S)
#define HOST_BYTES 65

/* ---- slots */

size_t
crew_count(const struct crew *w, enum slot_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_slots; i++)
		n += w->slots[i]->state == state;
	return n;
}

bool
crew_is_done(const struct crew *w)
{
	return crew_count(w, SLOT_FREE) == w->n_slots && !w->wants_claim && !w->wants_sweep;
}

void
crew_open(struct crew *w, struct arena *mem, struct ctx *c, const char *conf_path)
{
	char *host = arena_alloc(mem, HOST_BYTES);

	gethostname(host, HOST_BYTES - 1);
	*w = (struct crew){ .c = c,
		.conf_path = conf_path,
		.n_slots = (size_t)c->conf->sync_workers,
		.wants_claim = true,
		.has_news = true };
	assert(w->n_slots <= CREW_MOST);
	for (size_t i = 0; i < w->n_slots; i++) {
		struct slot *slot = slot_new(mem);

		w->slots[i] = slot;
		slot->name = arena_printf(mem, "%s:%d:%s", host, (int)getpid(), random_hex(mem, 4));
	}
}

/* Ends a sweep: nobody waits for it, and the next one does it again. */
static void
drop_rowless(struct crew *w, struct slot *slot)
{
	slot_kill(slot);
	slot_clear(w->c, slot);
}

bool
crew_needs_store(const struct crew *w, int64_t store_id)
{
	for (size_t i = 0; i < w->n_slots; i++) {
		const struct slot *slot = w->slots[i];

		if (slot->state == SLOT_BUSY && slot->job.store_id == store_id &&
		    (str_is_equal(slot->held.phase, mirror_phase_text(PHASE_PUBLISHING)) ||
			str_is_equal(slot->job.kind, "remove_store")))
			return true;
	}
	return false;
}

void
crew_hear(struct crew *w)
{
	for (size_t i = 0; i < w->n_slots; i++)
		slot_turn(w->c, w->slots[i]);
}

void
crew_tidy(struct crew *w, const pid_t *others, size_t n_others)
{
	pid_t known[CREW_MOST + CREW_OTHERS_MOST];
	size_t n = 0;

	assert(n_others <= CREW_OTHERS_MOST);
	for (size_t i = 0; i < n_others; i++)
		known[n++] = others[i];
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->child.pid != 0)
			known[n++] = w->slots[i]->child.pid;
	child_kill_adopted(w->c, known, n);
}

static struct slot *
slot_by_name(struct crew *w, const char *name)
{
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_FREE && str_is_equal(w->slots[i]->name, name))
			return w->slots[i];
	return NULL;
}

void
crew_clear(struct crew *w, struct slot *slot)
{
	w->wants_sweep |= slot->has_died;
	w->wants_claim = true;
	slot_clear(w->c, slot);
}

/* ---- work with the database: each step may fail, and is then tried again next turn */

static void
look_at_disk(struct crew *w)
{
	int percent;
	int64_t least = w->c->conf->sync_disk_free_percent;
	bool was_low = w->is_disk_low, was_near = w->is_disk_near;

	/* one that has gone away would take everything, and lose it when it comes back */
	if (datadir_is_ours(w->c) != OK ||
	    path_free_percent(w->c, w->c->conf->data_dir, &percent) != OK)
		percent = -1;
	w->is_disk_low = percent < least;
	w->is_disk_near = percent < 2 * least;
	if (w->is_disk_near && !was_near && !w->is_disk_low)
		log_write(LOG_WARN, "disk nearly full", LOG_INT("free_percent", percent),
		    LOG_INT("fetches_pause_below", least),
		    LOG_TEXT("folder", w->c->conf->data_dir));
	if (w->is_disk_low != was_low)
		log_write(LOG_WARN, w->is_disk_low ? "disk low, no fetches" : "disk free again",
		    LOG_INT("free_percent", percent), LOG_TEXT("folder", w->c->conf->data_dir));
}

static size_t
names_of_all(const struct crew *w, const char **names)
{
	for (size_t i = 0; i < w->n_slots; i++)
		names[i] = w->slots[i]->name;
	return w->n_slots;
}

/* Also of those whose process has ended or was not needed yet: the next job begins one. Whoever
 * looks for a living sync program (store/forge.h) must not find none between two processes. */
static int
beat(struct crew *w)
{
	const char *names[CREW_MOST];

	if (clock_mono_us() < w->beat_us)
		return OK;
	TRY(job_beat(w->c, names, names_of_all(w, names)));
	w->beat_us = clock_mono_us() + BEAT_US;
	return OK;
}

/* Longer than a lease is renewed before its end. */
static bool
has_slept_since(const struct crew *w, int64_t at)
{
	return clock_now() - at > w->c->conf->sync_lease_s / 2;
}

/* Once every sync.poll_s: signs of life, lost leases, and another look at what is due. Not in a
 * turn in the middle of which we were stopped: what it has renewed may be over again. */
static int
pass(struct crew *w)
{
	const char *names[CREW_MOST];
	int64_t n_reaped;

	if (clock_mono_us() < w->pass_us || has_slept_since(w, w->turn_at))
		return OK;
	TRY(job_reap(w->c, &n_reaped));
	if (n_reaped > 0)
		log_write(LOG_WARN, "leases ran out", LOG_INT("jobs", n_reaped));
	w->wants_sweep |= n_reaped > 0;
	TRY(job_pass(w->c, names, names_of_all(w, names), w->claim_wall_us));
	w->beat_us = clock_mono_us() + BEAT_US;
	w->claim_wall_us = 0;
	look_at_disk(w);
	w->wants_claim = w->has_news = true;
	w->pass_us = clock_mono_us() + w->c->conf->sync_poll_s * US_PER_S;
	return OK;
}

/* What is wrong with these folders is no reason to sync nothing. */
static void
sweep_platforms(struct crew *w)
{
	int64_t removed = 0;

	if (platform_tree_sweep(w->c, false, &removed) != OK)
		log_write(LOG_WARN, "folders of platforms", LOG_TEXT("why", w->c->reason));
	else if (removed > 0)
		log_write(LOG_INFO, "folders of platforms", LOG_INT("removed", removed));
}

/* Once an hour: old rows go, and a sweep of the disk. */
static int
hourly(struct crew *w)
{
	if (clock_mono_us() < w->hour_us)
		return OK;
	TRY(janitor_rows(w->c));
	sweep_platforms(w);
	w->wants_sweep |= janitor_has_work(w->c);
	w->hour_us = clock_mono_us() + HOUR_US;
	return OK;
}

static struct slot *
free_slot(struct crew *w)
{
	for (size_t i = w->n_slots; i-- > 0;)
		if (w->slots[i]->state == SLOT_FREE)
			return w->slots[i];
	return NULL;
}

static int
sweep(struct crew *w)
{
	struct job_fences fences;
	struct job job = { .kind = "sweep", .path = "" };
	struct slot *slot = free_slot(w);

	if (!w->wants_sweep || w->is_closing || slot == NULL)
		return OK;
	TRY(job_fences(w->c, &fences));
	TRY(audit_last_store(w->c, &job.store_id));
	job.worker = slot->name;
	slot_give(w->c, slot, w->conf_path, &job, "", &fences);
	w->wants_sweep = false;
	return OK;
}

/* ---- claiming */

/* Its project is gone: whoever still works in its folder is stopped before that is removed. */
static void
stop_others(struct crew *w, const struct job *job)
{
	for (size_t i = 0; i < w->n_slots; i++) {
		struct slot *other = w->slots[i];

		if (other->state != SLOT_BUSY || other->job.store_id != job->store_id ||
		    other->job.id == job->id)
			continue;
		slot_kill(other);
		crew_clear(w, other);
		w->wants_sweep = true; /* its quarantine */
	}
}

#define ANEW_ATTEMPTS 3

static bool
wants_anew(struct crew *w, const struct job *job)
{
	bool wants = false;

	return str_is_equal(job->kind, "sync") && job->attempts >= ANEW_ATTEMPTS &&
	    audit_wants_anew(w->c, job->project_id, &wants) == OK && wants;
}

static void
give(struct crew *w, struct job *job)
{
	struct slot *slot = slot_by_name(w, job->worker);
	const char *context = arena_printf(w->c->mem, "mirror:%lld", (long long)job->project_id);
	const char *secret = "";

	assert(slot != NULL);
	if (str_is_equal(job->kind, "target")) {
		targets_give(w->c, slot, w->conf_path, job);
		return;
	}
	if (job->sealed_credentials != NULL &&
	    seal_open(w->c, context, job->sealed_credentials, &secret) != OK) {
		slot_refuse(slot, job, "the stored credentials cannot be opened");
		return;
	}
	job->is_anew = wants_anew(w, job);
	if (str_is_equal(job->kind, "remove_store"))
		stop_others(w, job);
	slot_give(w->c, slot, w->conf_path, job, secret, NULL);
	if (secret[0] != '\0')
		explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
}

static int
claim(struct crew *w)
{
	const char *names[CREW_MOST];
	int64_t begun_us = clock_mono_us();
	struct job *jobs;
	size_t n = 0, n_jobs;

	if (!w->wants_claim || w->is_closing)
		return OK;
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_FREE)
			names[n++] = w->slots[i]->name;
	if (n == 0)
		return OK;
	TRY(job_claim(w->c, names, n, !w->is_disk_low, &jobs, &n_jobs));
	if (n_jobs > 0)
		crash_point("claim");
	w->claim_wall_us += clock_mono_us() - begun_us;
	w->wants_claim = n_jobs == n;
	for (size_t i = 0; i < n_jobs; i++)
		give(w, &jobs[i]);
	return OK;
}

/* This program was stopped, or the machine or the database was: all leases look run out. Who lives
 * renews them first, our own probes too (they come behind us). By the wall clock, which goes on
 * meanwhile. */
static void
note_turn(struct crew *w)
{
	int64_t soon_us = clock_mono_us() + US_PER_S;
	bool had_slept = w->has_slept;

	w->has_slept = w->turn_at != 0 && has_slept_since(w, w->turn_at);
	w->turn_at = clock_now();
	if (w->has_slept && !had_slept && w->pass_us < soon_us)
		w->pass_us = soon_us;
}

int
crew_work(struct crew *w)
{
	TRY(db_ready(w->c));
	note_turn(w);
	if (db_is_notified(w->c->db))
		w->wants_claim = w->has_news = true;
	TRY(targets_work(w->c, w->slots, w->n_slots));
	TRY(ledger_results(w));
	TRY(ledger_leases(w));
	TRY(ledger_returns(w));
	TRY(ledger_sweeps(w));
	TRY(pass(w));
	TRY(beat(w));
	TRY(hourly(w));
	TRY(sweep(w));
	return claim(w);
}

/* ---- the end */

void
crew_close(struct crew *w)
{
	w->is_closing = true;
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_BUSY && !slot_has_row(w->slots[i]))
			drop_rowless(w, w->slots[i]);
}

void
crew_stop(struct crew *w)
{
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_BUSY)
			slot_kill(w->slots[i]);
}

void
crew_end(struct crew *w)
{
	const char *names[CREW_MOST];

	for (size_t i = 0; i < w->n_slots; i++)
		slot_kill(w->slots[i]);
	if (db_ready(w->c) != OK)
		return; /* others will find them silent */
	if (job_forget_workers(w->c, names, names_of_all(w, names)) != OK)
		log_write(LOG_WARN, "database", LOG_TEXT("why", w->c->reason));
}
