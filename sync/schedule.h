/* When a mirror is asked next. Pure: no clock, no database, chance comes in.
 *
 * After a failure (the delay, k = failures in a row before this one):
 *
 *	class      delay                                                 source
 *	network    k^4 + 15 + luck * (k + 1) seconds, at most 6 h        hpr A5.3 (Faktory's curve)
 *	busy       what the upstream asked for + 10 %, at most 1 day;    mirroring.md 5.5
 *	           without a wish: as network
 *	auth       one period, twice; then a day                         hpr A5.3, mirroring.md 5.5
 *	gone       one period; 2 h; 1 day; a week, when it has been      hpr A5.3, mirroring.md 5.5
 *	           gone for a day
 *	policy     a week: nothing changes until someone edits it        mirroring.md 5.5
 *	tls        1 h                                                   mirroring.md 5.5
 *	protocol   1 h * 2^k, at most 1 day                              mirroring.md 5.5
 *	local      1 min                                                 mirroring.md 5.5
 *
 * auth, gone and policy never wait less than one period. Fixed delays get up to 10 % on top, by
 * luck, so that what failed together does not come back together. After sync.attempts failures the
 * job counts as dead until its regular time: the queue's rule (job_finish).
 *
 * After a success (mirroring.md 5.5): exactly one period, or, when the hub may choose, the
 * square-root law. The hazard h of a mirror is the rate at which a change is to be expected now:
 *
 *	h = 0.35 / (s + 600 s) + n / T
 *
 * s is the time since its last change (changes come in bursts), n / T the changes in the time in
 * which they were seen, both decayed, with 0.3 changes in 30 days to begin with. Asking each mirror
 * every period * mean(sqrt h) / sqrt h seconds finds changes soonest for one request per mirror and
 * period. The mean is over all mirrors and two weeks (hub.pace): so a hub with one mirror, too,
 * asks more often while there is work and saves when there is none. */
#ifndef SYNC_SCHEDULE_H
#define SYNC_SCHEDULE_H

#include <stdint.h>

#include "store/pace.h"
#include "sync/mirror.h"

#define SCHEDULE_LUCK 30 /* luck is below this: random_below(SCHEDULE_LUCK) */

struct schedule_case {
	enum sync_error error;
	int64_t failures; /* in a row, before this one */
	int64_t interval_s;
	int64_t retry_after_s; /* the upstream's wish; 0: none */
	uint32_t luck;
	int64_t failing_s; /* since the last success */
};

/* Seconds until the next attempt: at least 1. */
int64_t schedule_delay_s(const struct schedule_case *at);

#define SCHEDULE_LEAST_S 30
#define SCHEDULE_MOST_S (72 * 3600)
#define SCHEDULE_CHANCE 1000 /* chance is below this: random_below(SCHEDULE_CHANCE) */

struct schedule_success {
	const struct pace *pace;
	int64_t interval_s;
	bool is_adaptive; /* setting schedule_adaptive */
	bool is_changed;  /* the upstream has changed since the last sync; a first sync says nothing
			   */
	uint32_t chance;
};

/* Seconds until the next sync; 0: exactly one period. *next goes with the result. */
int64_t schedule_next_s(const struct schedule_success *at, struct pace_next *next);

#endif
