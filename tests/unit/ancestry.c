/* Histories compared: what git says of them too, and what is not read. */
#include "tests/unit/story.h"

#include "git/ancestry.h"

static struct story story;

/* m1 to m20, o1 to o3 of another root, a merge of both sides of a diamond, and clocks that went
 * wrong. */
static void
tell(struct story *s)
{
	story_chain(s, "m", 20, "");
	story_chain(s, "o", 3, "");
	story_commit(s, "left", "m20", STORY_AT + 5000);
	story_commit(s, "right", "m18", STORY_AT + 5000);
	story_commit(s, "merge", "left right", STORY_AT + 6000);
	story_commit(s, "aside", "m18", STORY_AT + 5500);
	story_commit(s, "octopus", "m2 o3 aside", STORY_AT + 7000);
	story_commit(s, "early", "m20", 100); /* 1970 */
	story_commit(s, "after", "early", STORY_AT + 9000);
	story_commit(s, "detour", "m5 early", STORY_AT + 9500);
	story_commit(s, "zero", "m1", 0);
	story_commit(s, "zero2", "zero", 0);
	story_tag(s, "v1", "m1");
}

static int
begin(void **state)
{
	(void)state;
	return story_begin(&story, tell);
}

static int
end(void **state)
{
	(void)state;
	return story_end(&story);
}

static const unsigned char *
id_of(const char *name)
{
	const struct git_ref *r =
	    git_refs_find(&story.known, arena_printf(story.c->mem, "refs/heads/%s", name));

	if (r == NULL)
		unit_fail("no commit is called %s", name);
	return r->oid;
}

static struct git_ancestry
compare(struct ctx *c, const char *old, const char *new, int64_t most, int percent)
{
	const struct git_ancestry_in in = {
		.old = id_of(old), .new = id_of(new), .most = most, .percent = percent
	};
	struct git_ancestry out;

	if (git_ancestry(c, story.repo, &in, &out) != OK)
		unit_fail("%s..%s: %s", old, new, c->reason);
	return out;
}

#define ENOUGH 1000

static void
it_says_what_git_says(void **state)
{
	static const char *const names[] = { "m1", "m10", "m20", "o1", "o3", "left", "right",
		"merge", "aside", "octopus", "early", "after", "detour", "zero", "zero2" };
	struct ctx *c = *state;
	/* one process knows of all pairs */
	const char *lines =
	    repo_git(c, story.dir, "log", "--all", "--topo-order", "--format=%H %P");
	size_t n;
	char **rows = str_split(c->mem, lines, '\n', &n);

	for (size_t i = 0; i < N_OF(names); i++) {
		const char *old = str_hex(c->mem, id_of(names[i]), GIT_OID_BYTES);
		const char *above = old; /* old and all that has it in its history */

		/* children come before their parents: from the last line up */
		for (size_t k = n; k-- > 0;) {
			size_t n_ids;
			char **ids = str_split(c->mem, rows[k], ' ', &n_ids);

			for (size_t p = 1; p < n_ids; p++)
				if (strlen(ids[p]) == 40 && strstr(above, ids[p]) != NULL) {
					above = arena_printf(c->mem, "%s %s", above, ids[0]);
					break;
				}
		}
		for (size_t k = 0; k < N_OF(names); k++) {
			bool is_on = strstr(above, str_hex(c->mem, id_of(names[k]), GIT_OID_BYTES));

			if (compare(c, names[i], names[k], ENOUGH, -1).is_on != is_on ||
			    compare(c, names[i], names[k], ENOUGH, 50).is_on != is_on)
				unit_fail("%s..%s", names[i], names[k]);
		}
	}
}

static void
what_is_lost_and_what_is_left_is_counted(void **state)
{
	static const struct {
		const char *old, *new;
		int64_t lost, common; /* of old's history */
	} rows[] = {
		{ "m20", "m19", 1, 19 },
		{ "m20", "m1", 19, 1 },
		{ "left", "right", 3, 18 },
		{ "merge", "left", 2, 21 }, /* the merge and the right side */
		{ "merge", "m18", 5, 18 },
		{ "octopus", "aside", 4, 19 }, /* with the other root */
		{ "early", "left", 1, 20 },    /* its clock was wrong */
		{ "after", "left", 2, 20 },
		{ "zero2", "m20", 2, 1 },
		{ "m20", "zero2", 19, 1 },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		/* no share is small enough: all of it is read */
		const struct git_ancestry a = compare(c, rows[i].old, rows[i].new, ENOUGH, 0);

		if (a.lost != rows[i].lost || a.common != rows[i].common || !a.is_related ||
		    a.is_on || a.is_cut)
			unit_fail("%s..%s: %lld lost, %lld common", rows[i].old, rows[i].new,
			    (long long)a.lost, (long long)a.common);
	}
}

