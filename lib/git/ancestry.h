/* Two commits: is one in the history of the other, and if not, what have they in common? The walk
 * reads the newest commits first, as git's own does, and never more than it is told. */
#ifndef GIT_ANCESTRY_H
#define GIT_ANCESTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_repository;

struct git_ancestry_in {
	const unsigned char *old, *new; /* ids of commits */
	int64_t most;			/* commits to be read */
	/* Whether `lost` is more than this share of old's history is wanted, too; -1: only whether
	 * new goes on from old, and whether they are related. */
	int percent;
	bool (*progress)(void *payload); /* NULL, or called often. false: give up */
	void *payload;
};

struct git_ancestry {
	bool is_on;	 /* new is old, or has it in its history */
	bool is_related; /* they have a commit in common */
	bool is_cut; /* `most` did not suffice, or old cannot be read: what is not true above may be
		      * so all the same */
	int64_t n_read;
	int64_t lost;	/* commits of old's history that new's has not; with percent only */
	int64_t common; /* so many of old's history new's has, at least; with percent only */
};

/* E_INTERNAL: an object cannot be read, or is no commit. E_CONFLICT: progress said so. */
must_check int git_ancestry(struct ctx *c, struct git_repository *repo,
    const struct git_ancestry_in *in, struct git_ancestry *out);

/* Whether the store has that commit, and can read it. */
bool git_ancestry_has(struct git_repository *repo, const unsigned char *id);

/* Commits of the history of id, not counted on from most. */
must_check int git_ancestry_count(struct ctx *c, struct git_repository *repo,
    const unsigned char *id, int64_t most, int64_t *n_out);

#endif
