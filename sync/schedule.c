#include "sync/schedule.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define WEEK_S (7 * DAY_S)
#define CURVE_MOST_S (6 * HOUR_S)

/* The law's constants (mirroring.md 5.5), in seconds. */
#define KAPPA 0.35
#define BURST_S 600.0
#define PRIOR_CHANGES 0.3
#define PRIOR_S (30.0 * DAY_S)
#define KEEP_S (60.0 * DAY_S) /* how fast history is forgotten */
#define NOTIFIED_TIMES 8      /* whoever tells us of pushes need not be asked as often */
#define MICRO 1e6
#define NANO 1e9

enum rule { CURVE = 1, WISH, STEPS, FIXED, DOUBLING };

static const struct {
	enum rule rule;
	int64_t base_s, most_s;
} rules[] = {
	[SYNC_NETWORK] = { CURVE, 0, CURVE_MOST_S },
	[SYNC_BUSY] = { WISH, 0, DAY_S },
	[SYNC_AUTH] = { STEPS, 0, 0 },
	[SYNC_GONE] = { STEPS, 0, 0 },
	[SYNC_TLS] = { FIXED, HOUR_S, HOUR_S },
	[SYNC_POLICY] = { STEPS, 0, 0 },
	[SYNC_PROTOCOL] = { DOUBLING, HOUR_S, DAY_S },
	[SYNC_LOCAL] = { FIXED, MINUTE_S, MINUTE_S },
	[SYNC_FENCED] = { FIXED, MINUTE_S, MINUTE_S }, /* never recorded: the fence is gone */
};

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
curve_s(int64_t k, int64_t luck)
{
	k = least(k, 100); /* far beyond the limit, and no overflow */
	return least(k * k * k * k + 15 + luck * (k + 1), CURVE_MOST_S);
}

static int64_t
doubled_s(int64_t base_s, int64_t k, int64_t most_s)
{
	return least(base_s << least(k, 20), most_s);
}

/* The longest that this class of failure waits by now; never less than a period. */
static int64_t
step_s(const struct schedule_case *at)
{
	static const int64_t gone_s[] = { 0, 2 * HOUR_S, DAY_S };
	int64_t wait_s = 0;

	if (at->error == SYNC_POLICY)
		wait_s = WEEK_S;
	else if (at->error == SYNC_AUTH)
		wait_s = at->failures < 2 ? 0 : DAY_S;
	else if (at->failures < 3)
		wait_s = gone_s[at->failures];
	else
		wait_s = at->failing_s < DAY_S ? DAY_S : WEEK_S;
	return wait_s > at->interval_s ? wait_s : at->interval_s;
}

/* Up to 10 % more. */
static int64_t
spread_s(int64_t delay_s, int64_t luck)
{
	return delay_s + delay_s * luck / (10 * SCHEDULE_LUCK);
}

int64_t
schedule_delay_s(const struct schedule_case *at)
{
	int64_t base_s = rules[at->error].base_s, most_s = rules[at->error].most_s;

	assert(at->error > SYNC_OK && at->error <= SYNC_FENCED && at->luck < SCHEDULE_LUCK);
	switch (rules[at->error].rule) {
	case CURVE:
		return curve_s(at->failures, at->luck);
	case WISH:
		if (at->retry_after_s <= 0)
			return curve_s(at->failures, at->luck);
		return least(least(at->retry_after_s, most_s) * 11 / 10 + 1, most_s);
	case STEPS:
		return spread_s(step_s(at), at->luck);
	case FIXED:
		return spread_s(base_s, at->luck);
	case DOUBLING:
		return spread_s(doubled_s(base_s, at->failures, most_s), at->luck);
	}
	assert(!"a class without a rule");
	return MINUTE_S;
}

/* What is known of a mirror's changes, at one moment. */
struct history {
	double changes, seen_s;
	double quiet_s; /* since the last one */
};

/* One that was never seen to change counts as one that did so a week before it was added. */
static struct history
history_at(const struct pace *p, bool is_changed)
{
	bool has_changed = p->changes_micro > 0;
	double since_s = (double)(has_changed ? p->changed_s : p->added_s);
	double keep = exp(-since_s / KEEP_S);

	return (struct history){
		.changes = (double)p->changes_micro / MICRO * keep + (is_changed ? 1 : 0),
		.seen_s = (double)p->seen_s * keep + KEEP_S * (1 - keep),
		.quiet_s = is_changed ? 0 : since_s + (has_changed ? 0 : WEEK_S),
	};
}

static double
root_of(const struct history *h)
{
	return sqrt(
	    KAPPA / (h->quiet_s + BURST_S) + (h->changes + PRIOR_CHANGES) / (h->seen_s + PRIOR_S));
}

/* chance is spread over 0.9 to 1.1 */
static int64_t
within(double wait_s, uint32_t chance)
{
	wait_s = wait_s < SCHEDULE_LEAST_S ? SCHEDULE_LEAST_S : wait_s;
	wait_s = wait_s > SCHEDULE_MOST_S ? SCHEDULE_MOST_S : wait_s;
	return (int64_t)(wait_s * (0.9 + 0.2 * chance / SCHEDULE_CHANCE));
}

int64_t
schedule_next_s(const struct schedule_success *at, struct pace_next *next)
{
	const struct pace *p = at->pace;
	struct history h = history_at(p, at->is_changed);
	double root = root_of(&h), wait_s;

	assert(at->chance < SCHEDULE_CHANCE);
	*next = (struct pace_next){ 0 };
	if (at->is_changed) {
		next->changes_micro = (int64_t)(h.changes * MICRO);
		next->seen_s = (int64_t)h.seen_s;
	}
	if (!at->is_adaptive || p->has_interval || p->mean_root_nano <= 0)
		return 0;
	next->root_nano = (int64_t)(root * NANO);
	wait_s = (double)at->interval_s * (double)p->mean_root_nano / NANO / root;
	return within(p->is_notified ? wait_s * NOTIFIED_TIMES : wait_s, at->chance);
}
