#include "tests/unit/unit.h"

#include "sync/schedule.h"
#include "tests/bench/simulation.h"

#define HOUR_S 3600
#define DAY_S 86400
#define WEEK_S (7 * DAY_S)

/* One line of the table in schedule.h, at one point. */
struct row {
	const char *what;
	enum sync_error error;
	int64_t failures, interval_s, retry_after_s;
	uint32_t luck;
	int64_t failing_s, delay_s;
};

static void
delays_are_those_of_the_table(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "first failure, no luck",       SYNC_NETWORK,  0,   HOUR_S, 0,      0,  0, 15 },
		{ "first failure, most luck",     SYNC_NETWORK,  0,   HOUR_S, 0,      29, 0, 15 + 29 },
		{ "third failure",                SYNC_NETWORK,  2,   HOUR_S, 0,      10, 0, 16 + 15 + 30 },
		{ "tenth retry of hpr",           SYNC_NETWORK,  9,   HOUR_S, 0,      29, 0, 6561 + 15 + 290 },
		{ "the curve has a top",          SYNC_NETWORK,  13,  HOUR_S, 0,      0,  0, 6 * HOUR_S },
		{ "and does not overflow",        SYNC_NETWORK,  1LL << 40, HOUR_S, 0, 0, 0, 6 * HOUR_S },
		{ "busy: the wish and 10 %",      SYNC_BUSY,     5,   HOUR_S, 100,    0,  0, 111 },
		{ "busy: at most a day",          SYNC_BUSY,     0,   HOUR_S, INT64_MAX, 0, 0, DAY_S },
		{ "busy without a wish",          SYNC_BUSY,     1,   HOUR_S, 0,      3,  0, 1 + 15 + 6 },
		{ "auth: a period",               SYNC_AUTH,     0,   7200,   0,      0,  0, 7200 },
		{ "auth: once more",              SYNC_AUTH,     1,   7200,   0,      0,  7200, 7200 },
		{ "auth: then daily",             SYNC_AUTH,     2,   7200,   0,      0,  DAY_S, DAY_S },
		{ "auth: a long period is kept",  SYNC_AUTH,     8,   WEEK_S, 0,      0,  DAY_S, WEEK_S },
		{ "gone: a period",               SYNC_GONE,     0,   1800,   0,      0,  0, 1800 },
		{ "gone: two hours",              SYNC_GONE,     1,   1800,   0,      0,  1800, 2 * HOUR_S },
		{ "gone: a day",                  SYNC_GONE,     2,   1800,   0,      0,  9000, DAY_S },
		{ "gone: thrice, but not for long", SYNC_GONE,   3,   1800,   0,      0,  9000, DAY_S },
		{ "gone: thrice and for a day",   SYNC_GONE,     3,   1800,   0,      0,  DAY_S, WEEK_S },
		{ "policy: a week",               SYNC_POLICY,   0,   600,    0,      0,  0, WEEK_S },
		{ "policy: a long period is kept", SYNC_POLICY,  0,   2 * WEEK_S, 0,  0,  0, 2 * WEEK_S },
		{ "a period, spread",             SYNC_AUTH,     0,   600,    0,      15, 0, 630 },
		{ "tls: an hour",                 SYNC_TLS,      4,   60,     0,      0,  0, HOUR_S },
		{ "protocol: an hour",            SYNC_PROTOCOL, 0,   60,     0,      0,  0, HOUR_S },
		{ "protocol: doubled",            SYNC_PROTOCOL, 3,   60,     0,      0,  0, 8 * HOUR_S },
		{ "protocol: at most a day",      SYNC_PROTOCOL, 60,  60,     0,      0,  0, DAY_S },
		{ "local: a minute",              SYNC_LOCAL,    0,   HOUR_S, 0,      0,  0, 60 },
		{ "local: still a minute",        SYNC_LOCAL,    9,   HOUR_S, 0,      20, 0, 64 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct schedule_case at = { r->error, r->failures, r->interval_s, r->retry_after_s,
			r->luck, r->failing_s };

		if (schedule_delay_s(&at) != r->delay_s)
			print_error("%s:\n", r->what);
		assert_int_equal(schedule_delay_s(&at), r->delay_s);
	}
}

