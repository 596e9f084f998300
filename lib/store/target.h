/* Where projects are pushed on to: rows of hub.target as people see them, and what sync does with
 * them. Secrets go in sealed; only target_facts_of brings them out again, for sync. */
#ifndef STORE_TARGET_H
#define STORE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

#define TARGETS_MAX 20 /* of one project */

/* Times are Unix seconds, 0 for never. */
struct target {
	int64_t id, project_id;
	const char *url;	  /* without credentials; NULL: the provider has not made it yet */
	const char *provider;	  /* "none", "gitlab", "gitea" or "github" */
	const char *provider_url; /* of its API; NULL without a provider */
	const char *provider_namespace;
	const char *provider_project_id; /* as the provider names it; NULL: not made yet */
	const char *shown_url;		 /* for people; NULL: url */
	const char *provider_options;	 /* a JSON object */
	bool has_credentials, has_token;
	const char *ref_include, *ref_exclude; /* lib/git/filter.h */
	bool overwrites, overwrites_once, is_thin, active;

	bool is_complete; /* all of the project's refs of the last push are there */
	int64_t attempted_at, pushed_at, audited_at;
	int64_t failures; /* in a row */
	const char *error_class, *error_text;
	int64_t n_conflicts, n_refused; /* refs that the last push left as they are */
	const char *conflicts;		/* JSON: [{ref, ours, theirs, why}], the first of them */

	const char *job_state; /* of store/mirror.h; "" without a job */
	int64_t next_at;       /* 0: none is planned, it is wanted now, or it runs */
};

/* What a person says of it. */
struct target_change {
	const char *url; /* NULL: the provider's */
	const char *provider, *provider_url, *provider_namespace;
	const char *provider_options; /* NULL: as they were if the provider is; else none */
	const char *ref_include, *ref_exclude;
	bool overwrites, is_thin, active;
};

/* The number a new one will have: its secrets are sealed with it ("target:<id>:credentials",
 * "target:<id>:token"). */
must_check int target_next_id(struct ctx *c, int64_t *out);

/* sealed texts: NULL for none. E_CONFLICT, constraint target_place_key: another target is there. */
must_check int target_insert(struct ctx *c, int64_t id, int64_t project_id,
    const struct target_change *t, const char *sealed_credentials, const char *sealed_token);

/* The next push looks at everything again. With another address, what we know of the place is
 * forgotten: its refs, its provider's project, its credentials; with another API, its token.
 * E_NOTFOUND, E_CONFLICT. */
must_check int target_update(
    struct ctx *c, int64_t project_id, int64_t id, const struct target_change *t);

/* NULL: none. */
must_check int target_set_credentials(struct ctx *c, int64_t id, const char *sealed);
must_check int target_set_token(struct ctx *c, int64_t id, const char *sealed);

/* What lies there stays there. E_NOTFOUND. */
must_check int target_delete(struct ctx *c, int64_t project_id, int64_t id);

/* E_NOTFOUND. */
must_check int target_by_id(struct ctx *c, int64_t project_id, int64_t id, struct target *out);
must_check int target_list(
    struct ctx *c, int64_t project_id, struct target **rows_out, size_t *n_out);

/* The project of a target, whoever asks; E_NOTFOUND. */
must_check int target_project(struct ctx *c, int64_t id, int64_t *project_id_out);

/* A push now; one that runs is followed by one more. overwrites: once, what others put there too.
 */
must_check int target_push(struct ctx *c, int64_t id, bool overwrites);

/* Refs that the target refused, by name, and what it said. */
struct target_refusal {
	const char *name; /* as UTF-8 */
	const char *error;
};

must_check int target_refusals(
    struct ctx *c, int64_t id, int64_t limit, struct target_refusal **rows_out, size_t *n_out);

/* ---- what sync does with them */

struct target_facts {
	int64_t id, project_id, store_id;
	const char *path, *description; /* of the project */
	const char *upstream;		/* without credentials; "" no mirror */
	bool is_private;		/* guests may not read it */
	bool is_cloned;			/* no mirror, or one whose first sync has ended well */
	const char *url, *provider, *provider_url, *provider_namespace, *provider_project_id,
	    *provider_options, *ref_include, *ref_exclude; /* "" where it is NULL above */
	bool overwrites, is_thin;
	bool overwrites_once;
	bool is_asked;		      /* somebody waits for this push */
	bool is_audit;		      /* its refs were not looked at for audit_s */
	int64_t partials;	      /* pushes in a row that left something behind */
	const char *last_fingerprint; /* 64 hex digits, or "" */
	const char *sealed_credentials, *sealed_token; /* NULL: none */
};

/* E_NOTFOUND: it has gone, or is paused. */
must_check int target_facts_of(
    struct ctx *c, int64_t id, int64_t audit_s, struct target_facts *out);

/* A ref of ours there. */
struct target_ref {
	const char *name;	   /* base64: Git's names are bytes */
	const char *oid, *planned; /* 40 hex digits; "" none */
	bool is_refused;
};

/* By name, behind `after` (base64; "" from the first), at most limit. */
must_check int target_refs_after(struct ctx *c, int64_t id, const char *after, int64_t limit,
    struct target_ref **rows_out, size_t *n_out);

/* What happens to refs there, under the job's fence. notes: a JSON list of {op, name (base64),
 * shown, oid, error}; op: plan (a push of oid is coming; zeros: it will be deleted), put (oid is
 * there), gone (no ref of ours is there any more), refused (with the error), kept (left as it is:
 * whatever was planned did not happen). *is_ours_out: the job still is that of the fence, else
 * nothing is changed. Safe to repeat. */
must_check int target_note(
    struct ctx *c, int64_t job_id, int64_t fence, const char *notes, bool *is_ours_out);

/* Where the provider has made, or found, the project. E_CONFLICT: another target is there. */
must_check int target_made(struct ctx *c, int64_t job_id, int64_t fence, const char *url,
    const char *provider_project_id, const char *shown_url, bool *is_ours_out);

#endif
