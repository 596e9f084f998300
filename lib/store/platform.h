/* Platforms: a distribution, or the own area of an account or a team (ABF 6.3). They hold package
 * repositories (store/repository.h). */
#ifndef STORE_PLATFORM_H
#define STORE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"

struct platform {
	int64_t id;
	const char *name;
	const char *description;
	const char *platform_type; /* "main" or "personal" */
	const char *distrib_type;
	const char *default_branch;
	bool is_hidden;
	bool is_released;
	int64_t parent_platform_id; /* cloned from; 0: from none */
	int64_t owner_account_id;   /* 0: a team owns it */
	int64_t owner_team_id;	    /* 0: an account owns it */
	const char *owner_uname;
	const char *owner_name; /* of a team its uname; NULL: an account without a name */
	int64_t created_at, updated_at;
	int64_t access; /* of the asker: 0 hidden, 1 read, 3 admin, 4 owner */
};

/* Also what the asker may not see: access is 0 then. E_NOTFOUND: no such platform. */
must_check int platform_by_id(
    struct ctx *c, const struct account *asker, int64_t id, struct platform *out);

#endif
