/* What an upstream may not do without asking: each rule just below, at and just above its bound
 * (mirroring.md 5.8), on a real history. */
#include "tests/unit/lists.h"
#include "tests/unit/story.h"

#include "git/guard.h"

#define MAIN "refs/heads/main"

/* m1 to m20, another root o1 to o12, and s9 on m9, s11 on m11 and so on. */
static struct story story;

static void
tell(struct story *s)
{
	story_chain(s, "m", 20, "");
	story_chain(s, "o", 12, "");
	for (int i = 1; i < 20; i++)
		story_commit(s, arena_printf(s->c->mem, "s%d", i),
		    arena_printf(s->c->mem, "m%d", i), STORY_AT + 5000);
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

/* An update, and how it is judged. */
struct update {
	const char *before, *after;	/* lists */
	const char *head_was, *head_is; /* "": none; NULL: main */
	const char *include;		/* patterns; NULL: branches and tags */
	const char *pin;		/* the name of one; NULL: none */
	bool keeps_deleted, keeps_forced, holds_tags;
	bool (*progress)(void *payload);
};

static const char *
head_of(const char *said)
{
	return said == NULL ? MAIN : said[0] == '\0' ? NULL : said;
}

static int
try(struct ctx *c, const struct update *u, struct git_findings *out, struct git_findings *notices)
{
	const struct git_refs before = lists_of(c, &story.known, u->before, head_of(u->head_was)),
			      after = lists_of(c, &story.known, u->after, head_of(u->head_is));
	const struct git_pin pin = { .name = u->pin };
	struct git_moves_in in = {
		.before = &before, .after = &after, .most = c->conf->guard_commits, .progress = NULL
	};
	struct git_guard g = { .published = &before,
		.upstream = &after,
		.pins = &pin,
		.n_pins = u->pin != NULL,
		.ignores_deleted = u->keeps_deleted,
		.ignores_forced = u->keeps_forced,
		.holds_tags = u->holds_tags,
		.progress = u->progress };
	struct git_moves moves;

	TRY(git_filter_parse(c, u->include, NULL, &g.filter));
	TRY(git_moves(c, story.repo, &in, &moves));
	g.moves = &moves;
	git_guard_notices(c, &g, &after, notices);
	return git_guard(c, story.repo, &g, out);
}

/* The names of the rules that were met, each once. */
static const char *
words_of(struct ctx *c, const struct git_findings *f)
{
	const char *words = "", *last = "";

	for (size_t i = 0; i < f->n; i++) {
		const char *word = git_rule_text(f->rows[i].rule);

		assert_int_equal(git_rule_by_name(word), f->rows[i].rule);
		assert_true(str_is_utf8(f->rows[i].sentence, strlen(f->rows[i].sentence)));
		if (strcmp(word, last) != 0)
			words = arena_printf(c->mem, "%s%s%s", words, i > 0 ? " " : "", word);
		last = word;
	}
	return words;
}

static struct git_findings
findings_of(struct ctx *c, const struct update *u)
{
	struct git_findings held, told;

	if (try(c, u, &held, &told) != OK)
		unit_fail("%s: %s", u->after, c->reason);
	return held;
}

static struct git_findings
notices_of(struct ctx *c, const struct update *u)
{
	struct git_findings held, told;

	if (try(c, u, &held, &told) != OK)
		unit_fail("%s: %s", u->after, c->reason);
	return told;
}

static void
assert_held(struct ctx *c, const struct update *u, const char *want)
{
	const struct git_findings f = findings_of(c, u);
	const char *words = words_of(c, &f);

	if (strcmp(words, want) != 0)
		unit_fail("%s -> %s: '%s', not '%s'", u->before, u->after, words, want);
}

struct row {
	struct update update;
	const char *words;
};

static void
assert_rows(struct ctx *c, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_held(c, &rows[i].update, rows[i].words);
}

static int
with_conf(void **state)
{
	struct ctx *c;
	struct conf *conf;

	assert_int_equal(unit_ctx(state), 0);
	c = *state;
	conf = arena_new_of(c->mem, struct conf);
	*conf = *story.c->conf;
	c->conf = conf;
	return 0;
}

#define WITH_STORY(test) cmocka_unit_test_setup_teardown(test, with_conf, unit_ctx_end)

/* The settings of this test alone. */
static struct conf *
settings(struct ctx *c)
{
	return (struct conf *)(uintptr_t)c->conf;
}

/* ---- the default branch */

static void
half_of_the_default_branch_may_go_and_no_more(void **state)
{
	static const struct row rows[] = {
		{ { "heads/main=m1", "heads/main=m20" }, "" },
		{ { "heads/main=m20", "heads/main=m20" }, "" },
		{ { "heads/main=m20", "heads/main=s11" }, "" },		/* 9 of 20 */
		{ { "heads/main=m20", "heads/main=s10" }, "" },		/* 10 */
		{ { "heads/main=m20", "heads/main=s9" }, "rewritten" }, /* 11 */
		{ { "heads/main=m20", "heads/main=m10" }, "" },
		{ { "heads/main=m20", "heads/main=m9" }, "rewritten" },
	};

	assert_rows(*state, rows, N_OF(rows));
}

static void
the_share_that_may_go_is_a_setting(void **state)
{
	static const struct {
		int percent;
		struct row row;
	} rows[] = {
		{ 0, { { "heads/main=m20", "heads/main=s19" }, "rewritten" } },
		{ 0, { { "heads/main=m19", "heads/main=s19" }, "" } },
		{ 5, { { "heads/main=m20", "heads/main=s19" }, "" } },
		{ 4, { { "heads/main=m20", "heads/main=s19" }, "rewritten" } },
		{ 100, { { "heads/main=m20", "heads/main=s1" }, "" } },
	};
	struct ctx *c = *state;

	settings(c)->guard_least_commits = 0;
	for (size_t i = 0; i < N_OF(rows); i++) {
		settings(c)->guard_lost_percent = rows[i].percent;
		assert_rows(c, &rows[i].row, 1);
	}
}

static void
ten_commits_have_to_be_left_of_what_had_ten(void **state)
{
	static const struct row rows[] = {
		{ { "heads/main=m12", "heads/main=m10" }, "" },
		{ { "heads/main=m12", "heads/main=m9" }, "rewritten" },
		{ { "heads/main=m12", "heads/main=s9" }, "" },
		{ { "heads/main=m12", "heads/main=s8" }, "rewritten" },
		{ { "heads/main=m10", "heads/main=m9" }, "rewritten" },
		{ { "heads/main=m9", "heads/main=m8" }, "" }, /* it had fewer before */
	};

	assert_rows(*state, rows, N_OF(rows));
	settings(*state)->guard_least_commits = 9;
	assert_held(*state, &(struct update){ "heads/main=m12", "heads/main=m9" }, "");
	assert_held(*state, &(struct update){ "heads/main=m12", "heads/main=m8" }, "rewritten");
}

static void
another_history_behind_the_default_branch_is_held(void **state)
{
	struct ctx *c = *state;
	const struct update u = { "heads/dev=m3 heads/main=m5", "heads/dev=m3 heads/main=o3" };

	settings(c)->guard_lost_percent = 100;
	settings(c)->guard_least_commits = 0;
	assert_held(c, &u, "rewritten");
	assert_non_null(strstr(findings_of(c, &u).rows[0].sentence, "nothing in common"));
}

static void
other_branches_may_be_rewritten(void **state)
{
	static const struct row rows[] = {
		{ { "heads/dev=m20 heads/main=m3", "heads/dev=o2 heads/main=m3" }, "" },
		{ { "heads/dev=m20 heads/main=m3", "heads/dev=m20 heads/main=o3", "refs/heads/dev",
		      "refs/heads/dev" },
		    "" },
		/* which one it is says what is published, not who rewrites it */
		{ { "heads/dev=m3 heads/main=m20", "heads/dev=m3 heads/main=s1", MAIN,
		      "refs/heads/dev" },
		    "rewritten" },
		{ { "heads/main=m20", "heads/main=s1", "" }, "" },
	};

	assert_rows(*state, rows, N_OF(rows));
}

static void
a_default_branch_that_is_gone_is_compared_with_what_takes_its_place(void **state)
{
	static const struct row rows[] = {
		/* renamed */
		{ { "heads/main=m20", "heads/trunk=m20", MAIN, "refs/heads/trunk" }, "" },
		{ { "heads/main=m20", "heads/trunk=s11", MAIN, "refs/heads/trunk" }, "" },
		{ { "heads/main=m20", "heads/trunk=s9", MAIN, "refs/heads/trunk" }, "rewritten" },
		/* HEAD goes to what was there all the time */
		{ { "heads/dev=m9 heads/main=m20", "heads/dev=m9", MAIN, "refs/heads/dev" },
		    "rewritten" },
		/* no HEAD: main, then master, then whatever comes first */
		{ { "heads/old=m20", "heads/a=o1 heads/main=m20 heads/master=o2", "refs/heads/old",
		      "" },
		    "" },
		{ { "heads/old=m20", "heads/a=o1 heads/master=m20", "refs/heads/old", "" }, "" },
		{ { "heads/old=m20", "heads/a=m20 heads/b=o1", "refs/heads/old", "" }, "" },
		{ { "heads/old=m20 tags/v=m3", "heads/a=o1 heads/b=m20 tags/v=m3", "refs/heads/old",
		      "" },
		    "rewritten" },
		/* only HEAD is gone */
		{ { "heads/main=m20", "heads/main=m20", MAIN, "" }, "" },
		/* and no branch at all is left */
		{ { "heads/main=m20 tags/v=m3", "tags/v=m3" }, "rewritten" },
		{ { "heads/main=m20 tags/v=m3", "tags/v=m3", MAIN, MAIN, NULL, NULL, true }, "" },
	};

	assert_rows(*state, rows, N_OF(rows));
}

static void
what_a_mirror_does_not_follow_is_not_held(void **state)
{
	static const struct row rows[] = {
		{ { "heads/main=m20", "heads/main=s1", .keeps_forced = true }, "" },
		/* what is gone is another matter */
		{ { "heads/main=m20", "heads/trunk=s1", .keeps_forced = true }, "rewritten" },
		{ { "heads/main=m20", "heads/trunk=s1", .keeps_deleted = true }, "" },
		/* it went by a filter of ours, or was ours from the start */
		{ { "heads/main=m20 heads/x=m3", "heads/x=m3", .include = "x" }, "" },
		{ { "heads/main=m20 heads/x=m3", "heads/x=m3", .pin = MAIN }, "" },
	};

	assert_rows(*state, rows, N_OF(rows));
}

static void
what_cannot_be_compared_within_the_limit_is_held(void **state)
{
	struct ctx *c = *state;

	settings(c)->guard_lost_percent = 100;
	settings(c)->guard_least_commits = 0;
	settings(c)->guard_commits = 19;
	assert_held(c, &(struct update){ "heads/main=m20", "heads/main=s1" }, "uncompared");
	settings(c)->guard_commits = 20;
	assert_held(c, &(struct update){ "heads/main=m20", "heads/main=s1" }, "");
	settings(c)->guard_commits = 5;
	assert_held(c, &(struct update){ "heads/main=m20", "heads/main=o12" }, "uncompared");
}

static void
the_sentence_says_how_much_is_gone(void **state)
{
	struct ctx *c = *state;
	struct git_findings f;

	f = findings_of(c, &(struct update){ "heads/main=m20", "heads/main=s9" });
	assert_string_equal(f.rows[0].sentence,
	    "The default branch main was rewritten: 11 of its 20 commits are gone.");
	assert_string_equal(f.rows[0].ref, MAIN);
	settings(c)->guard_lost_percent = 100;
	f = findings_of(c, &(struct update){ "heads/main=m20", "heads/main=m1" });
	assert_string_equal(f.rows[0].sentence,
	    "The default branch main was rewritten: it has only 1 commit now, and had 10 or more.");
}

/* ---- all of it */

static void
an_upstream_that_is_empty_now_is_held(void **state)
{
	static const struct row rows[] = {
		{ { "heads/main=m20", "" }, "empty" },
		{ { "tags/v=m1", "", "", "" }, "empty" },
		{ { "", "" }, "" },
		{ { "", "heads/main=m1" }, "" }, /* the first publication */
		{ { "heads/main=m20", "", .keeps_deleted = true }, "" },
		{ { "heads/main=m20", "", .include = "refs/tags/*" }, "" },
		{ { "heads/main=m20", "", .pin = MAIN }, "" },
		{ { "heads/main=m20 heads/x=m3", "", .pin = MAIN }, "empty" },
	};

	assert_rows(*state, rows, N_OF(rows));
}

static void
another_repository_is_held(void **state)
{
	static const struct row rows[] = {
		{ { "heads/main=m20", "heads/main=o12" }, "unrelated" },
		{ { "heads/main=m1", "heads/main=o1" }, "unrelated" },
		{ { "heads/main=m20", "heads/x=o12", MAIN, "refs/heads/x" }, "unrelated" },
		{ { "heads/main=m20 tags/v1=a3", "heads/main=o12 tags/v1=o1" }, "unrelated" },
		/* one thing in common is enough to be the same, if a rewritten one */
		{ { "heads/main=m20 tags/v1=a3", "heads/main=o12 tags/v1=a3" }, "rewritten" },
		{ { "heads/main=m20 heads/x=m5", "heads/main=o12 heads/x=s1" }, "rewritten" },
		{ { "heads/main=m20 heads/x=m5", "heads/main=o12 heads/y=m5" }, "rewritten" },
		/* and additive mirrors are not mixed with another one either */
		{ { "heads/main=m20", "heads/main=o12", .keeps_deleted = true,
		      .keeps_forced = true },
		    "unrelated" },
	};

	assert_rows(*state, rows, N_OF(rows));
}

static void
tags_alone_may_move_along_their_history(void **state)
{
	static const struct row rows[] = {
		{ { "tags/nightly=m3", "tags/nightly=m9", "", "" }, "" },
		{ { "tags/nightly=a3", "tags/nightly=a9", "", "" }, "" },
		{ { "tags/nightly=m3", "tags/nightly=o9", "", "" }, "unrelated" },
		{ { "tags/nightly=a3", "tags/nightly=o9", "", "" }, "unrelated" },
	};

	assert_rows(*state, rows, N_OF(rows));
}

/* ---- many at once */

/* "heads/main=m20" and n more, named by kind and number, all at m1. */
static const char *
many(struct ctx *c, const char *kind, int from, int n)
{
	struct buf *text = buf_new(c->mem, 1 << 16);

	buf_text(text, "heads/main=m20");
	for (int i = from; i < from + n; i++)
		buf_printf(text, " %s%03d=m1", kind, i);
	return text->data;
}

static void
branches_that_go_are_counted(void **state)
{
	static const struct {
		int had, gone; /* main among those that were there */
		const char *words;
		int least, percent;
	} rows[] = {
		/* a fifth, and at least two */
		{ 10, 1, "", 2, 20 },
		{ 10, 2, "branches_deleted", 2, 20 },
		{ 11, 2, "", 2, 20 },
		{ 9, 2, "branches_deleted", 2, 20 },
		{ 5, 1, "", 2, 20 },
		{ 2, 1, "", 2, 20 },
		{ 3, 2, "branches_deleted", 2, 20 },
		{ 100, 19, "", 2, 20 },
		{ 100, 20, "branches_deleted", 2, 20 },
		{ 100, 21, "branches_deleted", 2, 20 },
		{ 2, 1, "branches_deleted", 1, 20 },
		{ 10, 2, "", 3, 20 },
		{ 10, 3, "branches_deleted", 3, 20 },
		{ 10, 4, "", 2, 50 },
		{ 10, 5, "branches_deleted", 2, 50 },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct update u = { many(c, "heads/b", 0, rows[i].had - 1),
			many(c, "heads/b", 0, rows[i].had - 1 - rows[i].gone) };

		settings(c)->guard_branches_least = rows[i].least;
		settings(c)->guard_branches_percent = rows[i].percent;
		assert_held(c, &u, rows[i].words);
	}
}

static void
five_tags_that_go_at_once_are_held(void **state)
{
	struct ctx *c = *state;

	for (int gone = 4; gone <= 6; gone++)
		assert_held(c,
		    &(struct update){ many(c, "tags/t", 0, 100), many(c, "tags/t", 0, 100 - gone) },
		    gone < 5 ? "" : "tags_deleted");
	settings(c)->guard_tags = 6;
	assert_held(c, &(struct update){ many(c, "tags/t", 0, 5), many(c, "tags/t", 0, 0) }, "");
	assert_held(c, &(struct update){ many(c, "tags/t", 0, 6), many(c, "tags/t", 0, 0) },
	    "tags_deleted");
}

static void
the_first_names_are_told_and_the_others_counted(void **state)
{
	struct ctx *c = *state;
	struct git_findings f =
	    findings_of(c, &(struct update){ many(c, "tags/t", 0, 5), many(c, "tags/t", 0, 0) });

	assert_string_equal(
	    f.rows[0].sentence, "5 of 5 tags were deleted at once: t000, t001, t002 and 2 more.");
	f = findings_of(c, &(struct update){ many(c, "heads/b", 0, 3), many(c, "heads/b", 0, 0) });
	assert_string_equal(
	    f.rows[0].sentence, "3 of 4 branches were deleted at once: b000, b001, b002.");
}

static void
what_was_not_the_upstreams_is_not_counted(void **state)
{
	struct ctx *c = *state;
	struct update u = { many(c, "tags/t", 0, 5), many(c, "tags/t", 0, 0) };

	u.pin = "refs/tags/t004";
	assert_held(c, &u, "");
	u.pin = NULL;
	u.include = "refs/heads/*";
	assert_held(c, &u, "");
	u.include = NULL;
	u.keeps_deleted = true;
	assert_held(c, &u, "");
	/* others' places have no rule of their own */
	u = (struct update){ many(c, "pull/p", 0, 50), many(c, "pull/p", 0, 0),
		.include = "refs/*" };
	assert_held(c, &u, "");
}

static void
renaming_all_branches_is_deleting_them(void **state)
{
	struct ctx *c = *state;

	assert_held(c, &(struct update){ many(c, "heads/b", 0, 4), many(c, "heads/c", 0, 4) },
	    "branches_deleted");
	/* the default branch counts, too */
	assert_held(c,
	    &(struct update){ "heads/a=m1 heads/b=m1 heads/main=m20", "heads/b=m1 heads/x=m20",
		MAIN, "refs/heads/x" },
	    "branches_deleted");
}

/* ---- tags that move */

static void
moved_tags_are_held_in_archives_and_told_elsewhere(void **state)
{
	struct ctx *c = *state;
	struct update u = { "heads/main=m20 tags/a=m1 tags/b=a3",
		"heads/main=m20 tags/a=m2 tags/b=m3" };
	struct git_findings f = notices_of(c, &u);

	assert_held(c, &u, "");
	assert_int_equal(f.n, 2);
	assert_string_equal(words_of(c, &f), "tag_moved");
	u.holds_tags = true;
	assert_held(c, &u, "tag_moved");
	f = findings_of(c, &u);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.rows[1].ref, "refs/tags/b");
	u.keeps_forced = true;
	assert_held(c, &u, "");
	f = notices_of(c, &u);
	assert_string_equal(words_of(c, &f), "diverged");
}

