/* Which requests are full clones whose answer may be kept. */
#include "tests/unit/unit.h"

#include "cgi/git/clone.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define C "3333333333333333333333333333333333333333"
#define BEGIN "0012command=fetch\n0015agent=git/2.39.5\n0001"
#define WANT "0032want "
#define END "0009done\n0000"

static bool
parses(struct ctx *c, const char *text, struct clone_ask *out)
{
	return clone_parse(c->mem, text, strlen(text), out);
}

static void
the_same_wish_in_other_words_is_the_same(void **state)
{
	struct ctx *c = *state;
	struct clone_ask ask;

	assert_true(parses(c,
	    BEGIN "000dofs-delta" WANT B "\n" WANT A "\n" WANT B "\n000fno-progress" END, &ask));
	assert_int_equal(ask.n_wants, 2);
	assert_string_equal(ask.wants[0], A);
	assert_string_equal(ask.wants[1], B);
	assert_int_equal(ask.flags, CLONE_OFS_DELTA | CLONE_QUIET);
}

static void
whoever_has_something_is_no_clone(void **state)
{
	static const char *const others[] = {
		"",
		BEGIN END,
		BEGIN WANT A "\n0000",
		BEGIN WANT A "\n0032have " B "\n" END,
		BEGIN WANT A "\n000cdeepen 1" END,
		BEGIN WANT A "\n0035shallow " B "\n" END,
		BEGIN WANT A "\n0015filter blob:none\n" END,
		BEGIN WANT A "\n0012wait-for-done\n" END,
		BEGIN WANT A "\n0010sideband-all" END,
		BEGIN "000ewant 1234\n" END,
		BEGIN WANT A "\n" END "0000",
		"0012command=fetch\n" WANT A "\n" END,
		"0012command=fetch\n0018object-format=sha256" "0001" WANT A "\n" END,
		"0014command=ls-refs\n0001" WANT A "\n" END,
	};
	struct ctx *c = *state;
	struct clone_ask ask;

	for (size_t i = 0; i < N_OF(others); i++)
		if (parses(c, others[i], &ask))
			unit_fail("taken for a clone: %s", others[i]);
}

static void
a_full_clone_wants_every_branch(void **state)
{
	static const struct git_store_ref rows[] = {
		{ .name = "HEAD", .oid = A, .symref = "refs/heads/main" },
		{ .name = "refs/heads/main", .oid = A },
		{ .name = "refs/heads/x", .oid = B },
		{ .name = "refs/tags/v1", .oid = C },
	};
	static const struct git_reflist refs = { .rows = rows, .n = 4 };
	static const struct git_reflist tags = { .rows = rows + 3, .n = 1 };
	struct ctx *c = *state;
	struct clone_ask ask;

	assert_true(parses(c, BEGIN WANT B "\n" WANT A "\n" END, &ask));
	assert_true(clone_is_full(&ask, &refs));
	assert_false(clone_is_full(&ask, &tags));
	assert_true(parses(c, BEGIN WANT A "\n" WANT C "\n" END, &ask));
	assert_false(clone_is_full(&ask, &refs));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(the_same_wish_in_other_words_is_the_same),
		WITH_CTX(whoever_has_something_is_no_clone),
		WITH_CTX(a_full_clone_wants_every_branch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
