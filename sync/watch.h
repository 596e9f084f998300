/* Now and then: has the database measure what /metrics shows, and tell webhooks of mirrors that
 * have become stale or fresh again. The rules are in SQL (store/metrics.h). */
#ifndef SYNC_WATCH_H
#define SYNC_WATCH_H

#include "sync/crew.h"

struct watch {
	int64_t next_us; /* when to ask again */
	int64_t kills;	 /* that have been told */
};

/* What it tells has to be sent: *has_news. */
must_check int watch_work(struct watch *w, struct crew *crew, bool *has_news);

#endif
