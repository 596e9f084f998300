/* Accounts as an administrator of the hub lists and changes them. System accounts are not listed,
 * not changed and not deleted here. */
#ifndef STORE_USER_H
#define STORE_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct user {
	int64_t id;
	const char *uname;
	const char *first_name, *last_name, *email; /* "": none */
	const char *more_emails;		    /* a JSON list of texts */
	const char *role;
	bool is_active; /* and not banned */
	bool is_admin;
	bool may_create_at_top; /* repositories outside of folders and of its own place */
};

/* A list with more rows than this is refused, not cut. */
#define USERS_MOST 100000

/* Whatever its role. E_NOTFOUND. */
must_check int user_by_id(struct ctx *c, int64_t id, struct user *out);

/* All, by uname. E_INTERNAL: there are more than USERS_MOST. */
must_check int user_list(struct ctx *c, struct user **rows_out, size_t *n_out);

/* The members of a team, by uname. */
must_check int user_list_of_team(
    struct ctx *c, int64_t team_id, struct user **rows_out, size_t *n_out);

/* What is NULL stays as it is. */
struct user_fields {
	const char *uname;
	const char *first_name, *last_name, *email; /* "": none */
	const char *password_hash;		    /* "": none fits */
	const char *role;
	const bool *is_active;
};

/* A new password or uname raises password_version: what is remembered of the password is remembered
 * under the uname. E_CONFLICT: as account_add. E_NOTFOUND. */
must_check int user_set(struct ctx *c, int64_t id, const struct user_fields *fields);

/* Whether somebody else has it as a further address: no index keeps those apart. */
must_check int user_has_other_email(struct ctx *c, int64_t id, const char *email, bool *out);

/* Locks the rows of all active administrators until the transaction ends; counts those but id. */
must_check int user_count_other_admins(struct ctx *c, int64_t id, int64_t *out);

/* Locks the row, so that nothing can be given to the account meanwhile; whether it owns anything
 * but its personal platform. E_NOTFOUND. */
must_check int user_lock_owner(struct ctx *c, int64_t id, bool *owns_out);

/* The account with its tokens, grants, memberships and personal platform. E_CONFLICT: it owns
 * something. E_NOTFOUND. */
must_check int user_del(struct ctx *c, int64_t id);

/* ---- what a user may, by his own: as owner, by a grant, through a team */

struct user_right {
	const char *name; /* path of a project or folder, or uname of a team */
	int64_t access;
};

struct user_rights {
	struct user_right *rows; /* by name */
	size_t n;
};

must_check int user_list_projects(struct ctx *c, const struct user *u, struct user_rights *out);
must_check int user_list_teams(struct ctx *c, const struct user *u, struct user_rights *out);
must_check int user_list_folders(struct ctx *c, const struct user *u, struct user_rights *out);

#endif
