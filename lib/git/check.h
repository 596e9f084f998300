/* What was fetched, judged before anything of it is published (mirroring.md section 5.8). */
#ifndef GIT_CHECK_H
#define GIT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/packfile.h"
#include "git/refs.h"

struct git_repository;

struct git_check {
	const char *quarantine_dir;
	const char *pack; /* of git_fetch; NULL: nothing came */
	enum git_indexed_by indexed_by;
	struct git_refs *refs; /* what is to be published; is_peeled and peeled are set here */
	const struct git_refs *published; /* tags that have not moved keep what they peel to */
	/* Called often. false: give up. */
	bool (*progress)(void *payload, int64_t objects, int64_t objects_total);
	void *payload;
};

/* Complete: each object of the pack has all it names directly in the pack or in the store, of the
 * right kind; what is in the store was complete before, so everything reachable is there. Submodule
 * commits are not ours. Well-formed: git/rules.h. Each ref's object is there, branches are commits.
 * E_INVALID with the first object that is not so; E_CONFLICT: progress said so. */
must_check int git_check(struct ctx *c, const struct git_check *k);

/* The quarantine of a fetch, which sees the store's objects too, until the arena closes.
 * E_INTERNAL. */
must_check int git_quarantine_open(
    struct ctx *c, const char *quarantine_dir, struct git_repository **out);

#endif
