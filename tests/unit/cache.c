/* A folder of files with a bound. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"

/* A kept file of so many bytes, last used so many seconds ago. */
static void
keep(struct ctx *c, const char *dir, const char *name, size_t bytes, int64_t age_s)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - age_s } };
	int *fd;

	times[1] = times[0];
	assert_int_equal(cache_begin(c, dir, name, &fd), OK);
	assert_int_equal(write(*fd, arena_alloc(c->mem, bytes), bytes), bytes);
	assert_int_equal(futimens(*fd, times), 0);
	assert_int_equal(cache_keep(c, dir, name, fd), OK);
}

static bool
is_there(struct ctx *c, const char *dir, const char *name)
{
	return path_is_file(path_under(c->mem, dir, name));
}

static void
a_file_is_seen_when_it_is_whole(void **state)
{
	struct ctx *c = *state;
	const char *dir = path_under(c->mem, unit_folder(c), "not/yet");
	int64_t bytes = 0;
	int *fd, *other;

	assert_int_equal(cache_open(c, dir, "a", &fd, &bytes), E_NOTFOUND);
	assert_int_equal(cache_begin(c, dir, "a", &fd), OK);
	assert_int_equal(cache_begin(c, dir, "a", &other), E_CONFLICT);
	assert_int_equal(cache_open(c, dir, "a", &other, &bytes), E_NOTFOUND);
	assert_int_equal(write(*fd, "abc", 3), 3);
	assert_int_equal(cache_keep(c, dir, "a", fd), OK);
	assert_int_equal(cache_open(c, dir, "a", &fd, &bytes), OK);
	assert_int_equal(bytes, 3);
	assert_int_equal(cache_begin(c, dir, "b", &fd), OK);
	cache_drop(c, dir, "b", fd);
	assert_int_equal(cache_begin(c, dir, "b", &fd), OK);
}

/* The first writer's name is taken away, and a second one begins the same file. */
static void
a_file_is_never_another_writers_half(void **state)
{
	struct ctx *c = *state;
	const char *dir = unit_folder(c);
	int64_t bytes;
	int *first, *second, *read;

	assert_int_equal(cache_begin(c, dir, "1-a", &first), OK);
	assert_int_equal(write(*first, "whole", 5), 5);
	assert_int_equal(cache_remove(c, dir, "1-", NULL), OK);
	assert_int_equal(cache_begin(c, dir, "1-a", &second), OK);
	assert_int_equal(write(*second, "ha", 2), 2);
	assert_int_equal(cache_keep(c, dir, "1-a", first), E_INTERNAL);
	assert_int_equal(cache_open(c, dir, "1-a", &read, &bytes), E_NOTFOUND);
}

static void
what_was_used_longest_ago_goes_first(void **state)
{
	struct ctx *c = *state;
	const char *dir = unit_folder(c);
	int64_t bytes;
	int *fd;

	keep(c, dir, "oldest", 100, 300);
	keep(c, dir, "older", 100, 200);
	keep(c, dir, "new", 100, 100);
	assert_int_equal(cache_trim(c, dir, 300), OK);
	assert_true(is_there(c, dir, "oldest"));
	assert_int_equal(cache_open(c, dir, "oldest", &fd, &bytes), OK);
	assert_int_equal(cache_trim(c, dir, 299), OK);
	assert_false(is_there(c, dir, "older"));
	assert_true(is_there(c, dir, "oldest") && is_there(c, dir, "new"));
	assert_int_equal(cache_trim(c, dir, 0), OK);
	assert_false(is_there(c, dir, "oldest") || is_there(c, dir, "new"));
	assert_int_equal(cache_trim(c, path_under(c->mem, dir, "missing"), 0), OK);
}

static void
what_a_killed_writer_left_goes_after_an_hour(void **state)
{
	struct ctx *c = *state;
	const char *dir = unit_folder(c);
	const struct timespec old[2] = { { .tv_sec = time(NULL) - 3700 },
		{ .tv_sec = time(NULL) - 3700 } };
	int *fd;

	assert_int_equal(cache_begin(c, dir, "a", &fd), OK);
	assert_int_equal(cache_trim(c, dir, 0), OK);
	assert_true(is_there(c, dir, "a.new"));
	assert_int_equal(futimens(*fd, old), 0);
	assert_int_equal(cache_trim(c, dir, 0), OK);
	assert_false(is_there(c, dir, "a.new"));
}

static void
files_go_by_the_beginning_of_their_names(void **state)
{
	struct ctx *c = *state;
	const char *dir = unit_folder(c);

	keep(c, dir, "1-a-x", 1, 0);
	keep(c, dir, "1-b-x", 1, 0);
	keep(c, dir, "11-a-x", 1, 0);
	assert_int_equal(cache_remove(c, dir, "1-", "1-b-"), OK);
	assert_false(is_there(c, dir, "1-a-x"));
	assert_true(is_there(c, dir, "1-b-x") && is_there(c, dir, "11-a-x"));
	assert_int_equal(cache_remove(c, dir, "1-", NULL), OK);
	assert_false(is_there(c, dir, "1-b-x"));
	assert_true(is_there(c, dir, "11-a-x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_file_is_seen_when_it_is_whole),
		WITH_CTX(a_file_is_never_another_writers_half),
		WITH_CTX(what_was_used_longest_ago_goes_first),
		WITH_CTX(what_a_killed_writer_left_goes_after_an_hour),
		WITH_CTX(files_go_by_the_beginning_of_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
