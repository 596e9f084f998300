/* What differs between the forges: one row of verbs each. What they have in common is provider.c:
 * find, adopt or refuse, make, and the addresses that come back. */
#ifndef SYNC_FORGE_H
#define SYNC_FORGE_H

#include "core/provider_options.h"
#include "sync/forge_api.h"
#include "sync/provider.h"

/* One call of provider_…: what was asked for, and the conversation. */
struct forge_run {
	struct ctx *c;
	struct net *net;
	struct forge_api *api;
	const struct target_spec *spec;
	struct provider_options options;
	const char *description; /* "Mirror of <clean URL>" */
	const char *visibility;	 /* what a new one is to have */
	const char *namespace;	 /* of the spec; the token's own user where that is "" */
	const char *name;
};

/* A project as the forge tells of it. */
struct forge_project {
	int64_t id;
	const char *full_path; /* "namespace/name" */
	const char *description, *visibility, *default_branch;
	const char *http_url, *ssh_url; /* not to be trusted */
	bool is_empty;
	bool is_leaving; /* somebody has deleted it, and it is still there */
};

struct forge {
	const char *name;
	const char *git_user; /* goes with the token where one pushes over http */
	const char *api_host; /* that only the API has … */
	const char *git_host; /* … and Git this one; NULL: one host for both */
	/* Lines of headers, NULL at the end. */
	const char *const *(*headers)(struct forge_run *r);
	/* r->namespace. */
	int (*own_namespace)(struct forge_run *r);
	/* *is_there_out false: there is none, or we may not see it. */
	int (*by_id)(
	    struct forge_run *r, int64_t id, struct forge_project *out, bool *is_there_out);
	int (*by_name)(struct forge_run *r, struct forge_project *out, bool *is_there_out);
	/* In r->namespace; *is_taken_out: there is something of that name, and *out is untouched.
	 */
	int (*make)(struct forge_run *r, struct forge_project *out, bool *is_taken_out);
	/* Features, description and visibility of one that was just made (is_new) or adopted. */
	int (*settle)(struct forge_run *r, const struct forge_project *p, bool is_new);
	/* As r->visibility. */
	int (*set_visibility)(struct forge_run *r, const struct forge_project *p);
	int (*set_default)(
	    struct forge_run *r, const struct provider_made *made, const char *branch);
	/* NULL: the forge has no such thing here. */
	int (*remove)(struct forge_run *r, const char *id);
	int (*check)(struct forge_run *r, const char *public_key, const char **what_out);
};

#define FORGE_LEAVING_S 15 /* how long to wait for a deletion there */

extern const struct forge forge_gitlab, forge_gitea, forge_github;

/* "namespace/name", as it should be. */
const char *forge_full_path(struct forge_run *r);

#endif
