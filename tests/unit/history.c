/* Commits, the files they changed, and what lies in them, compared with what git says. */
#include "tests/unit/repo.h"

#include "git/history.h"
#include "git/init.h"
#include "git/nodes.h"
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

static struct git_history
history(struct ctx *c, const char *dir)
{
	struct git_history h;

	assert_int_equal(git_history_open(c, dir, NULL, 0, &h), OK);
	return h;
}

static const char *
blob(struct ctx *c, const char *dir, const char *mode, const char *name, const char *text)
{
	return arena_printf(c->mem, "%s blob %s\t%s\n", mode,
	    repo_git_with(c, dir, text, "hash-object", "-w", "--stdin"), name);
}

/* A commit at that time, with these lines of `git mktree`. */
static const char *
commit_at(struct ctx *c, const char *dir, const char *branch, int at, const char *lines,
    const char *parents)
{
	const char *tree = repo_git_with(c, dir, lines, "mktree");
	const char *text = arena_printf(c->mem,
	    "tree %s\n%sauthor \xc3\x84 <a@x> %d +0100\ncommitter C <c@x> %d +0000\n\nat %d\n",
	    tree, parents, at, at + 1, at);
	const char *id =
	    repo_git_with(c, dir, text, "hash-object", "-t", "commit", "-w", "--stdin");

	(void)repo_git(c, dir, "update-ref", arena_printf(c->mem, "refs/heads/%s", branch), id);
	return id;
}

static const char *
parent(struct ctx *c, const char *id)
{
	return arena_printf(c->mem, "parent %s\n", id);
}

struct tree {
	const char *dir, *first, *side, *merge;
};

/* Two branches and a merge. */
static struct tree
make(struct ctx *c)
{
	struct tree t = { .dir = store(c) };
	const char *dir = t.dir, *second;
	const char *sub;

	t.first = commit_at(c, dir, "main", 1000,
	    arena_printf(c->mem, "%s%s", blob(c, dir, "100644", "a", "1\n"),
		blob(c, dir, "100644", "gone", "x\n")),
	    "");
	second =
	    commit_at(c, dir, "main", 3000, blob(c, dir, "100644", "a", "2\n"), parent(c, t.first));
	t.side = commit_at(
	    c, dir, "feature/x", 2000, blob(c, dir, "100755", "a", "1\n"), parent(c, t.first));
	sub = repo_git_with(c, dir,
	    arena_printf(c->mem, "%s%s", blob(c, dir, "100644", "f\xe9", "in\n"),
		blob(c, dir, "120000", "link", "../a")),
	    "mktree");
	sub = repo_git_with(c, dir,
	    arena_printf(
		c->mem, "040000 tree %s\tdeep\n%s", sub, blob(c, dir, "100644", "z", "z\n")),
	    "mktree");
	t.merge = commit_at(c, dir, "main", 4000,
	    arena_printf(c->mem, "%s040000 tree %s\tsub\n160000 commit %s\tmodule\n",
		blob(c, dir, "100644", "a", "2\n"), sub, t.first),
	    arena_printf(c->mem, "%s%s", parent(c, second), parent(c, t.side)));
	(void)repo_git(c, dir, "tag", "-a", "-m", "t", "v1", t.side);
	(void)repo_git(c, dir, "update-ref", "refs/mirrorhub/kept/1",
	    repo_git(c, dir, "commit-tree", arena_printf(c->mem, "%s^{tree}", t.first), "-m", "k"));
	return t;
}

static void
the_list_is_that_of_git_and_numbers_are_places_in_it(void **state)
{
	struct ctx *c = *state;
	struct tree t = make(c);
	struct git_history h = history(c, t.dir);
	struct git_changeset row;

	assert_int_equal(h.n, 4);
	assert_string_equal(arena_strndup(c->mem, h.ids, h.n * 41 - 1),
	    repo_git(c, t.dir, "rev-list", "--reverse", "--date-order", "--branches", "--tags"));
	assert_int_equal(git_history_read(c, &h, t.merge, &row), OK);
	assert_int_equal(row.number, 3);
	assert_int_equal(row.at, 4001);
	assert_string_equal(row.id, t.merge);
	assert_string_equal(row.message, "at 4000\n");
	assert_string_equal(row.author_name, "\xc3\x84");
	assert_string_equal(row.author_email, "a@x");
}

