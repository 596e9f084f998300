/* Which refs a mirror publishes next. */
#include "tests/unit/lists.h"

#include "git/follow.h"

enum { EXACT = 0, KEEPS_DELETED = 1, KEEPS_FORCED = 2, ADDITIVE = 3 };

/* Branches that are there still and have moved were forced, unless `on` names them. */
struct turn {
	const char *published, *upstream;
	int mode;
	const char *want;
	const char *pins; /* a list; "!" before a name: it is let go */
	const char *kept; /* below refs/mirrorhub/kept/ */
	const char *on;
};

static size_t
pins_of(struct ctx *c, const char *text, const struct git_pin **out)
{
	size_t n;
	char **words = str_split(c->mem, text != NULL ? text : "", ' ', &n);
	struct git_pin *pins = arena_new_array(c->mem, struct git_pin, n + 1);
	size_t n_pins = 0;

	for (size_t i = 0; i < n; i++) {
		struct git_pin *pin = &pins[n_pins];
		char *id = strchr(words[i], '=');

		if (id == NULL)
			continue;
		*id = '\0';
		pin->is_let_go = words[i][0] == '!';
		pin->name = arena_printf(c->mem, "refs/%s", words[i] + pin->is_let_go);
		lists_oid(NULL, id + 1, pin->oid, NULL);
		n_pins++;
	}
	*out = pins;
	return n_pins;
}

static struct git_refs
next_of(struct ctx *c, const struct turn *t, const char *head)
{
	const struct git_refs published = lists_of(c, NULL, t->published, "refs/heads/main"),
			      upstream = lists_of(c, NULL, t->upstream, head),
			      kept = lists_of(c, NULL, t->kept != NULL ? t->kept : "", NULL);
	const struct git_moves moves = lists_moves(c, &published, &upstream, t->on);
	struct git_follow f = { .published = &published,
		.upstream = &upstream,
		.moves = &moves,
		.kept = &kept,
		.keeps_deleted = t->mode & KEEPS_DELETED,
		.keeps_forced = t->mode & KEEPS_FORCED };
	struct git_refs out;

	f.n_pins = pins_of(c, t->pins, &f.pins);
	if (git_follow(c, &f, &out) != OK)
		unit_fail("%s: %s", t->upstream, c->reason);
	return out;
}

static void
assert_turns(struct ctx *c, const struct turn *turns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct git_refs next = next_of(c, &turns[i], NULL);
		const char *got = lists_text(c, &next);

		if (strcmp(got, turns[i].want) != 0)
			unit_fail("%s -> %s: %s", turns[i].published, turns[i].upstream, got);
	}
}

static void
an_exact_mirror_has_what_the_upstream_has(void **state)
{
	static const struct turn turns[] = {
		{ "", "heads/main=1 tags/v1=2^1", EXACT, "heads/main=1 tags/v1=2^1" },
		{ "heads/main=1 heads/x=2 tags/v1=2^1", "heads/main=3", EXACT, "heads/main=3" },
		{ "heads/main=1", "", EXACT, "" },
		{ "heads/a=1", "heads/a/b=1", EXACT, "heads/a/b=1" },
	};

	assert_turns(*state, turns, N_OF(turns));
}

static void
what_the_upstream_has_no_more_stays_where_nothing_is_pruned(void **state)
{
	static const struct turn turns[] = {
		{ "heads/main=1 heads/x=2 tags/v1=2^1", "heads/main=3", KEEPS_DELETED,
		    "heads/main=3 heads/x=2 tags/v1=2^1" },
		{ "heads/main=1", "", KEEPS_DELETED, "heads/main=1" },
		{ "pull/1/head=1", "heads/main=1", KEEPS_DELETED, "heads/main=1 pull/1/head=1" },
		/* where both cannot be, the upstream's is */
		{ "heads/a=1", "heads/a/b=2", KEEPS_DELETED, "heads/a/b=2" },
		{ "heads/a/b=1 heads/a/c=1", "heads/a=2", KEEPS_DELETED, "heads/a=2" },
		{ "stash/x=1", "stash=2", KEEPS_DELETED, "stash=2" },
		{ "stash=1", "stash/x=2", KEEPS_DELETED, "stash/x=2" },
		{ "heads/a=1 heads/b=2", "heads/a/b/c=3", KEEPS_DELETED,
		    "heads/a/b/c=3 heads/b=2" },
		/* no folder */
		{ "heads/a=1 heads/a.b=2", "heads/a-b=3", KEEPS_DELETED,
		    "heads/a=1 heads/a-b=3 heads/a.b=2" },
	};

	assert_turns(*state, turns, N_OF(turns));
}

