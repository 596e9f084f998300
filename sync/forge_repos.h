/* Repositories in the REST dialect that GitHub began and Gitea took over: /repos/OWNER/NAME,
 * /user, PATCH. What the two do differently stays with each of them. */
#ifndef SYNC_FORGE_REPOS_H
#define SYNC_FORGE_REPOS_H

#include "sync/forge.h"

/* "/repos/OWNER/NAME", encoded. */
const char *forge_repos_path(struct forge_run *r, const char *full_path);

/* What GET path tells; *is_there_out as struct forge has it. */
must_check int forge_repos_find(
    struct forge_run *r, const char *path, struct forge_project *out, bool *is_there_out);

/* POST to path. is_taken: whether this answer says that there is something of that name. */
must_check int forge_repos_make(struct forge_run *r, const char *path,
    const struct forge_pair *pairs, bool (*is_taken)(const struct forge_answer *answer),
    struct forge_project *out, bool *is_taken_out);

/* Sets these of its values, and no others. */
must_check int forge_repos_change(
    struct forge_run *r, const char *full_path, const struct forge_pair *pairs);

/* The verbs of struct forge that are the same. */
must_check int forge_repos_own_namespace(struct forge_run *r);
must_check int forge_repos_by_id(
    struct forge_run *r, int64_t id, struct forge_project *out, bool *is_there_out);
must_check int forge_repos_set_visibility(struct forge_run *r, const struct forge_project *p);
must_check int forge_repos_set_default(
    struct forge_run *r, const struct provider_made *made, const char *branch);

#endif
