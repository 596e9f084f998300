/* What a sync decided about its upstream's refs, from the worker to hub.guard_finish: a small JSON
 * text, which the supervisor reads and writes anew before the database sees it. */
#ifndef SYNC_FACTS_H
#define SYNC_FACTS_H

#include <stdint.h>

#include "base/ctx.h"
#include "git/guard.h"

enum facts_verdict {
	FACTS_TAKEN = 1, /* "taken": they are published now, or were already */
	FACTS_HELD,	 /* "held": they wait for approval */
	FACTS_REJECTED,	 /* "rejected": somebody did not want them; they are passed over */
};

struct facts {
	enum facts_verdict verdict;
	const char *upstream;	      /* 64 hex digits over the upstream's selected refs */
	int64_t version;	      /* of the options */
	struct git_findings findings; /* why it is held; none: as the last time */
	struct git_findings notices;  /* about what was published */
	const char *moved_to; /* the upstream says: for good; "" it does not; NULL: it cannot */
};

const char *facts_text(struct arena *mem, const struct facts *f);

/* E_INVALID: not such a text. */
must_check int facts_parse(struct ctx *c, const char *text, struct facts *out);

#endif
