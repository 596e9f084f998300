/* What has to be pushed so that a target has our refs: made of its advertisement, what we published
 * and what we once put there. A pure rule: nothing here asks anybody.
 *
 *	there is nothing                 create
 *	ours, as it is to be             same
 *	what we put there                update, however far back or aside it goes
 *	something older of the same      update
 *	something else                   conflict; update where that is allowed
 *(GIT_PUSH_OVERWRITES) ours, and we have it no more     delete others', and we have it no more
 *nothing: it stays
 */
#ifndef GIT_PUSH_PLAN_H
#define GIT_PUSH_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "git/refs.h"

struct git_filter;

enum git_push_kind {
	PUSH_CREATE = 1,
	PUSH_UPDATE,
	PUSH_DELETE,
	PUSH_SAME,
	PUSH_CONFLICT, /* why says what is in the way */
	PUSH_GONE,     /* of what we put there nothing is left */
};

struct git_push_row {
	enum git_push_kind kind;
	const char *name;
	unsigned char old[GIT_OID_BYTES]; /* there; zeros: nothing */
	unsigned char new[GIT_OID_BYTES]; /* here; zeros: nothing */
	const char *why;
	bool is_claimed; /* same, and it was us: what was planned has happened */
	bool is_stale;	 /* what is noted of it is not so any more: a plan, a refusal */
	int rank;	 /* order of the push */
};

/* A ref that we put there, or meant to. */
struct git_push_owned {
	const char *name;
	unsigned char oid[GIT_OID_BYTES], planned[GIT_OID_BYTES];
	bool has_oid, has_planned, is_refused;
};

struct git_push_facts {
	const struct git_refs *ours;	 /* published, filtered; head: the default branch */
	const struct git_filter *filter; /* what it does not take is not touched there */
	const struct git_refs *there;
	const struct git_push_owned *owned; /* by name */
	size_t n_owned;
	bool overwrites;
	/* Whether `old` is a commit that we have, and behind `new` (in its history). */
	bool (*is_behind)(void *payload, const unsigned char *old, const unsigned char *new);
	void *payload;
};

struct git_push_plan {
	struct git_push_row *rows; /* by rank: first what is in the way, then our default branch,
				    * branches, tags, others, then deletions, then all else */
	size_t n;
	size_t n_moves;	  /* rows that are created or updated, deletions in the way included */
	size_t n_deletes; /* rows behind these */
	size_t n_conflicts;
};

void git_push_plan(struct ctx *c, const struct git_push_facts *f, struct git_push_plan *out);

/* The default branch there is never deleted; head NULL: nobody knows which it is. Nor is the last
 * branch. Such rows become conflicts. */
void git_push_spare(struct git_push_plan *plan, const struct git_refs *ours, const char *head);

#endif
