/* The refs of a store as they are told to clients, read from packed-refs and HEAD alone, and what
 * tells that they are still the same. For stores without loose refs: all mirrors, and what upkeep
 * has packed. */
#ifndef GIT_REFLIST_H
#define GIT_REFLIST_H

#include <stdint.h>

#include "base/ctx.h"
#include "git/store.h"

/* Both files as stat sees them; equal bytes (memcmp) mean equal lists. */
struct git_reflist_id {
	int64_t packed[5], head[5]; /* device, inode, bytes, and two times in ns */
};

struct git_reflist {
	struct git_reflist_id id;
	const struct git_store_ref *rows; /* HEAD first if its branch exists, then by name */
	size_t n;
	const char *head; /* the branch that HEAD names, there or not */
};

/* E_NOTFOUND: the list cannot be known from the two files (loose refs, a detached HEAD, a shallow
 * or empty store): Git has to be asked. */
must_check int git_reflist_identify(
    struct ctx *c, const char *store_dir, struct git_reflist_id *out);

/* The list with that identity, in c->mem; refs/mirrorhub/ left out. E_NOTFOUND as before, and when
 * the files have changed meanwhile or hold what Git should judge. */
must_check int git_reflist_load(
    struct ctx *c, const char *store_dir, const struct git_reflist_id *id, struct git_reflist *out);

#endif
