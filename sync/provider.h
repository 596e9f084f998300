/* The forges that a target can be at: they make the project that we push to, and are told which
 * branch is its default. Nothing there is ever deleted. A provider's name is a word of
 * hub.target.provider; "none" does nothing. */
#ifndef SYNC_PROVIDER_H
#define SYNC_PROVIDER_H

#include "base/ctx.h"
#include "sync/target_spec.h"

struct net;

/* Where the project is there. */
struct provider_made {
	const char *url;	/* to push to, clean; judged like any address (net/policy.h) */
	const char *project_id; /* as the provider names it */
};

/* Before the push: makes the project, or adopts the one that is there and empty or ours; brings
 * visibility and description in line. Idempotent. n is a conversation of its own, without
 * credentials (the token is t->token); failures are told with net_fail, which gives the class. For
 * "none", *out is what t says. */
must_check int provider_prepare(
    struct net *n, const struct target_spec *t, struct provider_made *out);

/* After refs were made or moved, before any is deleted: `branch` (without refs/heads/) becomes the
 * default there, if it is not yet. */
must_check int provider_set_default(struct net *n, const struct target_spec *t,
    const struct provider_made *made, const char *branch);

#endif
