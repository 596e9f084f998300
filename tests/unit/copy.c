/* Copies of stores, and branches and tags by short names; git itself is the truth. */
#include "git/copy.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/repo.h"

#include "git/branches.h"
#include "git/init.h"
#include "git/store.h"

static char folder[] = "/tmp/mirrorhub-copy-XXXXXX";

/* A store of ours with two branches, an annotated tag, a tag of a tree, a kept tip, packed and
 * loose, and what a killed writer left. */
static const char *
make_source(struct ctx *c, const char *name)
{
	const char *dir = path_under(c->mem, folder, name), *commit;

	assert_int_equal(git_store_create(c, dir, "dev"), OK);
	commit = repo_commit(c, dir, "main", "one");
	(void)repo_git(c, dir, "tag", "-a", "-m", "t", "v1", commit);
	(void)repo_git(c, dir, "update-ref", "refs/mirrorhub/kept/1", commit);
	(void)repo_git(c, dir, "repack", "-adq");
	(void)repo_git(c, dir, "pack-refs", "--all");
	repo_commit(c, dir, "dev", "two");
	repo_commit(c, dir, "main", "three");
	(void)repo_git(c, dir, "update-ref", "refs/tags/tree", "main^{tree}");
	(void)repo_git(c, dir, "commit-graph", "write");
	assert_int_equal(path_write(c, path_under(c->mem, dir, "objects/pack/tmp_pack_x"), 0640,
			     "x", 1),
	    OK);
	return dir;
}

static void
check_copy(struct ctx *c, const char *from, const char *to)
{
	const char *refs = "--format=%(objectname) %(refname) %(*objectname)";

	assert_string_equal(repo_git(c, to, "for-each-ref", refs, "refs/heads", "refs/tags"),
	    repo_git(c, from, "for-each-ref", refs, "refs/heads", "refs/tags"));
	assert_string_equal(repo_git(c, to, "for-each-ref", "refs/mirrorhub"), "");
	assert_string_equal(repo_git(c, to, "symbolic-ref", "HEAD"), "refs/heads/dev");
	(void)repo_git(c, to, "fsck", "--full", "--strict");
	assert_int_equal(git_store_check(c, to), OK);
	assert_false(path_is_file(path_under(c->mem, to, "objects/pack/tmp_pack_x")));
}

static void
a_copy_has_all_refs_and_objects_and_is_on_its_own(void **state)
{
	struct ctx *c = *state;
	const char *from = make_source(c, "source"), *to = path_under(c->mem, folder, "copy");
	const char *head;

	assert_int_equal(git_store_copy(c, from, to, 100, &head), OK);
	assert_string_equal(head, "dev");
	check_copy(c, from, to);
	/* what becomes of one is nothing to the other */
	(void)repo_git(c, from, "update-ref", "-d", "refs/heads/main");
	(void)repo_git(c, from, "repack", "-adq");
	(void)repo_git(c, from, "prune", "--expire=now");
	(void)repo_git(c, to, "fsck", "--full", "--strict");
	assert_int_equal(path_remove_tree(c, from), OK);
	(void)repo_git(c, to, "fsck", "--full", "--strict");
	(void)repo_git(c, to, "rev-parse", "refs/heads/main^{commit}");
}

/* Another file system gives no hard links. */
static void
where_there_are_no_links_the_bytes_are_copied(void **state)
{
	struct ctx *c = *state;
	const char *from = make_source(c, "far"), *head;
	char other[] = "/dev/shm/mirrorhub-copy-XXXXXX";
	struct stat here, there;
	const char *to;

	if (mkdtemp(other) == NULL || stat(other, &there) != 0 || stat(folder, &here) != 0 ||
	    here.st_dev == there.st_dev)
		skip();
	to = path_under(c->mem, other, "copy");
	assert_int_equal(git_store_copy(c, from, to, 100, &head), OK);
	check_copy(c, from, to);
	unit_remove_folder(other);
}

