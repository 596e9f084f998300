#include "tests/unit/unit.h"

#include "sync/schedule.h"

#define HOUR_S 3600
#define DAY_S 86400

/* One line of the table in schedule.h, at one point. */
struct row {
	const char *what;
	enum sync_error error;
	int64_t failures, interval_s, retry_after_s;
	uint32_t luck;
	int64_t delay_s;
};

static void
delays_are_those_of_the_table(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "first failure, no luck",       SYNC_NETWORK,  0,   HOUR_S, 0,      0,  15 },
		{ "first failure, most luck",     SYNC_NETWORK,  0,   HOUR_S, 0,      29, 15 + 29 },
		{ "third failure",                SYNC_NETWORK,  2,   HOUR_S, 0,      10, 16 + 15 + 30 },
		{ "tenth retry of hpr",           SYNC_NETWORK,  9,   HOUR_S, 0,      29, 6561 + 15 + 290 },
		{ "the curve has a top",          SYNC_NETWORK,  13,  HOUR_S, 0,      0,  6 * HOUR_S },
		{ "and does not overflow",        SYNC_NETWORK,  1LL << 40, HOUR_S, 0, 0, 6 * HOUR_S },
		{ "busy: the wish and 10 %",      SYNC_BUSY,     5,   HOUR_S, 100,    0,  111 },
		{ "busy: at most a day",          SYNC_BUSY,     0,   HOUR_S, INT64_MAX, 0, DAY_S },
		{ "busy without a wish",          SYNC_BUSY,     1,   HOUR_S, 0,      3,  1 + 15 + 6 },
		{ "auth: a period",               SYNC_AUTH,     0,   7200,   0,      0,  7200 },
		{ "auth: not faster later",       SYNC_AUTH,     8,   7200,   0,      0,  7200 },
		{ "gone: a period",               SYNC_GONE,     0,   7200,   0,      0,  7200 },
		{ "policy: a period",             SYNC_POLICY,   0,   600,    0,      0,  600 },
		{ "a period, spread",             SYNC_POLICY,   0,   600,    0,      15, 630 },
		{ "tls: an hour",                 SYNC_TLS,      4,   60,     0,      0,  HOUR_S },
		{ "protocol: an hour",            SYNC_PROTOCOL, 0,   60,     0,      0,  HOUR_S },
		{ "protocol: doubled",            SYNC_PROTOCOL, 3,   60,     0,      0,  8 * HOUR_S },
		{ "protocol: at most a day",      SYNC_PROTOCOL, 60,  60,     0,      0,  DAY_S },
		{ "local: a minute",              SYNC_LOCAL,    0,   HOUR_S, 0,      0,  60 },
		{ "local: still a minute",        SYNC_LOCAL,    9,   HOUR_S, 0,      20, 64 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct schedule_case at = { r->error, r->failures, r->interval_s, r->retry_after_s,
			r->luck };

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
				struct schedule_case at = { e, k, HOUR_S, 0, luck };

				assert_in_range(schedule_delay_s(&at), 15, DAY_S * 11 / 10);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_are_those_of_the_table),
		cmocka_unit_test(every_class_has_a_rule_and_a_wait),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
