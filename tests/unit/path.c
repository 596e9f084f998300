#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *
in(struct ctx *c, const char *folder, const char *name)
{
	return path_under(c->mem, folder, name);
}

static void
put(struct ctx *c, const char *path, const char *text)
{
	assert_int_equal(path_write(c, path, 0644, text, strlen(text)), OK);
}

static const char *
got(struct ctx *c, const char *path)
{
	char *text = NULL;

	assert_int_equal(path_read(c, path, 1000, &text), OK);
	return text;
}

static int
count_entries(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
names_are_joined(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(path_under(c->mem, "/a", "b"), "/a/b");
	assert_string_equal(path_under(c->mem, "/a", "b/c..d/.e"), "/a/b/c..d/.e");
}

static void
folders_are_made_with_their_parents(void **state)
{
	struct ctx *c = *state;
	char *folder = unit_folder(c), *deep = in(c, folder, "a/b/c");

	assert_int_equal(path_make_dir(c, deep, 0755), OK);
	assert_true(path_is_dir(deep));
	assert_false(path_is_file(deep));
	assert_int_equal(path_make_dir(c, deep, 0755), OK);
	put(c, in(c, folder, "file"), "x");
	assert_int_equal(path_make_dir(c, in(c, folder, "file"), 0755), E_INTERNAL);
	assert_int_equal(path_make_dir(c, in(c, folder, "file/b"), 0755), E_INTERNAL);
}

static void
a_file_is_written_and_read_whole(void **state)
{
	struct ctx *c = *state;
	char *file = in(c, unit_folder(c), "f");
	struct stat st;

	umask(077);
	put(c, file, "one");
	umask(022);
	assert_string_equal(got(c, file), "one");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644); /* whatever the umask */
	put(c, file, "");
	assert_string_equal(got(c, file), "");
	assert_true(path_is_file(file));
}

static void
reading_has_a_limit(void **state)
{
	struct ctx *c = *state;
	char *file = in(c, unit_folder(c), "f"), *text;

	put(c, file, "12345");
	assert_int_equal(path_read(c, file, 5, &text), OK);
	assert_int_equal(path_read(c, file, 4, &text), E_INVALID);
	assert_int_equal(path_read(c, "/dev/zero", 1 << 20, &text), E_INVALID);
	assert_int_equal(path_read(c, "/nonexistent/x", 4, &text), E_NOTFOUND);
	assert_int_equal(path_read(c, "/tmp", 4, &text), E_INTERNAL);
	assert_int_equal(path_write(c, file, 0600, "a\0b", 3), OK);
	assert_int_equal(path_read(c, file, 5, &text), E_INVALID);
}

/* A disk that is full, as far as one process can make one: files end at 4 bytes. */
static void
limit_files(rlim_t most)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_failed_write_leaves_the_old_file_alone(void **state)
{
	struct ctx *c = *state;
	char *folder = unit_folder(c), *file = in(c, folder, "old");
	int code;

	put(c, file, "old");
	limit_files(4);
	code = path_write(c, file, 0644, "much longer", 11);
	limit_files(RLIM_INFINITY);
	assert_int_equal(code, E_INTERNAL);
	assert_string_equal(got(c, file), "old");
	assert_int_equal(count_entries(folder), 1);
	assert_int_equal(path_write(c, "/nonexistent/x", 0644, "", 0), E_INTERNAL);
}

static void
rename_replaces_files_only(void **state)
{
	struct ctx *c = *state;
	char *folder = unit_folder(c);
	char *a = in(c, folder, "a"), *b = in(c, folder, "b"), *empty = in(c, folder, "empty");

	put(c, a, "a");
	put(c, b, "b");
	assert_int_equal(path_rename(c, a, b), OK);
	assert_string_equal(got(c, b), "a");
	assert_int_equal(path_rename(c, a, b), E_NOTFOUND);
	assert_int_equal(path_make_dir(c, a, 0755), OK);
	assert_int_equal(path_make_dir(c, empty, 0755), OK);
	assert_int_equal(path_rename(c, a, empty), E_CONFLICT); /* rename(2) would do it */
	assert_int_equal(path_rename(c, b, empty), E_CONFLICT);
	assert_int_equal(path_rename(c, a, in(c, folder, "c")), OK);
	assert_true(path_is_dir(in(c, folder, "c")));
}

static void
a_tree_is_removed_and_links_are_not_followed(void **state)
{
	struct ctx *c = *state;
	char *folder = unit_folder(c), *tree = in(c, folder, "tree"), *kept = in(c, folder, "kept");

	assert_int_equal(path_make_dir(c, in(c, tree, "a/b"), 0755), OK);
	assert_int_equal(path_make_dir(c, kept, 0755), OK);
	put(c, in(c, kept, "file"), "still here");
	put(c, in(c, tree, "a/file"), "x");
	assert_int_equal(symlink(kept, in(c, tree, "a/b/trap")), 0);
	assert_int_equal(symlink(in(c, kept, "file"), in(c, tree, "trap")), 0);
	assert_int_equal(symlink("/nonexistent", in(c, tree, "dangling")), 0);
	assert_int_equal(symlink("..", in(c, tree, "a/up")), 0);
	assert_int_equal(path_remove_tree(c, tree), OK);
	assert_false(path_is_dir(tree));
	assert_string_equal(got(c, in(c, kept, "file")), "still here");
}

