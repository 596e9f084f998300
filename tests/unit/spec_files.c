/* The spec files of a branch, compared with what git made. */
#include "tests/unit/repo.h"

#include "git/init.h"
#include "git/spec_files.h"
#include "git/store.h"

static const char *
store(struct ctx *c)
{
	const char *dir = arena_printf(c->mem, "%s/s.git", unit_folder(c));

	(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	assert_int_equal(git_store_create(c, dir, "main"), OK);
	return dir;
}

/* A line of `git mktree`. */
static const char *
file(struct ctx *c, const char *dir, const char *mode, const char *name, const char *text)
{
	return arena_printf(c->mem, "%s blob %s\t%s\n", mode,
	    repo_git_with(c, dir, text, "hash-object", "-w", "--stdin"), name);
}

static const char *
commit(struct ctx *c, const char *dir, const char *branch, const char *lines)
{
	const char *tree = repo_git_with(c, dir, lines, "mktree");
	const char *oid = repo_git(c, dir, "commit-tree", tree, "-m", "m");

	(void)repo_git(c, dir, "update-ref", arena_printf(c->mem, "refs/heads/%s", branch), oid);
	return oid;
}

static int
read_branch(struct ctx *c, const char *dir, const char *branch, struct git_spec_tip *out)
{
	struct git_repository *repo;

	assert_int_equal(git_store_open(c, dir, &repo), OK);
	return git_spec_files(c, repo, branch, out);
}

static void
the_root_of_the_branch_is_read_in_the_order_of_names(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *oid;
	struct git_spec_tip tip;

	oid = commit(c, dir, "a/b",
	    arena_printf(c->mem, "%s%s%s%s%s", file(c, dir, "100644", "z.spec", "Name: first\n"),
		file(c, dir, "100755", "b.spec", "Name: run\nVersion: 2\nEpoch: 3\nRelease: 4\n"),
		file(c, dir, "100644", "c.spec", "no name"),
		file(c, dir, "100644", "d.specs", "Name: no\n"),
		file(c, dir, "120000", "e.spec", "Name: no\n")));
	assert_int_equal(read_branch(c, dir, "a/b", &tip), OK);
	assert_string_equal(tip.commit, oid);
	assert_string_equal(tip.committer_name, "A");
	assert_string_equal(tip.committer_email, "a@example.com");
	assert_int_equal(tip.n, 2);
	assert_string_equal(tip.specs[0].name, "run");
	assert_string_equal(tip.specs[0].version, "2");
	assert_string_equal(tip.specs[0].release, "4");
	assert_int_equal(tip.specs[0].epoch, 3);
	assert_string_equal(tip.specs[1].name, "first");
}

static void
no_name_is_heads_branch_and_a_missing_one_is_told(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c);
	struct git_spec_tip tip;
	char *long_name = arena_alloc(c->mem, 5000);

	memset(long_name, 'a', 4999);
	assert_int_equal(read_branch(c, dir, "", &tip), E_NOTFOUND);
	(void)commit(c, dir, "main", file(c, dir, "100644", "a.spec", "Name: a\n"));
	assert_int_equal(read_branch(c, dir, "", &tip), OK);
	assert_int_equal(tip.n, 1);
	assert_int_equal(read_branch(c, dir, "other", &tip), E_NOTFOUND);
	assert_int_equal(read_branch(c, dir, "../heads/main", &tip), E_NOTFOUND);
	assert_int_equal(read_branch(c, dir, "a b~1", &tip), E_NOTFOUND);
	assert_int_equal(read_branch(c, dir, long_name, &tip), E_NOTFOUND);
}

static void
of_one_name_the_first_file_counts_and_a_large_file_not_at_all(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c);
	char *large = arena_alloc(c->mem, GIT_SPEC_MAX_BYTES + 2);
	struct git_spec_tip tip;

	memset(large, '\n', GIT_SPEC_MAX_BYTES + 1);
	memcpy(large, "Name: large", strlen("Name: large"));
	(void)commit(c, dir, "main",
	    arena_printf(c->mem, "%s%s%s", file(c, dir, "100644", "a.spec", large),
		file(c, dir, "100644", "b.spec", "Name: b\nVersion: 1\n"),
		file(c, dir, "100644", "c.spec", "Name: b\nVersion: 2\n")));
	assert_int_equal(read_branch(c, dir, "", &tip), OK);
	assert_int_equal(tip.n, 1);
	assert_string_equal(tip.specs[0].version, "1");
}

/* Names in commits are bytes of any kind. */
static void
a_committer_is_one_line_of_utf8(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *tree = repo_git_with(c, dir, "", "mktree");
	char *long_name = arena_alloc(c->mem, 401);
	const char *oid;
	struct git_spec_tip tip;

	memset(long_name, '\xe9', 400);
	oid = repo_git_with(c, dir,
	    arena_printf(c->mem,
		"tree %s\nauthor A <a@x> 1 +0000\ncommitter \xc3\xa9\xe9\t%s <a\x01@x> 1 "
		"+0000\n\nm\n",
		tree, long_name),
	    "hash-object", "-t", "commit", "-w", "--stdin", "--literally");
	(void)repo_git(c, dir, "update-ref", "refs/heads/main", oid);
	assert_int_equal(read_branch(c, dir, "", &tip), OK);
	assert_memory_equal(tip.committer_name, "\xc3\xa9\xef\xbf\xbd ", 6);
	assert_true(strlen(tip.committer_name) <= GIT_PERSON_MAX);
	assert_true(str_is_utf8(tip.committer_name, strlen(tip.committer_name)));
	assert_string_equal(tip.committer_email, "a @x");
}

static void
a_damaged_store_is_ours(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *path = arena_printf(c->mem, "%s/refs/heads/main", dir);
	struct git_spec_tip tip;

	assert_int_equal(
	    path_write(c, path, 0644, "1111111111111111111111111111111111111111\n", 41), OK);
	assert_int_equal(read_branch(c, dir, "", &tip), E_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(the_root_of_the_branch_is_read_in_the_order_of_names),
		WITH_CTX(no_name_is_heads_branch_and_a_missing_one_is_told),
		WITH_CTX(of_one_name_the_first_file_counts_and_a_large_file_not_at_all),
		WITH_CTX(a_committer_is_one_line_of_utf8),
		WITH_CTX(a_damaged_store_is_ours),
	};

	return cmocka_run_group_tests_name("spec_files", tests, NULL, NULL);
}
