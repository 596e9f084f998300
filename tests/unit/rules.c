#include "tests/unit/repo.h"

#include "git/rules.h"

#define ENTRIES_MAX 4
#define NULL_NAME "points-at-nothing"

enum verdict { GOOD = 1, BAD };

struct row {
	struct {
		const char *mode, *name;
	} entries[ENTRIES_MAX];
	enum verdict ours, gits;
};

#define SKIP_1 "\xe2\x80\x8c" /* ZERO WIDTH NON-JOINER, which HFS+ does not see */
#define SKIP_2 "\xef\xbb\xbf"

/* ours and gits differ only in the last group, on purpose: see git/rules.h. */
static const struct row rows[] = {
	{ { { "100644", "a" }, { "100755", "b" }, { "120000", "c" }, { "160000", "d" } }, GOOD, GOOD },
	{ { { "40000", "a" }, { "100644", "a.b" } }, BAD, BAD }, /* "a/" is behind "a." */
	{ { { "100644", "a.b" }, { "40000", "a" } }, GOOD, GOOD },
	{ { { "100644", "b" }, { "100644", "a" } }, BAD, BAD },
	{ { { "100644", "a" }, { "100644", "a" } }, BAD, BAD },
	{ { { "100644", "a" }, { "40000", "a" } }, BAD, BAD },
	{ { { "100644", "a" }, { "100644", "a-b" }, { "40000", "a" } }, BAD, BAD },
	{ { { "100644", "a" }, { "100644", "a-b" }, { "100644", "a-b.c" }, { "40000", "a" } }, BAD, BAD },
	{ { { "100644", "a" }, { "100644", "a-b" }, { "100644", "a-b.c" }, { "40000", "a-b" } }, BAD, BAD },
	{ { { "100644", "a" }, { "100644", "a-b" }, { "100644", "a.c" }, { "40000", "ab" } }, GOOD, GOOD },
	{ { { "100644", "" } }, BAD, BAD },
	{ { { "100644", "." } }, BAD, BAD },
	{ { { "100644", ".." } }, BAD, BAD },
	{ { { "100644", "..." } }, GOOD, GOOD },
	{ { { "100644", "a/b" } }, BAD, BAD },
	{ { { "100644", "/" } }, BAD, BAD },
	{ { { "100644", NULL_NAME } }, BAD, BAD },
	{ { { "40000", ".git" } }, BAD, BAD },
	{ { { "100644", ".git" } }, BAD, BAD },
	{ { { "40000", ".GiT" } }, BAD, BAD },
	{ { { "40000", ".git " } }, BAD, BAD },
	{ { { "40000", ".git. ." } }, BAD, BAD },
	{ { { "40000", ".git:x" } }, BAD, BAD },
	{ { { "40000", ".gitx" } }, GOOD, GOOD },
	{ { { "40000", "x.git" } }, GOOD, GOOD },
	{ { { "40000", "git~1" } }, BAD, BAD },
	{ { { "40000", "GIT~1." } }, BAD, BAD },
	{ { { "40000", "git~2" } }, GOOD, GOOD },
	{ { { "40000", "git~11" } }, GOOD, GOOD },
	{ { { "40000", ".git\\x" } }, BAD, BAD },
	{ { { "40000", "x\\.git" } }, BAD, BAD },
	{ { { "40000", "x\\y\\git~1" } }, BAD, BAD },
	{ { { "40000", "x\\.gitx" } }, GOOD, GOOD },
	{ { { "40000", "\\" } }, GOOD, GOOD },
	{ { { "40000", SKIP_1 ".git" } }, BAD, BAD },
	{ { { "40000", ".g" SKIP_1 SKIP_2 "It" } }, BAD, BAD },
	{ { { "40000", ".git" SKIP_2 } }, BAD, BAD },
	{ { { "40000", ".git" SKIP_2 "x" } }, GOOD, GOOD },
	{ { { "40000", ".git\xe2\x80\x8b" } }, GOOD, GOOD }, /* one that HFS+ does see */
	{ { { "100644", "\xff\n<img>" } }, GOOD, GOOD },
	{ { { "100644", ".gitmodules" } }, GOOD, GOOD },
	{ { { "120000", ".gitmodules" } }, BAD, BAD },
	{ { { "120000", ".GitModules " } }, BAD, BAD },
	{ { { "120000", "gitmod~1" } }, BAD, BAD },
	{ { { "120000", "GITMOD~4." } }, BAD, BAD },
	{ { { "120000", "gitmod~5" } }, GOOD, GOOD },
	{ { { "120000", "gi7eba~1" } }, BAD, BAD },
	{ { { "120000", "gi7eb~10" } }, BAD, BAD },
	{ { { "120000", "gi7~1234" } }, BAD, BAD },
	{ { { "120000", "~1234567" } }, BAD, BAD },
	{ { { "120000", "gi7eba~0" } }, GOOD, GOOD },
	{ { { "120000", "gi7d29~1" } }, GOOD, GOOD },
	{ { { "120000", ".gitmod" SKIP_1 "ules" } }, BAD, BAD },
	{ { { "120000", ".gitmodulesx" } }, GOOD, GOOD },
	{ { { "100666", "a" } }, GOOD, GOOD },
	{ { { "100664", "a" } }, GOOD, GOOD },
	{ { { "10x644", "a" } }, BAD, BAD },
	/* git takes whatever it does not know for a submodule */
	{ { { "10644", "a" } }, BAD, GOOD },
	{ { { "140000", "a" } }, BAD, GOOD },
	/* harmless, and old histories have it: forges of 2008 padded the modes of folders */
	{ { { "040000", "a" } }, GOOD, BAD },
};

