/* The verbs on teams as RhodeCode's user groups (contracts/rhodecode.md 2.3, 3.3); what ABF's
 * groups can besides is core/team.h's. In the caller's transaction; each that changes something
 * adds its event. */
#ifndef CORE_USER_GROUP_H
#define CORE_USER_GROUP_H

#include "core/actor.h"
#include "store/user_group.h"

struct user_group_wish {
	const char *uname;
	const char *description;  /* NULL: none */
	int64_t owner_account_id; /* 0: the actor */
	bool is_active;
};

/* Without members; its owner is none. A uname is account_check_uname's, of two characters and more
 * that begin with a letter or a digit. Faults: uname, description, owner (FAULT_REFUSED: somebody
 * else is named by who is no administrator). E_CONFLICT: the uname is taken by an account, a team,
 * or a folder of that path. E_INVALID: the owner is a system account. */
must_check int user_group_create(
    struct ctx *c, const struct actor *who, const struct user_group_wish *wish, int64_t *id_out);

/* What is NULL or 0 stays as it is. Under another uname its projects and folders <uname>/… move
 * along. Faults and codes as above. */
must_check int user_group_update(struct ctx *c, const struct actor *who, const struct team *t,
    const struct user_group_values *change);

/* E_CONFLICT: it owns projects or main platforms, or has grants on projects; *uses_out names the
 * projects that the actor may read, joined by ", ". Its personal platform goes with it. */
must_check int user_group_delete(
    struct ctx *c, const struct actor *who, const struct team *t, const char **uses_out);

/* A member of no role: a reader. *number_out: of the membership, also of an old one. */
must_check int user_group_admit(struct ctx *c, const struct actor *who, const struct team *t,
    int64_t account_id, int64_t *number_out, bool *is_new_out);

/* The owner, too, who stays the owner. */
must_check int user_group_dismiss(struct ctx *c, const struct actor *who, const struct team *t,
    int64_t account_id, bool *was_member_out);

/* E_INVALID: everyone may have no more than write. */
must_check int user_group_give(struct ctx *c, const struct actor *who, const struct team *t,
    const struct user_group_grant *grant);

#endif