static void
the_state_changes_with_any_ref_and_with_head(void **state)
{
	struct ctx *c = *state;
	struct tree t = make(c);
	struct git_history h = history(c, t.dir), again;
	const char *before, *same, *tagged, *elsewhere;
	struct git_changeset row;

	assert_int_equal(git_history_state(c, t.dir, 100, &before), OK);
	assert_int_equal(git_history_state(c, t.dir, 100, &same), OK);
	(void)repo_git(c, t.dir, "tag", "v2", t.first);
	assert_int_equal(git_history_state(c, t.dir, 100, &tagged), OK);
	(void)repo_git(c, t.dir, "symbolic-ref", "HEAD", "refs/heads/feature/x");
	assert_int_equal(git_history_state(c, t.dir, 100, &elsewhere), OK);
	assert_string_equal(before, same);
	assert_string_not_equal(before, tagged);
	assert_string_not_equal(tagged, elsewhere);
	assert_int_equal(git_history_state(c, t.dir, 2, &same), E_INVALID);
	/* what was listed once serves again */
	assert_int_equal(git_history_open(c, t.dir, h.ids, h.n * 41, &again), OK);
	assert_int_equal(git_history_read(c, &again, t.merge, &row), OK);
	assert_int_equal(row.number, 3);
}

static void
a_revision_is_a_name_an_id_or_a_number(void **state)
{
	struct ctx *c = *state;
	struct tree t = make(c);
	struct git_history h = history(c, t.dir);
	const struct {
		const char *text, *id;
	} rows[] = {
		{ "tip", t.merge },
		{ "", t.merge },
		{ "HEAD", t.merge },
		{ "-1", t.merge },
		{ "main", t.merge },
		{ "feature/x", t.side },
		{ "v1", t.side },
		{ "0", t.first },
		{ "3", t.merge },
		{ t.first, t.first },
		{ arena_strndup(c->mem, t.side, 12), t.side },
		{ "4", NULL },
		{ "main~1", NULL },
		{ "v1^{}", NULL },
		{ "--all", NULL },
		{ "-n1", NULL },
		{ "../heads/main", NULL },
		{ "main..feature/x", NULL },
		{ "refs/heads/main", NULL },
		{ ":/at", NULL },
		{ "@", NULL },
		{ "abc", NULL },
		{ "1111111111111111111111111111111111111111", NULL },
		/* objects that no ref reaches, and what is kept aside, are nobody's to see */
		{ repo_git(c, t.dir, "rev-parse", "refs/mirrorhub/kept/1"), NULL },
		{ repo_git(c, t.dir, "rev-parse", "main^{tree}"), NULL },
	};
	char id[41];

	for (size_t i = 0; i < N_OF(rows); i++) {
		int code = git_history_find(c, &h, rows[i].text, id);

		if (code != (rows[i].id != NULL ? OK : E_NOTFOUND))
			unit_fail("%s: %s", rows[i].text, code_text(code));
		if (rows[i].id != NULL)
			assert_string_equal(id, rows[i].id);
	}
}

static const char *
joined(struct ctx *c, const struct git_paths *paths)
{
	const char *all = "";

	for (size_t i = 0; i < paths->n; i++)
		all = arena_printf(c->mem, "%s%s\n", all, paths->rows[i]);
	return all;
}

static void
files_are_those_of_the_first_parent_and_all_of_a_first_commit(void **state)
{
	struct ctx *c = *state;
	struct tree t = make(c);
	struct git_history h = history(c, t.dir);
	struct git_changeset row;

	assert_int_equal(git_history_read(c, &h, t.first, &row), OK);
	assert_int_equal(git_history_files(c, &h, &row), OK);
	assert_string_equal(joined(c, &row.added), "a\ngone\n");
	assert_int_equal(row.changed.n + row.removed.n, 0);
	assert_int_equal(git_history_read(c, &h, t.side, &row), OK);
	assert_int_equal(git_history_files(c, &h, &row), OK);
	assert_string_equal(joined(c, &row.changed), "a\n");
	assert_string_equal(joined(c, &row.removed), "gone\n");
	assert_int_equal(git_history_read(c, &h, t.merge, &row), OK);
	assert_int_equal(git_history_files(c, &h, &row), OK);
	assert_string_equal(
	    joined(c, &row.added), "module\nsub/deep/f\xef\xbf\xbd\nsub/deep/link\nsub/z\n");
	assert_int_equal(row.changed.n + row.removed.n, 0);
}

static size_t
listed(struct ctx *c, const struct git_history *h, struct git_range range, const char *expected)
{
	const char *ids;
	size_t n;

	assert_int_equal(git_history_list(c, h, &range, &ids, &n), OK);
	if (n > 0)
		assert_memory_equal(ids, expected, 40);
	return n;
}

