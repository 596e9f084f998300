/* The verbs of the hub on teams (ABF's groups, contract 5.4, 6.2). Their members are accounts. */
#ifndef CORE_TEAM_H
#define CORE_TEAM_H

#include "core/actor.h"
#include "store/team.h"

#define TEAM_UNAME_MOST 100
#define TEAM_DESCRIPTION_MOST 10000
#define TEAM_BRANCH_MOST 100

struct team_wish {
	const char *uname;
	const char *description; /* NULL: none */
};

/* The actor's, who becomes a member with the role admin; with a personal platform (a trigger makes
 * it). Faults: uname, description. E_CONFLICT: an account or a team has the uname. */
must_check int team_create(
    struct ctx *c, const struct actor *who, const struct team_wish *wish, int64_t *id_out);

/* What is NULL stays as it is; "" is none. Faults: description, default_branch. */
struct team_change {
	const char *description;
	const char *default_branch;
};

must_check int team_update(
    struct ctx *c, const struct actor *who, const struct team *t, const struct team_change *change);

/* With all that it owns: projects (as project_delete has it) and platforms. Opens its own
 * transaction; folders go after it. */
must_check int team_delete(struct ctx *c, const struct actor *who, const struct team *t);

/* Members. E_INVALID: no such account (system accounts are none), no such role. role: "reader",
 * "writer" or "admin". The owner is a member for good. */

/* role NULL or "": admin. The owner and members keep the role they have. */
must_check int team_admit(struct ctx *c, const struct actor *who, const struct team *t,
    int64_t account_id, const char *role);

/* Who is no member stays none. E_INVALID: the owner. */
must_check int team_dismiss(
    struct ctx *c, const struct actor *who, const struct team *t, int64_t account_id);

/* E_INVALID: the owner, or no member. */
must_check int team_promote(struct ctx *c, const struct actor *who, const struct team *t,
    int64_t account_id, const char *role);

#endif
