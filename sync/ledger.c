#include "sync/ledger.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/str.h"
#include "store/audit.h"
#include "sync/crew.h"

#define US_PER_MS 1000
#define US_PER_S 1000000
#define RENEW_US US_PER_S
#define SWEEPS_LOST_MOST 3

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
	log_write(is_ours ? LOG_WARN : LOG_INFO, slot->job.kind,
	    LOG_TEXT("project", slot->job.path), LOG_INT("store", slot->job.store_id),
	    LOG_INT("job", slot->job.id), LOG_INT("fence", slot->job.fence),
	    LOG_TEXT("worker", slot->name), LOG_TEXT("outcome", outcome),
	    LOG_TEXT("class", r->error_class), LOG_TEXT("why", r->error_text),
	    LOG_INT("again_in_s", r->delay_s),
	    LOG_INT("ms", (clock_mono_us() - slot->begun_us) / US_PER_MS),
	    LOG_INT("bytes", r->bytes), LOG_INT("objects", r->objects),
	    LOG_INT("refs_changed", r->refs_changed));
	log_hide_none();
}

static const char *
outcome_text(const struct job_result *r)
{
	if (r->error_class[0] != '\0')
		return "failed";
	if (r->is_held)
		return "held";
	return r->is_changed ? "changed" : "unchanged";
}

/* A sweep whose worker died is done again, or what it was to remove stays for an hour; but one that
 * kills its worker each time is given up. */
static void
note_sweep_end(struct crew *w, const struct slot *slot)
{
	w->n_sweeps_lost = slot->has_died ? w->n_sweeps_lost + 1 : 0;
	w->wants_sweep |= slot->has_died && w->n_sweeps_lost < SWEEPS_LOST_MOST;
}

/* What no row waits for: sweeps. */
static void
end_rowless(struct crew *w)
{
	for (size_t i = 0; i < w->n_slots; i++) {
		struct slot *slot = w->slots[i];
		bool has_failed =
		    slot->result.error_class != NULL && slot->result.error_class[0] != '\0';

		if (slot->state != SLOT_DONE || slot_has_row(slot))
			continue;
		if (str_is_equal(slot->job.kind, "sweep"))
			note_sweep_end(w, slot);
		if (slot->removed > 0 || has_failed)
			log_write(has_failed ? LOG_WARN : LOG_INFO, slot->job.kind,
			    LOG_INT("store", slot->job.store_id), LOG_INT("removed", slot->removed),
			    LOG_TEXT("why", slot->result.error_text));
		slot_clear(w->c, slot);
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

static void
note_upkeep(struct crew *w, int64_t store_id)
{
	if (w->n_upkeep < CREW_UPKEEP_MOST)
		w->upkeep[w->n_upkeep++] = store_id;
}

/* What a worker read goes into its rows before the job is over; killed between the two, it is read
 * again. A row that the database does not take fails the job, not the round. */
static int
put_packages(struct crew *w)
{
	for (size_t i = 0; i < w->n_slots; i++) {
		struct slot *slot = w->slots[i];
		bool is_ours;
		int code;

		if (slot->state != SLOT_DONE || !str_is_equal(slot->job.kind, "packages") ||
		    slot->result.error_class[0] != '\0')
			continue;
		code = job_put_packages(w->c, &slot->held, slot->job.branches, slot->packages,
		    slot->n_packages, &is_ours);
		if (code != OK && w->c->retry_after_s > 0)
			return code;
		if (code != OK)
			slot_fail(slot, SYNC_LOCAL, 0, w->c->reason);
	}
	return OK;
}

/* First clones are told to hooks only if an administrator wants it. */
static bool
wants_hooks(const struct crew *w, const struct slot *slot)
{
	return w->c->conf->hub_post_fetch_hooks[0] != '\0' &&
	    (slot->job.fingerprint[0] != '\0' || w->c->conf->hub_hooks_on_clone);
}

/* What job_finish tells others of. Killed between the two, the next run finds the same changes
 * (git_refs_told). What the database does not take is told to nobody, and holds nothing up. */
static int
put_refs(struct crew *w)
{
	for (size_t i = 0; i < w->n_slots; i++) {
		struct slot *slot = w->slots[i];
		int code;

		if (slot->state != SLOT_DONE || slot->n_refs == 0 ||
		    slot->result.error_class[0] != '\0')
			continue;
		code =
		    job_put_refs(w->c, &slot->held, slot->refs, slot->n_refs, wants_hooks(w, slot));
		if (code != OK && w->c->retry_after_s > 0)
			return code;
		if (code != OK)
			log_write(LOG_WARN, "refs not told", LOG_TEXT("project", slot->job.path),
			    LOG_TEXT("why", w->c->reason));
	}
	return OK;
}

int
ledger_results(struct crew *w)
{
	struct job_result results[CREW_MOST];
	size_t n = 0, n_ids;
	int64_t *ids;

	end_rowless(w);
	TRY(put_packages(w));
	TRY(put_refs(w));
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_DONE)
			results[n++] = w->slots[i]->result;
	if (n == 0)
		return OK;
	crash_point("before-report");
	TRY(job_finish(w->c, results, n, &ids, &n_ids));
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_DONE) {
			bool is_ours = is_among(ids, n_ids, w->slots[i]->job.id);

			log_end(
			    w->slots[i], is_ours ? outcome_text(&w->slots[i]->result) : "fenced");
			if (w->slots[i]->result.is_changed)
				note_upkeep(w, w->slots[i]->job.store_id);
			crew_clear(w, w->slots[i]);
		}
	return OK;
}

