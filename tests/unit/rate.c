/* Requests counted in an hour, by all processes together. */
#include "auth/rate.h"

#include "tests/unit/unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/conf.h"

#define HOUR 3600

static struct conf conf;

static void
open_rate(struct ctx *c)
{
	static char *folder;

	if (folder == NULL) { /* the mapping lives as long as the program */
		folder = strdup("/tmp/mirrorhub-unit-XXXXXX");
		assert_non_null(mkdtemp(folder));
		conf = (struct conf){ .run_dir = folder, .abf_rate_exempt = "" };
		c->conf = &conf;
		assert_int_equal(rate_open(c), OK);
		assert_int_equal(path_remove_tree(c, folder), OK);
	}
	conf.abf_rate_exempt = "";
	c->conf = &conf;
}

static void
each_client_is_counted_for_itself_and_each_hour_anew(void **state)
{
	open_rate(*state);
	assert_int_equal(rate_count("a", 5 * HOUR), 1);
	assert_int_equal(rate_count("a", 5 * HOUR + 1), 2);
	assert_int_equal(rate_count("b", 5 * HOUR + 2), 1);
	assert_int_equal(rate_count("a", 6 * HOUR - 1), 3);
	assert_int_equal(rate_count("a", 6 * HOUR), 1);
	assert_int_equal(rate_count("b", 6 * HOUR), 1);
	assert_int_equal(rate_count("b", 6 * HOUR), 2);
	assert_int_equal(rate_count("a", (6 + 256) * HOUR), 1);
}

static void
processes_count_together_and_lose_nothing(void **state)
{
	const int n = 4, each = 5000;

	open_rate(*state);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			for (int k = 0; k < each; k++)
				rate_count("together", 7 * HOUR);
			_exit(0);
		}
	}
	for (int i = 0; i < n; i++)
		assert_true(wait(NULL) > 0);
	assert_int_equal(rate_count("together", 7 * HOUR), n * each + 1);
}

static void
many_strangers_do_not_reset_a_busy_client(void **state)
{
	struct ctx *c = *state;

	open_rate(c);
	for (int i = 1; i <= 10; i++)
		assert_int_equal(rate_count("busy", 8 * HOUR), i);
	for (int i = 0; i < 200000; i++)
		rate_count(arena_printf(c->mem, "stranger %d", i), 8 * HOUR);
	assert_int_equal(rate_count("busy", 8 * HOUR), 11);
}

static void
an_old_hour_makes_room_for_a_new_one(void **state)
{
	struct ctx *c = *state;

	open_rate(c);
	for (int i = 0; i < 200000; i++) /* all rows are taken, many of them twice */
		rate_count(arena_printf(c->mem, "%d", i % 60000), 9 * HOUR);
	for (int i = 1; i <= 10; i++)
		assert_int_equal(rate_count("new", 10 * HOUR), i);
}

static void
an_address_is_a_client_and_so_is_a_v6_network(void **state)
{
	struct ctx *c = *state;
	const char *one = rate_client(c->mem, "2001:db8:1:2::3");

	assert_string_equal(one, rate_client(c->mem, "2001:db8:1:2:ffff::4"));
	assert_string_not_equal(one, rate_client(c->mem, "2001:db8:1:3::3"));
	one = rate_client(c->mem, "192.0.2.1");
	assert_string_equal(one, rate_client(c->mem, "::ffff:192.0.2.1"));
	assert_string_not_equal(one, rate_client(c->mem, "192.0.2.2"));
	assert_string_equal(rate_client(c->mem, "unix:"), "local");
}

static void
exempt_addresses_are_those_of_the_setting(void **state)
{
	struct ctx *c = *state;

	open_rate(c);
	assert_false(rate_is_exempt(c, "192.0.2.1"));
	conf.abf_rate_exempt = "192.0.2.0/24  2001:db8::/32 203.0.113.7";
	assert_int_equal(rate_open(c), OK);
	assert_true(rate_is_exempt(c, "192.0.2.1"));
	assert_true(rate_is_exempt(c, "::ffff:192.0.2.1"));
	assert_true(rate_is_exempt(c, "2001:db8::1"));
	assert_true(rate_is_exempt(c, "203.0.113.7"));
	assert_false(rate_is_exempt(c, "203.0.113.8"));
	assert_false(rate_is_exempt(c, ""));
	conf.abf_rate_exempt = "192.0.2.0/24 host.example";
	assert_int_equal(rate_open(c), E_INVALID);
	assert_non_null(strstr(c->reason, "abf.rate_exempt: \"host.example\""));
	conf.abf_rate_exempt = "";
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(each_client_is_counted_for_itself_and_each_hour_anew),
		WITH_CTX(processes_count_together_and_lose_nothing),
		WITH_CTX(many_strangers_do_not_reset_a_busy_client),
		WITH_CTX(an_old_hour_makes_room_for_a_new_one),
		WITH_CTX(an_address_is_a_client_and_so_is_a_v6_network),
		WITH_CTX(exempt_addresses_are_those_of_the_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
