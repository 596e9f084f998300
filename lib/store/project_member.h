/* Who has a right of his own on a project: grants to accounts and teams, beside the owner. */
#ifndef STORE_PROJECT_MEMBER_H
#define STORE_PROJECT_MEMBER_H

#include <stddef.h>

#include "base/ctx.h"
#include "store/member.h"

/* The owner and all with a grant, by uname. A grant of nothing is no membership. */
must_check int project_list_members(struct ctx *c, int64_t id, int64_t limit, int64_t offset,
    struct member **rows_out, size_t *n_out);

/* How many the list has. */
must_check int project_count_members(struct ctx *c, int64_t id, int64_t *out);

/* access: 1 read, 2 write, 3 admin. *is_new_out: he was none before; else he keeps what he has. */
must_check int project_add_member(
    struct ctx *c, int64_t id, const struct member *member, int64_t access, bool *is_new_out);

/* *was_one_out: he was a member. */
must_check int project_del_member(
    struct ctx *c, int64_t id, const struct member *member, bool *was_one_out);

/* E_NOTFOUND: he is no member. */
must_check int project_set_member(
    struct ctx *c, int64_t id, const struct member *member, int64_t access);

#endif