int
ledger_returns(struct crew *w)
{
	struct job_held held[CREW_MOST];
	size_t n = 0;

	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_RETURNED && slot_has_row(w->slots[i]))
			held[n++] = w->slots[i]->held;
	if (n > 0)
		TRY(job_release(w->c, held, n));
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_RETURNED)
			slot_clear(w->c, w->slots[i]);
	return OK;
}

/* Extends the leases of the slots that `wanted` picks; a worker whose job is no longer ours is
 * killed at once. An ask is answered by the same statement: it extends the lease if and only if
 * the job is still ours. */
static int
renew(struct crew *w, bool (*wanted)(const struct slot *))
{
	struct job_held held[CREW_MOST];
	struct slot *slots[CREW_MOST];
	size_t n = 0, n_ids;
	int64_t *ids;

	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i]->state == SLOT_BUSY && slot_has_row(w->slots[i]) &&
		    wanted(w->slots[i])) {
			held[n] = w->slots[i]->held;
			slots[n++] = w->slots[i];
		}
	if (n == 0)
		return OK;
	TRY(job_renew(w->c, held, n, &ids, &n_ids));
	for (size_t i = 0; i < n; i++) {
		if (!is_among(ids, n_ids, slots[i]->job.id)) {
			slot_kill(slots[i]);
			slots[i]->has_died = true;
			log_end(slots[i], "fenced");
			crew_clear(w, slots[i]);
		} else if (slots[i]->is_asking) {
			slot_allow(w->c, slots[i]);
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

int
ledger_leases(struct crew *w)
{
	if (clock_mono_us() < w->renew_us)
		return renew(w, is_asking);
	TRY(renew(w, is_any));
	w->renew_us = clock_mono_us() + RENEW_US;
	return OK;
}

/* Rows whose folder is not there: mirrors are fetched again, of the others somebody has to know. */
static int
tell_missing(struct crew *w, const struct slot *slot)
{
	struct audit_missing *rows;
	size_t n;

	TRY(audit_missing(w->c, slot->seen_first, slot->seen, slot->n_seen, &rows, &n));
	for (size_t i = 0; i < n; i++)
		log_write(rows[i].is_mirror ? LOG_WARN : LOG_ERR, "a store without its folder",
		    LOG_INT("store", rows[i].store_id), LOG_TEXT("project", rows[i].path),
		    LOG_TEXT("then", rows[i].is_mirror ? "it is fetched again" : "restore it"));
	w->wants_claim |= n > 0;
	return OK;
}

/* Folders that no row names are told of, never removed: the database may be the one that is wrong
 * (an old backup). */
int
ledger_sweeps(struct crew *w)
{
	for (size_t i = 0; i < w->n_slots; i++) {
		struct slot *slot = w->slots[i];
		int64_t *unknown;
		size_t n;

		if (!slot->has_seen)
			continue;
		TRY(tell_missing(w, slot));
		TRY(job_unknown_stores(w->c, slot->seen, slot->n_seen, &unknown, &n));
		for (size_t k = 0; k < n; k++)
			log_write(LOG_WARN, "a folder without a row", LOG_INT("store", unknown[k]));
		for (size_t k = 0; k < slot->n_due; k++)
			note_upkeep(w, slot->due[k]);
		slot->n_seen = slot->n_due = 0;
		slot->has_seen = false;
	}
	return OK;
}
