/* Grants of any level on a project, as RhodeCode's door gives them (contracts/rhodecode.md 4.1 to
 * 4.3). In the caller's transaction; whether the actor may is the walk's to know. */
#ifndef CORE_REPO_MEMBER_H
#define CORE_REPO_MEMBER_H

#include "core/actor.h"
#include "store/access.h"
#include "store/project.h"

/* Everyone may have no more than write: E_INVALID. An account's `none` takes the default away. */
must_check int repo_give(struct ctx *c, const struct actor *who, const struct project *p,
    const struct grantee *to, int64_t access);

/* Who has none keeps none; of everyone, all is taken. */
must_check int repo_take(
    struct ctx *c, const struct actor *who, const struct project *p, const struct grantee *from);

#endif
