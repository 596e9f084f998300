/* What is pushed to a target, and what there is never touched. */
#include "tests/unit/lists.h"

#include "git/filter.h"
#include "git/push_plan.h"

#define HEAD "refs/heads/main"

/* Of ids, one digit each: 1 to 9 are a line, one commit on top of the other; the letters are apart.
 */
static bool
is_behind(void *payload, const unsigned char *old, const unsigned char *new)
{
	unsigned a = old[0] & 15, b = new[0] & 15;

	(void)payload;
	return a >= 1 && a <= 9 && b <= 9 && a < b;
}

/* `owned`: "name=id" is what we put there; "name=>id" was planned, "name=1>2" both, "name=!" was
 * refused. */
struct push {
	const char *ours, *there, *owned;
	const char *want; /* the rows, in order */
	const char *include;
	bool overwrites;
};

static size_t
owned_of(struct ctx *c, const char *text, const struct git_push_owned **out)
{
	size_t n, n_rows = 0;
	char **words = str_split(c->mem, text, ' ', &n);
	struct git_push_owned *rows = arena_new_array(c->mem, struct git_push_owned, n + 1);

	for (size_t i = 0; i < n; i++) {
		struct git_push_owned *o = &rows[n_rows];
		char *at = strchr(words[i], '=');

		if (at == NULL)
			continue;
		*at++ = '\0';
		o->name = arena_printf(c->mem, "refs/%s", words[i]);
		assert_true(n_rows == 0 || strcmp(rows[n_rows - 1].name, o->name) < 0);
		o->has_oid = *at != '>' && *at != '!' && *at != '\0';
		if (o->has_oid)
			lists_oid(NULL, arena_strndup(c->mem, at++, 1), o->oid, NULL);
		o->has_planned = *at == '>';
		if (o->has_planned) {
			lists_oid(NULL, arena_strndup(c->mem, at + 1, 1), o->planned, NULL);
			at += 2;
		}
		o->is_refused = *at == '!';
		n_rows++;
	}
	*out = rows;
	return n_rows;
}

static const char *
text_of(struct ctx *c, const struct git_push_plan *p)
{
	static const char *const kinds[] = { [PUSH_CREATE] = "create",
		[PUSH_UPDATE] = "update",
		[PUSH_DELETE] = "delete",
		[PUSH_SAME] = "same",
		[PUSH_CONFLICT] = "conflict",
		[PUSH_GONE] = "gone" };
	const char *text = "";

	for (size_t i = 0; i < p->n; i++) {
		const struct git_push_row *r = &p->rows[i];

		text = arena_printf(c->mem, "%s%s%s %s %x>%x%s%s", text, i > 0 ? ", " : "",
		    kinds[r->kind], r->name + strlen("refs/"), r->old[0] & 15, r->new[0] & 15,
		    r->is_claimed ? " claimed" : "", r->is_stale ? " stale" : "");
	}
	return text;
}

static void
plan_of(struct ctx *c, const struct push *x, struct git_push_plan *out, struct git_refs *ours_out)
{
	static struct git_refs there;
	struct git_push_facts f = { .ours = ours_out,
		.there = &there,
		.overwrites = x->overwrites,
		.is_behind = is_behind };

	*ours_out = lists_of(c, NULL, x->ours, HEAD);
	there = lists_of(c, NULL, x->there, NULL);
	f.n_owned = owned_of(c, x->owned, &f.owned);
	assert_int_equal(git_filter_parse(c, x->include, NULL, &f.filter), OK);
	git_push_plan(c, &f, out);
}

static void
assert_counts(const struct git_push_plan *p)
{
	size_t n_conflicts = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct git_push_row *r = &p->rows[i];
		bool is_sent =
		    r->kind == PUSH_CREATE || r->kind == PUSH_UPDATE || r->kind == PUSH_DELETE;

		n_conflicts += r->kind == PUSH_CONFLICT;
		assert_int_equal(is_sent, i < p->n_moves + p->n_deletes);
		if (i >= p->n_moves && is_sent)
			assert_int_equal(r->kind, PUSH_DELETE);
		assert_int_equal(r->kind == PUSH_CONFLICT, r->why[0] != '\0');
	}
	assert_int_equal(p->n_conflicts, n_conflicts);
}

