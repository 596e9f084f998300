/* One push to a target, in a worker process: the refs of a store are compared with what the target
 * has and what we once put there (git/push_plan.h), and what is missing is pushed in batches. Knows
 * no queue and no database: hooks tell the supervisor what is coming before it is sent, and what
 * became of it. Killed anywhere, the next run finds out what has happened there.
 *
 * Never: a fetch from a target, a ref of ours under refs/mirrorhub/, a deletion of what others put
 * there or of its default branch. */
#ifndef SYNC_TARGET_H
#define SYNC_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/push_plan.h"
#include "sync/mirror.h"
#include "sync/provider.h"
#include "sync/target_spec.h"

/* What became of a ref there; op as in store/target.h's target_note. */
struct target_note {
	const char *op;
	const char *name; /* Git's bytes */
	const char *oid;  /* 40 hex digits, or "" */
	const char *error;
};

struct target_hooks {
	void *payload;
	/* Called at least each second. false: give up. */
	bool (*progress)(void *payload, enum mirror_phase phase, int64_t bytes, int64_t objects,
	    int64_t objects_total);
	/* What we put there, by name, into arena memory. */
	int (*owned)(void *payload, struct git_push_owned **rows_out, size_t *n_out);
	/* false: nobody listens any more. */
	bool (*note)(void *payload, const struct target_note *rows, size_t n);
	bool (*made)(void *payload, const struct provider_made *made);
	/* Whether all of these are written down, and the job still is ours: asked before each thing
	 * that cannot be taken back. */
	bool (*may_push)(void *payload);
};

/* More are counted, and not told one by one. */
#define TARGET_CONFLICTS_MAX 100

struct target_result {
	enum sync_error error; /* SYNC_OK: the rest below is set */
	const char *error_text;
	int64_t retry_after_s;
	int64_t bytes;
	bool is_read;		 /* false: all was there already when we last looked */
	const char *fingerprint; /* of what is there now, if that is all; else "" */
	int64_t n_pushed, n_deleted, n_conflicts, n_refused;
	const struct git_push_row **conflicts; /* the first TARGET_CONFLICTS_MAX of them */
};

/* Always fills *out; never fails otherwise. */
void target_sync(struct ctx *c, const struct target_spec *spec, const struct target_hooks *hooks,
    struct target_result *out);

#endif