static void
a_link_to_a_tree_is_removed_as_a_link(void **state)
{
	struct ctx *c = *state;
	char *folder = unit_folder(c), *kept = in(c, folder, "kept"), *link = in(c, folder, "link");

	assert_int_equal(path_make_dir(c, kept, 0755), OK);
	assert_int_equal(symlink(kept, link), 0);
	assert_int_equal(path_remove_tree(c, link), OK);
	assert_true(path_is_dir(kept));
	assert_false(path_is_dir(link));
}

static void
removing_a_file_or_nothing_is_fine(void **state)
{
	struct ctx *c = *state;
	char *file = in(c, unit_folder(c), "f");

	put(c, file, "x");
	assert_int_equal(path_remove_tree(c, file), OK);
	assert_false(path_is_file(file));
	assert_int_equal(path_remove_tree(c, file), OK);
	assert_int_equal(path_remove_tree(c, "/nonexistent/a/b"), OK);
}

/* Deeper than a path may be long and than descriptors are many. */
static void
a_very_deep_tree_is_removed(void **state)
{
	struct ctx *c = *state;
	char *folder = unit_folder(c), *tree = in(c, folder, "tree");
	int fd, next;

	assert_int_equal(path_make_dir(c, tree, 0755), OK);
	fd = open(tree, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(path_remove_tree(c, tree), OK);
	assert_false(path_is_dir(tree));
}

static void
a_wide_tree_is_removed(void **state)
{
	struct ctx *c = *state;
	char *tree = in(c, unit_folder(c), "tree");
	int fd;

	assert_int_equal(path_make_dir(c, tree, 0755), OK);
	for (int i = 0; i < 2000; i++) {
		fd = open(arena_printf(c->mem, "%s/%d", tree, i), O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(path_remove_tree(c, tree), OK);
	assert_false(path_is_dir(tree));
}

/* What path_lock says in another process. */
static int
lock_elsewhere(const char *file, int wait_ms)
{
	struct ctx c = { .reason = "" };
	int status, *lock;
	pid_t pid = fork();

	if (pid == 0) {
		c.mem = arena_new();
		_exit(path_lock(&c, file, wait_ms, &lock));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_lock_excludes_another_process(void **state)
{
	struct ctx *c = *state;
	char *file = in(c, unit_folder(c), "lock");
	int *lock;

	assert_int_equal(path_lock(c, file, 0, &lock), OK);
	assert_int_equal(lock_elsewhere(file, 0), E_CONFLICT);
	assert_int_equal(lock_elsewhere(file, 50), E_CONFLICT);
	path_unlock(c, lock);
	assert_int_equal(lock_elsewhere(file, 0), OK);
	assert_int_equal(path_lock(c, file, 0, &lock), OK); /* it ended with that process */
}

static void
a_lock_ends_with_its_arena(void **state)
{
	struct ctx *c = *state;
	struct ctx other = { .mem = arena_new(), .reason = "" };
	char *file = in(c, unit_folder(c), "lock");
	int *lock;

	assert_int_equal(path_lock(&other, file, 0, &lock), OK);
	assert_int_equal(path_lock(c, file, 0, &lock), E_CONFLICT);
	arena_free(other.mem);
	assert_int_equal(path_lock(c, file, 0, &lock), OK);
}

static void
a_waiting_lock_is_had_when_the_holder_ends(void **state)
{
	struct ctx *c = *state;
	char *file = in(c, unit_folder(c), "lock");
	int *lock, held[2], go[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(held), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		struct ctx own = { .mem = arena_new(), .reason = "" };

		if (path_lock(&own, file, 0, &lock) != OK || write(held[1], "x", 1) != 1 ||
		    read(go[0], &byte, 1) != 1)
			_exit(1);
		usleep(50000);
		_exit(0);
	}
	assert_int_equal(read(held[0], &byte, 1), 1);
	assert_int_equal(path_lock(c, file, 0, &lock), E_CONFLICT);
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(path_lock(c, file, 60000, &lock), OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
a_lock_does_not_follow_a_link(void **state)
{
	struct ctx *c = *state;
	char *folder = unit_folder(c), *link = in(c, folder, "lock");
	int *lock;

	assert_int_equal(symlink(in(c, folder, "victim"), link), 0);
	assert_int_equal(path_lock(c, link, 0, &lock), E_INTERNAL);
	assert_false(path_is_file(in(c, folder, "victim")));
}

static void
free_space_is_a_share(void **state)
{
	struct ctx *c = *state;
	int percent = -1;

	assert_int_equal(path_free_percent(c, "/tmp", &percent), OK);
	assert_in_range(percent, 0, 100);
	assert_int_equal(path_free_percent(c, "/nonexistent", &percent), E_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(names_are_joined),
		WITH_CTX(folders_are_made_with_their_parents),
		WITH_CTX(a_file_is_written_and_read_whole),
		WITH_CTX(reading_has_a_limit),
		WITH_CTX(a_failed_write_leaves_the_old_file_alone),
		WITH_CTX(rename_replaces_files_only),
		WITH_CTX(a_tree_is_removed_and_links_are_not_followed),
		WITH_CTX(a_link_to_a_tree_is_removed_as_a_link),
		WITH_CTX(removing_a_file_or_nothing_is_fine),
		WITH_CTX(a_very_deep_tree_is_removed),
		WITH_CTX(a_wide_tree_is_removed),
		WITH_CTX(a_lock_excludes_another_process),
		WITH_CTX(a_lock_ends_with_its_arena),
		WITH_CTX(a_waiting_lock_is_had_when_the_holder_ends),
		WITH_CTX(a_lock_does_not_follow_a_link),
		WITH_CTX(free_space_is_a_share),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
