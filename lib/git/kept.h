/* Kept tips: where a ref was before it was forced, moved or deleted. They are refs themselves,
 * below refs/mirrorhub/kept/, in the same packed-refs: written with the same rename, reachable for
 * upkeep, and shown to no clone. */
#ifndef GIT_KEPT_H
#define GIT_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/moves.h"
#include "git/refs.h"

#define GIT_KEPT "refs/mirrorhub/kept/"

/* How long they stay. */
struct git_kept_rule {
	bool is_forever; /* the next two are not asked for */
	int64_t count;	 /* of one ref */
	int64_t days;
	int64_t now; /* Unix seconds */
};

/* What is to be kept when `next` is published in place of `published`: all of `kept` that the rule
 * leaves, and the tips of branches and tags that go. Those of other refs only for ever: a forge
 * rewrites its own all the time. moves: between published and what the upstream lists. */
void git_kept_next(struct ctx *c, const struct git_refs *kept, const struct git_refs *published,
    const struct git_refs *next, const struct git_moves *moves, const struct git_kept_rule *rule,
    struct git_refs *out);

/* Those that the rule leaves today. */
void git_kept_expire(struct ctx *c, const struct git_refs *kept, const struct git_kept_rule *rule,
    struct git_refs *out);

/* One of them, read from its name. */
struct git_kept_tip {
	const char *name; /* as below refs/mirrorhub/kept/: what it is asked for by */
	const char *ref;  /* of which it was the tip; full. "" for one whose name was too long */
	char oid[2 * GIT_OID_BYTES + 1];
	char commit[2 * GIT_OID_BYTES + 1]; /* what it leads to; of an annotated tag another id */
	int64_t at;			    /* it was replaced; Unix seconds */
};

/* All that can be read, by ref, the newest first. */
size_t git_kept_list(struct ctx *c, const struct git_refs *kept, struct git_kept_tip **out);

#endif
