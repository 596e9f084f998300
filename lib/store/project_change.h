/* Projects as ABF makes and changes them: what the rules (core/project_edit.h) have to know first,
 * and the rows. */
#ifndef STORE_PROJECT_CHANGE_H
#define STORE_PROJECT_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"

/* An account or a team as the owner of something. */
struct owner {
	bool is_team;
	int64_t id;
};

#define PROJECTS_PER_OWNER 32000 /* contracts/abf.md 5.1 */

/* What is asked of a new project, or of a new name for one. */
struct project_question {
	struct owner owner;
	const char *folder; /* of its path, without the last '/'; NULL: the owner's uname */
	const char *name;
	int64_t id;	       /* the project that is to have the name; 0: a new one */
	int64_t maintainer_id; /* 0: none */
};

struct project_facts {
	const char *owner_uname; /* NULL: there is no such owner */
	int64_t owner_access;	 /* of the asker, on what that owner has: 2 may create */
	int64_t n_projects;	 /* the owner's, counted up to PROJECTS_PER_OWNER */
	bool is_name_taken;	 /* the path, or the name among the owner's */
	bool has_maintainer;	 /* there is such an account */
};

must_check int project_ask(struct ctx *c, const struct account *asker,
    const struct project_question *q, struct project_facts *out);

/* What of a project can be changed. */
struct project_values {
	const char *path;
	int64_t default_access;
	const char *description;
	const char *head;      /* of its store; NULL in a change: as it is, a push may move it */
	int64_t maintainer_id; /* 0: none */
	bool is_package, has_issues, has_wiki, publish_i686_into_x86_64, architecture_dependent;
	int64_t autostart_status; /* -1: none */
};

struct project_ids {
	int64_t id, store_id;
};

/* A store row and the project. E_CONFLICT: the path is taken ("project_path_key"), or something it
 * refers to has gone. */
must_check int project_insert(struct ctx *c, const struct owner *owner,
    const struct project_values *row, struct project_ids *out);

/* Whoever changes or ends what the aliases of a store share takes the store first, as a push does:
 * then the projects, the older before the younger, then their jobs. Until the transaction ends;
 * nothing of a mirror, or of a project that has gone. */
must_check int project_hold_store(struct ctx *c, int64_t id);

/* Nobody else changes the row until the transaction ends; pushes are not kept waiting. E_NOTFOUND.
 */
must_check int project_hold(struct ctx *c, int64_t id);

/* The head is the store's, so that every alias has it. E_CONFLICT: as project_insert, or a project
 * of the new name is in a platform that it is in ("repository_project_name_key"). E_NOTFOUND. */
must_check int project_update_row(
    struct ctx *c, int64_t id, int64_t store_id, const struct project_values *row);

/* A project that shares the source's store. It is an alias of what the source is an alias of, or of
 * the source. Everything else is copied. E_NOTFOUND: the source has gone. */
must_check int project_insert_alias(
    struct ctx *c, int64_t source_id, const struct owner *owner, const char *path, int64_t *id_out);

/* A project with a store of its own, forked from the source; all but the right of everyone to push
 * is copied. E_NOTFOUND: the source has gone. */
must_check int project_insert_fork(struct ctx *c, int64_t source_id, const struct owner *owner,
    const char *path, int64_t store_id, int64_t *id_out);

/* Locks a project that is to be deleted, makes its children its parent's, and its aliases those of
 * the oldest of them. E_NOTFOUND. */
must_check int project_free(struct ctx *c, int64_t id);

/* Into the repository `main` of its owner's personal platform, if it is in none of that platform's.
 * E_CONFLICT ("repository_project_name_key"): another of that name is there. */
must_check int project_attach_personal(struct ctx *c, int64_t id);
must_check int project_detach_personal(struct ctx *c, int64_t id);

/* ---- a store that is being made (core/project_fork.h) */

/* A store row that no project has, to be removed with its folder an hour from now: what is left of
 * its maker if he is killed. */
must_check int store_reserve(struct ctx *c, int64_t *id_out);

/* It is whole, and stays. head: the branch HEAD names. E_CONFLICT: it is too late. */
must_check int store_keep(struct ctx *c, int64_t id, const char *head);

/* It will not be needed: removed at once. */
must_check int store_give_up(struct ctx *c, int64_t id);

#endif
