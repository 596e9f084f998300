#include "tests/unit/unit.h"

#include <time.h>

#include "base/clock.h"

static void
mono_never_goes_back(void **state)
{
	int64_t before = clock_mono_us();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono_us();

		assert_true(now >= before);
		before = now;
	}
}

static void
utc_text_has_the_form_of_rfc_3339(void **state)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	struct ctx *c = *state;
	const char *text = clock_text_utc(c->mem);

	assert_int_equal(strlen(text), strlen(form));
	for (size_t i = 0; form[i] != '\0'; i++)
		assert_true(form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i]);
}

static void
a_moment_has_the_form_of_rfc_3339_and_no_year_beyond_9999(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(clock_text_rfc3339(c->mem, 1700000000), "2023-11-14T22:13:20Z");
	assert_string_equal(clock_text_iso(c->mem, 1700000000), "2023-11-14T22:13:20.000Z");
	assert_string_equal(clock_text_rfc3339(c->mem, 253402300799), "9999-12-31T23:59:59Z");
	assert_string_equal(clock_text_rfc3339(c->mem, 253402300800), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_text_rfc3339(c->mem, INT64_MIN), "1970-01-01T00:00:00Z");
}

static void
local_text_is_in_the_zone_of_the_server(void **state)
{
	struct ctx *c = *state;

	setenv("TZ", "XXX-5:30", 1);
	tzset();
	assert_string_equal(clock_text_local(c->mem, 1), "1970-01-01 05:30:01 +0530");
	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(clock_text_local(c->mem, 1700000000), "2023-11-14 22:13:20 +0000");
}

static void
local_text_is_what_strftime_says(void **state)
{
	static const char *const zones[] = { "UTC", "CST-8", "XXX-5:45", "NST3:30NDT", "XXX12",
		"CET-1CEST,M3.5.0,M10.5.0/3" };
	struct ctx *c = *state;

	for (size_t z = 0; z < N_OF(zones); z++) {
		setenv("TZ", zones[z], 1);
		tzset();
		/* steps of about five months: summer, winter, leap days, years of four digits and
		 * beyond */
		for (int64_t at = -70000000000; at < 300000000000; at += 13000001) {
			time_t t = at;
			struct tm tm;
			char text[64];

			localtime_r(&t, &tm);
			strftime(text, sizeof(text), "%F %T %z", &tm);
			assert_string_equal(clock_text_local(c->mem, at), text);
		}
		arena_reset(c->mem);
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

static void
never_is_no_text(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(clock_text_local(c->mem, 0), "");
}

static void
a_span_is_said_in_its_largest_unit(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = { { 0, "0 seconds" }, { 1, "1 second" }, { 59, "59 seconds" }, { 60, "1 minute" },
		{ 3599, "59 minutes" }, { 7200, "2 hours" }, { 86400, "1 day" },
		{ -86400 * 3, "3 days" }, { 86400 * 30, "1 month" }, { 86400 * 364, "12 months" },
		{ 86400LL * 730, "2 years" } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(clock_text_span(c->mem, rows[i].seconds), rows[i].text);
}

static void
a_date_of_http_comes_back_as_it_was(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(clock_text_http(c->mem, 784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_int_equal(clock_parse_http("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
	assert_int_equal(clock_parse_http("Sun, 06 Nov 1994 08:49:37"), -1);
	assert_int_equal(clock_parse_http("yesterday"), -1);
}

static void
what_a_wait_took_too_long_is_told_from_a_busy_machine(void **state)
{
	(void)state;
	assert_int_equal(clock_stood_still_us(900000, 1000000), 0);
	assert_int_equal(clock_stood_still_us(1900000, 1000000), 0);
	assert_int_equal(clock_stood_still_us(12000000, 1000000), 11000000);
	assert_int_equal(clock_stood_still_us(12000000, 0), 12000000);
}

static void
a_pause_that_took_no_longer_puts_nothing_off(void **state)
{
	int64_t begun_us = clock_mono_us(), until_us = begun_us + 60000000, was_us = until_us;

	(void)state;
	clock_pause(1000, &until_us);
	assert_true(clock_mono_us() - begun_us >= 1000);
	if (clock_mono_us() - begun_us < 1000000)
		assert_int_equal(until_us, was_us);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mono_never_goes_back),
		cmocka_unit_test(what_a_wait_took_too_long_is_told_from_a_busy_machine),
		cmocka_unit_test(a_pause_that_took_no_longer_puts_nothing_off),
		WITH_CTX(utc_text_has_the_form_of_rfc_3339),
		WITH_CTX(a_moment_has_the_form_of_rfc_3339_and_no_year_beyond_9999),
		WITH_CTX(local_text_is_in_the_zone_of_the_server),
		WITH_CTX(local_text_is_what_strftime_says),
		WITH_CTX(never_is_no_text),
		WITH_CTX(a_date_of_http_comes_back_as_it_was),
		WITH_CTX(a_span_is_said_in_its_largest_unit),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
