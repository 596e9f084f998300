/* The hub's rules on pushes: who may not take one, and what is written down about it. A push is two
 * systems: what is to come is written down (an intent) before Git may touch a ref, and ends with
 * what came of it. */
#ifndef CORE_PUSH_H
#define CORE_PUSH_H

#include <stddef.h>

#include "core/project.h"

/* E_DENIED with a sentence: the project is a mirror, its refs are its upstream's. */
must_check int push_check(struct ctx *c, const struct project *p);

struct push_ref {
	const char *name;	     /* as Git has it: bytes */
	const char *old_id, *new_id; /* 40 hex digits; zeros: it was not there, it is gone */
};

struct push {
	const struct push_ref *refs;
	size_t n;
	const char *head;   /* the full name of the branch that HEAD names; NULL: none */
	const char *remark; /* before the refs in the event; NULL: none */
};

/* Writes down, committed at once, what the refs are before the push (new_id is not looked at): the
 * first PUSH_INTENT_REFS, in PUSH_INTENT_BYTES. If an earlier push of this store was never told of,
 * it is now. Under the store's lock, outside a transaction. */
must_check int push_intend(struct ctx *c, const struct actor *who, const struct project *p,
    const struct push_ref *refs, size_t n, int64_t *intent_out);

/* The push changed nothing. */
must_check int push_drop(struct ctx *c, int64_t intent);

/* Raises the store's generation, notes its HEAD, and adds the event "push" with the changed
 * refs, or the first of many. Webhooks and post-fetch hooks will be told, and the project is pushed
 * on to its targets. Ends the intent: safe to repeat. In the caller's transaction. */
must_check int push_record(
    struct ctx *c, int64_t intent, const struct project *p, const struct push *push);

/* The push of this store that nobody has told of, if there is one: what its refs are now against
 * what they were. Recorded as above, "reconciled" in the event; if nothing changed, dropped. Of a
 * push that named more refs than were written down something is told in any case; and of one whose
 * store could not be read for PUSH_INTENT_MOST_S, that nobody knows. Under the store's lock,
 * outside a transaction. */
enum push_end {
	PUSH_NOTHING = 1, /* there was none, it changed nothing, or somebody else has told of it */
	PUSH_TOLD,
	PUSH_UNKNOWN, /* told that nobody knows; c->reason says why */
};
must_check int push_reconcile(struct ctx *c, int64_t store_id, enum push_end *end_out);

/* The branch that an empty repository's HEAD should name after a push: the first of those that are
 * there, main and master before others; NULL: none is. */
const char *push_first_branch(const char *const *names, const char *const *ids, size_t n);

#endif
