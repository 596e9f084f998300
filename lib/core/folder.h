/* The verbs of the hub on folders (RhodeCode's repository groups, contracts/rhodecode.md 3.5, 4.4):
 * where one may make something, and what is made on the way there. In the caller's transaction;
 * each adds its event. */
#ifndef CORE_FOLDER_H
#define CORE_FOLDER_H

#include "core/actor.h"
#include "store/folder.h"

/* Whether the actor may make, or move, a project or folder to that path. Administrators anywhere;
 * others need write in the folder it comes into, or their own uname or team as that folder (which
 * need not be there: <uname>/<name>), and at the top the account's right to make things there,
 * where another's uname is refused. Faults: "folder" (no right, or no such folder: a hidden one
 * reads like a missing one) and "top". */
must_check int folder_may_create(struct ctx *c, const struct actor *who, const char *path);

/* The same, and checks the path (name_check_slug), and makes the missing folders above it: an
 * administrator's as many as are missing, owned by the hub's first administrator, anybody's that of
 * his own uname. E_CONFLICT: a project is where a folder is needed. Call it before the project is
 * added, moved or forked to that path. */
must_check int folder_make_way(struct ctx *c, const struct actor *who, const char *path);

struct folder_wish {
	const char *path;
	const char *description;  /* NULL: none */
	int64_t owner_account_id; /* 0: whose uname the path is, else the actor */
	bool copies_grants;	  /* of the folder above it */
};

/* Makes its way too. E_CONFLICT: the path is taken, or another's uname. */
must_check int folder_create(
    struct ctx *c, const struct actor *who, const struct folder_wish *wish, int64_t *id_out);

/* What is NULL or 0 stays as it is. */
struct folder_change {
	const char *path; /* of at most FOLDER_BELOW_MOST things below it, which all go along */
	const char *description;
	int64_t owner_account_id;
};

/* Faults: "path" (below itself). E_CONFLICT: the new path is taken, or another's uname. */
must_check int folder_update(struct ctx *c, const struct actor *who, const struct folder *f,
    const struct folder_change *change);

/* E_CONFLICT: something is in it. */
must_check int folder_delete(struct ctx *c, const struct actor *who, const struct folder *f);

/* Gives to everyone, an account or a team, or takes away: from everyone all, from others what they
 * had. Below the folder it reaches what the actor administers; projects that are closed to everyone
 * stay closed to everyone. E_INVALID: everyone may have no more than write. */
must_check int folder_give(struct ctx *c, const struct actor *who, const struct folder *f,
    const struct folder_grant *grant);

/* The folder a path is in; "" for the top. */
const char *folder_above(struct ctx *c, const char *path);

#endif
