#include "tests/unit/unit.h"

#include "base/conf.h"
#include "net/net.h"

#define SECOND_US 1000000
#define LIMIT_S 6

static struct net
net_of(struct ctx *c)
{
	struct conf *conf = arena_new_of(c->mem, struct conf);

	assert_int_equal(conf_load(c, NULL, conf), OK);
	conf->net_low_speed_s = LIMIT_S;
	c->conf = conf;
	return (struct net){ .c = c };
}

static void
silence_is_noticed_after_the_limit(void **state)
{
	struct net n = net_of(*state);
	struct net_pace pace = { 0 };

	for (int i = 1; i < LIMIT_S; i++)
		assert_int_equal(net_pace_add(&n, &pace, SECOND_US, 0), OK);
	assert_int_not_equal(net_pace_add(&n, &pace, SECOND_US, 0), OK);
	assert_int_equal(n.why, NET_WHY_NETWORK);
}

/* A machine that slept, or a process that was stopped. */
static void
the_time_in_which_we_were_stopped_is_no_silence(void **state)
{
	struct net n = net_of(*state);
	struct net_pace pace = { 0 };

	assert_int_equal(net_pace_add(&n, &pace, (int64_t)3600 * SECOND_US, 0), OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(net_pace_add(&n, &pace, SECOND_US, 0), OK);
	assert_int_not_equal(net_pace_add(&n, &pace, SECOND_US, 0), OK);
}

static void
the_deadline_is_put_off_by_it(void **state)
{
	struct net n = net_of(*state);
	struct net_pace pace = { 0 };

	assert_int_equal(net_waited(&n, &pace, SECOND_US / 2, SECOND_US, 0), OK);
	assert_int_equal(n.deadline_us, 0);
	assert_int_equal(net_waited(&n, &pace, (int64_t)3600 * SECOND_US, SECOND_US, 0), OK);
	assert_int_equal(n.deadline_us, (int64_t)3599 * SECOND_US);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(silence_is_noticed_after_the_limit),
		WITH_CTX(the_time_in_which_we_were_stopped_is_no_silence),
		WITH_CTX(the_deadline_is_put_off_by_it),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
