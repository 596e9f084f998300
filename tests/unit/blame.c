/* Who wrote a line, compared with `git blame --porcelain`. */
#include "tests/unit/repo.h"

#include "git/blame.h"
#include "git/init.h"
#include "git/store.h"

struct store {
	const char *dir;
	struct git_repository *repo;
};

static struct store
import(struct ctx *c, const struct buf *stream)
{
	struct store s = { .dir = arena_printf(c->mem, "%s/s.git", unit_folder(c)) };

	(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	assert_int_equal(git_store_create(c, s.dir, "main"), OK);
	(void)repo_run(c, s.dir, stream->data, stream->len,
	    (const char *const[]){ "fast-import", "--quiet", NULL });
	assert_int_equal(git_store_open(c, s.dir, &s.repo), OK);
	return s;
}

static void
commit(struct buf *b, int at, const char *author, const char *message, const char *changes)
{
	buf_printf(b,
	    "commit refs/heads/main\nauthor %s %d -0730\ncommitter C <c@x> 1600000000 +0000\n"
	    "data %zu\n%s\n%s",
	    author, at, strlen(message), message, changes);
}

static const char *
file(struct ctx *c, const char *name, const char *text)
{
	return arena_printf(c->mem, "M 100644 inline %s\ndata %zu\n%s\n", name, strlen(text), text);
}

#define NAME "\"d\\303\\244/\\377 \\\"q\\t.txt\""
#define NAME_BYTES "d\xc3\xa4/\xff \"q\t.txt"

/* A file of an awkward name that was renamed, edited by three, with CRLF and no end. */
static struct store
make(struct ctx *c)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	commit(b, 1000, "\xc3\x84nn <ann@x>", "first\nline\n\nbody\n",
	    file(c, "old", "1\n2\n3\r\n4\n5\n6\n7\n8"));
	commit(b, 2000, "B <b@x>", "second <b>", file(c, "old", "1\n2\nthree\n4\n5\n6\n7\n8"));
	commit(b, 3000, "C <>", "rename",
	    arena_printf(c->mem, "D old\n%s", file(c, NAME, "1\n2\nthree\n4\n5\n6\n7\n8")));
	commit(b, 4000, "B <b@x>", "third",
	    file(c, NAME, "0\n1\n2\nthree\n4\n5\nsix\n7\n8\nend"));
	commit(b, 5000, "B <b@x>", "others",
	    arena_printf(c->mem, "%s%sM 120000 inline link\ndata 3\nold\n"
				 "M 100644 inline bin\ndata 3\n",
		file(c, "empty", ""), file(c, "one", "x\n")));
	buf_add(b, "a\0b\n", 4);
	return import(c, b);
}

static const char *
oid(struct ctx *c, const struct store *s, const char *revision)
{
	return repo_git(c, s->dir, "rev-parse", revision);
}

static int
read(struct ctx *c, const struct store *s, const char *revision, const char *path,
    struct git_blame_file *out)
{
	return git_blame_read(c, s->dir, s->repo, oid(c, s, revision), path, out);
}

/* "ID THEN LINE" of each line, as git's porcelain begins each. */
static const char *
heads(struct ctx *c, const struct git_blame_file *f)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	for (size_t i = 0; i < f->n; i++)
		for (int line = 0; line < f->runs[i].n; line++)
			buf_printf(b, "%s %d %d\n", f->runs[i].commit->id,
			    f->runs[i].then_first + line, f->runs[i].first + line);
	return b->data;
}

static bool
is_head(const char *line)
{
	return strspn(line, "0123456789abcdef") == 40 && line[40] == ' ';
}

static const char *
git_heads(struct ctx *c, const struct store *s, const char *revision, const char *path)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	const char *told =
	    repo_git(c, s->dir, "blame", "--line-porcelain", revision, "--", path);
	size_t n;
	char **lines = str_split(c->mem, told, '\n', &n);

	for (size_t i = 0; i < n; i++) {
		char *third;

		if (!is_head(lines[i]))
			continue;
		third = strchr(strchr(lines[i] + 41, ' ') + 1, ' ');
		buf_add(b, lines[i],
		    third != NULL ? (size_t)(third - lines[i]) : strlen(lines[i]));
		buf_char(b, '\n');
	}
	return b->data;
}