static void
nothing_is_lost_where_it_goes_on(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(compare(c, "m1", "merge", ENOUGH, 0).lost, 0);
	assert_int_equal(compare(c, "m20", "m20", ENOUGH, 0).lost, 0);
}

static void
two_roots_have_nothing_in_common(void **state)
{
	struct ctx *c = *state;

	assert_false(compare(c, "m20", "o3", ENOUGH, -1).is_related);
	assert_false(compare(c, "o3", "m20", ENOUGH, 50).is_related);
	assert_int_equal(compare(c, "o3", "m20", ENOUGH, 50).lost, 3);
	assert_true(compare(c, "o3", "octopus", ENOUGH, -1).is_related);
	assert_false(compare(c, "m20", "o3", ENOUGH, -1).is_cut);
}

static void
no_more_is_read_than_is_asked_for(void **state)
{
	struct ctx *c = *state;

	/* a step forward is found at once, however long the history */
	assert_true(compare(c, "m19", "m20", ENOUGH, 50).n_read <= 2);
	/* m18 to m20 and the three beside it are enough to see that both come from m18 */
	assert_true(compare(c, "left", "right", ENOUGH, -1).n_read <= 6);
	/* 2 of 20 lost are at most half as soon as 2 are left */
	assert_int_equal(compare(c, "m20", "m18", ENOUGH, 50).n_read, 4);
	assert_int_equal(compare(c, "m20", "m18", ENOUGH, 0).n_read, 20);
}

static void
a_walk_that_is_cut_says_so(void **state)
{
	struct ctx *c = *state;
	struct git_ancestry a = compare(c, "m1", "m20", 18, -1);

	assert_true(a.is_cut);
	assert_false(a.is_on);
	assert_int_equal(a.n_read, 18);
	a = compare(c, "m1", "m20", 19, -1);
	assert_false(a.is_cut);
	assert_true(a.is_on);
	assert_true(compare(c, "m20", "o3", 22, -1).is_cut);
	assert_false(compare(c, "m20", "o3", 23, -1).is_cut);
	assert_true(compare(c, "m20", "m19", 0, -1).is_cut);
}

static void
an_old_commit_that_cannot_be_read_is_no_failure(void **state)
{
	static const unsigned char none[GIT_OID_BYTES] = { 1 };
	struct ctx *c = *state;
	struct git_ancestry_in in = { .old = none, .new = id_of("m20"), .most = ENOUGH };
	struct git_ancestry out;

	assert_int_equal(git_ancestry(c, story.repo, &in, &out), OK);
	assert_true(out.is_cut);
	assert_false(out.is_on);
	assert_false(out.is_related);
	in.old = id_of("m20");
	in.new = none;
	assert_int_equal(git_ancestry(c, story.repo, &in, &out), E_INTERNAL);
	assert_non_null(strstr(c->reason, "commit 0100"));
}

static void
a_tag_is_no_commit(void **state)
{
	struct ctx *c = *state;
	const struct git_ref *tag = git_refs_find(&story.known, "refs/tags/v1");
	const struct git_ancestry_in in = {
		.old = id_of("m1"), .new = tag->oid, .most = ENOUGH, .percent = -1
	};
	struct git_ancestry out;
	int64_t n;

	assert_int_equal(git_ancestry(c, story.repo, &in, &out), E_INTERNAL);
	assert_int_equal(git_ancestry_count(c, story.repo, tag->oid, 10, &n), E_INTERNAL);
}

static void
commits_are_counted_up_to_a_bound(void **state)
{
	static const struct {
		const char *name;
		int64_t most, n;
	} rows[] = { { "m20", 100, 20 }, { "m20", 20, 20 }, { "m20", 19, 19 }, { "m20", 0, 0 },
		{ "m1", 10, 1 }, { "merge", 100, 23 }, { "octopus", 100, 23 },
		{ "after", 100, 22 } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		int64_t n;

		assert_int_equal(
		    git_ancestry_count(c, story.repo, id_of(rows[i].name), rows[i].most, &n), OK);
		if (n != rows[i].n)
			unit_fail("%s: %lld", rows[i].name, (long long)n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(it_says_what_git_says),
		WITH_CTX(what_is_lost_and_what_is_left_is_counted),
		WITH_CTX(nothing_is_lost_where_it_goes_on),
		WITH_CTX(two_roots_have_nothing_in_common),
		WITH_CTX(no_more_is_read_than_is_asked_for),
		WITH_CTX(a_walk_that_is_cut_says_so),
		WITH_CTX(an_old_commit_that_cannot_be_read_is_no_failure),
		WITH_CTX(a_tag_is_no_commit),
		WITH_CTX(commits_are_counted_up_to_a_bound),
	};

	return cmocka_run_group_tests_name("ancestry", tests, begin, end);
}
