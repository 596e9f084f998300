/* What a commit changed, compared with what git says of it. */
#include "tests/unit/repo.h"

#include "base/clock.h"
#include "git/changes.h"
#include "git/init.h"
#include "git/rename.h"
#include "git/store.h"

struct git_repository;

static const struct git_changes_options plain = { .ignore_space = false };

struct store {
	const char *dir;
	struct git_repository *repo;
};

/* A store filled by `git fast-import`. */
static struct store
import(struct ctx *c, const void *stream, size_t len)
{
	struct store s = { .dir = arena_printf(c->mem, "%s/s.git", unit_folder(c)) };

	(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	assert_int_equal(git_store_create(c, s.dir, "main"), OK);
	(void)repo_run(c, s.dir, stream, len, (const char *const[]){ "fast-import", "--quiet", NULL });
	assert_int_equal(git_store_open(c, s.dir, &s.repo), OK);
	return s;
}

/* ---- writing a stream */

static void
commit(struct buf *b, const char *ref, const char *message)
{
	buf_printf(b,
	    "commit refs/heads/%s\ncommitter C <c@x> 1600000000 +0000\ndata %zu\n%s\n", ref,
	    strlen(message), message);
}

static void
file(struct buf *b, const char *mode, const char *name, const char *text, size_t len)
{
	buf_printf(b, "M %s inline %s\ndata %zu\n", mode, name, len);
	buf_add(b, text, len);
	buf_char(b, '\n');
}

#define FILE_OF(b, name, text) file((b), "100644", (name), (text), strlen(text))

/* n lines, "WORD NUMBER"; those that are a multiple of `other` (0: none) differ. */
static const char *
text(struct ctx *c, const char *word, int n, int other)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	for (int i = 1; i <= n; i++)
		buf_printf(
		    b, "%s %d%s\n", word, i, other > 0 && i % other == 0 ? " changed" : "");
	return b->data;
}

#define ODD_NAME "\"q\\\"uote\\n\\t<b>&\""
#define BYTES_NAME "\"\\377\\376/b\\303\\244d\""

static void
first_commit(struct ctx *c, struct buf *b)
{
	commit(b, "main", "first");
	FILE_OF(b, "plain.txt", text(c, "line", 60, 0));
	FILE_OF(b, "dir/deep/b.txt", text(c, "b", 10, 0));
	FILE_OF(b, "dir-x", "between dir and dir/ in the order of names\n");
	FILE_OF(b, "run.sh", "#!/bin/sh\n");
	FILE_OF(b, "empty", "");
	FILE_OF(b, "empty2", "");
	FILE_OF(b, "crlf.txt", "one\r\ntwo\r\nthree\r\n");
	FILE_OF(b, "noend", "a\nb");
	FILE_OF(b, "gone.txt", "bye\n");
	FILE_OF(b, "old/same.txt", "the same bytes\n");
	FILE_OF(b, "old/alike.txt", text(c, "alike", 40, 0));
	FILE_OF(b, "old/other name.txt", text(c, "other", 40, 0));
	FILE_OF(b, "becomes", "a file\n");
	FILE_OF(b, "folder", "then a folder\n");
	FILE_OF(b, ODD_NAME, "odd\n");
	FILE_OF(b, BYTES_NAME, "bytes \xff\xfe\n");
	FILE_OF(b, "code.c", "int\nf(void)\n{\n\treturn 1;\n}\n\nint\ng(void)\n{\n\ta();\n\tb();\n\tc();\n"
			     "\td();\n\treturn 2;\n}\n");
	file(b, "100644", "bin", "a\0b", 3);
	file(b, "120000", "link", "plain.txt", 9);
	buf_text(b, "M 160000 1111111111111111111111111111111111111111 module\n");
	buf_text(b, "M 160000 1111111111111111111111111111111111111111 module2\n");
}

