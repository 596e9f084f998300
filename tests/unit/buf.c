#include "tests/unit/unit.h"

#include "base/buf.h"

static void
text_grows_across_blocks(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 1 << 20);

	for (int i = 0; i < 100000; i++)
		buf_text(b, "abc");
	assert_false(b->full);
	assert_int_equal(b->len, 300000);
	assert_memory_equal(b->data + 299997, "abc", 4); /* with the NUL */
}

static void
what_does_not_fit_is_left_out_for_good(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 5);

	buf_text(b, "abcde");
	assert_false(b->full);
	buf_char(b, 'f');
	assert_true(b->full);
	assert_string_equal(b->data, "abcde");
	assert_null(buf_room(b, 0));
	buf_clear(b);
	buf_text(b, "abc");
	buf_text(b, "defg");
	buf_text(b, "d"); /* would fit, but then a hole would go unseen */
	assert_string_equal(b->data, "abc");
	assert_true(b->full);
}

static void
a_buffer_of_nothing_holds_nothing(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 0);

	buf_text(b, "");
	assert_false(b->full);
	assert_string_equal(b->data, "");
	buf_char(b, 'x');
	assert_true(b->full);
}

static void
numbers_are_written_whole(void **state)
{
	static const struct {
		long long n;
		const char *text;
	} rows[] = { { 0, "0" }, { -1, "-1" }, { 42, "42" }, { INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct buf *b = buf_new(c->mem, 100);

		buf_int(b, rows[i].n);
		assert_string_equal(b->data, rows[i].text);
	}
}

static void
printf_writes_all_or_nothing(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 8);

	buf_printf(b, "%s=%d", "ab", 12);
	assert_string_equal(b->data, "ab=12");
	buf_printf(b, "%s", "1234");
	assert_true(b->full);
	assert_string_equal(b->data, "ab=12");
}

static void
room_is_filled_by_the_caller(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 4000);
	char *room = buf_room(b, 3000);

	assert_non_null(room);
	memcpy(room, "hello", 5);
	buf_grew(b, 5);
	assert_string_equal(b->data, "hello");
	assert_null(buf_room(b, 3996));
}

static void
the_beginning_can_be_dropped(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 100);

	buf_text(b, "first\nsecond\n");
	buf_drop(b, 6);
	assert_string_equal(b->data, "second\n");
	buf_text(b, "third");
	assert_string_equal(b->data, "second\nthird");
	buf_drop(b, b->len);
	assert_string_equal(b->data, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(text_grows_across_blocks),
		WITH_CTX(what_does_not_fit_is_left_out_for_good),
		WITH_CTX(a_buffer_of_nothing_holds_nothing),
		WITH_CTX(numbers_are_written_whole),
		WITH_CTX(printf_writes_all_or_nothing),
		WITH_CTX(room_is_filled_by_the_caller),
		WITH_CTX(the_beginning_can_be_dropped),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
