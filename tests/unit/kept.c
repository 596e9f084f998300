/* Tips that went: what they are called, which of them stay and for how long. */
#include "tests/unit/lists.h"

#include <time.h>

#include "base/str.h"
#include "git/filter.h"
#include "git/kept.h"

#define DAY_S 86400
/* 2026-01-02 03:04:05 UTC */
#define NOW 1767323045
#define STAMP "20260102T030405Z"
#define LAST_YEAR "20251231T235959Z"

/* Branches are told by hand here: of those that are there still, `on` names the ones that went on.
 */
struct change {
	const char *kept, *before, *after, *on;
	bool is_forever;
	int64_t count, days; /* 0: 20 and 180 */
};

static struct git_refs
kept_list(struct ctx *c, const char *text)
{
	struct git_refs refs = lists_of(c, NULL, text, NULL);

	for (size_t i = 0; i < refs.n; i++)
		refs.rows[i].name =
		    arena_printf(c->mem, GIT_KEPT "%s", refs.rows[i].name + strlen("refs/"));
	return refs;
}

static struct git_refs
next_of(struct ctx *c, const struct change *x)
{
	const struct git_refs kept = kept_list(c, x->kept),
			      before = lists_of(c, NULL, x->before, NULL),
			      after = lists_of(c, NULL, x->after, NULL);
	const struct git_moves moves = lists_moves(c, &before, &after, x->on);
	const struct git_kept_rule rule = { .is_forever = x->is_forever,
		.count = x->count > 0 ? x->count : 20,
		.days = x->days > 0 ? x->days : 180,
		.now = NOW };
	struct git_refs out;

	git_kept_next(c, &kept, &before, &after, &moves, &rule, &out);
	return out;
}

/* The list without what all names begin with. */
static const char *
text_of(struct ctx *c, const struct git_refs *refs)
{
	struct git_refs cut = { .n = refs->n };

	cut.rows = arena_new_array(c->mem, struct git_ref, refs->n + 1);
	for (size_t i = 0; i < refs->n; i++) {
		cut.rows[i] = refs->rows[i];
		assert_true(str_starts(cut.rows[i].name, GIT_KEPT));
		cut.rows[i].name += strlen(GIT_KEPT) - strlen("refs/");
	}
	return lists_text(c, &cut);
}

static void
assert_next(struct ctx *c, const struct change *x, const char *want)
{
	const struct git_refs next = next_of(c, x);
	const char *got = text_of(c, &next);

	if (strcmp(got, want) != 0)
		unit_fail("%s -> %s: %s", x->before, x->after, got);
}

/* ---- what goes, and under which name */

static void
a_tip_that_goes_is_kept_under_its_time_and_id(void **state)
{
	static const struct {
		struct change change;
		const char *want;
	} rows[] = {
		/* deleted, forced, moved, replaced by a folder of branches */
		{ { "", "heads/main=1", "" }, "heads/main/" STAMP "-111111111111=1" },
		{ { "", "heads/main=1", "heads/main=2" }, "heads/main/" STAMP "-111111111111=1" },
		{ { "", "tags/v1=a^1", "tags/v1=b^2" }, "tags/v1/" STAMP "-aaaaaaaaaaaa=a^1" },
		{ { "", "heads/a=1", "heads/a/b=1" }, "heads/a/" STAMP "-111111111111=1" },
		/* nothing is lost */
		{ { "", "heads/main=1", "heads/main=1" }, "" },
		{ { "", "heads/main=1", "heads/main=2", "heads/main" }, "" },
		{ { "", "", "heads/main=2" }, "" },
		/* a forge rewrites its own all the time */
		{ { "", "pull/1/head=1 notes/x=2", "" }, "" },
		{ { "", "pull/1/head=1", "", .is_forever = true },
		    "pull/1/head/" STAMP "-111111111111=1" },
		/* several at once, by name, among those that are there */
		{ { "heads/b/" LAST_YEAR "-333333333333=3", "heads/a=1 heads/b=2 heads/c=4",
		      "heads/c=4" },
		    "heads/a/" STAMP "-111111111111=1 heads/b/" LAST_YEAR
		    "-333333333333=3 heads/b/" STAMP "-222222222222=2" },
	};

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_next(*state, &rows[i].change, rows[i].want);
}

static void
two_tips_of_a_ref_in_one_second_are_two(void **state)
{
	assert_next(*state,
	    &(struct change){
		"heads/main/" STAMP "-111111111111=1", "heads/main=2", "heads/main=3" },
	    "heads/main/" STAMP "-111111111111=1 heads/main/" STAMP "-222222222222=2");
}

static void
the_same_tip_twice_in_one_second_is_one(void **state)
{
	assert_next(*state,
	    &(struct change){
		"heads/main/" STAMP "-111111111111=1", "heads/main=1", "heads/main=3" },
	    "heads/main/" STAMP "-111111111111=1");
}

