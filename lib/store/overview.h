/* What an administrator of the hub sees of it at a glance: numbers, the queue, accounts, the end of
 * the audit trail. Nothing here asks who it is for: its pages do. */
#ifndef STORE_OVERVIEW_H
#define STORE_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct overview {
	int64_t projects, mirrors;
	int64_t accounts, admins, banned; /* active ones, without system accounts */
	int64_t signed_in;		  /* accounts with a session that holds */
	int64_t store_bytes;
	int64_t workers; /* heard of in the last minute */
	int64_t queued, running, scheduled, retry, dead;
	int64_t stale, held;   /* mirrors: too old, and told so; waiting for approval */
	int64_t hosts_open;    /* that nobody asks for now */
	int64_t damaged;       /* stores */
	int64_t manifests_bad; /* lists of upstreams that could not be read */
};

must_check int overview_numbers(struct ctx *c, struct overview *out);

/* ---- the queue */

struct overview_job {
	int64_t id;
	const char *kind; /* "sync", "packages", … */
	const char *path; /* of its project; "" without one */
	const char *state, *phase, *worker;
	int64_t attempts, bytes, objects, objects_total;
	int64_t run_at;	    /* 0: now, or it runs */
	int64_t started_at; /* 0: it does not run */
	bool is_again;	    /* will run once more */
	const char *error_text;
};

/* state: one of them, or "" for all but the scheduled ones. What runs comes first, then what has
 * failed. */
must_check int overview_jobs(struct ctx *c, const char *state, int64_t limit, int64_t offset,
    struct overview_job **rows_out, size_t *n_out);

/* Makes a job due now, a running one once more; whose job that is. E_NOTFOUND: it has ended. */
struct overview_run {
	const char *kind, *path;
};
must_check int overview_run_job(struct ctx *c, int64_t id, struct overview_run *out);

/* ---- accounts */

struct overview_account {
	int64_t id;
	const char *uname, *name, *email, *role;
	bool is_active;
	int64_t projects, tokens, sessions;
	int64_t created_at;
	int64_t seen_at; /* by a session or a token; 0: never */
};

/* By uname; text: somewhere in uname, name or e-mail, literally, in any case. */
must_check int overview_accounts(struct ctx *c, const char *text, int64_t limit, int64_t offset,
    struct overview_account **rows_out, size_t *n_out);

/* ---- the audit trail */

struct overview_event {
	int64_t at;
	const char *actor, *action, *object, *detail, *remote_addr, *result;
};

/* The newest first, at most 100; none unless the asker is an administrator. */
must_check int overview_events(struct ctx *c, int64_t asker_id, int64_t limit,
    struct overview_event **rows_out, size_t *n_out);

#endif
