/* The commits of a store as people ask for them (contracts/rhodecode.md 3.1, 3.4, 3.6): one by a
 * name or id, a list, the files that one changed. What a person gives is looked up as a name, never
 * taken for an option or an expression of Git's; of ids only those count that a ref reaches. */
#ifndef GIT_HISTORY_H
#define GIT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_repository;

#define GIT_ID_CHARS 40
#define GIT_REVISIONS_MAX 250000 /* commits that are numbered; 10 MB of ids */
#define GIT_CHANGED_MAX 100000	 /* files of one commit */

/* A store, and the ids of all its commits: the parents after their children never, by date else,
 * oldest first. */
struct git_history {
	const char *dir;
	struct git_repository *repo;
	const char *ids; /* of GIT_ID_CHARS digits and a line end each */
	size_t n;
	bool is_cut; /* there are more than GIT_REVISIONS_MAX: none is listed */
};

/* ids: those of an earlier one in the same state, of len bytes; NULL: Git is asked for them.
 * git_init comes first. E_NOTFOUND, E_INTERNAL: as git_store_open. */
must_check int git_history_open(
    struct ctx *c, const char *dir, const char *ids, size_t len, struct git_history *out);

/* 64 hex digits, which change with any ref and with HEAD. E_INVALID: more than max refs. */
must_check int git_history_state(struct ctx *c, const char *dir, size_t max, const char **out);

/* A commit by what a person calls it: "tip", "HEAD", "-1" or "" (what HEAD names), a branch, a tag,
 * an id of 40 digits, a number (struct git_changeset), the beginning of an id of at least 4 digits.
 * id_out: of GIT_ID_CHARS + 1 bytes. E_NOTFOUND: none, or several. */
must_check int git_history_find(
    struct ctx *c, const struct git_history *h, const char *text, char *id_out);

/* The tip of a branch. E_NOTFOUND. */
must_check int git_history_branch(
    struct ctx *c, const struct git_history *h, const char *name, char *id_out);

struct git_paths {
	const char **rows; /* UTF-8, in the order of the tree */
	size_t n;
};

/* Texts are UTF-8; those of people are one line of at most GIT_PERSON_MAX bytes. */
struct git_changeset {
	char id[GIT_ID_CHARS + 1];
	int64_t number; /* its place among all commits, from 0; -1: there are too many to count */
	int64_t at;	/* Unix seconds, by its committer */
	const char *message;
	const char *author_name, *author_email;
	struct git_paths added, changed, removed; /* git_history_files */
};

/* E_NOTFOUND: no such commit. */
must_check int git_history_read(
    struct ctx *c, const struct git_history *h, const char *id, struct git_changeset *out);

/* What differs from the first parent; of a first commit, everything. E_INVALID: more than
 * GIT_CHANGED_MAX files. */
must_check int git_history_files(
    struct ctx *c, const struct git_history *h, struct git_changeset *changeset);

/* Which commits: those of a branch or all, of these times, the newest `most` of them, and of those
 * from one to another in the order of the list, both included. */
struct git_range {
	const char *branch_id;		/* its tip; NULL: all branches and tags */
	const char *first_id, *last_id; /* NULL: from the oldest, to the newest */
	const int64_t *since, *until;	/* Unix seconds; NULL: of any time */
	int64_t most;			/* 0: as many as there are */
};

/* *ids_out: n ids, as in struct git_history. An id that is not among them limits nothing.
 * E_INVALID: the first comes behind the last, or there are more than GIT_REVISIONS_MAX. */
must_check int git_history_list(struct ctx *c, const struct git_history *h,
    const struct git_range *range, const char **ids_out, size_t *n_out);

#endif
