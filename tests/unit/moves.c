/* What became of each ref between two lists. */
#include "tests/unit/lists.h"
#include "tests/unit/story.h"

#include "git/moves.h"

static struct story story;

static void
tell(struct story *s)
{
	story_chain(s, "m", 20, "");
	story_chain(s, "o", 3, "");
	story_commit(s, "s5", "m5", STORY_AT + 5000);
	story_tag(s, "a3", "m3");
	story_tag(s, "a9", "m9");
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

static int
try(struct ctx *c, const char *before, const char *after, int64_t most, bool (*progress)(void *),
    struct git_moves *out)
{
	/* they point at the rows */
	struct git_refs *lists = arena_new_array(c->mem, struct git_refs, 2);
	const struct git_moves_in in = {
		.before = &lists[0], .after = &lists[1], .most = most, .progress = progress
	};

	lists[0] = lists_of(c, &story.known, before, NULL);
	lists[1] = lists_of(c, &story.known, after, NULL);
	return git_moves(c, story.repo, &in, out);
}

static struct git_moves
moves(struct ctx *c, const char *before, const char *after, int64_t most)
{
	struct git_moves out;

	if (try(c, before, after, most, NULL, &out) != OK)
		unit_fail("%s -> %s: %s", before, after, c->reason);
	return out;
}

static const char *
text_of(struct ctx *c, const struct git_moves *m)
{
	static const char *const words[] = { [GIT_MOVE_NEW] = "new",
		[GIT_MOVE_ON] = "on",
		[GIT_MOVE_FORCED] = "forced",
		[GIT_MOVE_GONE] = "gone" };
	const char *text = "";

	for (size_t i = 0; i < m->n; i++) {
		const struct git_move *row = &m->rows[i];

		assert_int_equal(row->before == NULL, row->kind == GIT_MOVE_NEW);
		assert_int_equal(row->after == NULL, row->kind == GIT_MOVE_GONE);
		assert_ptr_equal(git_moves_find(m, row->name), row);
		text = arena_printf(c->mem, "%s%s%s %s%s", text, i > 0 ? ", " : "",
		    row->name + strlen("refs/"), words[row->kind],
		    row->is_related && row->kind == GIT_MOVE_FORCED ? " (related)" : "");
	}
	return text;
}

#define ENOUGH 1000

static void
each_kind_of_move_is_told(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} rows[] = {
		{ "heads/main=m3", "heads/main=m3", "" },
		{ "", "", "" },
		{ "", "heads/main=m3", "heads/main new" },
		{ "heads/main=m3", "", "heads/main gone" },
		{ "heads/main=m3", "heads/main=m9", "heads/main on" },
		{ "heads/main=m9", "heads/main=m3", "heads/main forced (related)" },
		{ "heads/main=m9", "heads/main=s5", "heads/main forced (related)" },
		{ "heads/main=m9", "heads/main=o1", "heads/main forced" },
		/* a tag goes nowhere, not even forward; nor does what we know nothing of */
		{ "tags/v=m3", "tags/v=m9", "tags/v forced" },
		{ "tags/v=a3", "tags/v=a9", "tags/v forced" },
		{ "tags/v=m3", "tags/v=a3", "tags/v forced" },
		{ "pull/1=m3", "pull/1=m9", "pull/1 forced" },
		/* a branch for a folder of branches */
		{ "heads/a=m3", "heads/a/b=m3", "heads/a gone, heads/a/b new" },
		/* all at once, by name */
		{ "heads/a=m1 heads/b=m2 heads/d=m9 tags/v=m1",
		    "heads/a=m1 heads/c=m2 heads/d=m10 tags/w=m1",
		    "heads/b gone, heads/c new, heads/d on, tags/v gone, tags/w new" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct git_moves m = moves(c, rows[i].before, rows[i].after, ENOUGH);

		if (strcmp(text_of(c, &m), rows[i].want) != 0)
			unit_fail("%s -> %s: %s", rows[i].before, rows[i].after, text_of(c, &m));
	}
}

static void
a_ref_that_has_not_moved_is_not_found(void **state)
{
	struct ctx *c = *state;
	struct git_moves m = moves(c, "heads/a=m1 heads/b=m2", "heads/a=m1 heads/b=m3", ENOUGH);

	assert_null(git_moves_find(&m, "refs/heads/a"));
	assert_null(git_moves_find(&m, "refs/heads/c"));
	m = moves(c, "heads/a=m1", "heads/a=m1", ENOUGH);
	assert_null(git_moves_find(&m, "refs/heads/a"));
}

/* Unknown is forced: its old tip is kept rather than lost. */
static void
what_is_not_found_out_in_time_is_forced(void **state)
{
	struct ctx *c = *state;
	struct git_moves m = moves(c, "heads/a=m1", "heads/a=m20", 18);

	assert_string_equal(text_of(c, &m), "heads/a forced");
	m = moves(c, "heads/a=m1", "heads/a=m20", 19);
	assert_string_equal(text_of(c, &m), "heads/a on");
	m = moves(c, "heads/a=m3", "heads/a=m9", 0);
	assert_string_equal(text_of(c, &m), "heads/a forced");
}

static void
the_limit_is_one_for_all_of_them(void **state)
{
	struct ctx *c = *state;
	const char *before = "heads/a=m1 heads/b=m1", *after = "heads/a=m11 heads/b=m11";
	struct git_moves m = moves(c, before, after, 10);

	assert_string_equal(text_of(c, &m), "heads/a on, heads/b forced");
	m = moves(c, before, after, 20);
	assert_string_equal(text_of(c, &m), "heads/a on, heads/b on");
}

static bool
never(void *payload)
{
	(void)payload;
	return false;
}

static void
tell_long(struct story *s)
{
	story_chain(s, "m", 300, "");
}

static void
it_gives_up_when_it_is_told_to(void **state)
{
	struct ctx *c = *state;
	struct story kept = story;
	struct git_moves m;
	int code;

	assert_int_equal(story_begin(&story, tell_long), 0);
	code = try(c, "heads/a=m1", "heads/a=m300", ENOUGH, never, &m);
	assert_int_equal(story_end(&story), 0);
	story = kept;
	assert_int_equal(code, E_CONFLICT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(each_kind_of_move_is_told),
		WITH_CTX(a_ref_that_has_not_moved_is_not_found),
		WITH_CTX(what_is_not_found_out_in_time_is_forced),
		WITH_CTX(the_limit_is_one_for_all_of_them),
		WITH_CTX(it_gives_up_when_it_is_told_to),
	};

	return cmocka_run_group_tests_name("moves", tests, begin, end);
}
