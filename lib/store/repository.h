/* Package repositories: the sections of a platform that projects are attached to (ABF 3). Not Git
 * repositories. */
#ifndef STORE_REPOSITORY_H
#define STORE_REPOSITORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"
#include "store/member.h"
#include "store/project_full.h"

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

/* What lists of platforms show of it. */
struct repository_card {
	int64_t platform_id;
	int64_t id;
	const char *name;
};

/* Also what the asker may not see: access is 0 then. E_NOTFOUND: no such repository. */
must_check int repository_by_id(
    struct ctx *c, const struct account *asker, int64_t id, struct repository *out);

/* The same, and nobody else changes the row until this transaction ends. */
must_check int repository_by_id_locked(
    struct ctx *c, const struct account *asker, int64_t id, struct repository *out);

#define REPOSITORY_PLATFORMS_MAX 1000
#define REPOSITORY_CARDS_MAX 10000

/* The repositories of the n platforms (at most REPOSITORY_PLATFORMS_MAX), by platform and id; at
 * most REPOSITORY_CARDS_MAX. */
must_check int repository_list_cards(struct ctx *c, const int64_t *platform_ids, size_t n,
    struct repository_card **rows_out, size_t *n_out);

/* The projects attached to it, by name in any case. Those that the asker may not read are left out
 * unless sees_all. */
must_check int repository_list_projects(struct ctx *c, const struct account *asker, int64_t id,
    bool sees_all, int64_t limit, int64_t offset, struct project_card **rows_out, size_t *n_out);

/* How many the list has. */
must_check int repository_count_projects(
    struct ctx *c, const struct account *asker, int64_t id, bool sees_all, int64_t *out);

/* From the row's platform_id, name, description, publish_without_qa and
 * publish_builds_only_from_branch. E_CONFLICT by db_constraint: "repository_name_key" (the platform
 * has one of that name), else the platform is gone. */
must_check int repository_add(struct ctx *c, const struct repository *row, int64_t *id_out);

/* Stores description, publish_without_qa, publish_builds_only_from_branch and
 * synchronizing_publications. E_NOTFOUND. */
must_check int repository_set(struct ctx *c, const struct repository *row);

/* With its members, attachments, packages and keys. E_NOTFOUND. */
must_check int repository_del(struct ctx *c, int64_t id);

/* One that is there already is fine. E_CONFLICT: the repository or the member is gone. */
must_check int repository_add_member(struct ctx *c, int64_t id, const struct member *member);

/* A member that is none is fine. */
must_check int repository_del_member(struct ctx *c, int64_t id, const struct member *member);

/* Attaches a project that the asker may read. E_NOTFOUND: no such project, or not for him.
 * E_CONFLICT: the platform has one of that name (in any case), or that very one, in one of its
 * repositories. */
must_check int repository_attach(
    struct ctx *c, const struct account *asker, const struct repository *row, int64_t project_id);

/* A project that is not attached is fine; *n_out says how many were. */
must_check int repository_detach(
    struct ctx *c, int64_t repository_id, int64_t project_id, int64_t *n_out);

#endif
