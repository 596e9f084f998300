#include "tests/unit/unit.h"

static char closed[8];

static void
note_closing(void *object)
{
	size_t len = strlen(closed);

	closed[len] = *(const char *)object;
	closed[len + 1] = '\0';
}

static void
memory_is_zeroed_and_aligned(void **state)
{
	struct ctx *c = *state;

	for (size_t size = 0; size < 200; size++) {
		unsigned char *p = arena_alloc(c->mem, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
}

static void
memory_is_zeroed_again_after_a_reset(void **state)
{
	struct ctx *c = *state;

	memset(arena_alloc(c->mem, 30000), 0xff, 30000);
	arena_reset(c->mem);
	assert_memory_equal(arena_alloc(c->mem, 64), (char[64]){ 0 }, 64);
}

static void
pieces_larger_than_a_block_fit(void **state)
{
	struct ctx *c = *state;
	char *small = arena_strdup(c->mem, "before");
	char *big = arena_alloc(c->mem, 1 << 20);

	memset(big, 'x', 1 << 20);
	assert_string_equal(small, "before");
	assert_string_equal(arena_strdup(c->mem, "after"), "after");
}

static void
deferred_objects_close_newest_first(void **state)
{
	struct ctx *c = *state;

	closed[0] = '\0';
	arena_defer(c->mem, note_closing, (char[]){ 'a' });
	arena_defer(c->mem, note_closing, (char[]){ 'b' });
	arena_defer(c->mem, note_closing, (char[]){ 'c' });
	arena_reset(c->mem);
	assert_string_equal(closed, "cba");
}

static void
a_deferred_object_closed_early_closes_once(void **state)
{
	struct ctx *c = *state;
	char a = 'a', b = 'b';

	closed[0] = '\0';
	arena_defer(c->mem, note_closing, &a);
	arena_defer(c->mem, note_closing, &b);
	arena_close(c->mem, &a);
	assert_string_equal(closed, "a");
	arena_reset(c->mem);
	assert_string_equal(closed, "ab");
}

static void
text_is_copied_with_a_nul_behind(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(arena_strndup(c->mem, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(c->mem, NULL, 0), "");
	assert_string_equal(arena_printf(c->mem, "%s-%d", "x", 7), "x-7");
	assert_int_equal(strlen(arena_printf(c->mem, "%0100000d", 1)), 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(memory_is_zeroed_and_aligned),
		WITH_CTX(memory_is_zeroed_again_after_a_reset),
		WITH_CTX(pieces_larger_than_a_block_fit),
		WITH_CTX(deferred_objects_close_newest_first),
		WITH_CTX(a_deferred_object_closed_early_closes_once),
		WITH_CTX(text_is_copied_with_a_nul_behind),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
