/* The commits behind a revision, or those of them that touch a path, in the order of `git log` and
 * page by page: the newest come first, without a look at the whole history. */
#ifndef GIT_LOG_H
#define GIT_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

struct git_repository;

/* The most that may be skipped: even without a commit-graph that is a second's work. What lies
 * deeper is listed from a commit that lies deeper. */
#define GIT_LOG_SKIP_MAX 100000
#define GIT_LOG_MOST 1000 /* at a time */

/* What a child process may take to find them. */
#define GIT_LOG_WALL_MS 5000

struct git_log {
	char (*ids)[41];
	size_t n;
	bool has_more; /* older ones */
	bool is_cut;   /* time was up before `most` were found; there may be more */
};

/* id: 40 digits of a commit. most: 1 to GIT_LOG_MOST of those behind the first `skip`. E_NOTFOUND:
 * no such commit, none is left behind `skip`, or skip is above GIT_LOG_SKIP_MAX. */
must_check int git_log(struct ctx *c, struct git_repository *repo, const char *id, size_t skip,
    size_t most, struct git_log *out);

/* Those that changed a file or something in a folder, merges as `git log -- PATH` simplifies them.
 * path: bytes, relative, taken literally. A child process of Git's does it, which knows from the
 * commit-graph where not to look. Codes as above. */
must_check int git_log_path(struct ctx *c, struct git_repository *repo, const char *id,
    const char *path, size_t skip, size_t most, struct git_log *out);

/* A branch that came to point at a commit. */
struct git_arrival {
	const char *id;		   /* that one */
	const char *old_id;	   /* the one before; NULL: the branch is new */
	const char *branch;	   /* its full name, bytes */
	const char *const *before; /* n_before ids that other branches had and may have no more */
	size_t n_before;
};

/* The newest `most` commits that it brought: behind id and not behind old_id. Without old_id, or
 * when that is no longer in the store: not behind any other branch nor what is `before`. There may
 * be none. E_NOTFOUND: no commit id. */
must_check int git_log_new(struct ctx *c, struct git_repository *repo, const struct git_arrival *a,
    size_t most, struct git_log *out);

/* Where a file came from: id is the oldest commit of its history (git_log_path), which made it. If
 * it was renamed there (by content: half of it or more is the same), *from_out is its path before,
 * in the commit parent_out (of 41 bytes). E_NOTFOUND: it was not, or that commit is too large to
 * find out. */
must_check int git_log_rename(struct ctx *c, struct git_repository *repo, const char *id,
    const char *path, const char **from_out, char *parent_out);

#endif
