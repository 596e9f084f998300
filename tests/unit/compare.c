/* Where two histories part, and archives, compared with what git says. */
#include "tests/unit/repo.h"

#include <unistd.h>

#include "git/archive.h"
#include "git/compare.h"
#include "git/init.h"
#include "git/store.h"

struct store {
	const char *dir;
	struct git_repository *repo;
};

/* Two branches that were merged into each other, a branch behind, and a history of its own. */
static const char history[] =
    "commit refs/heads/main\nmark :1\ncommitter C <c@x> 1000 +0000\ndata 1\n1\n"
    "M 100644 inline a\ndata 2\na\n\n"
    "commit refs/heads/behind\nmark :2\ncommitter C <c@x> 1001 +0000\ndata 1\n2\nfrom :1\n"
    "commit refs/heads/l\nmark :3\ncommitter C <c@x> 1002 +0000\ndata 1\n3\nfrom :2\n"
    "commit refs/heads/r\nmark :4\ncommitter C <c@x> 1003 +0000\ndata 1\n4\nfrom :2\n"
    "commit refs/heads/l\nmark :5\ncommitter C <c@x> 1004 +0000\ndata 1\n5\nfrom :3\nmerge :4\n"
    "commit refs/heads/r\nmark :6\ncommitter C <c@x> 1005 +0000\ndata 1\n6\nfrom :4\nmerge :3\n"
    "commit refs/heads/l\ncommitter C <c@x> 1006 +0000\ndata 1\n7\nfrom :5\n"
    "commit refs/heads/own\ncommitter C <c@x> 1007 +0000\ndata 1\n8\n"
    "M 100644 inline b\ndata 2\nb\n\n";

static struct store
import(struct ctx *c, const char *stream)
{
	struct store s = { .dir = arena_printf(c->mem, "%s/s.git", unit_folder(c)) };

	(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	assert_int_equal(git_store_create(c, s.dir, "main"), OK);
	(void)repo_git_with(c, s.dir, stream, "fast-import", "--quiet");
	assert_int_equal(git_store_open(c, s.dir, &s.repo), OK);
	return s;
}

static const char *
oid(struct ctx *c, const struct store *s, const char *revision)
{
	return repo_git(c, s->dir, "rev-parse", revision);
}

static const char *
listed(struct ctx *c, const struct git_comparison *r)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	for (size_t i = 0; i < r->n; i++)
		buf_printf(b, i == 0 ? "%s" : "\n%s", r->commits[i]);
	return b->data;
}

static void
base_and_commits_are_those_of_git(void **state)
{
	struct ctx *c = *state;
	const struct store s = import(c, history);
	static const char *const names[] = { "main", "behind", "l", "r", "own" };
	struct git_comparison r;
	struct buf *base;

	for (size_t i = 0; i < N_OF(names) * N_OF(names); i++) {
		const char *from = oid(c, &s, names[i / N_OF(names)]);
		const char *to = oid(c, &s, names[i % N_OF(names)]);
		const char *sides = arena_printf(c->mem, "%s...%s", from, to);

		assert_int_equal(git_compare(c, s.dir, from, to, &r), OK);
		(void)repo_try(c, s.dir, NULL, 0, &base,
		    (const char *const[]){ "merge-base", from, to, NULL });
		assert_string_equal(r.base, arena_strndup(c->mem, base->data,
						base->len > 0 ? base->len - 1 : 0));
		assert_string_equal(listed(c, &r),
		    repo_git(c, s.dir, "rev-list", arena_printf(c->mem, "%s..%s", from, to)));
		assert_string_equal(arena_printf(c->mem, "%d\t%d", (int)r.behind, (int)r.ahead),
		    repo_git(c, s.dir, "rev-list", "--count", "--left-right", sides));
		assert_int_equal(r.ahead, r.n);
	}
	assert_int_equal(git_compare(c, s.dir, oid(c, &s, "l"), oid(c, &s, "r"), &r), OK);
	assert_int_equal(r.n_bases, 2);
	assert_int_equal(git_compare(c, s.dir, oid(c, &s, "l"), oid(c, &s, "own"), &r), OK);
	assert_int_equal(r.n_bases, 0);
}

static void
of_many_commits_the_newest_are_listed(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	struct git_comparison r;
	struct store s;

	for (int i = 0; i <= GIT_COMPARE_COMMITS + 1; i++)
		buf_printf(b, "commit refs/heads/main\ncommitter C <c@x> %d +0000\ndata 1\nx\n",
		    1000 + i);
	s = import(c, b->data);
	assert_int_equal(git_compare(c, s.dir,
			     oid(c, &s, arena_printf(c->mem, "main~%d", GIT_COMPARE_COMMITS + 1)),
			     oid(c, &s, "main"), &r),
	    OK);
	assert_int_equal(r.n, GIT_COMPARE_COMMITS);
	assert_true(r.is_cut);
	assert_int_equal(r.ahead, GIT_COMPARE_COMMITS + 1);
	assert_string_equal(r.commits[0], oid(c, &s, "main"));
}

