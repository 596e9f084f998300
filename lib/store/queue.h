/* What the web asks of the queue: requests and numbers. What sync does with it is store/job.h. */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "base/ctx.h"
#include "base/field.h"
#include "store/account.h"

/* Asks for a sync now; a running one is followed by one more; a paused mirror stays paused.
 * E_NOTFOUND: there is no such mirror, or not any more. */
must_check int queue_request_sync(struct ctx *c, int64_t project_id);

/* Has the folder of a store removed, by sync. */
must_check int queue_remove_store(struct ctx *c, int64_t store_id);

/* The numbers of hpr's /info (contract A6), read in one statement so that they agree. Jobs are
 * counted as they are listed: those of projects the asker may read, and those of none; other kinds
 * (spec files, targets, manifests) are none of hpr's work. What has been counted over the years
 * (processed to backups) is the hub's. */
struct queue_stats {
	int64_t queued, queued_default, queues, running, scheduled, retry, dead;
	int64_t workers;
	int64_t processed, failures, busy_reaped, workers_reaped;
	int64_t scheduled_moved, scheduled_cycles, scheduled_wall_us;
	int64_t retries_moved, retries_cycles, retries_wall_us;
	int64_t dead_purged, dead_cycles, dead_wall_us;
	int64_t backups;
};

must_check int queue_stats(struct ctx *c, const struct account *asker, struct queue_stats *out);

struct queue_job {
	int64_t id;
	const char *path;
	const char *worker;
	int64_t run_at, started_at;
	int64_t attempts;
};

/* The sets of jobs that /info lists. */
enum queue_set { QUEUE_RUNNING = 1, QUEUE_SCHEDULED, QUEUE_RETRY };

/* Sync jobs of mirrors the asker may read, by path. */
must_check int queue_list(struct ctx *c, const struct account *asker, enum queue_set set,
    int64_t limit, struct queue_job **rows_out, size_t *n_out);

#endif
