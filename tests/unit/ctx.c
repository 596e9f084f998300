#include "tests/unit/unit.h"

static int
try_code(int code, bool *went_on)
{
	TRY(code);
	*went_on = true;
	return OK;
}

static void
fail_keeps_the_sentence_and_gives_the_code(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(fail(c, E_INVALID, "at most %d bytes", 9), E_INVALID);
	assert_string_equal(c->reason, "at most 9 bytes");
}

static void
a_passing_failure_says_when_to_try_again(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(fail_passing(c, 5, "away"), E_INTERNAL);
	assert_int_equal(c->retry_after_s, 5);
}

static void
the_next_failure_forgets_status_and_retry(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(fail_passing(c, 5, "away"), E_INTERNAL);
	c->http_status = 413;
	assert_int_equal(fail(c, E_NOTFOUND, "no row"), E_NOTFOUND);
	assert_int_equal(c->retry_after_s, 0);
	assert_int_equal(c->http_status, 0);
}

static void
a_reason_may_quote_the_reason_before(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(fail(c, E_INVALID, "low"), E_INVALID);
	assert_int_equal(fail(c, E_INVALID, "high: %s", c->reason), E_INVALID);
	assert_string_equal(c->reason, "high: low");
}

static void
try_returns_failures_and_goes_on_after_ok(void **state)
{
	bool went_on = false;

	(void)state;
	for (int code = E_NOTFOUND; code <= E_INTERNAL; code++)
		assert_int_equal(try_code(code, &went_on), code);
	assert_false(went_on);
	assert_int_equal(try_code(OK, &went_on), OK);
	assert_true(went_on);
}

static void
every_code_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(code_text(OK), "ok");
	assert_string_equal(code_text(E_NOTFOUND), "notfound");
	assert_string_equal(code_text(E_DENIED), "denied");
	assert_string_equal(code_text(E_INVALID), "invalid");
	assert_string_equal(code_text(E_CONFLICT), "conflict");
	assert_string_equal(code_text(E_INTERNAL), "internal");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(fail_keeps_the_sentence_and_gives_the_code),
		WITH_CTX(a_passing_failure_says_when_to_try_again),
		WITH_CTX(the_next_failure_forgets_status_and_retry),
		WITH_CTX(a_reason_may_quote_the_reason_before),
		cmocka_unit_test(try_returns_failures_and_goes_on_after_ok),
		cmocka_unit_test(every_code_has_a_word),
	};

	return cmocka_run_group_tests_name("ctx", tests, NULL, NULL);
}
