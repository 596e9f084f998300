/* Package repositories: the sections of a platform that projects are attached to (ABF 3). Not Git
 * repositories. */
#ifndef STORE_REPOSITORY_H
#define STORE_REPOSITORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"

struct repository {
	int64_t id;
	const char *name;
	const char *description;
	bool publish_without_qa;
	const char *publish_builds_only_from_branch; /* NULL: from the project's own */
	bool synchronizing_publications;
	int64_t created_at, updated_at;
	int64_t platform_id;
	const char *platform_name;
	const char *platform_type; /* "main" or "personal" */
	bool platform_is_hidden;
	bool platform_is_released;
	int64_t
	    access; /* of the asker: 0 and 1 as on the platform, 2 its member, 3 and 4 as there */
};

/* Also what the asker may not see: access is 0 then. E_NOTFOUND: no such repository. */
must_check int repository_by_id(
    struct ctx *c, const struct account *asker, int64_t id, struct repository *out);

#endif