static void
second_commit(struct ctx *c, struct buf *b)
{
	commit(b, "main", "second");
	FILE_OF(b, "plain.txt", text(c, "line", 61, 25));
	FILE_OF(b, "dir/deep/b.txt", text(c, "b", 12, 0));
	file(b, "100755", "run.sh", "#!/bin/sh\n", 10);
	FILE_OF(b, "empty", "not any more\n");
	FILE_OF(b, "crlf.txt", "one\r\ntwo\nthree\r\nfour\r\n");
	FILE_OF(b, "noend", "a\nb\n");
	FILE_OF(b, "noend2", "a\nb");
	buf_text(b, "D gone.txt\nD old\nD empty2\nD folder\nD module2\n");
	FILE_OF(b, "empty3", "");
	FILE_OF(b, "new/same.txt", "the same bytes\n");
	FILE_OF(b, "new/alike.txt", text(c, "alike", 40, 11));
	FILE_OF(b, "new/another.txt", text(c, "other", 40, 9));
	FILE_OF(b, "folder/a", "in it\n");
	file(b, "120000", "becomes", "plain.txt", 9);
	FILE_OF(b, ODD_NAME, "odder\n");
	FILE_OF(b, BYTES_NAME, "other bytes \x80\n");
	FILE_OF(b, "code.c", "int\nf(void)\n{\n\treturn 1;\n}\n\nint\ng(void)\n{\n\ta();\n\tb();\n\tc();\n"
			     "\td();\n\treturn 3;\n}\n");
	file(b, "100644", "bin", "a\0c", 3);
	file(b, "120000", "link", "run.sh", 6);
	buf_text(b, "M 160000 2222222222222222222222222222222222222222 module\n");
}

/* A root, everything changed, three sides and an octopus of them, an empty commit. */
static struct store
make(struct ctx *c)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	first_commit(c, b);
	second_commit(c, b);
	for (int i = 1; i <= 3; i++) {
		commit(b, arena_printf(c->mem, "side%d", i), "side");
		buf_text(b, "from refs/heads/main\n");
		FILE_OF(b, arena_printf(c->mem, "side%d", i), "s\n");
	}
	commit(b, "main", "octopus");
	buf_text(b, "merge refs/heads/side1\nmerge refs/heads/side2\nmerge refs/heads/side3\n");
	FILE_OF(b, "side1", "s\n");
	FILE_OF(b, "side2", "s\n");
	FILE_OF(b, "side3", "s and more\n");
	commit(b, "main", "nothing");
	return import(c, b->data, b->len);
}

/* ---- as git writes it */

static char
letter(enum git_change_kind kind)
{
	static const char letters[] = { [GIT_CHANGE_ADDED] = 'A', [GIT_CHANGE_DELETED] = 'D',
		[GIT_CHANGE_MODIFIED] = 'M', [GIT_CHANGE_RENAMED] = 'R', [GIT_CHANGE_MODE] = 'M',
		[GIT_CHANGE_TYPE] = 'T' };

	return letters[kind];
}

static const char *
id_text(const char *id)
{
	return id[0] != '\0' ? id : "0000000000000000000000000000000000000000";
}

/* NUL is written as "|" on both sides, so that texts can be compared. */
static const char *
raw_text(struct ctx *c, const struct git_changes *changes)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	for (size_t i = 0; i < changes->n; i++) {
		const struct git_change *row = &changes->rows[i];
		bool is_renamed = row->kind == GIT_CHANGE_RENAMED;

		buf_printf(b, ":%06o %06o %s %s %c", (unsigned)row->old_mode,
		    (unsigned)row->new_mode, id_text(row->old_id), id_text(row->new_id),
		    letter(row->kind));
		if (is_renamed)
			buf_printf(b, "%03d|%s", row->similarity, row->old_path);
		buf_printf(b, "|%s|", row->new_path);
	}
	return b->data;
}

static const char *
number_text(struct ctx *c, const struct git_changes *changes)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	for (size_t i = 0; i < changes->n; i++) {
		const struct git_change *row = &changes->rows[i];

		assert_true(row->is_counted);
		if (row->is_binary)
			buf_text(b, "-\t-\t");
		else
			buf_printf(b, "%d\t%d\t", (int)row->added, (int)row->removed);
		if (row->kind == GIT_CHANGE_RENAMED)
			buf_printf(b, "|%s", row->old_path);
		buf_printf(b, row->kind == GIT_CHANGE_RENAMED ? "|%s|" : "%s|", row->new_path);
	}
	return b->data;
}

static void
range_text(struct buf *b, char sign, int start, int n)
{
	buf_printf(b, n == 1 ? "%c%d" : "%c%d,%d", sign, start, n);
}

static void
hunk_text(struct buf *b, const struct git_hunk *hunk)
{
	buf_text(b, "@@ ");
	range_text(b, '-', hunk->old_start, hunk->old_lines);
	buf_char(b, ' ');
	range_text(b, '+', hunk->new_start, hunk->new_lines);
	buf_printf(b, " @@%s%s\n", hunk->heading[0] != '\0' ? " " : "", hunk->heading);
	for (size_t i = 0; i < hunk->n; i++) {
		buf_char(b, hunk->lines[i].sign);
		buf_add(b, hunk->lines[i].text, hunk->lines[i].len);
		buf_char(b, '\n');
		if (hunk->lines[i].has_no_end)
			buf_text(b, "\\ No newline at end of file\n");
	}
}