static void
what_was_rewritten_stays_as_it_is_in_an_additive_mirror(void **state)
{
	static const struct turn turns[] = {
		{ "heads/main=1 tags/v1=2^1", "heads/main=3 tags/v1=4^3", KEEPS_FORCED,
		    "heads/main=1 tags/v1=2^1" },
		{ "heads/main=1", "heads/main=3", KEEPS_FORCED, "heads/main=3",
		    .on = "heads/main" },
		{ "heads/main=1", "heads/main=3", KEEPS_DELETED, "heads/main=3" },
		{ "heads/main=1 heads/x=2", "heads/new=5", ADDITIVE,
		    "heads/main=1 heads/new=5 heads/x=2" },
		/* what is gone is another matter */
		{ "heads/main=1 heads/x=2", "heads/main=3", KEEPS_FORCED, "heads/main=1" },
	};

	assert_turns(*state, turns, N_OF(turns));
}

static void
a_pin_is_published_while_the_upstream_has_no_such_ref(void **state)
{
	static const struct turn turns[] = {
		/* from what was published, from what is kept, with what it peels to */
		{ "heads/main=1", "heads/main=1", EXACT, "heads/back=1 heads/main=1",
		    "heads/back=1" },
		{ "", "heads/main=1", EXACT, "heads/back=2 heads/main=1", "heads/back=2",
		    "mirrorhub/kept/heads/back/x=2" },
		{ "", "heads/main=1", EXACT, "heads/main=1 tags/v1=a^2", "tags/v1=a",
		    "mirrorhub/kept/tags/v1/x=a^2" },
		/* it was one before: it stays */
		{ "heads/back=2 heads/main=1", "heads/main=1", EXACT, "heads/back=2 heads/main=1",
		    "heads/back=2" },
		/* the upstream's goes first */
		{ "heads/back=2", "heads/back=3", EXACT, "heads/back=3", "heads/back=2" },
		{ "heads/a=2", "heads/a/b=3", EXACT, "heads/a/b=3", "heads/a=2" },
		{ "heads/a/b=2", "heads/a=3", EXACT, "heads/a=3", "heads/a/b=2" },
		/* then what stays */
		{ "heads/a/b=2 heads/m=1", "heads/m=1", KEEPS_DELETED, "heads/a/b=2 heads/m=1",
		    "heads/a=1" },
		/* of two pins that cannot be both, the one above */
		{ "heads/m=1", "heads/m=1", EXACT, "heads/a=1 heads/m=1", "heads/a/b=1 heads/a=1" },
		/* its object is nowhere any more */
		{ "heads/main=1", "heads/main=1", EXACT, "heads/main=1", "heads/back=9" },
	};

	assert_turns(*state, turns, N_OF(turns));
}

static void
a_pin_that_is_let_go_goes(void **state)
{
	static const struct turn turns[] = {
		{ "heads/back=2 heads/main=1", "heads/main=1", EXACT, "heads/main=1",
		    "!heads/back=2" },
		/* also where nothing else is ever deleted: the upstream never had it */
		{ "heads/back=2 heads/main=1 heads/x=3", "heads/main=1", ADDITIVE,
		    "heads/main=1 heads/x=3", "!heads/back=2" },
		{ "heads/back=2 heads/main=1", "heads/back=2 heads/main=1", EXACT,
		    "heads/back=2 heads/main=1", "!heads/back=2" },
	};

	assert_turns(*state, turns, N_OF(turns));
}

static void
head_is_the_upstreams(void **state)
{
	struct ctx *c = *state;
	const struct turn t = { "heads/main=1 heads/x=1", "heads/main=1 heads/x=1", EXACT, "" };

	assert_string_equal(next_of(c, &t, "refs/heads/x").head, "refs/heads/x");
	assert_null(next_of(c, &t, NULL).head);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(an_exact_mirror_has_what_the_upstream_has),
		WITH_CTX(what_the_upstream_has_no_more_stays_where_nothing_is_pruned),
		WITH_CTX(what_was_rewritten_stays_as_it_is_in_an_additive_mirror),
		WITH_CTX(a_pin_is_published_while_the_upstream_has_no_such_ref),
		WITH_CTX(a_pin_that_is_let_go_goes),
		WITH_CTX(head_is_the_upstreams),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
