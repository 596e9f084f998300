/* What the database hears of the jobs that workers have in hand: how they went, which go back, that
 * the others are still at work, and what sweeps have seen of the disk. A failure leaves the rest
 * for the next call: results are kept until they are written. */
#ifndef SYNC_LEDGER_H
#define SYNC_LEDGER_H

#include "base/ctx.h"

struct crew;

/* Writes what came of the jobs that are over, one line of the log each; their slots are free. */
must_check int ledger_results(struct crew *w);

/* Extends leases: each second of all, at once of those who ask whether they may publish, and tells
 * these. A worker whose job is no longer ours is killed. */
must_check int ledger_leases(struct crew *w);

/* Puts the jobs back whose workers were killed without a fault of their own. */
must_check int ledger_returns(struct crew *w);

/* Holds the folders that sweeps have seen against the rows of stores; what differs is logged. */
must_check int ledger_sweeps(struct crew *w);

#endif
