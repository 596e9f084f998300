/* One of the sync.workers places: a worker process, and the job it has in hand. Knows no database:
 * the supervisor gives jobs and takes results. */
#ifndef SYNC_SLOT_H
#define SYNC_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/job.h"
#include "sync/child.h"
#include "sync/mirror.h"

struct target_talk;

enum slot_state {
	SLOT_FREE = 1,
	SLOT_BUSY,
	SLOT_DONE,     /* `result` waits to be written */
	SLOT_RETURNED, /* the job goes back to the queue */
};

struct slot {
	enum slot_state state;
	struct child child;
	const char *name;  /* host:pid of the supervisor:random, as long as the crew */
	struct arena *mem; /* as long as the job */

	struct job job;
	struct job_held held; /* how far it is */
	char *credentials;    /* opened; "" none */
	bool is_asking;	      /* waits to hear whether it may publish */
	bool has_died;	      /* what it left on disk can go */
	int64_t n_lost;	      /* workers that died or were killed here so far */
	int64_t begun_us, heard_us;
	int64_t *seen; /* a sweep's store folders, to be compared with the database */
	size_t n_seen;
	int64_t seen_first; /* they are of seen_first..seen_first + 999 */
	bool has_seen;
	int64_t *due; /* those of them that want upkeep */
	size_t n_due;
	int64_t removed;	      /* a sweep's leftovers */
	struct job_package *packages; /* of a job for packages; room for JOB_PACKAGES_MAX */
	size_t n_packages;
	struct ref_change *refs; /* that a sync changed; room for REF_LIST_MAX */
	size_t n_refs;
	struct target_talk *target; /* of a job for a target (sync/targets.h); NULL: none */
	struct job_result result;
};

/* Free, and ended with the arena. */
struct slot *slot_new(struct arena *mem);

/* Starts a process if there is none, and gives it the job. credentials: opened, "" for none;
 * fences: for a sweep. A failure is a result already: SLOT_DONE. */
void slot_give(struct ctx *c, struct slot *s, const char *conf_path, const struct job *job,
    const char *credentials, const struct job_fences *fences);

/* Takes the job and fails at once: no worker is troubled. */
void slot_refuse(struct slot *s, const struct job *job, const char *error_text);

/* Takes the job, which has nothing to do any more, and ends it well. */
void slot_skip(struct slot *s, const struct job *job);

/* Is this job a row of the queue? A sweep is not. */
bool slot_has_row(const struct slot *s);

/* Reads what the worker says; notices its end; kills it when it is silent or too slow. */
void slot_turn(struct ctx *c, struct slot *s);

/* What it has told has to be dealt with first: until then it is not listened to. */
bool slot_is_full(const struct slot *s);

/* Tells the worker, which has asked, that it may publish. One that may not is killed instead. */
void slot_allow(struct ctx *c, struct slot *s);

/* The job failed: `error_text` is one plain sentence. */
void slot_fail(
    struct slot *s, enum sync_error error, int64_t retry_after_s, const char *error_text);

/* Kills the process. A job in hand is returned. */
void slot_kill(struct slot *s);

/* Forgets the job; the slot is free, and its process too, unless it is worn. */
void slot_clear(struct ctx *c, struct slot *s);

#endif