static void
each_line_comes_from_the_commit_git_says(void **state)
{
	struct ctx *c = *state;
	const struct store s = make(c);
	static const struct {
		const char *revision, *path;
	} rows[] = { { "main", NAME_BYTES }, { "main~1", NAME_BYTES }, { "main~2", NAME_BYTES },
		{ "main~3", "old" }, { "main~4", "old" }, { "main", "one" }, { "main", "link" } };
	struct git_blame_file f;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_int_equal(read(c, &s, rows[i].revision, rows[i].path, &f), OK);
		assert_string_equal(
		    heads(c, &f), git_heads(c, &s, rows[i].revision, rows[i].path));
	}
}

static void
a_run_tells_of_its_commit_and_of_the_one_before(void **state)
{
	struct ctx *c = *state;
	const struct store s = make(c);
	const struct git_blame_commit *commit;
	struct git_blame_file f;

	assert_int_equal(read(c, &s, "main", NAME_BYTES, &f), OK);
	commit = f.runs[0].commit;
	assert_string_equal(commit->subject, "third");
	assert_string_equal(commit->email, "b@x");
	assert_int_equal(commit->at, 4000);
	assert_int_equal(commit->offset_min, -450);
	assert_string_equal(f.runs[0].path, NAME_BYTES);
	assert_string_equal(f.runs[0].previous, oid(c, &s, "main~2"));
	assert_string_equal(f.runs[0].previous_path, NAME_BYTES);
	commit = f.runs[1].commit;
	assert_string_equal(commit->author, "\xc3\x84nn");
	assert_string_equal(commit->subject, "first");
	assert_string_equal(f.runs[1].path, "old");
	assert_string_equal(f.runs[1].previous, "");
	assert_string_equal(f.runs[2].commit->subject, "second <b>");
	assert_string_equal(f.runs[2].previous, oid(c, &s, "main~4"));
	assert_string_equal(f.runs[2].previous_path, "old");
	assert_false(f.is_cut || f.is_late || f.is_large);
	assert_int_equal(f.len, f.size_bytes);
}

static void
what_is_no_text_has_no_lines_and_what_is_no_file_is_missing(void **state)
{
	struct ctx *c = *state;
	const struct store s = make(c);
	static const char *const missing[] = { "", "none", "one/x", "d\xc3\xa4", "--", "-x", "../one",
		"/one", "one/" };
	struct git_blame_file f;

	assert_int_equal(read(c, &s, "main", "empty", &f), OK);
	assert_int_equal(f.n, 0);
	assert_int_equal(read(c, &s, "main", "bin", &f), OK);
	assert_true(f.is_binary && f.n == 0);
	for (size_t i = 0; i < N_OF(missing); i++)
		if (read(c, &s, "main", missing[i], &f) != E_NOTFOUND)
			unit_fail("\"%s\" is a file", missing[i]);
	assert_int_equal(
	    git_blame_read(c, s.dir, s.repo, "0123456789012345678901234567890123456789", "one", &f),
	    E_NOTFOUND);
}

static void
long_files_are_cut_and_large_ones_not_loaded(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES), *text = buf_new(c->mem, OUT_MAX_BYTES);
	struct git_blame_file f;
	char *large = arena_alloc(c->mem, GIT_BLAME_BYTES + 2);
	struct store s;

	for (int i = 0; i <= GIT_BLAME_LINES; i++)
		buf_printf(text, "%d\n", i);
	memset(large, '\n', GIT_BLAME_BYTES + 1);
	commit(b, 1000, "A <a@x>", "m",
	    arena_printf(c->mem, "%s%s", file(c, "long", text->data), file(c, "large", large)));
	s = import(c, b);
	assert_int_equal(read(c, &s, "main", "long", &f), OK);
	assert_true(f.is_cut);
	assert_int_equal(f.runs[f.n - 1].first + f.runs[f.n - 1].n - 1, GIT_BLAME_LINES);
	assert_int_equal(read(c, &s, "main", "large", &f), OK);
	assert_true(f.is_large && f.text == NULL);
	assert_int_equal(f.size_bytes, GIT_BLAME_BYTES + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(each_line_comes_from_the_commit_git_says),
		WITH_CTX(a_run_tells_of_its_commit_and_of_the_one_before),
		WITH_CTX(what_is_no_text_has_no_lines_and_what_is_no_file_is_missing),
		WITH_CTX(long_files_are_cut_and_large_ones_not_loaded),
	};

	return cmocka_run_group_tests_name("blame", tests, NULL, NULL);
}
