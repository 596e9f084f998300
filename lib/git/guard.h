/* What an upstream may not do without asking: the rules about suspicious updates (mirroring.md 5.8,
 * checklists/security.md M-17). They compare what is published with what the upstream lists; the
 * thresholds are the settings guard.*. */
#ifndef GIT_GUARD_H
#define GIT_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/filter.h"
#include "git/follow.h"
#include "git/moves.h"
#include "git/refs.h"

struct git_repository;

#define GIT_FINDINGS_MAX 20

/* A rule that was met. Its names are words for programs: */
enum git_rule {
	GIT_RULE_EMPTY = 1,  /* "empty": the upstream has none of the refs any more */
	GIT_RULE_UNRELATED,  /* "unrelated": nothing it has is related to what it had */
	GIT_RULE_REWRITTEN,  /* "rewritten": the default branch lost too much, or is gone */
	GIT_RULE_UNCOMPARED, /* "uncompared": that could not be found out within guard.commits */
	GIT_RULE_BRANCHES,   /* "branches_deleted": too many at once */
	GIT_RULE_TAGS,	     /* "tags_deleted": too many at once */
	GIT_RULE_TAG_MOVED,  /* "tag_moved": a published tag is another object */
	/* only told, never held: */
	GIT_RULE_FORCED,   /* "forced": a branch does not go on from what was published */
	GIT_RULE_DIVERGED, /* "diverged": the same, and what was published stays */
	GIT_RULE_CASE, /* "case": names that differ only in case, which some clones cannot have */
};

const char *git_rule_text(enum git_rule rule);
enum git_rule git_rule_by_name(const char *name); /* 0: there is none */

struct git_finding {
	enum git_rule rule;
	const char *ref;      /* full, UTF-8, cut when it is very long; "": none in particular */
	const char *sentence; /* for people, UTF-8 */
};

/* At most GIT_FINDINGS_MAX. */
struct git_findings {
	struct git_finding *rows;
	size_t n;
};

struct git_guard {
	const struct git_refs *published, *upstream;
	const struct git_moves *moves;	 /* between them */
	const struct git_filter *filter; /* published refs that it does not take went by our wish */
	const struct git_pin *pins;	 /* and these were never the upstream's */
	size_t n_pins;
	bool ignores_deleted;		 /* they stay: nothing is lost */
	bool ignores_forced;		 /* the same */
	bool holds_tags;		 /* a moved tag is held, not only told */
	bool (*progress)(void *payload); /* NULL, or called often. false: give up */
	void *payload;
};

/* repo sees the objects of both. What is suspicious; none: nothing is. Nothing is on the first
 * publication. E_INTERNAL: an object cannot be read. E_CONFLICT: progress said so. */
must_check int git_guard(struct ctx *c, struct git_repository *repo, const struct git_guard *g,
    struct git_findings *out);

/* What is worth a word about an update that is published: what was forced, moved or not followed,
 * and names of `next` that differ only in case. */
void git_guard_notices(struct ctx *c, const struct git_guard *g, const struct git_refs *next,
    struct git_findings *out);

#endif