static void
every_class_has_a_rule_and_a_wait(void **state)
{
	(void)state;
	for (enum sync_error e = SYNC_NETWORK; e <= SYNC_FENCED; e++)
		for (int64_t k = 0; k < 20; k++)
			for (uint32_t luck = 0; luck < SCHEDULE_LUCK; luck++) {
				struct schedule_case at = { e, k, HOUR_S, 0, luck, 0 };

				assert_in_range(schedule_delay_s(&at), 15, WEEK_S * 11 / 10);
			}
}

/* ---- after a success */

#define MEAN_NANO 600000 /* about that of a large hub */

static int64_t
next_s(const struct pace *pace, bool is_changed, struct pace_next *next)
{
	struct schedule_success at = { .pace = pace,
		.interval_s = HOUR_S,
		.is_adaptive = true,
		.is_changed = is_changed,
		.chance = SCHEDULE_CHANCE / 2 };

	return schedule_next_s(&at, next);
}

static void
a_fixed_schedule_is_one_period_and_no_part_of_the_mean(void **state)
{
	struct pace own = { .has_interval = true, .mean_root_nano = MEAN_NANO };
	struct pace any = { .mean_root_nano = MEAN_NANO };
	struct schedule_success at = { .pace = &any, .interval_s = HOUR_S, .is_adaptive = false };
	struct pace_next next;

	(void)state;
	assert_int_equal(next_s(&own, false, &next), 0);
	assert_int_equal(next.root_nano, 0);
	assert_int_equal(schedule_next_s(&at, &next), 0);
	assert_int_equal(next.root_nano, 0);
}

static void
what_has_just_changed_is_asked_soon_and_then_less_and_less(void **state)
{
	struct pace p = { .changes_micro = 2000000, .seen_s = 30 * DAY_S, .mean_root_nano = MEAN_NANO };
	struct pace_next next;
	int64_t last_s = next_s(&p, true, &next);

	(void)state;
	assert_in_range(last_s, SCHEDULE_LEAST_S, 5 * 60);
	for (p.changed_s = 60; p.changed_s < 365LL * DAY_S; p.changed_s *= 2) {
		int64_t wait_s = next_s(&p, false, &next);

		assert_true(wait_s >= last_s);
		last_s = wait_s;
	}
	assert_in_range(last_s, HOUR_S, SCHEDULE_MOST_S);
}

static void
who_changes_more_often_is_asked_more_often(void **state)
{
	struct pace p = { .changed_s = DAY_S, .seen_s = 30 * DAY_S, .mean_root_nano = MEAN_NANO };
	struct pace_next next;
	int64_t rare_s, often_s;

	(void)state;
	p.changes_micro = 1000000;
	rare_s = next_s(&p, false, &next);
	p.changes_micro = 100000000;
	often_s = next_s(&p, false, &next);
	assert_true(often_s * 2 < rare_s);
}

static void
a_change_is_added_to_a_history_that_fades(void **state)
{
	struct pace p = { .added_s = 0, .mean_root_nano = MEAN_NANO };
	struct pace_next next;

	(void)state;
	(void)next_s(&p, true, &next);
	assert_int_equal(next.changes_micro, 1000000);
	assert_int_equal(next.seen_s, 0);
	p = (struct pace){ .changes_micro = next.changes_micro,
		.seen_s = next.seen_s,
		.changed_s = 60 * DAY_S,
		.mean_root_nano = MEAN_NANO };
	(void)next_s(&p, true, &next);
	assert_in_range(next.changes_micro, 1367000, 1368500); /* 1 + 1/e */
	assert_in_range(next.seen_s, 37 * DAY_S, 39 * DAY_S);  /* 60 days * (1 - 1/e) */
	(void)next_s(&p, false, &next);
	assert_int_equal(next.changes_micro, 0); /* nothing to write */
}

