/* The half of the queue that a probe decides: syncs of http(s) mirrors whose stores are known to be
 * in order. A probe asks for the upstream's refs and nothing else; what has something new becomes
 * an ordinary job (store/job.h). The rules are in SQL (sql/migrations/014), the clock is the
 * server's. */
#ifndef STORE_PROBE_H
#define STORE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/pace.h"

/* The most jobs in one call. */
#define PROBE_BATCH_MAX 256

struct probe_job {
	int64_t id;
	int64_t fence; /* of this claim: the result carries it */
	int64_t attempts;
	int64_t project_id;
	const char *path;
	const char *url;
	const char *sealed_credentials; /* NULL: none */
	const char *options;		/* what the mirror takes over, as JSON */
	int64_t interval_s;
	int64_t host_id;
	int64_t host_v2; /* Git's protocol v2: 0 unknown, 1 spoken, 2 not */
	/* In all rows of a claim: others are put off for hosts that are well, but have no room for
	 * more at the moment. */
	bool has_put_off;
	struct pace pace;
};

/* Up to n due jobs for one worker (conf: sync.lease_s, schedule, host.*), leased as job_claim
 * leases its own: renewed by job_renew, put back by probe_release. */
must_check int probe_claim(
    struct ctx *c, const char *worker, size_t n, struct probe_job **rows_out, size_t *n_out);

/* What a probe came to. */
struct probe_result {
	int64_t id, fence, project_id;
	const char *fingerprint; /* 64 hex digits over what was seen; "" when it failed */
	const char *error_class; /* a sync_error_text, or "" */
	const char *error_text;	 /* one plain sentence, no secrets */
	int64_t retry_after_s;	 /* the upstream asked for it; 0: it did not */
	int64_t delay_s;	 /* until the next attempt, if nothing is new; 0: a period */
	int64_t host_v2;	 /* as above, as it was found; 0: not found out */
	const char *moved_to;	 /* the upstream says: for good; "" it does not */
	struct pace_next next;	 /* if nothing is new */
};

/* A job that was ours, and what became of it. */
struct probe_end {
	int64_t id;
	const char *outcome; /* "unchanged", "changed": a whole sync is due, "failed", "held" */
};

/* Ends the jobs, one statement for the batch: unchanged ones run next after their delay and leave a
 * run only if somebody asked for them or they end a row of failures; changed ones are due as whole
 * syncs; those that failed are finished as job_finish does it. Results whose fence is not the job's
 * any more change nothing, and are not among the rows. Safe to repeat. */
must_check int probe_finish(struct ctx *c, const struct probe_result *results, size_t n,
    struct probe_end **rows_out, size_t *n_out);

struct probe_held {
	int64_t id, fence;
};

/* Puts jobs back as they were before the claim: whoever stops has not asked, and they are due. */
must_check int probe_release(struct ctx *c, const struct probe_held *held, size_t n);

/* Makes whole syncs of them, due at once: one of them may be what probers die of. */
must_check int probe_hand_over(struct ctx *c, const struct probe_held *held, size_t n);

#endif
