/* A sweep over stores on disk. */
#include "tests/unit/repo.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "sync/janitor.h"

/* A store with what a killed writer left there two hours ago. */
static const char *
store_with_leftover(struct ctx *c, int id)
{
	const struct timespec old[2] = { { .tv_sec = time(NULL) - 7200 },
		{ .tv_sec = time(NULL) - 7200 } };
	const char *dir = arena_printf(c->mem, "%s/repos/0/%d.git", c->conf->data_dir, id);
	const char *left = path_under(c->mem, dir, "packed-refs.lock");

	repo_init(c, dir);
	assert_int_equal(path_write(c, left, 0640, "", 0), OK);
	assert_int_equal(utimensat(AT_FDCWD, left, old, 0), 0);
	return left;
}

static void
count_stores(void *payload, const int64_t *ids, size_t n, const int64_t *due, size_t n_due)
{
	(void)ids;
	(void)due;
	assert_true(n_due <= n);
	*(size_t *)payload += n;
}

static void
a_broken_store_does_not_stop_a_sweep(void **state)
{
	struct ctx *c = *state;
	struct job_fences fences = { .newest = 1 };
	const char *objects, *left[3];
	size_t n_stores = 0;
	const struct janitor_hooks hooks = { &n_stores, count_stores };
	int64_t removed;

	(void)repo_conf(c, unit_folder(c));
	for (int i = 0; i < 3; i++)
		left[i] = store_with_leftover(c, 11 + i);
	objects = arena_printf(c->mem, "%s/repos/0/12.git/objects", c->conf->data_dir);
	assert_int_equal(path_remove_tree(c, objects), OK);
	assert_int_equal(path_write(c, objects, 0640, "", 0), OK);
	assert_int_equal(janitor_sweep(c, &fences, false, &hooks, &removed), E_INTERNAL);
	assert_non_null(strstr(c->reason, objects));
	assert_int_equal(n_stores, 3);
	assert_false(path_is_file(left[0]) || path_is_file(left[2]));
	/* and it was one: the next comes in an hour */
	n_stores = 0;
	assert_int_equal(janitor_sweep(c, &fences, false, &hooks, &removed), OK);
	assert_int_equal(n_stores, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_broken_store_does_not_stop_a_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
