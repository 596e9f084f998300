/* Making and changing projects as ABF does (contracts/abf.md P5, P6, P9 and 5.1): the rules of what
 * a project may be. What is wrong with the inputs is a list of faults (base/fault.h), all at once,
 * in the order of the contract's table. Each verb adds its event. */
#ifndef CORE_PROJECT_EDIT_H
#define CORE_PROJECT_EDIT_H

#include "core/actor.h"
#include "store/project_change.h"
#include "store/project_full.h"

/* What somebody wants a project to be. Texts may be NULL: not given. */
struct project_wish {
	const char *name;
	const char *visibility; /* "open" or "hidden" */
	const char *description;
	const char *default_branch;
	int64_t maintainer_id; /* 0: none; what is no account's is a fault */
	bool is_package, has_issues, has_wiki, publish_i686_into_x86_64, architecture_dependent;
	int64_t autostart_status; /* 0, 1, 2 or -1 for none; anything else is a fault */
};

/* What a new project is unless somebody says otherwise. */
struct project_wish project_wish_new(const struct actor *who);

/* What a project is now. */
struct project_wish project_wish_of(const struct project_full *p);

/* A new project with an empty store, at <owner's uname>/<name>, in its owner's personal repository
 * if it is a package. Faults: name, owner (unknown, or PROJECTS_PER_OWNER), visibility,
 * default_branch, maintainer, autostart, platform (taken: a project of that name is in the personal
 * platform). E_DENIED: the owner is neither the actor nor a team in which he may write. In the
 * caller's transaction. */
must_check int project_create(struct ctx *c, const struct actor *who, const struct owner *owner,
    const struct project_wish *wish, int64_t *id_out);

/* Brings the project to what is wished; its folder and owner stay. Another default branch must
 * exist if the store has any, moves HEAD of the store, and with it that of all aliases; a mirror's
 * is its upstream's: a fault. Rows and HEAD change in the caller's transaction, HEAD last.
 * E_CONFLICT with http_status 503: somebody else is changing the store. */
must_check int project_update(struct ctx *c, const struct actor *who, const struct project_full *p,
    const struct project_wish *wish);

/* Who gets a fork or an alias, and its name. */
struct copy_wish {
	const char *name; /* NULL or "": that of the source */
	bool is_for_team;
	int64_t team_id; /* 0: no team has it */
};

/* A project that shares the source's store: what is pushed to one is seen in all. A mirror has no
 * aliases: a fault. E_NOTFOUND: no such team, or the source has gone. E_DENIED: no right to write
 * in that team. In the caller's transaction. */
must_check int project_alias(struct ctx *c, const struct actor *who,
    const struct project_full *source, const struct copy_wish *wish, int64_t *id_out);

/* What fork and alias have in common: the owner and path of the copy, checked. */
struct copy_place {
	struct owner owner;
	const char *path;
};

must_check int project_copy_place(struct ctx *c, const struct actor *who,
    const struct project_full *source, const struct copy_wish *wish, struct copy_place *out);

/* A constraint that a statement broke, as the fault that it is. */
must_check int project_conflict(struct ctx *c, int code);

#endif
