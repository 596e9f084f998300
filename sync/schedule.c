#include "sync/schedule.h"

#include <assert.h>
#include <stdint.h>

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define CURVE_MOST_S (6 * HOUR_S)

enum rule { CURVE = 1, WISH, PERIOD, FIXED, DOUBLING };

static const struct {
	enum rule rule;
	int64_t base_s, most_s;
} rules[] = {
	[SYNC_NETWORK] = { CURVE, 0, CURVE_MOST_S },
	[SYNC_BUSY] = { WISH, 0, DAY_S },
	[SYNC_AUTH] = { PERIOD, 0, INT64_MAX },
	[SYNC_GONE] = { PERIOD, 0, INT64_MAX },
	[SYNC_TLS] = { FIXED, HOUR_S, HOUR_S },
	[SYNC_POLICY] = { PERIOD, 0, INT64_MAX },
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
	case PERIOD:
		return spread_s(at->interval_s, at->luck);
	case FIXED:
		return spread_s(base_s, at->luck);
	case DOUBLING:
		return spread_s(doubled_s(base_s, at->failures, most_s), at->luck);
	}
	assert(!"a class without a rule");
	return MINUTE_S;
}
