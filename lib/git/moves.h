/* What became of each ref between what is published and what an upstream lists: on, forced, gone.
 */
#ifndef GIT_MOVES_H
#define GIT_MOVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/refs.h"

struct git_repository;

enum git_move_kind {
	GIT_MOVE_NEW = 1, /* was not there */
	GIT_MOVE_ON,	  /* a branch whose new tip has the old one in its history */
	GIT_MOVE_FORCED,  /* it has not, or that could not be found out in time; a tag that moved */
	GIT_MOVE_GONE,	  /* is not listed any more */
};

struct git_move {
	enum git_move_kind kind;
	const char *name;
	const struct git_ref *before, *after; /* NULL: there is none */
	bool is_related; /* of a branch that is there still: both have a commit in common */
};

/* By name; refs that have not moved are left out. */
struct git_moves {
	struct git_move *rows;
	size_t n;
};

struct git_moves_in {
	const struct git_refs *before, *after;
	int64_t most;			 /* commits to be read for all of them together */
	bool (*progress)(void *payload); /* NULL, or called often. false: give up */
	void *payload;
};

/* repo sees the objects of both. Branches are compared by their histories; of other refs it is
 * enough that they differ. E_INTERNAL: an object cannot be read. E_CONFLICT: progress said so. */
must_check int git_moves(struct ctx *c, struct git_repository *repo, const struct git_moves_in *in,
    struct git_moves *out);

/* The row of that name, or NULL: it has not moved. */
const struct git_move *git_moves_find(const struct git_moves *moves, const char *name);

#endif