static void
when_all_tags_move_the_first_ones_are_told(void **state)
{
	struct ctx *c = *state;
	struct update u = { many(c, "tags/t", 0, 25), many(c, "tags/t", 0, 25),
		.holds_tags = true };
	char *after = arena_strdup(c->mem, u.after);

	for (char *p = strstr(after, "=m1"); p != NULL; p = strstr(p, "=m1"))
		memcpy(p, "=m2", 3);
	u.after = after;
	assert_held(c, &u, "tag_moved");
	assert_int_equal(findings_of(c, &u).n, GIT_FINDINGS_MAX);
	assert_int_equal(notices_of(c, &u).n, GIT_FINDINGS_MAX);
	/* more important ones come before them */
	u.before = arena_printf(c->mem, "%s heads/x=m1 heads/y=m1", u.before);
	assert_held(c, &u, "branches_deleted tag_moved");
}

/* ---- notices */

static void
rewritten_branches_are_told(void **state)
{
	static const struct row rows[] = {
		{ { "heads/main=m20 heads/x=m5", "heads/main=m20 heads/x=m4" }, "forced" },
		{ { "heads/main=m20 heads/x=m5", "heads/main=m20 heads/x=m6" }, "" },
		{ { "heads/main=m20 heads/x=m5", "heads/main=m20" }, "" },
		{ { "heads/main=m20 heads/x=m5", "heads/main=m20 heads/x=m4",
		      .keeps_forced = true },
		    "diverged" },
		{ { "heads/main=m20 pull/1=m5", "heads/main=m20 pull/1=m4", .include = "refs/*" },
		    "" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct git_findings f = notices_of(c, &rows[i].update);

		if (strcmp(words_of(c, &f), rows[i].words) != 0)
			unit_fail("%s: %s", rows[i].update.after, words_of(c, &f));
	}
}

static void
names_that_differ_in_case_alone_are_told(void **state)
{
	struct ctx *c = *state;
	const struct git_findings f = notices_of(c,
	    &(struct update){
		"heads/main=m20", "heads/MAIN=m1 heads/Main=m1 heads/main=m20 tags/main=m1" });

	assert_int_equal(f.n, 2);
	assert_string_equal(words_of(c, &f), "case");
	assert_string_equal(f.rows[0].ref, "refs/heads/Main");
	assert_string_equal(f.rows[1].ref, MAIN);
}

/* ---- names of strangers */

static void
a_hostile_name_makes_a_short_sentence_of_text(void **state)
{
	struct ctx *c = *state;
	char longest[900];
	struct update u = { .pin = NULL };
	struct git_findings f;

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest + 150, "\xff\xc3<b>\xf0\x9f", 7);
	u.before = arena_printf(c->mem, "heads/%s=m5 heads/main=m20", longest);
	u.after = arena_printf(c->mem, "heads/%s=m4 heads/main=m20", longest);
	f = notices_of(c, &u);
	assert_string_equal(words_of(c, &f), "forced"); /* which sees to UTF-8, too */
	assert_true(strlen(f.rows[0].ref) < 250);
	assert_true(strlen(f.rows[0].sentence) < 400);
}

