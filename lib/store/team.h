/* Teams: named groups of accounts (ABF's groups), and their members. */
#ifndef STORE_TEAM_H
#define STORE_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "store/account.h"

struct team {
	int64_t id;
	const char *uname;
	const char *description;    /* NULL: none */
	const char *default_branch; /* NULL: none */
	int64_t owner_account_id;
	const char *owner_uname;
	const char *owner_name;	    /* NULL: none */
	bool is_active;		    /* else what it was granted is nothing */
	int64_t own_projects_count; /* those that the asker may read */
	int64_t created_at, updated_at;
	int64_t access; /* of the asker: 1 everyone, its role or its grant on the team; 4 owner */
};

must_check int team_by_id(struct ctx *c, const struct account *asker, int64_t id, struct team *out);

/* In just these letters. */
must_check int team_by_uname(
    struct ctx *c, const struct account *asker, const char *uname, struct team *out);

/* Those that the asker owns or is a member of, by id. */
must_check int team_list_of(struct ctx *c, const struct account *asker, int64_t limit,
    int64_t offset, struct team **rows_out, size_t *n_out);

/* How many the list has. */
must_check int team_count_of(struct ctx *c, const struct account *asker, int64_t *out);

/* A team, its owner a member with role 3. E_CONFLICT: the uname is taken, by an account or a team,
 * or <uname>_personal by a platform. */
must_check int team_add(struct ctx *c, const char *uname, int64_t owner_account_id,
    const char *description, int64_t *id_out);

/* What is NULL stays as it is; "" is none. E_NOTFOUND. */
must_check int team_set_texts(
    struct ctx *c, int64_t id, const char *description, const char *default_branch);

/* Until the transaction ends nobody else changes the team or gives it a project. E_NOTFOUND. */
must_check int team_lock(struct ctx *c, int64_t id);

/* The team, its members, its grants and its platforms. E_CONFLICT: it owns projects. */
must_check int team_del(struct ctx *c, int64_t id);

/* What it owns, at most limit of them, with access 4; aliases last. */
struct project;
must_check int team_list_projects(
    struct ctx *c, int64_t id, int64_t limit, struct project **rows_out, size_t *n_out);

/* Deletes what it owns, at most limit of them, and asks for the removal of the stores that nothing
 * is left of. All have been freed (project_free), aliases last. */
must_check int team_del_projects(struct ctx *c, int64_t id, int64_t limit, int64_t *n_out);

/* The ids of its platforms, at most limit of them. */
struct team_platform {
	int64_t id;
};

must_check int team_list_platforms(
    struct ctx *c, int64_t id, int64_t limit, struct team_platform **rows_out, size_t *n_out);

/* ---- members, all of them accounts */

/* Without the owner, by name (who has none: by uname). */
struct member;
must_check int team_list_members(struct ctx *c, const struct team *t, int64_t limit, int64_t offset,
    struct member **rows_out, size_t *n_out);

/* How many the list has. */
must_check int team_count_members(struct ctx *c, const struct team *t, int64_t *out);

/* role: 1 reader, 2 writer, 3 admin. Who is a member already keeps the role; *is_new_out tells. */
must_check int team_add_member(
    struct ctx *c, int64_t id, int64_t account_id, int64_t role, bool *is_new_out);

/* E_NOTFOUND: no member. */
must_check int team_set_role(struct ctx *c, int64_t id, int64_t account_id, int64_t role);

/* Who is no member stays none. */
must_check int team_del_member(struct ctx *c, int64_t id, int64_t account_id);

#endif