static void
who_is_told_by_the_upstream_asks_an_eighth(void **state)
{
	struct pace p = { .changes_micro = 9000000,
		.seen_s = 30 * DAY_S,
		.changed_s = HOUR_S,
		.mean_root_nano = MEAN_NANO };
	struct pace_next next;
	int64_t alone_s = next_s(&p, false, &next);

	(void)state;
	p.is_notified = true;
	assert_in_range(next_s(&p, false, &next), alone_s * 8 - 8, alone_s * 8 + 8);
}

static void
intervals_have_bounds_and_are_spread(void **state)
{
	struct pace p = { .mean_root_nano = 1 };
	struct schedule_success at = { .pace = &p, .interval_s = HOUR_S, .is_adaptive = true };
	struct pace_next next;

	(void)state;
	assert_int_equal(schedule_next_s(&at, &next), SCHEDULE_LEAST_S * 9 / 10);
	p.mean_root_nano = INT64_MAX / 2;
	assert_int_equal(schedule_next_s(&at, &next), SCHEDULE_MOST_S / 10 * 9);
	at.chance = SCHEDULE_CHANCE - 1;
	assert_in_range(
	    schedule_next_s(&at, &next), SCHEDULE_MOST_S / 100 * 109, SCHEDULE_MOST_S / 10 * 11);
}

/* Goal G12, small; tests/bench/simulate.c has the figures. */
static void
changes_are_found_sooner_than_by_sourcegraphs_rule_for_as_many_requests(void **state)
{
	struct corpus corpus;
	struct found theirs, ours;

	(void)state;
	corpus_make(&corpus, 200, 30, 30, 1);
	theirs = simulate(&corpus, (struct way_of_asking){ WAY_SOURCEGRAPH, 0 }, 1);
	ours = simulate(
	    &corpus, (struct way_of_asking){ WAY_OURS, DAY / theirs.requests_a_day }, 1);
	corpus_free(&corpus);
	assert_true(theirs.n_pushes > 500);
	assert_true(ours.requests_a_day < theirs.requests_a_day * 1.1);
	assert_true(ours.mean_s < theirs.mean_s * 0.6);
	assert_true(ours.median_s < theirs.median_s * 0.4);
}

static void
the_mean_interval_is_the_schedule(void **state)
{
	struct corpus corpus;
	struct found many, one;

	(void)state;
	corpus_make(&corpus, 100, 30, 30, 2);
	many = simulate(&corpus, (struct way_of_asking){ WAY_OURS, 2 * HOUR }, 1);
	corpus_free(&corpus);
	assert_true(many.requests_a_day > 12 * 0.8 && many.requests_a_day < 12 * 1.2);
	corpus_make(&corpus, 1, 90, 90, 3); /* alone, too */
	one = simulate(&corpus, (struct way_of_asking){ WAY_OURS, 2 * HOUR }, 1);
	corpus_free(&corpus);
	assert_true(one.requests_a_day > 12 * 0.5 && one.requests_a_day < 12 * 1.5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_are_those_of_the_table),
		cmocka_unit_test(every_class_has_a_rule_and_a_wait),
		cmocka_unit_test(a_fixed_schedule_is_one_period_and_no_part_of_the_mean),
		cmocka_unit_test(what_has_just_changed_is_asked_soon_and_then_less_and_less),
		cmocka_unit_test(who_changes_more_often_is_asked_more_often),
		cmocka_unit_test(a_change_is_added_to_a_history_that_fades),
		cmocka_unit_test(who_is_told_by_the_upstream_asks_an_eighth),
		cmocka_unit_test(intervals_have_bounds_and_are_spread),
		cmocka_unit_test(
		    changes_are_found_sooner_than_by_sourcegraphs_rule_for_as_many_requests),
		cmocka_unit_test(the_mean_interval_is_the_schedule),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
