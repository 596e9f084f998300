#include "tests/unit/unit.h"

#include "base/conf.h"
#include "git/filter.h"
#include "git/init.h"

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

#define WITH_GIT(test) cmocka_unit_test_setup_teardown(test, start, unit_ctx_end)

static const struct git_filter *
filter(struct ctx *c, const char *include, const char *exclude)
{
	const struct git_filter *f = NULL;

	if (git_filter_parse(c, include, exclude, &f) != OK)
		unit_fail("%s", c->reason);
	return f;
}

static void
without_a_list_branches_and_tags_are_taken(void **state)
{
	static const char *const nothing[] = { NULL, "" };

	for (size_t i = 0; i < N_OF(nothing); i++) {
		const struct git_filter *f = filter(*state, nothing[i], nothing[i]);

		assert_true(git_filter_takes(f, "refs/heads/main"));
		assert_true(git_filter_takes(f, "refs/tags/v1"));
		assert_false(git_filter_takes(f, "refs/pull/1/head"));
		assert_false(git_filter_takes(f, "refs/notes/commits"));
		assert_false(git_filter_takes(f, "HEAD"));
	}
	assert_true(git_filter_takes(NULL, "refs/heads/main"));
	assert_false(git_filter_takes(NULL, "refs/pull/1/head"));
}

static void
a_list_without_patterns_takes_nothing(void **state)
{
	static const char *const empty[] = { "\n", " ", " \n\t\r\n" };

	for (size_t i = 0; i < N_OF(empty); i++) {
		const struct git_filter *f = filter(*state, empty[i], NULL);
		const char *const *prefixes;

		assert_false(git_filter_takes(f, "refs/heads/main"));
		assert_false(git_filter_takes(f, "refs/tags/v1"));
		assert_int_equal(git_filter_prefixes(*state, f, &prefixes), 0);
	}
}

static void
patterns_match_as_git_s_refspecs_do(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool is_taken;
	} rows[] = {
		{ "refs/heads/main", "refs/heads/main", true },
		{ "refs/heads/main", "refs/heads/main2", false },
		{ "refs/heads/main", "refs/heads/main/x", false },
		{ "refs/heads/*", "refs/heads/a/b/c", true },
		{ "refs/heads/*", "refs/heads", false },
		{ "refs/heads/rel*", "refs/heads/release/1.0", true },
		{ "refs/heads/*/stable", "refs/heads/a/b/stable", true },
		{ "refs/heads/*/stable", "refs/heads/stable", false },
		{ "refs/heads/a*a", "refs/heads/a", false },
		{ "refs/heads/a*a", "refs/heads/aa", true },
		{ "refs/*", "refs/pull/1/head", true },
		{ "refs/pull/*/head", "refs/pull/12/head", true },
		{ "refs/pull/*/head", "refs/pull/12/merge", false },
		{ "main", "refs/heads/main", true },
		{ "main", "refs/tags/main", true },
		{ "main", "refs/pull/main", false },
		{ "release/*", "refs/heads/release/2", true },
		{ "release/*", "refs/tags/release/2/rc", true },
		{ "*", "refs/heads/x/y", true },
		{ "*", "refs/tags/x", true },
		{ "*", "refs/pull/1/head", false },
		{ "  main \r", "refs/heads/main", true },
		{ "REFS/HEADS/MAIN", "refs/heads/main", false },
	};

	for (size_t i = 0; i < N_OF(rows); i++)
		if (git_filter_takes(filter(*state, rows[i].pattern, NULL), rows[i].name) !=
		    rows[i].is_taken)
			unit_fail("%s: %s", rows[i].pattern, rows[i].name);
}

static void
an_exclusion_wins(void **state)
{
	const struct git_filter *f =
	    filter(*state, "refs/heads/*\nv*", "refs/heads/wip/*\n\nrefs/tags/v0*\nold");

	assert_true(git_filter_takes(f, "refs/heads/main"));
	assert_false(git_filter_takes(f, "refs/heads/wip/x"));
	assert_false(git_filter_takes(f, "refs/heads/old"));
	assert_true(git_filter_takes(f, "refs/tags/v1"));
	assert_false(git_filter_takes(f, "refs/tags/v0.1"));
	assert_false(git_filter_takes(f, "refs/tags/x1"));
	f = filter(*state, NULL, "refs/tags/*");
	assert_true(git_filter_takes(f, "refs/heads/main"));
	assert_false(git_filter_takes(f, "refs/tags/v1"));
}