static const char *
hunks_text(struct ctx *c, const struct git_changes *changes)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	for (size_t i = 0; i < changes->n; i++)
		for (size_t h = 0; h < changes->rows[i].n_hunks; h++)
			hunk_text(b, &changes->rows[i].hunks[h]);
	return b->data;
}

/* git's patch without all that is not hunks (submodules, which git shows as text, left out). */
static const char *
git_hunks(struct ctx *c, const char *patch)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	bool is_in = false, is_module = false;

	for (const char *at = patch; *at != '\0';) {
		size_t len = strcspn(at, "\n");

		if (str_starts(at, "diff --git "))
			is_in = is_module = false;
		if (str_starts(at, "index ") && memmem(at, len, " 160000", 7) != NULL)
			is_module = true;
		if (memmem(at, len, "file mode 160000", 16) != NULL)
			is_module = true;
		is_in = is_in || (str_starts(at, "@@ ") && !is_module);
		if (is_in) {
			buf_add(b, at, len);
			buf_char(b, '\n');
		}
		at += len + (at[len] == '\n');
	}
	return b->data;
}

static const char *
bars(struct ctx *c, const char *dir, const char *const *args)
{
	struct buf *out;

	assert_int_equal(repo_try(c, dir, NULL, 0, &out, args), 0);
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] == '\0')
			out->data[i] = '|';
	return out->data;
}

#define GIT(...) bars(c, s->dir, (const char *const[]){ "diff", __VA_ARGS__, NULL })

/* old: an id, or NULL for what a first commit has before it. */
static void
is_as_git_says(struct ctx *c, const struct store *s, const char *old, const char *id)
{
	const char *from = old != NULL ? old : "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
	struct git_changes changes;

	assert_int_equal(git_changes_between(c, s->repo, old, id, &plain, &changes), OK);
	assert_string_equal(
	    raw_text(c, &changes), GIT("--raw", "-z", "--no-abbrev", "-M", from, id));
	assert_string_equal(number_text(c, &changes), GIT("--numstat", "-z", "-M", from, id));
	assert_string_equal(hunks_text(c, &changes),
	    git_hunks(c, GIT("-M", "--src-prefix=a/", "--full-index", from, id)));
	assert_false(changes.is_cut || changes.are_renames_cut);
	assert_true(changes.is_counted);
}

static const char *
oid(struct ctx *c, const struct store *s, const char *revision)
{
	return repo_git(c, s->dir, "rev-parse", revision);
}

static void
files_numbers_and_lines_are_those_of_git(void **state)
{
	struct ctx *c = *state;
	const struct store s = make(c);

	is_as_git_says(c, &s, NULL, oid(c, &s, "main~3"));
	is_as_git_says(c, &s, oid(c, &s, "main~3"), oid(c, &s, "main~2"));
	is_as_git_says(c, &s, oid(c, &s, "main~2"), oid(c, &s, "main~1"));
	is_as_git_says(c, &s, oid(c, &s, "main"), oid(c, &s, "main~3"));
	is_as_git_says(c, &s, oid(c, &s, "side1"), oid(c, &s, "side3"));
	is_as_git_says(c, &s, oid(c, &s, "main~1"), oid(c, &s, "main"));
}

static void
a_commit_is_compared_with_its_first_parent(void **state)
{
	struct ctx *c = *state;
	const struct store s = make(c);
	static const char *const revisions[] = { "main", "main~1", "main~2", "main~3", "side2" };
	struct git_changes ours, between;

	for (size_t i = 0; i < N_OF(revisions); i++) {
		const char *id = oid(c, &s, revisions[i]);
		struct buf *parent;

		assert_int_equal(git_changes_of_commit(c, s.repo, id, &plain, &ours), OK);
		if (repo_try(c, s.dir, NULL, 0, &parent,
			(const char *const[]){ "rev-parse", "-q", "--verify",
			    arena_printf(c->mem, "%s^", revisions[i]), NULL }) == 0)
			parent->data[40] = '\0';
		assert_int_equal(git_changes_between(c, s.repo,
				     parent->len > 0 ? parent->data : NULL, id, &plain, &between),
		    OK);
		assert_string_equal(raw_text(c, &ours), raw_text(c, &between));
	}
	assert_int_equal(git_changes_of_commit(c, s.repo, oid(c, &s, "main^{tree}"), &plain, &ours),
	    E_NOTFOUND);
	assert_int_equal(git_changes_of_commit(c, s.repo, "abc", &plain, &ours), E_NOTFOUND);
}