static void
the_time_is_that_of_the_world_not_of_the_place(void **state)
{
	setenv("TZ", "AHEAD-9", 1);
	tzset();
	assert_next(*state, &(struct change){ "", "heads/main=1", "" },
	    "heads/main/" STAMP "-111111111111=1");
	unsetenv("TZ");
	tzset();
}

/* A name of n bytes behind refs/. */
static const char *
long_name(struct ctx *c, size_t n, char last)
{
	char *name = arena_alloc(c->mem, n + 1);

	memset(name, 'x', n);
	memcpy(name, "heads/", 6);
	name[n - 1] = last;
	name[n] = '\0';
	return name;
}

static void
a_name_that_would_be_too_long_is_kept_by_its_id(void **state)
{
	struct ctx *c = *state;
	const char *longest = long_name(c, 900, 'a'), *longer = long_name(c, 901, 'a');
	const struct change fits = { "", arena_printf(c->mem, "%s=1", longest), "" },
			    does_not = { "", arena_printf(c->mem, "%s=2", longer), "" };
	struct git_refs next = next_of(c, &does_not);

	assert_next(c, &fits, arena_printf(c->mem, "%s/" STAMP "-111111111111=1", longest));
	assert_string_equal(text_of(c, &next),
	    "long/2222222222222222222222222222222222222222/" STAMP "-222222222222=2");
	next = next_of(c, &fits);
	assert_true(git_ref_is_name(next.rows[0].name));
}

/* packed-refs with a name twice is damaged. */
static void
long_names_at_the_same_place_are_kept_once(void **state)
{
	struct ctx *c = *state;
	const char *before =
	    arena_printf(c->mem, "%s=2 %s=2", long_name(c, 950, 'a'), long_name(c, 950, 'b'));

	assert_next(c, &(struct change){ "", before, "" },
	    "long/2222222222222222222222222222222222222222/" STAMP "-222222222222=2");
}

/* ---- how long they stay */

static const char *
stamp(struct ctx *c, int64_t at)
{
	char *text = arena_alloc(c->mem, 17);
	time_t t = (time_t)at;
	struct tm tm;

	assert_non_null(gmtime_r(&t, &tm));
	assert_int_equal(strftime(text, 17, "%Y%m%dT%H%M%SZ", &tm), 16);
	return text;
}

static size_t
left_of(struct ctx *c, const char *kept, int64_t count, int64_t days)
{
	const struct git_refs list = kept_list(c, kept);
	const struct git_kept_rule rule = { .count = count, .days = days, .now = NOW };
	struct git_refs out;

	git_kept_expire(c, &list, &rule, &out);
	for (size_t i = 1; i < out.n; i++)
		assert_true(strcmp(out.rows[i - 1].name, out.rows[i].name) < 0);
	return out.n;
}

/* n tips of the ref, a day apart, the newest an hour ago. */
static const char *
tips(struct ctx *c, const char *ref, int n)
{
	const char *text = "";

	for (int i = 0; i < n; i++)
		text = arena_printf(c->mem, "%s %s/%s-111111111111=1", text, ref,
		    stamp(c, NOW - 3600 - (int64_t)i * DAY_S));
	return text;
}

static void
the_newest_of_each_ref_stay(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(left_of(c, tips(c, "heads/main", 19), 20, 180), 19);
	assert_int_equal(left_of(c, tips(c, "heads/main", 20), 20, 180), 20);
	assert_int_equal(left_of(c, tips(c, "heads/main", 21), 20, 180), 20);
	assert_int_equal(left_of(c, tips(c, "heads/main", 5), 0, 180), 0);
	/* each has its own count, also where one name begins another */
	assert_int_equal(left_of(c,
			     arena_printf(c->mem, "%s %s %s", tips(c, "heads/a", 3),
				 tips(c, "heads/a/b", 3), tips(c, "heads/ab", 3)),
			     2, 180),
	    6);
}

static void
the_oldest_goes_first(void **state)
{
	struct ctx *c = *state;
	const struct git_refs list = kept_list(c, tips(c, "heads/main", 3));
	const struct git_kept_rule rule = { .count = 1, .days = 180, .now = NOW };
	struct git_refs out;

	git_kept_expire(c, &list, &rule, &out);
	assert_int_equal(out.n, 1);
	assert_non_null(strstr(out.rows[0].name, stamp(c, NOW - 3600)));
}

static void
a_tip_goes_when_its_days_are_over(void **state)
{
	struct ctx *c = *state;
	static const struct {
		int64_t age_s, days;
		size_t left;
	} rows[] = { { 180 * DAY_S - 1, 180, 1 }, { 180 * DAY_S, 180, 1 },
		{ 180 * DAY_S + 1, 180, 0 }, { DAY_S, 1, 1 }, { DAY_S + 1, 1, 0 }, { 1, 0, 0 },
		{ 0, 0, 1 }, { -DAY_S, 1, 1 } /* a clock went back */ };

	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *kept = arena_printf(
		    c->mem, "heads/main/%s-111111111111=1", stamp(c, NOW - rows[i].age_s));

		if (left_of(c, kept, 20, rows[i].days) != rows[i].left)
			unit_fail("row %zu", i);
	}
}