static void
assert_plans(struct ctx *c, const struct push *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct git_push_plan p;
		struct git_refs ours;

		plan_of(c, &rows[i], &p, &ours);
		if (strcmp(text_of(c, &p), rows[i].want) != 0)
			unit_fail("row %zu: %s | %s | %s: %s", i, rows[i].ours, rows[i].there,
			    rows[i].owned, text_of(c, &p));
		assert_counts(&p);
	}
}

static void
an_empty_target_gets_everything_and_an_equal_one_nothing(void **state)
{
	static const struct push rows[] = {
		{ "heads/main=3 tags/v1=a^1", "", "", "create heads/main 0>3, create tags/v1 0>a" },
		{ "heads/main=3", "heads/main=3", "", "same heads/main 3>3" },
		{ "heads/main=3", "heads/main=3", "heads/main=3", "same heads/main 3>3" },
		{ "", "", "", "" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
what_others_put_there_is_neither_deleted_nor_touched(void **state)
{
	static const struct push rows[] = {
		{ "heads/main=3", "heads/main=3 heads/theirs=5 pull/1/head=6 tags/x=7", "",
		    "same heads/main 3>3" },
		{ "", "heads/main=3 tags/x=7", "", "" },
		/* whatever is allowed, a name that we do not have is not ours to say anything of */
		{ "heads/main=3", "heads/main=a heads/theirs=5", "", "update heads/main a>3", NULL,
		    true },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
what_we_put_there_follows_wherever_it_goes(void **state)
{
	static const struct push rows[] = {
		{ "heads/main=5", "heads/main=3", "heads/main=3", "update heads/main 3>5" },
		{ "heads/main=3", "heads/main=5", "heads/main=5", "update heads/main 5>3" },
		{ "heads/main=b", "heads/main=a", "heads/main=a", "update heads/main a>b" },
		{ "tags/v1=b", "tags/v1=a", "tags/v1=a", "update tags/v1 a>b" },
		{ "", "heads/x=3 tags/v1=a", "heads/x=3 tags/v1=a",
		    "delete heads/x 3>0, delete tags/v1 a>0" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
an_older_state_of_the_same_branch_goes_forward(void **state)
{
	static const struct push rows[] = {
		{ "heads/main=5", "heads/main=3", "", "update heads/main 3>5" },
		/* a tag is no branch */
		{ "tags/v1=5", "tags/v1=3", "", "conflict tags/v1 3>5" },
		{ "pull/1=5", "pull/1=3", "", "conflict pull/1 3>5", "refs/*" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
what_somebody_changed_there_is_a_conflict(void **state)
{
	static const struct push rows[] = {
		{ "heads/main=3", "heads/main=5", "", "conflict heads/main 5>3" },
		{ "heads/main=3", "heads/main=a", "", "conflict heads/main a>3" },
		/* it was ours, and somebody has put his own on top, or something else */
		{ "heads/main=3", "heads/main=5", "heads/main=3", "conflict heads/main 5>3" },
		{ "heads/main=5", "heads/main=a", "heads/main=3", "conflict heads/main a>5" },
		{ "heads/main=4", "heads/main=3", "heads/main=2", "update heads/main 3>4" },
		/* a deletion of ours passes by what is not ours any more */
		{ "", "heads/x=5", "heads/x=3", "gone heads/x 0>0" },
		{ "", "", "heads/x=3", "gone heads/x 0>0" },
		/* somebody deleted it there: it is made again */
		{ "heads/main=3", "", "heads/main=3", "create heads/main 0>3" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
a_conflict_says_what_is_in_the_way(void **state)
{
	static const struct {
		struct push push;
		const char *why;
	} rows[] = {
		{ { "heads/main=3", "heads/main=5", "", "" }, "it is ahead of what is here" },
		{ { "heads/main=3", "heads/main=a", "", "" }, "it has something that is not here" },
		{ { "tags/v1=3", "tags/v1=a", "", "" }, "it is something else there" },
		{ { "tags/v1=3", "tags/v1=5", "", "" }, "it is ahead of what is here" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct git_push_plan p;
		struct git_refs ours;

		plan_of(c, &rows[i].push, &p, &ours);
		assert_int_equal(p.n_conflicts, 1);
		assert_string_equal(p.rows[0].why, rows[i].why);
	}
}

static void
overwriting_is_for_the_refs_that_we_have(void **state)
{
	static const struct push rows[] = {
		{ "heads/main=3 tags/v1=1", "heads/main=5 tags/v1=a", "",
		    "update heads/main 5>3, update tags/v1 a>1", NULL, true },
		{ "", "heads/x=5", "heads/x=3", "gone heads/x 0>0", NULL, true },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
a_push_that_was_never_reported_is_ours_with_either_id(void **state)
{
	static const struct push rows[] = {
		/* it came there */
		{ "heads/main=b", "heads/main=b", "heads/main=a>b", "same heads/main b>b claimed" },
		{ "heads/main=c", "heads/main=b", "heads/main=a>b", "update heads/main b>c" },
		{ "", "heads/x=b", "heads/x=>b", "delete heads/x b>0" },
		/* it did not */
		{ "heads/main=c", "heads/main=a", "heads/main=a>b", "update heads/main a>c" },
		{ "heads/main=b", "", "heads/main=>b", "create heads/main 0>b" },
		/* it did not, and what was planned is not wanted any more */
		{ "heads/main=a", "heads/main=a", "heads/main=a>b", "same heads/main a>a stale" },
		/* a deletion that was planned: happened, or not */
		{ "", "", "heads/x=a>0", "gone heads/x 0>0" },
		{ "", "heads/x=a", "heads/x=a>0", "delete heads/x a>0" },
		/* and what stands there is neither */
		{ "heads/main=c", "heads/main=d", "heads/main=a>b",
		    "conflict heads/main d>c stale" },
		{ "", "heads/x=d", "heads/x=a>b", "gone heads/x 0>0" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
a_refusal_is_forgotten_when_it_is_over(void **state)
{
	static const struct push rows[] = {
		{ "heads/main=a", "heads/main=a", "heads/main=!", "same heads/main a>a stale" },
		{ "heads/main=3", "heads/main=5", "heads/main=!", "conflict heads/main 5>3 stale" },
		{ "heads/main=3", "", "heads/main=!", "create heads/main 0>3" },
		{ "heads/main=5", "heads/main=3", "heads/main=3!", "update heads/main 3>5" },
		{ "", "heads/x=5", "heads/x=!", "gone heads/x 0>0" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

/* The list of ours comes filtered; what we once put there may lie outside by now. */
static void
what_the_filter_leaves_out_is_not_touched(void **state)
{
	static const struct push rows[] = {
		{ "heads/main=3", "heads/main=3 heads/old=4", "heads/main=3 heads/old=4",
		    "same heads/main 3>3", "main" },
		{ "heads/main=3", "heads/main=3 tags/v1=a", "heads/main=3 tags/v1=a",
		    "same heads/main 3>3", "refs/heads/*" },
		{ "", "heads/main=3", "heads/main=3", "", "\n" },
		{ "", "heads/main=3 pull/1=4", "heads/main=3 pull/1=4", "delete heads/main 3>0" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
first_the_default_branch_then_branches_tags_and_deletions(void **state)
{
	static const struct push rows[] = {
		{ "heads/a=1 heads/main=1 heads/z=2 notes/x=1 tags/v1=1",
		    "heads/b=1 heads/z=1 tags/v0=1", "heads/b=1 tags/v0=1",
		    "create heads/main 0>1, create heads/a 0>1, update heads/z 1>2, "
		    "create tags/v1 0>1, create notes/x 0>1, delete heads/b 1>0, delete tags/v0 "
		    "1>0",
		    "refs/*" },
		/* what there is nothing to do for comes last */
		{ "heads/a=1 heads/b=2 heads/c=3", "heads/a=1 heads/b=a", "heads/gone=4",
		    "create heads/c 0>3, same heads/a 1>1, conflict heads/b a>2, gone heads/gone "
		    "0>0" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

static void
what_stands_in_the_way_of_a_folder_goes_first(void **state)
{
	static const struct push rows[] = {
		{ "heads/a/b=1 heads/main=1", "heads/a=1", "heads/a=1",
		    "delete heads/a 1>0, create heads/main 0>1, create heads/a/b 0>1" },
		{ "heads/a=1 heads/main=1", "heads/a/b/c=1", "heads/a/b/c=1",
		    "delete heads/a/b/c 1>0, create heads/main 0>1, create heads/a 0>1" },
		{ "heads/a-b=1 heads/main=1", "heads/a=1", "heads/a=1",
		    "create heads/main 0>1, create heads/a-b 0>1, delete heads/a 1>0" },
		/* what is not ours stays; that the name is taken is then the target's to say */
		{ "heads/a/b=1", "heads/a=1", "", "create heads/a/b 0>1" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

/* A name is bytes: nothing is made of them but comparisons. */
static void
names_of_strangers_are_only_compared(void **state)
{
	static const struct push rows[] = {
		{ "heads/gr\xfcn=3", "heads/gr\xfcn=3 heads/gr\xc3\xbcn=4", "heads/gr\xfcn=3",
		    "same heads/gr\xfcn 3>3" },
		{ "heads/main=3", "heads/Main=4 heads/main=3 heads/main2=4 heads/mai=4", "",
		    "same heads/main 3>3" },
		{ "heads/%s%n=3", "heads/--force=4 heads/$(id)=4", "", "create heads/%s%n 0>3" },
		/* what a target cannot have lists is not found, and nothing is done about it */
		{ "", "heads/..=4 heads/a.lock=4 mirrorhub/kept/x=4", "mirrorhub/kept/x=4", "",
		    "refs/*" },
	};

	assert_plans(*state, rows, N_OF(rows));
}

/* ---- sparing */

static void
the_default_branch_there_is_never_deleted(void **state)
{
	static const struct {
		struct push push;
		const char *head; /* there */
	} rows[] = {
		{ { "heads/main=1", "heads/main=1 heads/old=1 tags/v=1", "heads/old=1 tags/v=1",
		      "delete tags/v 1>0, same heads/main 1>1, conflict heads/old 1>1" },
		    "refs/heads/old" },
		{ { "heads/main=1", "heads/main=1 heads/old=1", "heads/old=1",
		      "delete heads/old 1>0, same heads/main 1>1" },
		    "refs/heads/main" },
		/* nobody knows which it is: then the deletion is tried, and the target says no */
		{ { "heads/main=1", "heads/main=1 heads/old=1", "heads/old=1",
		      "delete heads/old 1>0, same heads/main 1>1" },
		    NULL },
		/* also where it stands in the way */
		{ { "heads/a/b=1 heads/main=1", "heads/a=1 heads/main=1", "heads/a=1",
		      "create heads/a/b 0>1, conflict heads/a 1>1, same heads/main 1>1" },
		    "refs/heads/a" },
		/* the last branches */
		{ { "tags/v=1", "heads/a=1 heads/b=1 tags/v=1", "heads/a=1 heads/b=1",
		      "conflict heads/a 1>1, conflict heads/b 1>1, same tags/v 1>1" },
		    "refs/heads/a" },
		{ { "", "heads/a=1 tags/v=1", "heads/a=1 tags/v=1",
		      "delete tags/v 1>0, conflict heads/a 1>1" },
		    NULL },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct git_push_plan p;
		struct git_refs ours;

		plan_of(c, &rows[i].push, &p, &ours);
		git_push_spare(&p, &ours, rows[i].head);
		if (strcmp(text_of(c, &p), rows[i].push.want) != 0)
			unit_fail("row %zu: %s", i, text_of(c, &p));
		assert_counts(&p);
	}
}

/* ---- the rule, over all there is */

/* "name=id", or nothing. */
static const char *
one(struct ctx *c, const char *name, const char *id)
{
	return id[0] != '\0' ? arena_printf(c->mem, "%s=%s", name, id) : "";
}

static void
assert_rule(struct ctx *c, const struct push *x, bool is_branch, bool is_ours)
{
	struct git_push_plan p;
	struct git_refs ours;
	const struct git_push_row *r;
	unsigned there =
	    x->there[0] != '\0' ? (unsigned)strtoul(strchr(x->there, '=') + 1, NULL, 16) : 0;

	plan_of(c, x, &p, &ours);
	assert_counts(&p);
	assert_int_equal(p.n, x->ours[0] != '\0' || x->owned[0] != '\0');
	if (p.n == 0)
		return;
	r = &p.rows[0];
	/* what is sent names what was seen: a target that has moved on refuses it */
	if (p.n_moves + p.n_deletes > 0 && (r->old[0] & 15u) != there)
		unit_fail("%s | %s | %s: another old id", x->ours, x->there, x->owned);
	if (r->kind == PUSH_DELETE && (!is_ours || x->ours[0] != '\0'))
		unit_fail("%s | %s | %s: deleted", x->ours, x->there, x->owned);
	if (r->kind == PUSH_UPDATE && !is_ours && !x->overwrites &&
	    !(is_branch && is_behind(NULL, r->old, r->new)))
		unit_fail("%s | %s | %s: overwritten", x->ours, x->there, x->owned);
}

static void
whatever_is_there_only_what_is_ours_is_deleted_or_rewound_unasked(void **state)
{
	static const char *const ids[] = { "", "3", "5", "a" };
	static const char *const owned[] = { "", "3", "5", "a", ">3", ">a", "3>5", "a>3", "!",
		"3!" };
	struct ctx *c = *state;

	for (size_t i = 0; i < 4 * N_OF(ids) * N_OF(ids) * N_OF(owned); i++) {
		const char *name = i & 1 ? "heads/x" : "tags/x", *there = ids[i / 4 % N_OF(ids)],
			   *put = owned[i / 4 / N_OF(ids) / N_OF(ids)];
		const struct push x = { one(c, name, ids[i / 4 / N_OF(ids) % N_OF(ids)]),
			one(c, name, there), one(c, name, put), .overwrites = i & 2 };

		assert_rule(c, &x, i & 1, there[0] != '\0' && strstr(put, there) != NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(an_empty_target_gets_everything_and_an_equal_one_nothing),
		WITH_CTX(what_others_put_there_is_neither_deleted_nor_touched),
		WITH_CTX(what_we_put_there_follows_wherever_it_goes),
		WITH_CTX(an_older_state_of_the_same_branch_goes_forward),
		WITH_CTX(what_somebody_changed_there_is_a_conflict),
		WITH_CTX(a_conflict_says_what_is_in_the_way),
		WITH_CTX(overwriting_is_for_the_refs_that_we_have),
		WITH_CTX(a_push_that_was_never_reported_is_ours_with_either_id),
		WITH_CTX(a_refusal_is_forgotten_when_it_is_over),
		WITH_CTX(what_the_filter_leaves_out_is_not_touched),
		WITH_CTX(first_the_default_branch_then_branches_tags_and_deletions),
		WITH_CTX(what_stands_in_the_way_of_a_folder_goes_first),
		WITH_CTX(names_of_strangers_are_only_compared),
		WITH_CTX(the_default_branch_there_is_never_deleted),
		WITH_CTX(whatever_is_there_only_what_is_ours_is_deleted_or_rewound_unasked),
	};

	return cmocka_run_group_tests_name("push_plan", tests, NULL, NULL);
}
