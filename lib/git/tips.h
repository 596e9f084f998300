/* The branches and tags of one store as a process remembers them: names, the commits they lead to,
 * and which files and folders they were read from, which tells whether they are still the same. */
#ifndef GIT_TIPS_H
#define GIT_TIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_repository;

struct git_view_tip {
	const char *name;	/* full; bytes */
	const char *short_name; /* without refs/heads/ or refs/tags/ */
	const char *text;	/* as URLs say it: short_name, or name where that means another */
	const char *tag_id;	/* of an annotated tag's own object; NULL: there is none */
	int64_t at;		/* of the commit, by its committer; Unix seconds */
	char commit[41];	/* 40 hex digits */
	bool is_tag;
};

struct git_tips {
	struct git_view_tip *rows; /* branches, then tags, each by name in byte order */
	size_t n, n_branches;
	const char *head; /* full name of the branch HEAD names, there or not; NULL: detached */
	char head_id[41]; /* the commit of a detached HEAD; else "" */

	struct arena *mem; /* of all this; git_tips_release frees it */
	struct git_tips_place *places;
	size_t n_places;
	bool is_settled; /* a change could not have been missed for being too soon */
	unsigned users;
	const struct git_view_tip **by_commit; /* all, by commit and place; NULL: not asked yet */
	bool *is_commit; /* of rows: known to lead to a commit; NULL: nobody asked yet */
	struct git_view_tip
	    *dated; /* those that lead to a commit, with times; NULL: not asked yet */
	size_t n_dated;
	const struct git_view_tip **newest; /* of dated: branches, then tags, each the newest first;
					     * NULL: not asked yet */
	size_t n_dated_branches;
};

/* Reads them in memory of their own; the caller is a user. What leads to no commit is not known
 * yet: it is listed too, and so are times of 0. E_INVALID: more than max refs. */
must_check int git_tips_load(
    struct ctx *c, const char *dir, struct git_repository *repo, size_t max, struct git_tips **out);

/* Whether reading again would give the same. A few lstat calls. */
bool git_tips_is_current(const struct git_tips *tips);

/* Those that lead to the commit (40 digits), branches before tags: *rows_out lives as long as tips.
 * The first call puts all in order. */
size_t git_tips_of_commit(
    struct git_tips *tips, const char *commit, const struct git_view_tip *const **rows_out);

/* NULL is allowed. */
void git_tips_release(struct git_tips *tips);

/* The row that `len` bytes of text name: a full name, else a tag, else a branch; or NULL. */
const struct git_view_tip *git_tips_find(const struct git_tips *tips, const char *text, size_t len);

#endif
