/* The verbs of the hub on package repositories. Each adds its event. What only those of main
 * platforms have is E_DENIED on personal ones, for everyone; so is making or destroying the
 * repository main of a personal platform. */
#ifndef CORE_REPOSITORY_H
#define CORE_REPOSITORY_H

#include "core/actor.h"
#include "store/repository.h"

#define REPOSITORY_NAME_MAX 100
#define REPOSITORY_DESCRIPTION_MAX 100
#define REPOSITORY_BRANCH_MAX 255

/* Texts are NULL where nothing was said: then they are missing, or stay as they are. */
struct repository_wish {
	int64_t platform_id; /* these two are never changed */
	const char *name;
	const char *description;
	int publish_without_qa;			     /* 1 or 0; -1: nothing was said (new: 1) */
	const char *publish_builds_only_from_branch; /* "": none; ignored on personal platforms */
	int synchronizing_publications;		     /* the same (new: 0) */
};

/* The projects attached to it, by name: those that the asker may read, and all for who has all
 * rights on the platform. */
must_check int repository_projects(struct ctx *c, const struct account *asker,
    const struct repository *r, int64_t limit, int64_t offset, struct project_card **rows_out,
    size_t *n_out);

/* How many the list has. */
must_check int repository_projects_total(
    struct ctx *c, const struct account *asker, const struct repository *r, int64_t *out);

/* A new repository, by who has all rights on its platform: E_DENIED for others; FAULT_UNKNOWN
 * platform, alone, for one that is missing or that the actor may not see. Then the faults, in this
 * order: description, name, publish_builds_only_from_branch. Opens its own transaction; the folders
 * come after it. */
must_check int repository_create(
    struct ctx *c, const struct actor *who, const struct repository_wish *wish, int64_t *id_out);

must_check int repository_update(struct ctx *c, const struct actor *who, const struct repository *r,
    const struct repository_wish *wish);

/* The projects in it stay. Opens its own transaction; the folders go after it. */
must_check int repository_destroy(
    struct ctx *c, const struct actor *who, const struct repository *r);

/* Main only. Members may attach and detach projects. Who is one already stays one. E_INVALID: no
 * such account or team. */
must_check int repository_admit(struct ctx *c, const struct actor *who, const struct repository *r,
    bool is_team, int64_t member_id);
must_check int repository_dismiss(struct ctx *c, const struct actor *who,
    const struct repository *r, bool is_team, int64_t member_id);

/* E_INVALID: no such project, or none that the actor may read, which is told alike. FAULT_TAKEN
 * project: one of that name is in some repository of the platform. */
must_check int repository_add_project(
    struct ctx *c, const struct actor *who, const struct repository *r, int64_t project_id);

/* A project that is not there is fine. */
must_check int repository_remove_project(
    struct ctx *c, const struct actor *who, const struct repository *r, int64_t project_id);

/* Main only. Sets or removes the lock files (core/platform_tree.h). */
must_check int repository_lock(struct ctx *c, const struct actor *who, const struct repository *r);
must_check int repository_unlock(
    struct ctx *c, const struct actor *who, const struct repository *r);

#endif
