/* Branches and tags of a store as people name them: short names, and the commits they stand for. */
#ifndef GIT_BRANCHES_H
#define GIT_BRANCHES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

struct git_repository;

/* Whether Git allows a branch of that name (git-check-ref-format), not "-…" and not "HEAD". */
bool git_branch_is_name(const char *branch);

/* Whether HEAD may name it: it is there, or no branch is. branch: as git_branch_is_name allows. */
must_check int git_branch_is_possible(
    struct ctx *c, struct git_repository *repo, const char *branch, bool *out);

struct git_tip {
	const char *name; /* without refs/heads/ or refs/tags/; bytes */
	bool is_tag;
	char commit[41]; /* 40 hex digits; an annotated tag is peeled */
};

/* Branches, then tags, each by name in byte order. What leads to no commit is left out. E_INVALID:
 * the store has more than max refs. */
must_check int git_branches_and_tags(struct ctx *c, struct git_repository *repo, size_t max,
    struct git_tip **rows_out, size_t *n_out);

#endif