/* ---- archives */

static const char files[] =
    "commit refs/heads/main\nmark :1\ncommitter C <c@x> 1500000000 +0000\ndata 1\n1\n"
    "M 100644 inline .gitattributes\ndata 50\nsecret export-ignore\nversion.txt export-subst   \n\n"
    "M 100644 inline secret\ndata 2\ns\n\n"
    "M 100644 inline version.txt\ndata 13\n$Format:%H$\nx\n"
    "M 100755 inline dir/run.sh\ndata 2\n#\n\n"
    "M 120000 inline link\ndata 3\ndir\n"
    "M 100644 inline \"odd \\377 \\\"<b>\"\ndata 2\no\n\n"
    "M 160000 1111111111111111111111111111111111111111 module\n";

/* All that a child writes, to its end. */
static struct buf *
output_of(struct ctx *c, struct proc *p)
{
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	ssize_t n;
	int status;

	do {
		n = read(p->out, buf_room(b, 65536), 65536);
		if (n > 0)
			buf_grew(b, (size_t)n);
	} while (n != 0);
	assert_int_equal(proc_wait(c, p, &status), OK);
	assert_int_equal(status, 0);
	return b;
}

static void
an_archive_has_the_bytes_that_git_makes(void **state)
{
	struct ctx *c = *state;
	const struct store s = import(c, files);
	const char *id = oid(c, &s, "main");
	struct buf *ours, *theirs;
	struct proc *p;

	assert_int_equal(git_archive_check(c, s.repo, id), OK);
	assert_int_equal(git_archive_start(c, s.dir, id, "p-main", GIT_ARCHIVE_TAR_GZ, &p), OK);
	ours = output_of(c, p);
	assert_int_equal(repo_try(c, s.dir, NULL, 0, &theirs,
			     (const char *const[]){ "archive", "--format=tar.gz",
				 "--prefix=p-main/", id, NULL }),
	    0);
	assert_int_equal(ours->len, theirs->len);
	assert_memory_equal(ours->data, theirs->data, ours->len);
	assert_int_equal(git_archive_start(c, s.dir, id, "p-main", GIT_ARCHIVE_ZIP, &p), OK);
	assert_memory_equal(output_of(c, p)->data, "PK\3\4", 4);
}

/* A store's settings may name programs; they are not run. */
static void
a_planted_compressor_does_not_run(void **state)
{
	struct ctx *c = *state;
	const struct store s = import(c, files);
	const char *id = oid(c, &s, "main");
	struct proc *p;

	(void)repo_git(c, s.dir, "config", "tar.tar.gz.command", "echo planted");
	(void)repo_git(c, s.dir, "config", "tar.tgz.command", "echo planted");
	assert_int_equal(git_archive_start(c, s.dir, id, "p", GIT_ARCHIVE_TAR_GZ, &p), OK);
	assert_memory_equal(output_of(c, p)->data, "\x1f\x8b", 2);
}

static void
a_tree_that_never_ends_is_refused_before_it_begins(void **state)
{
	struct ctx *c = *state;
	const struct store s = import(c, files);
	const char *id = repo_git_with(c, s.dir, "x\n", "hash-object", "-w", "--stdin");
	const char *kind = "100644 blob";

	for (int level = 0; level < 10; level++) {
		struct buf *lines = buf_new(c->mem, OUT_MAX_BYTES);

		for (int i = 0; i < 10; i++)
			buf_printf(lines, "%s %s\tn%d\n", kind, id, i);
		id = repo_git_with(c, s.dir, lines->data, "mktree");
		kind = "040000 tree";
	}
	id = repo_git(c, s.dir, "commit-tree", id, "-m", "bomb");
	assert_int_equal(git_archive_check(c, s.repo, id), E_INVALID);
	assert_int_equal(c->http_status, 413);
	assert_int_equal(git_archive_check(c, s.repo, oid(c, &s, "main^{tree}")), E_NOTFOUND);
}

static void
names_of_archives_are_harmless(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const char *name, *ref, *made;
	} rows[] = {
		{ "hub", "v1.0", "hub-v1.0" },
		{ "gtk+", "feature/x", "gtk+-feature-x" },
		{ "../..", "/etc", "-.-..--etc" },
		{ "a", "\xff<b>\"\r\n", "a---b----" },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *made = git_archive_name(c->mem, rows[i].name, rows[i].ref);

		assert_string_equal(made, rows[i].made);
	}
	assert_int_equal(strlen(git_archive_name(c->mem, "n",
			     memset(arena_alloc(c->mem, 1001), 'x', 1000))),
	    GIT_ARCHIVE_PREFIX_BYTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(base_and_commits_are_those_of_git),
		WITH_CTX(of_many_commits_the_newest_are_listed),
		WITH_CTX(an_archive_has_the_bytes_that_git_makes),
		WITH_CTX(a_planted_compressor_does_not_run),
		WITH_CTX(a_tree_that_never_ends_is_refused_before_it_begins),
		WITH_CTX(names_of_archives_are_harmless),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
