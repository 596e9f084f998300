/* Teams: named groups of accounts (ABF's groups), and their members. */
#ifndef STORE_TEAM_H
#define STORE_TEAM_H

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
	int64_t own_projects_count; /* those that the asker may read */
	int64_t created_at, updated_at;
	int64_t access; /* of the asker: 1 everyone, else its role in the team; 4 owner */
};

must_check int team_by_id(struct ctx *c, const struct account *asker, int64_t id, struct team *out);

#endif
