#include "tests/unit/unit.h"

#include "base/conf.h"

static int
load(struct ctx *c, const char *text, struct conf *out)
{
	char *file = path_under(c->mem, unit_folder(c), "mirrorhub.conf");

	assert_int_equal(path_write(c, file, 0600, text, strlen(text)), OK);
	return conf_load(c, file, out);
}

static void
every_row_has_a_sentence_and_a_good_default(void **state)
{
	struct ctx *c = *state;
	struct conf conf;

	for (const struct conf_row *r = conf_rows; r->sentence != NULL; r++) {
		size_t len = strlen(r->sentence);

		assert_true(len > 10 && r->sentence[len - 1] == '.');
		for (const struct conf_row *other = conf_rows; other < r; other++) {
			assert_string_not_equal(other->field.name, r->field.name);
			assert_int_not_equal(other->field.offset, r->field.offset);
		}
	}
	assert_int_equal(conf_load(c, NULL, &conf), OK);
	assert_true(conf.anonymous_read);
	assert_false(conf.net_allow_file);
	assert_int_equal(conf.schedule_s, 3600);
	assert_string_equal(conf.hpr_version_string, "0.2.0");
}

static void
values_are_trimmed_and_comments_skipped(void **state)
{
	struct ctx *c = *state;
	struct conf conf;

	assert_int_equal(load(c,
			     "# comment\n\n  base_url = http://h/=x  \r\nsync.workers=9\n"
			     "\tanonymous_read\t=\tno\n   # another\nnet.allow =\n",
			     &conf),
	    OK);
	assert_string_equal(conf.base_url, "http://h/=x");
	assert_int_equal(conf.sync_workers, 9);
	assert_false(conf.anonymous_read);
	assert_string_equal(conf.net_allow, "");
}

static void
a_later_line_wins(void **state)
{
	struct ctx *c = *state;
	struct conf conf;

	assert_int_equal(load(c, "sync.workers = 9\nsync.workers = 3", &conf), OK);
	assert_int_equal(conf.sync_workers, 3);
}

static void
an_unknown_key_stops_with_file_line_and_key(void **state)
{
	struct ctx *c = *state;
	struct conf conf = { .sync_workers = 77 };

	assert_int_equal(load(c, "sync.workers = 9\n\nsync.wokers = 9\n", &conf), E_INVALID);
	assert_non_null(strstr(c->reason, "mirrorhub.conf:3: there is no setting sync.wokers"));
	assert_int_equal(conf.sync_workers, 77); /* untouched on failure */
}

static void
bad_values_are_refused(void **state)
{
	static const char *const rows[] = { "anonymous_read = maybe",
		"anonymous_read =", "anonymous_read = YES", "sync.workers = many",
		"sync.workers =", "sync.workers = 1.5", "sync.workers = 0", "sync.workers = 65",
		"sync.workers = -1", "sync.workers = 4 # four",
		"sync.workers = 99999999999999999999", "schedule = 59", "no equals sign", "= value",
		"SYNC.WORKERS = 4", "schedule_in = never", "rhodecode.profile = X" };
	struct ctx *c = *state;
	struct conf conf;

	for (size_t i = 0; i < N_OF(rows); i++) {
		int code = load(c, rows[i], &conf);

		if (code != E_INVALID)
			print_error("taken: %s\n", rows[i]);
		assert_int_equal(code, E_INVALID);
	}
}

static void
bounds_belong_to_the_range(void **state)
{
	struct ctx *c = *state;
	struct conf conf;

	assert_int_equal(load(c, "sync.workers = 1", &conf), OK);
	assert_int_equal(load(c, "sync.workers = 64", &conf), OK);
	assert_int_equal(load(c, "net.allow_file = on\nanonymous_read = off", &conf), OK);
	assert_true(conf.net_allow_file);
	assert_false(conf.anonymous_read);
}

static void
a_missing_file_is_said(void **state)
{
	struct ctx *c = *state;
	struct conf conf;

	assert_int_equal(conf_load(c, "/nonexistent/mirrorhub.conf", &conf), E_NOTFOUND);
	assert_non_null(strstr(c->reason, "/nonexistent/mirrorhub.conf"));
}

/* contracts, hpr A7 */
static void
schedule_in_is_minutes_or_a_number_with_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* 0: refused */
	} rows[] = {
		{ "1", 60 },
		{ "90", 5400 },
		{ "1.hour", 3600 },
		{ "2.hours", 7200 },
		{ "1.day", 86400 },
		{ "3.days", 259200 },
		{ "1.week", 604800 },
		{ "2.weeks", 1209600 },
		{ "1.month", 2592000 },
		{ "6.months", 15552000 },
		{ "1.year", 31104000 },
		{ "2.years", 62208000 },
		{ "", 0 },
		{ "0", 0 },
		{ "-5", 0 },
		{ "0.days", 0 },
		{ "1.", 0 },
		{ "1.s", 0 },
		{ ".days", 0 },
		{ "1.5.days", 0 },
		{ "1.minutes", 0 },
		{ "1.Days", 0 },
		{ "1.dayss", 0 },
		{ "1 day", 0 },
		{ "days", 0 },
		{ "1000001", 0 },
		{ "9223372036854775807.years", 0 },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		int64_t seconds = 0;
		int code = conf_parse_schedule_in(c, rows[i].text, &seconds);

		if (code != (rows[i].seconds > 0 ? OK : E_INVALID) || seconds != rows[i].seconds)
			print_error("schedule_in %s\n", rows[i].text);
		assert_int_equal(code, rows[i].seconds > 0 ? OK : E_INVALID);
		assert_int_equal(seconds, rows[i].seconds);
	}
}

static void
schedule_in_wins_over_schedule(void **state)
{
	struct ctx *c = *state;
	struct conf conf;

	assert_int_equal(load(c, "schedule_in = 2.hours\nschedule = 600\n", &conf), OK);
	assert_int_equal(conf.schedule_s, 7200);
	assert_int_equal(load(c, "schedule = 600\n", &conf), OK);
	assert_int_equal(conf.schedule_s, 600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(every_row_has_a_sentence_and_a_good_default),
		WITH_CTX(values_are_trimmed_and_comments_skipped),
		WITH_CTX(a_later_line_wins),
		WITH_CTX(an_unknown_key_stops_with_file_line_and_key),
		WITH_CTX(bad_values_are_refused),
		WITH_CTX(bounds_belong_to_the_range),
		WITH_CTX(a_missing_file_is_said),
		WITH_CTX(schedule_in_is_minutes_or_a_number_with_a_unit),
		WITH_CTX(schedule_in_wins_over_schedule),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