static void
a_copy_of_nothing_or_of_too_much_is_refused(void **state)
{
	struct ctx *c = *state;
	const char *head, *to = path_under(c->mem, folder, "none");

	assert_int_equal(
	    git_store_copy(c, path_under(c->mem, folder, "nowhere"), to, 100, &head), E_NOTFOUND);
	assert_int_equal(git_store_copy(c, make_source(c, "many"), to, 3, &head), E_INVALID);
	assert_false(path_is_dir(to));
}

static void
branches_come_before_tags_and_lead_to_commits(void **state)
{
	struct ctx *c = *state;
	const char *dir = make_source(c, "tips");
	struct git_repository *repo;
	struct git_tip *tips;
	size_t n;

	assert_int_equal(git_store_open(c, dir, &repo), OK);
	assert_int_equal(git_branches_and_tags(c, repo, 100, &tips, &n), OK);
	assert_int_equal(n, 3);
	assert_string_equal(tips[0].name, "dev");
	assert_string_equal(tips[1].name, "main");
	assert_string_equal(tips[2].name, "v1");
	assert_true(tips[2].is_tag);
	assert_string_equal(tips[2].commit, repo_git(c, dir, "rev-parse", "v1^{commit}"));
	assert_int_equal(git_branches_and_tags(c, repo, 3, &tips, &n), E_INVALID);
}

static void
head_may_name_a_branch_that_is_there_or_the_first_one(void **state)
{
	struct ctx *c = *state;
	const char *empty = path_under(c->mem, folder, "empty");
	struct git_repository *repo;
	bool may;

	assert_int_equal(git_store_open(c, make_source(c, "heads"), &repo), OK);
	assert_int_equal(git_branch_is_possible(c, repo, "main", &may), OK);
	assert_true(may);
	assert_int_equal(git_branch_is_possible(c, repo, "v1", &may), OK);
	assert_false(may);
	assert_int_equal(git_store_create(c, empty, "x"), OK);
	assert_int_equal(git_store_open(c, empty, &repo), OK);
	assert_int_equal(git_branch_is_possible(c, repo, "a/b", &may), OK);
	assert_true(may);
}

static void
names_of_branches_are_what_git_takes(void **state)
{
	static const char *const names[] = { "main", "a/b", "a.b", "1", "a+b", "\xc3\xb6", "",
		"-x", "HEAD", "a b", "a..b", "a/", "/a", "a//b", ".a", "a.lock", "a~1", "a^",
		"a:b", "a?", "a*", "a[", "a\\b", "a@{b", "@", "a\nb", "a\x7f", "../x", "a.",
		"a/.b" };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(names); i++) {
		struct buf *out;
		bool is_good = repo_try(c, folder, NULL, 0, &out,
				   (const char *const[]){ "check-ref-format", "--branch",
				       names[i], NULL }) == 0;

		if (git_branch_is_name(names[i]) != is_good)
			unit_fail("branch '%s': git says %d", names[i], is_good);
	}
}

static int
arrange(void **state)
{
	struct ctx c = { .mem = arena_new() };
	struct conf conf;
	int code;

	(void)state;
	code = conf_load(&c, NULL, &conf);
	if (code == OK) {
		c.conf = &conf;
		code = git_init(&c);
	}
	arena_free(c.mem);
	return code == OK && mkdtemp(folder) != NULL ? 0 : 1;
}

static int
tidy(void **state)
{
	(void)state;
	unit_remove_folder(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_copy_has_all_refs_and_objects_and_is_on_its_own),
		WITH_CTX(where_there_are_no_links_the_bytes_are_copied),
		WITH_CTX(a_copy_of_nothing_or_of_too_much_is_refused),
		WITH_CTX(branches_come_before_tags_and_lead_to_commits),
		WITH_CTX(head_may_name_a_branch_that_is_there_or_the_first_one),
		WITH_CTX(names_of_branches_are_what_git_takes),
	};

	return cmocka_run_group_tests_name("copy", tests, arrange, tidy);
}
