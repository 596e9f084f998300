#include "sync/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/metrics.h"

#define EVERY_US (15 * 1000000LL) /* the database decides whether it is time, for all programs */

static int64_t
count_kills(const struct crew *crew)
{
	int64_t n = 0;

	for (size_t i = 0; i < crew->n_slots; i++)
		n += crew->slots[i]->n_lost;
	return n;
}

int
watch_work(struct watch *w, struct crew *crew, bool *has_news)
{
	int64_t now_us = clock_mono_us(), kills = count_kills(crew), n;

	if (now_us < w->next_us)
		return OK;
	TRY(metrics_watch(crew->c, kills - w->kills, &n));
	w->kills = kills;
	w->next_us = now_us + EVERY_US;
	*has_news = *has_news || n > 0;
	if (n > 0)
		log_write(LOG_INFO, "mirrors have become stale, or fresh again", LOG_INT("n", n));
	return OK;
}