static void
kinds_tell_modes_types_and_submodules(void **state)
{
	struct ctx *c = *state;
	const struct store s = make(c);
	static const struct {
		const char *path;
		enum git_change_kind kind;
		bool is_binary, is_submodule;
	} rows[] = {
		{ "run.sh", GIT_CHANGE_MODE },
		{ "becomes", GIT_CHANGE_TYPE },
		{ "bin", GIT_CHANGE_MODIFIED, true },
		{ "module", GIT_CHANGE_MODIFIED, false, true },
		{ "module2", GIT_CHANGE_DELETED, false, true },
		{ "new/same.txt", GIT_CHANGE_RENAMED },
		{ "folder", GIT_CHANGE_DELETED },
		{ "folder/a", GIT_CHANGE_ADDED },
	};
	struct git_changes changes;

	assert_int_equal(
	    git_changes_of_commit(c, s.repo, oid(c, &s, "main~2"), &plain, &changes), OK);
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct git_change *row = changes.rows;

		while (strcmp(row->new_path, rows[i].path) != 0)
			assert_true(++row < changes.rows + changes.n);
		assert_int_equal(row->kind, rows[i].kind);
		assert_int_equal(row->is_binary, rows[i].is_binary);
		assert_int_equal(row->is_submodule, rows[i].is_submodule);
	}
}

static void
white_space_may_count_for_nothing(void **state)
{
	struct ctx *c = *state;
	const struct git_changes_options no_space = { .ignore_space = true };
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	struct git_changes changes;
	struct store made, *s = &made;

	commit(b, "main", "first");
	FILE_OF(b, "f", "a b\nc\nd\n");
	FILE_OF(b, "g", "a\r\nb\r\n");
	commit(b, "main", "second");
	FILE_OF(b, "f", "a   b\n\tc\ne\n");
	FILE_OF(b, "g", "a\nb\n");
	made = import(c, b->data, b->len);
	assert_int_equal(
	    git_changes_of_commit(c, s->repo, oid(c, s, "main"), &no_space, &changes), OK);
	assert_int_equal(changes.n, 2);
	assert_string_equal(hunks_text(c, &changes), git_hunks(c, GIT("-w", "main~1", "main")));
	assert_int_equal(changes.rows[0].added, 1);
	assert_int_equal(changes.rows[1].added + changes.rows[1].n_hunks, 0);
}

/* ---- limits */

static void
a_long_diff_is_counted_whole_and_shown_in_part(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	struct git_changes changes;
	struct git_change *row;
	struct store s;
	char *wide = arena_alloc(c->mem, 10001);

	memset(wide, 'x', 10000);
	commit(b, "main", "much");
	FILE_OF(b, "many", text(c, "l", 30000, 0));
	FILE_OF(b, "wide", wide);
	s = import(c, b->data, b->len);
	assert_int_equal(
	    git_changes_of_commit(c, s.repo, oid(c, &s, "main"), &plain, &changes), OK);
	row = &changes.rows[0];
	assert_int_equal(row->added, 30000);
	assert_int_equal(row->hunks[0].n, GIT_CHANGES_LINES_MAX);
	assert_int_equal(row->lines_left_out, 30000 - GIT_CHANGES_LINES_MAX);
	row = &changes.rows[1];
	assert_int_equal(row->hunks[0].lines[0].len, GIT_CHANGES_LINE_BYTES);
	assert_true(row->hunks[0].lines[0].is_cut && row->hunks[0].lines[0].has_no_end);
	assert_int_equal(changes.added, 30001);
}

static void
big_files_are_not_loaded_and_binary_ones_not_compared(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	size_t len = GIT_CHANGES_BLOB_BYTES + 1;
	char *big = arena_alloc(c->mem, len);
	struct git_changes changes;
	struct store s;

	memset(big, 'y', len);
	commit(b, "main", "big");
	file(b, "100644", "big", big, len);
	s = import(c, b->data, b->len);
	assert_int_equal(
	    git_changes_of_commit(c, s.repo, oid(c, &s, "main"), &plain, &changes), OK);
	assert_int_equal(changes.rows[0].left_out, GIT_LEFT_LARGE);
	assert_int_equal(changes.rows[0].new_bytes, len);
	assert_int_equal(changes.rows[0].old_bytes, -1);
	assert_false(changes.is_counted || changes.rows[0].is_counted);
}

