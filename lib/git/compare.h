/* Two commits and where their histories parted. */
#ifndef GIT_COMPARE_H
#define GIT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

#define GIT_COMPARE_COMMITS 250 /* listed */
#define GIT_COMPARE_WALL_MS 10000

struct git_comparison {
	char base[41];	/* the best common ancestor, as `git diff FROM...TO` takes it; "": none */
	size_t n_bases; /* several after merges in both directions */
	char (*commits)[41]; /* reached from `to` and not from `from`, newest first */
	size_t n;
	bool is_cut;	       /* there are more */
	int64_t ahead, behind; /* commits on the side of `to`, of `from`; -1: too many to count */
};

/* from, to: 40 digits, commits of the store at dir. E_INTERNAL: git failed, or could not say where
 * the histories part within GIT_COMPARE_WALL_MS (passing). */
must_check int git_compare(
    struct ctx *c, const char *dir, const char *from, const char *to, struct git_comparison *out);

#endif