static const struct {
	const char *mode_start, *type, *text;
} targets[] = { { "4", "tree", "" }, { "04", "tree", "" }, { "16", "commit", NULL },
	{ "", "blob", "\n" } };

static const char *
target_of(struct ctx *c, const char *repo, const char *mode)
{
	for (size_t i = 0;; i++)
		if (str_starts(mode, targets[i].mode_start))
			return targets[i].text == NULL ?
			    "1234567812345678123456781234567812345678" :
			    repo_git_with(c, repo, targets[i].text, "hash-object", "-w", "-t",
				targets[i].type, "--stdin");
}

static struct buf *
tree_of(struct ctx *c, const char *repo, const struct row *r)
{
	struct buf *tree = buf_new(c->mem, 4096);
	unsigned char oid[20];

	for (size_t i = 0; i < ENTRIES_MAX && r->entries[i].mode != NULL; i++) {
		assert_true(str_is_hex(target_of(c, repo, r->entries[i].mode), oid, sizeof(oid)));
		if (strcmp(r->entries[i].name, NULL_NAME) == 0)
			memset(oid, 0, sizeof(oid));
		buf_printf(tree, "%s %s", r->entries[i].mode, r->entries[i].name);
		buf_char(tree, '\0');
		buf_add(tree, oid, sizeof(oid));
	}
	return tree;
}

/* As receive.fsckObjects does it: a pack with the object through index-pack --strict. */
static enum verdict
gits_verdict(struct ctx *c, const char *repo, const char *type, const struct buf *object)
{
	const char *oid = repo_run(c, repo, object->data, object->len,
	    (const char *const[]){ "hash-object", "-w", "-t", type, "--literally", "--stdin", NULL });
	const char *list = arena_printf(c->mem, "%s\n", oid);
	struct buf *pack, *out;

	assert_int_equal(repo_try(c, repo, list, strlen(list), &pack,
			     (const char *const[]){ "pack-objects", "--stdout", "-q", NULL }),
	    0);
	return repo_try(c, repo, pack->data, pack->len, &out,
		   (const char *const[]){ "index-pack", "--strict", "--stdin", NULL }) == 0 ?
	    GOOD :
	    BAD;
}

static void
trees_are_judged_as_by_git(void **state)
{
	struct ctx *c = *state;
	const char *repo = unit_folder(c);

	repo_init(c, repo);
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct buf *tree = tree_of(c, repo, &rows[i]);
		const char *problem = git_rules_tree(tree->data, tree->len);
		enum verdict gits = gits_verdict(c, repo, "tree", tree);

		if ((problem == NULL ? GOOD : BAD) != rows[i].ours || gits != rows[i].gits)
			unit_fail("row %zu (\"%s\"): ours %s, git's %s", i, rows[i].entries[0].name,
			    problem == NULL ? "good" : problem, gits == GOOD ? "good" : "bad");
	}
}

static void
a_tree_that_is_cut_off_is_no_tree(void **state)
{
	struct ctx *c = *state;
	const char *repo = unit_folder(c);
	struct buf *tree;

	repo_init(c, repo);
	tree = tree_of(c, repo, &rows[0]);
	assert_null(git_rules_tree(tree->data, tree->len));
	assert_null(git_rules_tree(tree->data, 0));
	for (size_t len = 1; len < tree->len; len++)
		if (len % 29 != 0) /* an entry of these ends there: "100644 a", NUL, 20 bytes */
			assert_non_null(git_rules_tree(tree->data, len));
}

#define TREE "tree 1234567812345678123456781234567812345678\n"
#define PARENT "parent 1234567812345678123456781234567812345678\n"
#define OBJECT "object 1234567812345678123456781234567812345678\n"
#define WHO "A <a@example.com> 1600000000 +0000\n"

static void
commits_and_tags_need_their_lines(void **state)
{
	static const struct {
		const char *(*rule)(const char *bytes, size_t len);
		const char *text;
		bool good;
	} texts[] = {
		{ git_rules_commit, TREE "author " WHO "committer " WHO "\nm", true },
		{ git_rules_commit, TREE PARENT PARENT "author " WHO "committer " WHO, true },
		{ git_rules_commit, TREE "author A <>\ncommitter x\n\n", true },
		{ git_rules_commit, "", false },
		{ git_rules_commit, PARENT "author " WHO "committer " WHO, false },
		{ git_rules_commit, TREE "committer " WHO, false },
		{ git_rules_commit, TREE "author " WHO, false },
		{ git_rules_commit, TREE "author A", false },
		{ git_rules_commit, "tree 12345\nauthor " WHO "committer " WHO, false },
		{ git_rules_commit, TREE "author " WHO PARENT "committer " WHO, false },
		{ git_rules_tag, OBJECT "type commit\ntag v1\ntagger " WHO "\nm", true },
		{ git_rules_tag, OBJECT "type blob\ntag v1\n", true },
		{ git_rules_tag, OBJECT "type gibberish\ntag v1\n", false },
		{ git_rules_tag, OBJECT "tag v1\n", false },
		{ git_rules_tag, "type commit\ntag v1\n", false },
		{ git_rules_tag, OBJECT "type commit\n", false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(texts); i++) {
		const char *problem = texts[i].rule(texts[i].text, strlen(texts[i].text));

		if ((problem == NULL) != texts[i].good)
			unit_fail("row %zu: %s", i, problem == NULL ? "passes" : problem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(trees_are_judged_as_by_git),
		WITH_CTX(a_tree_that_is_cut_off_is_no_tree),
		WITH_CTX(commits_and_tags_need_their_lines),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