static void
many_files_are_listed_and_the_first_ones_shown(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	struct git_changes changes;
	struct store s;

	commit(b, "main", "many");
	for (int i = 0; i < GIT_CHANGES_FILES_MAX + 5; i++)
		FILE_OF(b, arena_printf(c->mem, "f%05d", i), "x\n");
	s = import(c, b->data, b->len);
	assert_int_equal(
	    git_changes_of_commit(c, s.repo, oid(c, &s, "main"), &plain, &changes), OK);
	assert_int_equal(changes.n, GIT_CHANGES_FILES_MAX);
	assert_true(changes.is_cut);
	assert_int_equal(changes.rows[GIT_CHANGES_SHOWN_MAX - 1].left_out, GIT_LEFT_NOTHING);
	assert_int_equal(changes.rows[GIT_CHANGES_SHOWN_MAX].left_out, GIT_LEFT_FILES);
	assert_int_equal(changes.added, GIT_CHANGES_SHOWN_MAX);
}

/* Twelve objects that make 10^10 files (F-11), and folders 3000 levels deep. */
static void
trees_that_never_end_are_given_up(void **state)
{
	struct ctx *c = *state;
	struct store s = import(c, "", 0);
	const char *id = repo_git_with(c, s.dir, "x\n", "hash-object", "-w", "--stdin");
	const char *kind = "100644 blob";
	struct git_changes changes;
	struct git_repository *repo = s.repo;
	struct buf *deep = buf_new(c->mem, OUT_MAX_BYTES);

	for (int level = 0; level < 10; level++) {
		struct buf *lines = buf_new(c->mem, OUT_MAX_BYTES);

		for (int i = 0; i < 10; i++)
			buf_printf(lines, "%s %s\tn%d\n", kind, id, i);
		id = repo_git_with(c, s.dir, lines->data, "mktree");
		kind = "040000 tree";
	}
	id = repo_git(c, s.dir, "commit-tree", id, "-m", "bomb");
	assert_int_equal(git_changes_of_commit(c, repo, id, &plain, &changes), OK);
	assert_true(changes.is_cut);

	commit(deep, "main", "deep");
	buf_text(deep, "M 100644 inline ");
	for (int i = 0; i < 3000; i++)
		buf_text(deep, "d/");
	buf_text(deep, "f\ndata 2\nx\n\n");
	s = import(c, deep->data, deep->len);
	assert_int_equal(
	    git_changes_of_commit(c, s.repo, oid(c, &s, "main"), &plain, &changes), OK);
	assert_int_equal(changes.n, 1);
	assert_int_equal(strlen(changes.rows[0].new_path), 6001);
}

static void
exact_renames_are_found_among_many_and_similar_ones_within_the_limit(void **state)
{
	struct ctx *c = *state;
	const int n = GIT_RENAME_CANDIDATES;
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	struct git_changes changes;
	struct store made, *s = &made;

	commit(b, "main", "before");
	for (int i = 0; i < n; i++)
		FILE_OF(b, arena_printf(c->mem, "a/%d", i), i % 2 ? "the same\n" : text(c, "x", 9, i));
	commit(b, "main", "after");
	buf_text(b, "D a\n");
	for (int i = 0; i < n; i++)
		FILE_OF(b, arena_printf(c->mem, "b/%d", i), i % 2 ? "the same\n" : text(c, "y", 9, i));
	made = import(c, b->data, b->len);
	assert_int_equal(
	    git_changes_of_commit(c, s->repo, oid(c, s, "main"), &plain, &changes), OK);
	assert_true(changes.n == (size_t)n || changes.n == (size_t)(n + n / 2));
	assert_string_equal(raw_text(c, &changes),
	    GIT("--raw", "-z", "--no-abbrev", "-M", "main~1", "main"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(files_numbers_and_lines_are_those_of_git),
		WITH_CTX(a_commit_is_compared_with_its_first_parent),
		WITH_CTX(kinds_tell_modes_types_and_submodules),
		WITH_CTX(white_space_may_count_for_nothing),
		WITH_CTX(a_long_diff_is_counted_whole_and_shown_in_part),
		WITH_CTX(big_files_are_not_loaded_and_binary_ones_not_compared),
		WITH_CTX(many_files_are_listed_and_the_first_ones_shown),
		WITH_CTX(trees_that_never_end_are_given_up),
		WITH_CTX(exact_renames_are_found_among_many_and_similar_ones_within_the_limit),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
