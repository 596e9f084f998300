/* The verbs on who may what on a project, and on what is built from it (contracts/abf.md P10 to P13
 * and 5.1). In the caller's transaction; a verb that changes nothing adds no event. */
#ifndef CORE_PROJECT_MEMBER_H
#define CORE_PROJECT_MEMBER_H

#include "core/actor.h"
#include "store/project.h"

/* Whom a verb means. */
struct whom {
	bool is_team;
	int64_t id;
};

/* role: "reader" (also NULL and ""), "writer" or "admin". The owner, and who is a member already,
 * keeps what he has. E_INVALID: no such account or team, no such role. */
must_check int project_admit(struct ctx *c, const struct actor *who, const struct project *p,
    const struct whom *whom, const char *role);

/* Who is no member stays none. E_INVALID: no such account or team, or the owner. */
must_check int project_dismiss(
    struct ctx *c, const struct actor *who, const struct project *p, const struct whom *whom);

/* E_INVALID: no such account, team or role ("" is none), the owner, or no member. */
must_check int project_promote(struct ctx *c, const struct actor *who, const struct project *p,
    const struct whom *whom, const char *role);

struct build {
	int64_t arch_id;
	int64_t duration_s; /* 0 to 10^9 */
	bool is_success;    /* only those count */
};

/* Faults: duration, arch. */
must_check int project_add_build(
    struct ctx *c, const struct actor *who, const struct project *p, const struct build *build);

#endif
