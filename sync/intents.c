#include "sync/intents.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "core/project.h"
#include "core/push.h"
#include "store/push_intent.h"
#include "sync/datadir.h"

#define US_PER_S INT64_C(1000000)
#define LOOK_S 2
#define AGAIN_S 60 /* after a failure */

/* E_CONFLICT: a push is under way, or upkeep. */
static int
reconcile(struct ctx *c, const struct push_intent_place *place, enum push_end *end)
{
	int *lock, code;

	TRY(path_lock(c, project_store_lock(c, place->store_id), 0, &lock));
	code = push_reconcile(c, place->store_id, end);
	path_unlock(c, lock);
	return code;
}

/* inner: for this one alone, and what it reads of its store. */
static int
look_at(struct intents *s, struct ctx *inner, const struct push_intent_place *place, bool *has_news)
{
	enum push_end end = PUSH_NOTHING;
	int code = reconcile(inner, place, &end);

	if (code == E_CONFLICT)
		return OK;
	if (code != OK && inner->retry_after_s > 0)
		return code; /* it passes: the database is away */
	s->has_failed |= code != OK;
	*has_news |= end == PUSH_TOLD || end == PUSH_UNKNOWN;
	if (end == PUSH_TOLD)
		log_write(LOG_INFO, "push reconciled", LOG_INT("store", place->store_id));
	else if (code != OK || end == PUSH_UNKNOWN)
		log_write(LOG_WARN,
		    code != OK ? "push not reconciled"
			       : "push given up: nobody knows what it changed",
		    LOG_INT("store", place->store_id), LOG_TEXT("why", inner->reason));
	return OK;
}

static int
look_at_all(struct intents *s, struct ctx *c, const struct push_intent_place *rows, size_t n,
    bool *has_news)
{
	struct ctx inner = *c;
	int code = OK;

	inner.mem = arena_new();
	for (size_t i = 0; i < n && code == OK; i++) {
		code = look_at(s, &inner, &rows[i], has_news);
		if (code == OK)
			arena_reset(inner.mem);
	}
	if (code != OK)
		fail_passing(c, inner.retry_after_s, "%s", inner.reason);
	arena_free(inner.mem);
	return code;
}

int
intents_work(struct intents *s, struct ctx *c, bool *has_news)
{
	struct push_intent_place *rows;
	size_t n;

	if (clock_mono_us() < s->look_us)
		return OK;
	TRY(push_intent_list(c, s->above_id, &rows, &n));
	if (n > 0 && datadir_is_ours(c) != OK) /* of what has gone away nothing can be said */
		n = 0;
	TRY(look_at_all(s, c, rows, n, has_news));
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
