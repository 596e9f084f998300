/* A sweep over stores on disk. */
#include "tests/unit/repo.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "sync/datadir.h"
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
set_up_data(struct ctx *c)
{
	assert_int_equal(
	    path_write(c, path_under(c->mem, c->conf->data_dir, DATADIR_MARKER), 0640, "x", 1), OK);
}

static void
count_stores(
    void *payload, int64_t first, const int64_t *ids, size_t n, const int64_t *due, size_t n_due)
{
	assert_int_equal(first, 0);
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
	const struct janitor_hooks hooks = { &n_stores, count_stores, 999 };
	int64_t removed;

	(void)repo_conf(c, unit_folder(c));
	set_up_data(c);
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

/* A disk that is not mounted has nothing on it, which says nothing. */
static void
a_folder_without_its_marker_is_not_swept(void **state)
{
	struct ctx *c = *state;
	struct job_fences fences = { .newest = 1 };
	size_t n_stores = 0;
	const struct janitor_hooks hooks = { &n_stores, count_stores, 999 };
	int64_t removed;

	(void)repo_conf(c, unit_folder(c));
	(void)store_with_leftover(c, 11);
	assert_int_equal(janitor_sweep(c, &fences, false, &hooks, &removed), E_INVALID);
	assert_int_equal(n_stores, 0);
}

static void
stores_that_were_replaced_go_when_they_are_old(void **state)
{
	static const struct {
		const char *suffix;
		int age_s;
		bool goes;
	} rows[] = { { "old-%lld", 15 * 86400, true }, { "old-%lld", 13 * 86400, false },
		{ "damaged-%lld", 1000 * 86400, false }, { "else-%lld", 1000 * 86400, false } };
	struct ctx *c = *state;
	struct job_fences fences = { .newest = 1 };
	size_t n_stores = 0;
	const struct janitor_hooks hooks = { &n_stores, count_stores, 999 };
	const char *dirs[N_OF(rows)];
	int64_t removed;

	(void)repo_conf(c, unit_folder(c));
	set_up_data(c);
	for (size_t i = 0; i < N_OF(rows); i++) {
		long long at = (long long)time(NULL) - rows[i].age_s;
		const char *word =
		    arena_strndup(c->mem, rows[i].suffix, strcspn(rows[i].suffix, "-"));

		dirs[i] =
		    arena_printf(c->mem, "%s/repos/0/11.git.%s-%lld", c->conf->data_dir, word, at);
		repo_init(c, dirs[i]);
	}
	assert_int_equal(janitor_sweep(c, &fences, true, &hooks, &removed), OK);
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_true(path_is_dir(dirs[i]) != rows[i].goes);
	assert_int_equal(removed, 1);
	assert_int_equal(n_stores, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_broken_store_does_not_stop_a_sweep),
		WITH_CTX(a_folder_without_its_marker_is_not_swept),
		WITH_CTX(stores_that_were_replaced_go_when_they_are_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