static void
what_is_over_goes_when_something_new_is_kept(void **state)
{
	struct ctx *c = *state;

	assert_next(c,
	    &(struct change){
		"heads/main/" LAST_YEAR "-111111111111=1", "heads/main=2", "", .count = 1 },
	    "heads/main/" STAMP "-222222222222=2");
	assert_next(c,
	    &(struct change){
		"heads/main/" LAST_YEAR "-111111111111=1", "heads/x=2", "heads/x=2", .days = 1 },
	    "");
}

static void
in_an_archive_nothing_ever_goes(void **state)
{
	struct ctx *c = *state;

	assert_next(c,
	    &(struct change){ "heads/main/19990102T030405Z-111111111111=1", "heads/main=2", "",
		.is_forever = true, .count = 1, .days = 1 },
	    "heads/main/19990102T030405Z-111111111111=1 heads/main/" STAMP "-222222222222=2");
}

static const char *const not_ours[] = { "heads/main", "heads/main/20260102T030405Z",
	"heads/main/20260102T030405-111111111111", "heads/main/20261302T030405Z-111111111111",
	"heads/main/20260102T030405Z-11111111111", "heads/main/20260102T030405Z_111111111111",
	"20260102T030405Z-111111111111", "x" };

static void
what_somebody_else_put_there_stays(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(not_ours); i++) {
		const struct git_refs list =
		    kept_list(c, arena_printf(c->mem, "%s=1", not_ours[i]));
		struct git_kept_tip *rows;

		if (left_of(c, arena_printf(c->mem, "%s=1", not_ours[i]), 0, 0) != 1)
			unit_fail("%s", not_ours[i]);
		assert_int_equal(git_kept_list(c, &list, &rows), 0);
	}
}

/* ---- reading them */

static void
a_tip_is_read_from_its_name(void **state)
{
	struct ctx *c = *state;
	const struct git_refs list = kept_list(c,
	    "heads/a/" LAST_YEAR "-111111111111=1 heads/a/" STAMP "-222222222222=2 "
	    "heads/a/b/" STAMP "-333333333333=3 tags/v1/" STAMP "-aaaaaaaaaaaa=a^1");
	struct git_kept_tip *tips;

	assert_int_equal(git_kept_list(c, &list, &tips), 4);
	assert_string_equal(tips[0].ref, "refs/heads/a");
	assert_string_equal(tips[0].name, "heads/a/" STAMP "-222222222222");
	assert_int_equal(tips[0].at, NOW); /* the newest first */
	assert_string_equal(tips[0].oid, "2222222222222222222222222222222222222222");
	assert_string_equal(tips[0].commit, tips[0].oid);
	assert_string_equal(tips[1].oid, "1111111111111111111111111111111111111111");
	assert_string_equal(tips[2].ref, "refs/heads/a/b");
	assert_string_equal(tips[3].ref, "refs/tags/v1");
	assert_string_equal(tips[3].oid, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_string_equal(tips[3].commit, "1111111111111111111111111111111111111111");
}

static void
of_a_long_name_only_the_object_is_known(void **state)
{
	struct ctx *c = *state;
	const struct git_refs list = kept_list(c,
	    "heads/long/" STAMP "-111111111111=1 "
	    "long/2222222222222222222222222222222222222222/" STAMP "-222222222222=2 "
	    "long/x/" STAMP "-333333333333=3");
	struct git_kept_tip *tips;

	assert_int_equal(git_kept_list(c, &list, &tips), 3);
	assert_string_equal(tips[0].ref, "refs/heads/long");
	assert_string_equal(tips[1].ref, "");
	assert_string_equal(tips[2].ref, "refs/long/x"); /* of an archive */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_tip_that_goes_is_kept_under_its_time_and_id),
		WITH_CTX(two_tips_of_a_ref_in_one_second_are_two),
		WITH_CTX(the_same_tip_twice_in_one_second_is_one),
		WITH_CTX(the_time_is_that_of_the_world_not_of_the_place),
		WITH_CTX(a_name_that_would_be_too_long_is_kept_by_its_id),
		WITH_CTX(long_names_at_the_same_place_are_kept_once),
		WITH_CTX(the_newest_of_each_ref_stay),
		WITH_CTX(the_oldest_goes_first),
		WITH_CTX(a_tip_goes_when_its_days_are_over),
		WITH_CTX(what_is_over_goes_when_something_new_is_kept),
		WITH_CTX(in_an_archive_nothing_ever_goes),
		WITH_CTX(what_somebody_else_put_there_stays),
		WITH_CTX(a_tip_is_read_from_its_name),
		WITH_CTX(of_a_long_name_only_the_object_is_known),
	};

	return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