static void
a_range_is_by_ids_times_branch_and_number(void **state)
{
	struct ctx *c = *state;
	struct tree t = make(c);
	struct git_history h = history(c, t.dir);
	const int64_t early = 2001, late = 3001;
	const struct git_range backwards = { .first_id = t.merge, .last_id = t.first };
	const char *ids;
	size_t n;

	assert_int_equal(listed(c, &h, (struct git_range){ .most = 0 }, t.first), 4);
	assert_int_equal(listed(c, &h, (struct git_range){ .first_id = t.side }, t.side), 3);
	assert_int_equal(listed(c, &h, (struct git_range){ .last_id = t.side }, t.first), 2);
	assert_int_equal(
	    listed(c, &h, (struct git_range){ .first_id = t.side, .last_id = t.side }, t.side), 1);
	assert_int_equal(listed(c, &h, (struct git_range){ .most = 1 }, t.merge), 1);
	assert_int_equal(
	    listed(c, &h, (struct git_range){ .since = &early, .until = &late }, t.side), 2);
	assert_int_equal(listed(c, &h, (struct git_range){ .branch_id = t.side }, t.first), 2);
	assert_int_equal(git_history_list(c, &h, &backwards, &ids, &n), E_INVALID);
}

static void
nodes_are_folders_then_files_in_the_order_of_the_walk(void **state)
{
	struct ctx *c = *state;
	struct tree t = make(c);
	struct git_history h = history(c, t.dir);
	static const char *const all[] = { "sub", "sub/deep", "a", "sub/z",
		"sub/deep/f\xef\xbf\xbd", "sub/deep/link" };
	struct git_node *rows;
	size_t n;

	assert_int_equal(git_nodes(c, h.repo, t.merge, "/", GIT_DIRS | GIT_FILES, &rows, &n), OK);
	assert_int_equal(n, N_OF(all));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(rows[i].path, all[i]);
		assert_int_equal(rows[i].is_dir, i < 2);
	}
	assert_int_equal(git_nodes(c, h.repo, t.merge, "/sub/", GIT_FILES, &rows, &n), OK);
	assert_int_equal(n, 3);
	assert_string_equal(rows[0].path, "sub/z");
	assert_int_equal(git_nodes(c, h.repo, t.merge, "sub", GIT_DIRS, &rows, &n), OK);
	assert_int_equal(n, 1);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(
		    git_nodes(c, h.repo, t.merge,
			(const char *[]){ "a", "none", "..", "sub/../sub", "module" }[i], GIT_DIRS,
			&rows, &n),
		    E_NOTFOUND);
}

static void
a_file_is_read_as_it_is_and_not_above_its_limit(void **state)
{
	struct ctx *c = *state;
	struct tree t = make(c);
	struct git_history h = history(c, t.dir);
	struct git_file file;

	assert_int_equal(git_file_read(c, h.repo, t.merge, "/sub/z", 2, &file), OK);
	assert_string_equal(file.path, "sub/z");
	assert_string_equal(file.bytes, "z\n");
	assert_int_equal(file.size_bytes, 2);
	assert_false(file.is_binary);
	assert_string_equal(file.id, repo_git(c, t.dir, "rev-parse", "main:sub/z"));
	assert_int_equal(git_file_read(c, h.repo, t.merge, "sub/z", 1, &file), OK);
	assert_null(file.bytes);
	assert_int_equal(file.size_bytes, 2);
	assert_int_equal(git_file_read(c, h.repo, t.side, "a", 10, &file), OK);
	assert_true(file.is_executable);
	assert_int_equal(git_file_read(c, h.repo, t.merge, "sub", 10, &file), E_NOTFOUND);
	assert_int_equal(git_file_read(c, h.repo, t.merge, "module", 10, &file), E_NOTFOUND);
	assert_int_equal(git_file_read(c, h.repo, t.merge, "no", 10, &file), E_NOTFOUND);
}

static void
an_empty_store_has_no_commits(void **state)
{
	struct ctx *c = *state;
	struct git_history h = history(c, store(c));
	char id[41];

	assert_int_equal(h.n, 0);
	assert_int_equal(git_history_find(c, &h, "tip", id), E_NOTFOUND);
	assert_int_equal(git_history_find(c, &h, "0", id), E_NOTFOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(the_list_is_that_of_git_and_numbers_are_places_in_it),
		WITH_CTX(the_state_changes_with_any_ref_and_with_head),
		WITH_CTX(a_revision_is_a_name_an_id_or_a_number),
		WITH_CTX(files_are_those_of_the_first_parent_and_all_of_a_first_commit),
		WITH_CTX(a_range_is_by_ids_times_branch_and_number),
		WITH_CTX(nodes_are_folders_then_files_in_the_order_of_the_walk),
		WITH_CTX(a_file_is_read_as_it_is_and_not_above_its_limit),
		WITH_CTX(an_empty_store_has_no_commits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
