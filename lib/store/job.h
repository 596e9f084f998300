/* The queue as sync works it: claim, renew, finish. The rules are in SQL (job_claim, job_finish, …
 * of sql/migrations): one call here is one round trip and one transaction, for a whole batch. All
 * lease arithmetic uses the server's clock. What the web asks of the queue is store/queue.h. */
#ifndef STORE_JOB_H
#define STORE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/pace.h"
#include "store/ref_list.h"

/* The most jobs in one call: as many as there can be workers. */
#define JOB_BATCH_MAX 64

/* A claimed job and what its worker needs to know. */
struct job {
	int64_t id;
	const char *kind; /* "sync", "packages", "remove_store" or "target" */
	int64_t fence;	  /* of this claim: every later write carries it */
	const char *worker;
	int64_t attempts;   /* failed ones since the last success */
	int64_t project_id; /* of syncs and packages; else 0, as path and url are empty */
	const char *path;
	int64_t store_id;	 /* 0 for targets and manifests */
	const char *fingerprint; /* 64 hex digits; "" never published */
	const char *url;
	const char *sealed_credentials; /* NULL: none */
	int64_t interval_s;
	bool is_anew;	      /* sync: all of it is fetched anew; the supervisor's to say */
	const char *branches; /* packages: a JSON list, "" for the one HEAD names; else NULL */
	const char *options;  /* sync: what the mirror takes over, as JSON; else NULL */
	int64_t target_id;    /* of that kind; else 0 */
	int64_t host_id;      /* whom a sync asks; 0: this machine */
	struct pace pace;     /* of a sync */
};

/* One due job for each of the n named workers, as far as there are any (conf: sync.lease_s,
 * schedule, sync.probes, host.*). What a probe decides is left to probe_claim, unless there are no
 * probes; what has to wait for its host is put off. with_syncs false: only what needs no disk. */
must_check int job_claim(struct ctx *c, const char *const *workers, size_t n, bool with_syncs,
    struct job **rows_out, size_t *n_out);

/* A job in hand, and how far it is. */
struct job_held {
	int64_t id;
	int64_t fence;
	const char *phase; /* "" or a mirror_phase_text */
	int64_t bytes, objects, objects_total;
};

/* Extends the leases and shows the progress. ids_out: the jobs that are still ours; the others
 * were taken by someone else or deleted, and must not publish. */
must_check int job_renew(
    struct ctx *c, const struct job_held *held, size_t n, int64_t **ids_out, size_t *n_out);

/* Puts jobs back unchanged, due at once. */
must_check int job_release(struct ctx *c, const struct job_held *held, size_t n);

/* How a job went. error_class "" is success. */
struct job_result {
	int64_t id, fence, project_id;
	bool is_changed;
	bool is_held;		 /* waits for approval: nothing was published */
	const char *error_class; /* a sync_error_text, or "" */
	const char *error_text;	 /* one plain sentence, no secrets */
	int64_t delay_s; /* until the next attempt; after success 0: a period (targets: none) */
	int64_t retry_after_s; /* the upstream asked for it; 0: it did not */
	int64_t bytes, objects, refs_changed;
	int64_t size_bytes;	    /* of the store; 0: unknown */
	const char *fingerprint;    /* 64 hex digits, or "" for unknown */
	const char *latest_version; /* NULL: unchanged */
	const char *head;	    /* the branch HEAD names, without refs/heads/; "" unknown */
	int64_t host_v2;	    /* the host speaks Git's protocol v2: 1 yes, 2 no, 0 unknown */
	const char *facts;     /* what guards and targets keep of it, as JSON text; NULL none */
	struct pace_next next; /* what pace_next gave; all 0 after a failure */
	bool is_lost;	       /* for the queue's own use: false */
};

/* Ends the jobs: run rows, mirror, store, counters, the next run_at. Results whose fence is not
 * the job's any more change nothing; ids_out has the others. Safe to repeat. */
must_check int job_finish(
    struct ctx *c, const struct job_result *results, size_t n, int64_t **ids_out, size_t *n_out);

#define JOB_PACKAGES_MAX 1000 /* rows of one job */

/* What one spec file says, at the tip of a branch. */
struct job_package {
	const char *branch; /* one of job.branches */
	const char *commit_id;
	const char *committer_name, *committer_email; /* as Git has them, at most 255 bytes */
	const char *name;
	int64_t epoch;
	const char *version, *release;
};

/* Brings the rows of the project's packages to what was read on these branches (JSON, as claimed),
 * in all its repositories; a name may be there once per branch. *is_ours_out: the job is still that
 * of the fence, else nothing is changed. Safe to repeat. E_INVALID: the database does not take such
 * a row. */
must_check int job_put_packages(struct ctx *c, const struct job_held *held, const char *branches,
    const struct job_package *rows, size_t n, bool *is_ours_out);

/* What job_finish will tell webhooks and hooks of this sync, which went well: in its transaction.
 * with_hooks: post-fetch hooks are to run. Safe to repeat; nothing when the job is another's now.
 */
must_check int job_put_refs(struct ctx *c, const struct job_held *held,
    const struct ref_change *rows, size_t n, bool with_hooks);

/* Counts jobs whose lease ran out as failed and makes them due at once. */
must_check int job_reap(struct ctx *c, int64_t *n_out);

/* A pass: the named workers are alive; workers silent for a minute are removed; the looks at the
 * queue since the last pass took claim_wall_us (counted for each of the three sets, since one look
 * covers them all). */
must_check int job_pass(struct ctx *c, const char *const *workers, size_t n, int64_t claim_wall_us);

/* These workers are alive: at least three times a minute, for those silent for one count as dead.
 */
must_check int job_beat(struct ctx *c, const char *const *workers, size_t n);

/* Removes the heartbeats of workers that end. */
must_check int job_forget_workers(struct ctx *c, const char *const *workers, size_t n);

/* What the janitor needs to know about the queue. */
struct job_fences {
	int64_t newest;	  /* the last fence given out so far */
	int64_t *running; /* those of running jobs */
	size_t n_running;
};

must_check int job_fences(struct ctx *c, struct job_fences *out);

/* Deletes at most 1000 runs that ended over 90 days ago; *n_out says how many. */
must_check int job_delete_old_runs(struct ctx *c, int64_t *n_out);

/* Those of the n store ids (at most 1000) that have no row. */
must_check int job_unknown_stores(
    struct ctx *c, const int64_t *ids, size_t n, int64_t **ids_out, size_t *n_out);

#endif
