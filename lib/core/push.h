/* The hub's rules on pushes: who may not take one, and what is written down about it. */
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
	const char *head; /* the full name of the branch that HEAD names; NULL: none */
};

/* Raises the store's generation, notes its HEAD, and adds the event "push" with the changed
 * refs, or the first of many. Webhooks and post-fetch hooks will be told, and the project is pushed
 * on to its targets. In the caller's transaction. */
must_check int push_record(
    struct ctx *c, const struct actor *who, const struct project *p, const struct push *push);

#endif
