/* When a mirror is tried again after a failure. Pure: no clock, no database, chance comes in.
 * After a success there is nothing to compute: the next run is exactly one period later.
 *
 *	class      delay, k = failures in a row before this one          source
 *	network    k^4 + 15 + luck * (k + 1) seconds, at most 6 h        hpr A5.3 (Faktory's curve)
 *	busy       what the upstream asked for + 10 %, at most 1 day;    mirroring.md 5.5
 *	           without a wish: as network
 *	auth       one period                                            hpr A5.3
 *	gone       one period                                            hpr A5.3
 *	policy     one period: nothing changes until someone edits it    mirroring.md 5.5
 *	tls        1 h                                                   mirroring.md 5.5
 *	protocol   1 h * 2^k, at most 1 day                              mirroring.md 5.5
 *	local      1 min                                                 mirroring.md 5.5
 *
 * Fixed delays get up to 10 % on top, by luck, so that what failed together does not come back
 * together. After sync.attempts failures the job counts as dead until its regular time: the
 * queue's rule (job_finish). */
#ifndef SYNC_SCHEDULE_H
#define SYNC_SCHEDULE_H

#include <stdint.h>

#include "sync/mirror.h"

#define SCHEDULE_LUCK 30 /* luck is below this: random_below(SCHEDULE_LUCK) */

struct schedule_case {
	enum sync_error error;
	int64_t failures; /* in a row, before this one */
	int64_t interval_s;
	int64_t retry_after_s; /* the upstream's wish; 0: none */
	uint32_t luck;
};

/* Seconds until the next attempt: at least 1. */
int64_t schedule_delay_s(const struct schedule_case *at);

#endif
