/* The verbs of the hub on platforms. Each adds its event. Personal platforms come and go with their
 * account or team; what only main ones, or only personal ones, have is E_DENIED on the others, for
 * everyone. */
#ifndef CORE_PLATFORM_H
#define CORE_PLATFORM_H

#include "core/actor.h"
#include "store/platform.h"

#define PLATFORM_NAME_MAX 100
#define PLATFORM_BRANCH_MAX 100
#define PLATFORM_DESCRIPTION_MAX 10000

/* Texts are NULL where nothing was said: then they are missing, or stay as they are. */
struct platform_wish {
	const char *name; /* these two are never changed */
	const char *distrib_type;
	const char *description;
	const char *default_branch;
	const char *visibility;	  /* "open" or "hidden"; NULL on creation: open */
	int released;		  /* 1 or 0; -1: nothing was said */
	int64_t owner_account_id; /* 0: the actor, or as it is */
};

/* A new main platform. Faults, in this order: description, visibility, name, default_branch,
 * distrib_type, owner. */
must_check int platform_create(
    struct ctx *c, const struct actor *who, const struct platform_wish *wish, int64_t *id_out);

/* The same faults; and FAULT_FIXED: released (it is, for good), owner (of a personal platform). */
must_check int platform_update(struct ctx *c, const struct actor *who, const struct platform *p,
    const struct platform_wish *wish);

/* Main only. Opens its own transaction; the folders go after it. */
must_check int platform_destroy(struct ctx *c, const struct actor *who, const struct platform *p);

/* Main only. A platform of the actor's with name, description and default_branch of the wish, the
 * rest as the source has it, and copies of the repositories, with the same projects attached;
 * members are not copied, and it is not released. Opens its own transaction; the folders come
 * after it. */
must_check int platform_clone(struct ctx *c, const struct actor *who, const struct platform *p,
    const struct platform_wish *wish, int64_t *id_out);

/* Personal only: what is published there is taken back. Packages leave the lists of its
 * repositories (and come again with the next push to their projects), its folders go; repositories
 * and attached projects stay. Opens its own transaction. */
must_check int platform_clear(struct ctx *c, const struct actor *who, const struct platform *p);

/* The owner and the members, by uname. E_DENIED: the platform is hidden, and the asker sees it only
 * as member of one of its repositories. */
must_check int platform_members(struct ctx *c, const struct account *asker,
    const struct platform *p, int64_t limit, int64_t offset, struct member **rows_out,
    size_t *n_out);

/* Main only. The owner and those who are members already stay what they are. E_INVALID: no such
 * account or team. */
must_check int platform_admit(struct ctx *c, const struct actor *who, const struct platform *p,
    bool is_team, int64_t member_id);

/* Main only. Who is no member stays none. E_INVALID: no such account or team, or the owner. */
must_check int platform_dismiss(struct ctx *c, const struct actor *who, const struct platform *p,
    bool is_team, int64_t member_id);

/* May the asker read files under this path, which begins with the name of a platform? For a web
 * server that serves packages and asks here. Without a name: yes; an unknown platform: no. */
must_check int platform_allows(
    struct ctx *c, const struct account *asker, const char *path, bool *out);

#endif
