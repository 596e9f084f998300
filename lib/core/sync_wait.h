/* Asking for a sync and waiting for its end: without a transaction, by short statements, and no
 * longer than rhodecode.wait_s. */
#ifndef CORE_SYNC_WAIT_H
#define CORE_SYNC_WAIT_H

#include <stdbool.h>

#include "core/project.h"

struct sync_wait {
	int64_t project_id;
	const char *since; /* runs that began before do not count */
	/* Asked now and then: whoever waits has gone. NULL: he stays. */
	bool (*is_abandoned)(void *payload);
	void *payload;
	/* Of these only few wait at a time on this machine, so that whoever may make mirrors of
	 * slow upstreams does not keep all processes of the pool; one too many does not wait at
	 * all. */
	bool is_one_of_few;
};

/* Fills in since. Before the sync is asked for. */
must_check int sync_wait_begin(struct ctx *c, struct sync_wait *wait);

enum sync_end {
	SYNC_DONE = 1,
	SYNC_FAILED,  /* *why_out: one sentence, no secrets */
	SYNC_GONE,    /* deleted or paused meanwhile */
	SYNC_RUNNING, /* too long to wait for, nobody waits any more, or too many do */
};

/* With no transaction open. */
must_check int sync_wait_end(
    struct ctx *c, const struct sync_wait *wait, enum sync_end *out, const char **why_out);

/* One of the few places (is_one_of_few), held until the request's arena is reset. false: there is
 * none. */
must_check int sync_wait_take_place(struct ctx *c, bool *is_free_out);

/* A sync of a mirror that is asked for here and now, and its end. E_INVALID: no mirror; it failed,
 * or went. E_CONFLICT: paused; it is not done in time. Opens its own transaction. */
must_check int project_pull(struct ctx *c, const struct actor *who, const struct project *p,
    bool (*is_abandoned)(void *payload), void *payload);

#endif
