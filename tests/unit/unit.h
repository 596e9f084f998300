/* What every unit test begins with: cmocka, a ctx that lives as long as one test, a folder. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* cmocka's; ours is in ctx.h */

#include "base/ctx.h"
#include "base/path.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Ends the test with a sentence (cmocka's fail_msg uses its fail). */
#define unit_fail(...)                                                                             \
	do {                                                                                       \
		print_error(__VA_ARGS__);                                                          \
		print_error("\n");                                                                 \
		assert_true(false);                                                                \
	} while (0)

/* A test with the ctx as its *state. */
#define WITH_CTX(test) cmocka_unit_test_setup_teardown(test, unit_ctx, unit_ctx_end)

static inline int
unit_ctx(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));

	c->mem = arena_new();
	c->reason = "";
	*state = c;
	return 0;
}

static inline int
unit_ctx_end(void **state)
{
	struct ctx *c = *state;

	arena_free(c->mem);
	free(c);
	return 0;
}

static inline void
unit_remove_folder(void *folder)
{
	struct ctx c = { .mem = arena_new(), .reason = "" };

	assert_int_equal(path_remove_tree(&c, folder), OK);
	arena_free(c.mem);
}

/* An empty folder that goes with the ctx. */
static inline char *
unit_folder(struct ctx *c)
{
	char *folder = arena_strdup(c->mem, "/tmp/mirrorhub-unit-XXXXXX");

	assert_non_null(mkdtemp(folder));
	arena_defer(c->mem, unit_remove_folder, folder);
	return folder;
}

#endif
