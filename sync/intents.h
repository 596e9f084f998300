/* Pushes whose web program was killed between Git's refs and the database (hub.push_intent): what
 * they changed is written down and told. A store whose lock is free has no push under way; one
 * whose lock is taken is looked at again later. */
#ifndef SYNC_INTENTS_H
#define SYNC_INTENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct intents {
	int64_t above_id; /* where the next look goes on */
	int64_t look_us;
	bool has_failed; /* in this round */
	bool has_looked; /* at all of them, once */
};

/* All zeros to begin with. One page of intents; *has_news is set if something was told. Without the
 * database E_INTERNAL; a store that cannot be read is logged and tried again, for an hour. */
must_check int intents_work(struct intents *s, struct ctx *c, bool *has_news);

#endif
