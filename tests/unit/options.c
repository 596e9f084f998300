#include "tests/unit/unit.h"

#include "base/conf.h"
#include "git/init.h"
#include "sync/options.h"

#define PRINT "1111111111111111111111111111111111111111111111111111111111111111"
#define ID "2222222222222222222222222222222222222222"

static int
start(void **state)
{
	struct ctx *c;
	struct conf *conf;

	assert_int_equal(unit_ctx(state), 0);
	c = *state;
	conf = arena_new_of(c->mem, struct conf);
	assert_int_equal(conf_load(c, NULL, conf), OK);
	c->conf = conf;
	return git_init(c);
}

#define WITH_CONF(test) cmocka_unit_test_setup_teardown(test, start, unit_ctx_end)

static struct options
parse(struct ctx *c, const char *json)
{
	struct options o;

	if (options_parse(c, json, &o) != OK)
		unit_fail("%s: %s", json, c->reason);
	return o;
}

static void
without_options_the_settings_stand(void **state)
{
	struct ctx *c = *state;
	static const char *const texts[] = { "", "{}" };

	for (size_t i = 0; i < N_OF(texts); i++) {
		struct options o = parse(c, texts[i]);

		assert_int_equal(o.mode, OPTIONS_EXACT);
		assert_true(o.prunes);
		assert_false(o.allow_rewrite);
		assert_int_equal(o.kept_count, 20);
		assert_int_equal(o.kept_days, 180);
		assert_int_equal(o.most_refs, c->conf->sync_refs);
		assert_string_equal(o.upstream, "");
		assert_string_equal(o.held, "");
		assert_int_equal(o.n_pins, 0);
		assert_true(git_filter_takes(o.filter, "refs/heads/main"));
		assert_false(git_filter_takes(o.filter, "refs/pull/1/head"));
	}
}

static void
a_mirror_has_its_own(void **state)
{
	struct options o = parse(*state,
	    "{\"mode\": \"archival\", \"ref_include\": \"refs/pull/*\\nmain\", \"ref_exclude\":"
	    " \"refs/pull/1/*\", \"prunes\": false, \"allow_rewrite\": true, \"kept_count\": 3,"
	    " \"kept_days\": 0, \"version\": 4, \"taken_version\": 3, \"upstream\": \"" PRINT
	    "\", \"held\": \"" PRINT "\", \"pins\": [{\"ref\": \"refs/heads/x\", \"oid\": \"" ID
	    "\"}]}");

	assert_int_equal(o.mode, OPTIONS_ARCHIVAL);
	assert_true(git_filter_takes(o.filter, "refs/pull/2/head"));
	assert_false(git_filter_takes(o.filter, "refs/pull/1/head"));
	assert_false(git_filter_takes(o.filter, "refs/heads/other"));
	assert_false(o.prunes);
	assert_true(o.allow_rewrite);
	assert_int_equal(o.kept_count, 3);
	assert_int_equal(o.kept_days, 0);
	assert_int_equal(o.version, 4);
	assert_int_equal(o.taken_version, 3);
	assert_string_equal(o.upstream, PRINT);
	assert_string_equal(o.held, PRINT);
	assert_int_equal(o.n_pins, 1);
	assert_string_equal(o.pins[0].name, "refs/heads/x");
	assert_int_equal(o.pins[0].oid[0], 0x22);
	assert_false(o.pins[0].is_let_go);
}

static void
a_list_given_without_patterns_takes_nothing(void **state)
{
	struct options o = parse(*state, "{\"ref_include\": \"\"}");

	assert_false(git_filter_takes(o.filter, "refs/heads/main"));
}

static void
a_limit_of_its_own_only_lowers_the_hub_s(void **state)
{
	struct ctx *c = *state;
	struct options o = parse(c,
	    "{\"most_bytes\": 9000000000000000000, \"most_objects\": 9000000000000000000,"
	    " \"most_refs\": 5, \"most_blob_bytes\": 1000}");

	assert_int_equal(o.most_bytes, c->conf->sync_pack_bytes);
	assert_int_equal(o.most_objects, c->conf->sync_objects);
	assert_int_equal(o.most_refs, 5);
	assert_int_equal(o.most_blob_bytes, 1000);
}

static void
what_makes_no_sense_is_refused(void **state)
{
	static const char *const texts[] = { "[]", "{", "{\"mode\": \"other\"}", "{\"mode\": 1}",
		"{\"prunes\": \"yes\"}", "{\"kept_count\": -1}", "{\"ref_include\": \"a b\"}",
		"{\"upstream\": \"12\"}", "{\"pins\": {}}", "{\"pins\": [1]}",
		"{\"pins\": [{\"ref\": \"refs/mirrorhub/x\", \"oid\": \"" ID "\"}]}",
		"{\"pins\": [{\"ref\": \"refs/heads/x\", \"oid\": \"12\"}]}",
		"{\"pins\": [{\"ref\": \"x\", \"oid\": \"" ID "\"}]}" };
	struct options o;

	for (size_t i = 0; i < N_OF(texts); i++)
		if (options_parse(*state, texts[i], &o) != E_INVALID)
			unit_fail("%s", texts[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONF(without_options_the_settings_stand),
		WITH_CONF(a_mirror_has_its_own),
		WITH_CONF(a_list_given_without_patterns_takes_nothing),
		WITH_CONF(a_limit_of_its_own_only_lowers_the_hub_s),
		WITH_CONF(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