/* ---- giving up */

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
	story_commit(s, "o1", "", STORY_AT);
}

static void
it_gives_up_when_it_is_told_to(void **state)
{
	struct ctx *c = *state;
	struct story kept = story;
	const struct update u = { "heads/dev=m1 heads/main=m300", "heads/dev=m1 heads/main=o1",
		.progress = never };
	struct git_findings held, told;
	int code;

	assert_int_equal(story_begin(&story, tell_long), 0);
	code = try(c, &u, &held, &told);
	assert_int_equal(story_end(&story), 0);
	story = kept;
	assert_int_equal(code, E_CONFLICT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORY(half_of_the_default_branch_may_go_and_no_more),
		WITH_STORY(the_share_that_may_go_is_a_setting),
		WITH_STORY(ten_commits_have_to_be_left_of_what_had_ten),
		WITH_STORY(another_history_behind_the_default_branch_is_held),
		WITH_STORY(other_branches_may_be_rewritten),
		WITH_STORY(a_default_branch_that_is_gone_is_compared_with_what_takes_its_place),
		WITH_STORY(what_a_mirror_does_not_follow_is_not_held),
		WITH_STORY(what_cannot_be_compared_within_the_limit_is_held),
		WITH_STORY(the_sentence_says_how_much_is_gone),
		WITH_STORY(an_upstream_that_is_empty_now_is_held),
		WITH_STORY(another_repository_is_held),
		WITH_STORY(tags_alone_may_move_along_their_history),
		WITH_STORY(branches_that_go_are_counted),
		WITH_STORY(five_tags_that_go_at_once_are_held),
		WITH_STORY(the_first_names_are_told_and_the_others_counted),
		WITH_STORY(what_was_not_the_upstreams_is_not_counted),
		WITH_STORY(renaming_all_branches_is_deleting_them),
		WITH_STORY(moved_tags_are_held_in_archives_and_told_elsewhere),
		WITH_STORY(when_all_tags_move_the_first_ones_are_told),
		WITH_STORY(rewritten_branches_are_told),
		WITH_STORY(names_that_differ_in_case_alone_are_told),
		WITH_STORY(a_hostile_name_makes_a_short_sentence_of_text),
		WITH_STORY(it_gives_up_when_it_is_told_to),
	};

	return cmocka_run_group_tests_name("guard", tests, begin, end);
}
