/* Bare stores on disk: made whole or not at all, with settings fixed by us, never with hooks,
 * templates, alternates or anything else that Git's protocol cannot create. */
#ifndef GIT_STORE_H
#define GIT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_repository;

/* An empty bare store with HEAD at refs/heads/<default_branch>, made beside as <dir>.new and
 * renamed, durable when it returns. The folder above must exist. E_CONFLICT: there is one. */
must_check int git_store_create(struct ctx *c, const char *dir, const char *default_branch);

/* Opens a store until the arena closes. E_NOTFOUND: there is none. E_INTERNAL: it is not one that
 * we may trust (git_store_check) or libgit2 cannot read it. git_init comes first. */
must_check int git_store_open(struct ctx *c, const char *dir, struct git_repository **out);

/* Owned like the folder it stands in, writable by nobody else, no links and nothing that leads
 * Git outside (alternates, commondir): checklists/security.md G-17, G-18. E_NOTFOUND, E_INTERNAL.
 */
must_check int git_store_check(struct ctx *c, const char *dir);

/* For the holder of the store's lock, while nothing else writes there: removes what a killed writer
 * left (*.lock, tmp_*, packs of the last day without index; R-39) and puts our settings back if
 * they were changed (G-15). An older pack without index is the audit's. */
#define GIT_STORE_LONE_S (24 * 60 * 60)
must_check int git_store_tidy(struct ctx *c, const char *dir);

/* The bytes of all packs, indexes and refs. */
must_check int git_store_size(struct ctx *c, const char *dir, int64_t *bytes_out);

struct git_store_ref {
	const char *name;   /* full: refs/… or HEAD */
	char oid[41];	    /* 40 hex digits */
	char peeled[41];    /* what an annotated tag points at in the end; "" for anything else */
	const char *symref; /* HEAD: the branch it names; NULL otherwise */
};

/* HEAD first (left out while its branch does not exist), then all refs by name in byte order,
 * refs/mirrorhub/ left out. E_INVALID: there are more than max. */
must_check int git_store_refs(struct ctx *c, struct git_repository *repo, size_t max,
    struct git_store_ref **refs_out, size_t *n_out);

#endif
