/* Folders: what stands before the last part of a path (RhodeCode's repository groups), and who may
 * what in them. */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "store/access.h"
#include "store/account.h"

struct folder {
	int64_t id;
	const char *path;
	const char *name; /* its last part */
	int64_t owner_account_id;
	const char *owner_uname;
	int64_t default_access; /* of everyone who has no grant of his own */
	const char *description;
	const char *projects; /* directly in it, that the asker may read, by path, each with a line
				 end behind; at most FOLDER_PROJECTS_MOST */
	int64_t access;	      /* of the asker: 0 none … 3 admin, 4 owner */
};

#define FOLDER_PROJECTS_MOST 10000

/* Also those on which the asker has access 0. E_NOTFOUND. */
must_check int folder_by_id(
    struct ctx *c, const struct account *asker, int64_t id, struct folder *out);
must_check int folder_by_path(
    struct ctx *c, const struct account *asker, const char *path, struct folder *out);

/* Those that the asker may read, by path. */
must_check int folder_list(struct ctx *c, const struct account *asker, int64_t limit,
    struct folder **rows_out, size_t *n_out);

/* What the right to make something in a place depends on. */
struct folder_place {
	int64_t id;	  /* of the folder; 0: there is none */
	int64_t access;	  /* of the asker, on the folder or because the path is a uname of his */
	int64_t owner_id; /* whose uname it is: an account, a team's owner; 0: nobody's */
	bool is_top_open; /* the asker may make things at the top */
};

/* path "": the top. An existing folder stays where it is until the transaction ends. */
must_check int folder_ask(
    struct ctx *c, const struct account *asker, const char *path, struct folder_place *out);

struct folder_new {
	const char *path;
	int64_t owner_account_id;
	int64_t default_access;
	const char *description;
};

/* E_CONFLICT: the path is taken by a folder or a project, or it is the place of another uname
 * ("folder_place"). */
must_check int folder_add(struct ctx *c, const struct folder_new *row, int64_t *id_out);

/* Whoever runs the hub by oldest right: the first administrator. E_NOTFOUND. */
must_check int folder_first_admin(struct ctx *c, int64_t *id_out);

/* What is NULL or 0 stays as it is. */
must_check int folder_set(
    struct ctx *c, int64_t id, const char *description, int64_t owner_account_id);

/* Of the paths below it, folders and projects; 0 where there are none. */
struct folder_deepest {
	int64_t parts, bytes;
};

must_check int folder_deepest(struct ctx *c, int64_t id, struct folder_deepest *out);

/* With all that is below it, at most FOLDER_BELOW_MOST things (else E_INVALID). E_CONFLICT: taken.
 */
must_check int folder_move(struct ctx *c, const char *path, const char *new_path);

#define FOLDER_BELOW_MOST 10000

/* *is_done_out: it was empty, and is gone. */
must_check int folder_del(struct ctx *c, int64_t id, bool *is_done_out);

/* ---- who may what */

/* How far a grant reaches besides the folder itself. */
enum folder_reach { FOLDER_ALONE = 1, FOLDER_PROJECTS, FOLDER_FOLDERS, FOLDER_ALL };

struct folder_grant {
	struct grantee to;
	int64_t access; /* 0 to 3 */
	bool is_revoked;
	enum folder_reach reach;
};

/* Below the folder only where the asker has access 3, and private projects stay closed to everyone.
 * *n_out: on how many things something changed. E_INVALID: more than FOLDER_BELOW_MOST below it. */
must_check int folder_set_grant(struct ctx *c, const struct account *asker, int64_t id,
    const struct folder_grant *grant, int64_t *n_out);

struct folder_member {
	const char *uname; /* of an account or a team */
	bool is_team;
	int64_t access;
};

/* The owner, then accounts in the order of their grants, then teams. */
must_check int folder_list_members(
    struct ctx *c, int64_t id, int64_t limit, struct folder_member **rows_out, size_t *n_out);

/* What the parent gives to accounts, teams and everyone. */
must_check int folder_copy_grants(struct ctx *c, int64_t from_id, int64_t to_id);

#endif
