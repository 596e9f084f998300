/* Who can be a member of something: an account or a team. */
#ifndef STORE_MEMBER_H
#define STORE_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct member {
	int64_t id; /* of an account, or of a team */
	bool is_team;
	const char *uname;
	const char *name; /* of a team its uname; NULL: an account without a name */
};

/* E_NOTFOUND: there is none; system accounts are no members of anything. */
must_check int member_by_id(struct ctx *c, bool is_team, int64_t id, struct member *out);

#endif
