/* What /metrics is made of, without a database: who may read it, and that every dialect is counted
 * under its own name. */
#include "core/metrics.h"

#include "tests/unit/unit.h"

#include "base/conf.h"
#include "cgi/routes.h"

static void
every_dialect_is_counted_under_its_own_name(void **state)
{
	(void)state;
	for (const struct dialect *const *d = all_dialects; *d != NULL; d++)
		if (!metrics_has_dialect((*d)->name))
			unit_fail("lib/core/metrics.c does not know %s", (*d)->name);
	assert_false(metrics_has_dialect("nonsense"));
}

static void
only_listed_addresses_may_read(void **state)
{
	struct ctx c = *(struct ctx *)*state;
	const struct conf conf = { .metrics_allow = "127.0.0.0/8  ::1 192.0.2.7" };

	c.conf = &conf;
	assert_int_equal(metrics_check_reader(&c, "127.0.0.1"), OK);
	assert_int_equal(metrics_check_reader(&c, "192.0.2.7"), OK);
	assert_int_equal(metrics_check_reader(&c, "::1"), OK);
	assert_int_equal(metrics_check_reader(&c, "192.0.2.8"), E_NOTFOUND);
	assert_int_equal(metrics_check_reader(&c, "2001:db8::1"), E_NOTFOUND);
	assert_int_equal(metrics_check_reader(&c, ""), E_NOTFOUND);
	assert_int_equal(metrics_check_reader(&c, "unix:"), E_NOTFOUND);
}

static void
a_list_that_is_none_is_refused_at_the_start(void **state)
{
	struct ctx c = *(struct ctx *)*state;
	const struct conf conf = { .metrics_allow = "127.0.0.1/8/8", .run_dir = "/nonexistent" };

	c.conf = &conf;
	assert_int_equal(metrics_open(&c), E_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(every_dialect_is_counted_under_its_own_name),
		WITH_CTX(only_listed_addresses_may_read),
		WITH_CTX(a_list_that_is_none_is_refused_at_the_start),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
