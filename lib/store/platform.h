/* Platforms: a distribution, or the own area of an account or a team (ABF 6.3). They hold package
 * repositories (store/repository.h). */
#ifndef STORE_PLATFORM_H
#define STORE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"
#include "store/member.h"

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

/* The same, and nobody else changes the row until this transaction ends. */
must_check int platform_by_id_locked(
    struct ctx *c, const struct account *asker, int64_t id, struct platform *out);

/* By its name in any case. */
must_check int platform_by_name(
    struct ctx *c, const struct account *asker, const char *name, struct platform *out);

/* Platforms that the asker has to do with, by name: his own, those of teams he is in or owns, and
 * those where he, or a team of his, is a member of the platform or of one of its repositories.
 * Administrators get no more than that (ABF contract 9 no. 33). type: "main", "personal", or ""
 * for both. */
must_check int platform_list_related(struct ctx *c, const struct account *asker, const char *type,
    int64_t limit, int64_t offset, struct platform **rows_out, size_t *n_out);

/* How many the list has. */
must_check int platform_count_related(
    struct ctx *c, const struct account *asker, const char *type, int64_t *out);

/* Main platforms with at least one repository that the asker may see, by name. */
must_check int platform_list_for_build(struct ctx *c, const struct account *asker, int64_t limit,
    int64_t offset, struct platform **rows_out, size_t *n_out);

/* How many the list has. */
must_check int platform_count_for_build(struct ctx *c, const struct account *asker, int64_t *out);

/* A main platform from the row's name, description, distrib_type, default_branch, is_hidden,
 * is_released, parent_platform_id and owner_account_id. E_CONFLICT by db_constraint:
 * "platform_name_key" (the name is taken, in any case), "platform_distrib_type_fkey" or
 * "platform_owner_account_id_fkey" (no such). */
must_check int platform_add(struct ctx *c, const struct platform *row, int64_t *id_out);

/* Stores description, default_branch, is_hidden, is_released and the owner. From the moment of its
 * release nothing is published without QA. E_NOTFOUND; E_CONFLICT: no such owner. */
must_check int platform_set(struct ctx *c, const struct platform *row);

/* With its repositories and all that belongs to them. E_NOTFOUND. */
must_check int platform_del(struct ctx *c, int64_t id);

/* Copies the repositories of one platform, with the projects attached to them, into another, which
 * has none. */
must_check int platform_copy_repositories(struct ctx *c, int64_t from, int64_t to);

/* Forgets the packages published in its repositories. */
must_check int platform_clear_packages(struct ctx *c, int64_t id);

/* Is the asker the owner or a member of the platform, himself or by a team? Whoever sees a hidden
 * one without that is a member of one of its repositories. */
must_check int platform_is_member(
    struct ctx *c, const struct account *asker, int64_t id, bool *out);

/* The owner and the members, by uname. */
must_check int platform_list_members(struct ctx *c, int64_t id, int64_t limit, int64_t offset,
    struct member **rows_out, size_t *n_out);

/* How many the list has. */
must_check int platform_count_members(struct ctx *c, int64_t id, int64_t *out);

/* A member with all rights but the owner's; one that is there already stays as it is. E_CONFLICT:
 * the platform or the member is gone. */
must_check int platform_add_member(struct ctx *c, int64_t id, const struct member *member);

/* A member that is none is fine. */
must_check int platform_del_member(struct ctx *c, int64_t id, const struct member *member);

/* Whether platforms can be made for it. */
must_check int platform_has_distrib_type(struct ctx *c, const char *name, bool *out);

#endif