static void
our_own_refs_and_names_git_cannot_keep_are_never_taken(void **state)
{
	const struct git_filter *all = filter(*state, "refs/*", NULL);
	char longest[1002];

	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "refs/heads/", 11);
	longest[1001] = '\0';
	assert_false(git_filter_takes(all, longest));
	longest[1000] = '\0';
	assert_true(git_filter_takes(all, longest));
	assert_false(git_filter_takes(all, "refs/mirrorhub/kept/heads/main/x"));
	assert_true(git_filter_takes(all, "refs/mirrorhubs/x"));
	assert_false(git_filter_takes(all, "refs/heads/a..b"));
	assert_false(git_filter_takes(all, "refs/heads/a.lock"));
	assert_false(git_filter_takes(all, "refs/heads/a b"));
	assert_false(git_filter_takes(all, "refs/heads/a\x7f"));
	assert_false(git_filter_takes(all, "refs/heads/"));
}

static void
a_pattern_that_means_nothing_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *pattern, *why;
	} rows[] = {
		{ "!main", "exclusions" },
		{ "^refs/heads/x", "exclusions" },
		{ "refs/heads/*:refs/x/*", "refspec" },
		{ "+refs/heads/main", "refspec" },
		{ "refs/heads/*/*", "more than one *" },
		{ "refs/mirrorhub/kept/*", "refs/mirrorhub/" },
		{ "a..b", "how a ref can be named" },
		{ "refs/heads/a b", "how a ref can be named" },
		{ "refs/heads/", "how a ref can be named" },
		{ "refs/heads/.x", "how a ref can be named" },
	};
	const struct git_filter *f = NULL;
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_int_equal(git_filter_parse(c, rows[i].pattern, NULL, &f), E_INVALID);
		if (strstr(c->reason, rows[i].why) == NULL)
			unit_fail("%s: %s", rows[i].pattern, c->reason);
		assert_int_equal(git_filter_parse(c, NULL, rows[i].pattern, &f), E_INVALID);
	}
}

static void
a_list_has_bounds(void **state)
{
	struct ctx *c = *state;
	const struct git_filter *f = NULL;
	char *text = arena_alloc(c->mem, GIT_FILTER_BYTES_MAX + 2);
	char *at = text;

	memset(text, '\n', GIT_FILTER_BYTES_MAX + 1);
	assert_int_equal(git_filter_parse(c, text, NULL, &f), E_INVALID);
	for (int i = 0; i < GIT_FILTER_PATTERNS_MAX; i++)
		at += snprintf(at, 16, "b%d\n", i);
	*at = '\0';
	assert_int_equal(git_filter_parse(c, text, NULL, &f), OK);
	assert_true(git_filter_takes(f, "refs/tags/b199"));
	memcpy(at, "more", 5);
	assert_int_equal(git_filter_parse(c, text, NULL, &f), E_INVALID);
}

static void
prefixes_cover_what_is_taken_and_no_more_than_they_must(void **state)
{
	const struct git_filter *f = filter(*state,
	    "refs/heads/*\nrefs/heads/rel*\nrefs/pull/*/head\nrefs/tags/v1\nrefs/pull/*/head", NULL);
	const char *const *prefixes;

	assert_int_equal(git_filter_prefixes(*state, f, &prefixes), 3);
	assert_string_equal(prefixes[0], "refs/heads/");
	assert_string_equal(prefixes[1], "refs/pull/");
	assert_string_equal(prefixes[2], "refs/tags/v1");
	assert_int_equal(git_filter_prefixes(*state, NULL, &prefixes), 2);
	assert_string_equal(prefixes[0], "refs/heads/");
	assert_string_equal(prefixes[1], "refs/tags/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(without_a_list_branches_and_tags_are_taken),
		WITH_GIT(a_list_without_patterns_takes_nothing),
		WITH_GIT(patterns_match_as_git_s_refspecs_do),
		WITH_GIT(an_exclusion_wins),
		WITH_GIT(our_own_refs_and_names_git_cannot_keep_are_never_taken),
		WITH_GIT(a_pattern_that_means_nothing_is_refused_with_its_reason),
		WITH_GIT(a_list_has_bounds),
		WITH_GIT(prefixes_cover_what_is_taken_and_no_more_than_they_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
