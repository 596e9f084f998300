/* Teams as RhodeCode's user groups: their members have no roles, an owner need not be one, others
 * may look after them, and they can be switched off. The rest is team.h's. */
#ifndef STORE_USER_GROUP_H
#define STORE_USER_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "store/access.h"
#include "store/account.h"
#include "store/team.h"

/* Those that the asker may see, by id. */
must_check int user_group_list(struct ctx *c, const struct account *asker, int64_t limit,
    struct team **rows_out, size_t *n_out);

/* A team without members. E_CONFLICT as team_add. */
must_check int user_group_add(struct ctx *c, const char *uname, int64_t owner_account_id,
    const char *description, bool is_active, int64_t *id_out);

/* What is NULL or 0 stays as it is. Another uname moves <uname>/… and renames the personal
 * platform. E_CONFLICT: the uname, a path or the platform's name is taken. E_NOTFOUND. */
struct user_group_values {
	const char *uname, *description;
	int64_t owner_account_id;
	const bool *is_active;
};

must_check int user_group_set(struct ctx *c, int64_t id, const struct user_group_values *values);

/* Who is a member already keeps the role. *number_out: of the membership. */
must_check int user_group_join(struct ctx *c, int64_t id, int64_t account_id, int64_t role,
    int64_t *number_out, bool *is_new_out);
must_check int user_group_leave(
    struct ctx *c, int64_t id, int64_t account_id, bool *was_member_out);

/* A project that the team owns or has a grant on, by path; "" for one that the asker may not read,
 * and for a main platform of the team's. */
struct user_group_use {
	const char *path;
};

must_check int user_group_list_uses(struct ctx *c, const struct account *asker, int64_t id,
    int64_t limit, struct user_group_use **rows_out, size_t *n_out);

/* ---- who may what on a team: usergroup.none to usergroup.admin are 0 to 3 */

struct user_group_grant {
	struct grantee to;
	int64_t access;
	bool is_revoked; /* for everyone: access 0 */
};

must_check int user_group_set_grant(
    struct ctx *c, int64_t id, const struct user_group_grant *grant);

#endif
