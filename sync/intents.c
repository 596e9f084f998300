#include "sync/intents.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "core/project.h"
#include "core/push.h"
#include "store/push_intent.h"

#define US_PER_S INT64_C(1000000)
#define LOOK_S 2
#define AGAIN_S 60 /* after a failure */

/* E_CONFLICT: a push is under way, or upkeep. */
static int
reconcile(struct ctx *c, const struct push_intent_place *place, bool *is_told)
{
	int *lock, code;

	TRY(path_lock(c, project_store_lock(c, place->store_id), 0, &lock));
	code = push_reconcile(c, place->store_id, is_told);
	path_unlock(c, lock);
	return code;
}

static int
look_at(struct intents *s, struct ctx *c, const struct push_intent_place *place, bool *has_news)
{
	bool is_told = false;
	int code = reconcile(c, place, &is_told);

	if (code == E_CONFLICT)
		return OK;
	if (code != OK && c->retry_after_s > 0)
		return code; /* it passes: the database is away */
	if (code != OK) {
		s->has_failed = true;
		log_write(LOG_WARN, "push not reconciled", LOG_INT("store", place->store_id),
		    LOG_TEXT("why", c->reason));
	} else if (is_told) {
		*has_news = true;
		log_write(LOG_INFO, "push reconciled", LOG_INT("store", place->store_id));
	}
	return OK;
}

int
intents_work(struct intents *s, struct ctx *c, bool *has_news)
{
	struct push_intent_place *rows;
	size_t n;

	if (clock_mono_us() < s->look_us)
		return OK;
	TRY(push_intent_list(c, s->above_id, &rows, &n));
	for (size_t i = 0; i < n; i++)
		TRY(look_at(s, c, &rows[i], has_news));
	if (n == PUSH_INTENTS_PAGE) {
		s->above_id = rows[n - 1].id;
		return OK;
	}
	s->look_us = clock_mono_us() + (s->has_failed ? AGAIN_S : LOOK_S) * US_PER_S;
	s->above_id = 0;
	s->has_failed = false;
	s->has_looked = true;
	return OK;
}
