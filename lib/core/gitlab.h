/* Mirrors as hpr's door makes and deletes them: with a project in the hub's own GitLab, where one
 * is set (gitlab.endpoint). What is done there is done by sync (sync/provider.h). */
#ifndef CORE_GITLAB_H
#define CORE_GITLAB_H

#include "core/project.h"

struct conf;

#define GITLAB_WAIT_S 10 /* for the first attempt (contract A5.7) */

bool gitlab_is_set(const struct conf *conf);

/* Settings that fit together. E_INVALID. */
must_check int gitlab_check_settings(struct ctx *c);

/* How projects there are to be, by the settings: JSON of core/provider_options.h. */
const char *gitlab_options(struct ctx *c, const char *name, bool without_create);

struct gitlab_wish {
	struct mirror_wish mirror;
	bool without_create; /* an existing project is looked up */
	bool without_wait;   /* what comes of it is not waited for */
};

/* Opens its own transactions. With a GitLab set, and a sync program alive, the first attempt there
 * is waited for: what GitLab refuses (E_INVALID, in its words) is deleted here again; what may pass
 * by itself is tried again by sync. Else as project_create_mirror. */
must_check int gitlab_create_mirror(
    struct ctx *c, const struct actor *who, const struct gitlab_wish *wish, int64_t *id_out);

/* In a transaction: this mirror, which has just been made, gets a project in the hub's own GitLab,
 * if one is set. What comes of it is not waited for. */
must_check int gitlab_attach(struct ctx *c, const struct actor *who, int64_t id);

/* project_delete, and what the hub has made there for it is deleted, by sync. */
must_check int gitlab_delete_mirror(
    struct ctx *c, const struct actor *who, const struct project *p);

#endif
