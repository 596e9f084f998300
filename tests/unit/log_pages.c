/* Commits page by page, against git log itself; a commit by the beginning of its id. */
#include "tests/unit/repo.h"

#include "git/init.h"
#include "git/log.h"
#include "git/lookup.h"
#include "git/store.h"
#include "git/upkeep.h"

#define COMMITS 300
#define STREAM_MAX ((size_t)1024 * 1024)

struct store {
	const char *dir;
	struct git_repository *repo;
};

static struct store
open_store(struct ctx *c)
{
	struct store s = { .dir = arena_printf(c->mem, "%s/s.git", unit_folder(c)) };

	if (c->conf == NULL)
		(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	assert_int_equal(git_store_create(c, s.dir, "main"), OK);
	assert_int_equal(git_store_open(c, s.dir, &s.repo), OK);
	return s;
}

static void
import(struct ctx *c, const struct store *s, const struct buf *stream)
{
	assert_false(stream->full);
	(void)repo_run(c, s->dir, stream->data, stream->len,
	    (const char *const[]){ "fast-import", "--quiet", "--force", NULL });
}

static unsigned
roll(uint64_t *dice, unsigned sides)
{
	*dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*dice >> 33) % sides;
}

/* Clocks that are wrong by up to a day either way, many alike; every third one is a merge, of up to
 * six; with roots some begin anew; the last one joins what came before. Files are f0 to f9, some of them in d.
 */
static void
add_commit(struct buf *b, int i, bool has_roots, uint64_t *dice)
{
	int at = 1600000000 + i * 600 + ((int)roll(dice, 288) - 144) * 600;
	unsigned n = i == 0 || (has_roots && roll(dice, 20) == 0) ? 0 : 1;

	if (n > 0 && roll(dice, 3) == 0)
		n += 1 + roll(dice, 5);
	if (i == COMMITS - 1)
		n = 12;
	buf_printf(b, "commit refs/heads/b%d\nmark :%d\ncommitter C <c@x> %d +0000\ndata 1\nm\n",
	    i, i + 1, at);
	for (unsigned k = 0; k < n; k++) {
		int from = i - 1 - (int)roll(dice, k == 0 ? 3 : 30);

		buf_printf(b, "%s :%d\n", k == 0 ? "from" : "merge", (from < 0 ? 0 : from) + 1);
	}
	buf_printf(b, "M 100644 inline %s%u\ndata 2\n%02u\n\n",
	    i % 11 == 0 ? "d/f" : "f", roll(dice, 10), roll(dice, 50));
}

static struct store
random_store(struct ctx *c, unsigned seed, bool has_roots)
{
	struct buf *b = buf_new(c->mem, STREAM_MAX);
	struct store s = open_store(c);
	uint64_t dice = seed;

	for (int i = 0; i < COMMITS; i++)
		add_commit(b, i, has_roots, &dice);
	buf_printf(b, "reset refs/heads/main\nfrom :%d\n", COMMITS);
	import(c, &s, b);
	return s;
}

/* All pages of that many, one behind the other, as lines. */
static const char *
all_pages(struct ctx *c, const struct store *s, const char *id, const char *path, size_t most)
{
	struct buf *all = buf_new(c->mem, STREAM_MAX);
	struct git_log log = { .has_more = true };

	for (size_t skip = 0; log.has_more; skip += most) {
		int code = path == NULL ? git_log(c, s->repo, id, skip, most, &log)
					: git_log_path(c, s->repo, id, path, skip, most, &log);

		if (code != OK)
			unit_fail("%s behind %zu: %s", path, skip, c->reason);
		assert_true(log.n == most || !log.has_more);
		assert_false(log.is_cut);
		for (size_t i = 0; i < log.n; i++)
			buf_printf(all, "%s%s", all->len > 0 ? "\n" : "", log.ids[i]);
	}
	return all->data;
}

static void
pages_are_git_log_whatever_the_clocks_and_merges(void **state)
{
	struct ctx *c = *state;

	for (unsigned seed = 1; seed <= 8; seed++) {
		struct store s = random_store(c, seed, true);
		const char *tip = repo_git(c, s.dir, "rev-parse", "main");
		const char *truth = repo_git(c, s.dir, "log", "--format=%H", "main");

		assert_true(strlen(truth) > 200 * 41);
		assert_string_equal(all_pages(c, &s, tip, NULL, 40), truth);
		/* and with a commit-graph, by which git itself then walks */
		assert_int_equal(git_upkeep(c, s.dir), OK);
		assert_string_equal(all_pages(c, &s, tip, NULL, 7), truth);
		assert_string_equal(repo_git(c, s.dir, "log", "--format=%H", "main"), truth);
	}
}

static void
the_history_of_a_path_is_that_of_git_log(void **state)
{
	struct ctx *c = *state;
	int n_found = 0;

	for (unsigned seed = 1; seed <= 3; seed++) {
		struct store s = random_store(c, seed, false);
		const char *tip = repo_git(c, s.dir, "rev-parse", "main");
		static const char *const paths[] = { "f0", "f1", "f2", "f3", "f4", "d" };

		assert_int_equal(git_upkeep(c, s.dir), OK);
		for (size_t i = 0; i < N_OF(paths); i++) {
			const char *truth =
			    repo_git(c, s.dir, "log", "--format=%H", "main", "--", paths[i]);

			/* merges hide what the tip does not have */
			if (truth[0] == '\0')
				continue;
			assert_string_equal(all_pages(c, &s, tip, paths[i], 10), truth);
			n_found += strlen(truth) > 10 * 41;
		}
	}
	assert_true(n_found > 3);
}

/* What libgit2 does not take: an author without an address; and dates that no clock ever showed. */
static void
badly_written_commits_are_listed_as_git_lists_them(void **state)
{
	static const char *const people[] = { "A <a@x> 1600000000 +0000", "A 1600000001 +0000",
		"A <a@x> -5 +0000", "A <a@x> 99999999999999999999 +0000", "A <a@x", "A <a@x> +0000",
		"<> 1600000003" };
	struct ctx *c = *state;
	struct store s = open_store(c);
	const char *tree = repo_git_with(c, s.dir, "", "mktree"), *id = NULL, *parents = "", *text;

	for (size_t i = 0; i < N_OF(people); i++) {
		text = arena_printf(c->mem, "tree %s\n%sauthor %s\ncommitter %s\n\nm\n", tree,
		    parents, people[i], people[i]);
		id = repo_git_with(c, s.dir, text, "hash-object", "-t", "commit", "-w", "--stdin",
		    "--literally");
		if (i % 3 != 1)
			parents = arena_printf(c->mem, "%sparent %s\n", parents, id);
		else
			parents = arena_printf(c->mem, "parent %s\n", id);
	}
	assert_string_equal(
	    all_pages(c, &s, id, NULL, 3), repo_git(c, s.dir, "log", "--format=%H", id));
}

static struct store
long_store(struct ctx *c, int n)
{
	struct buf *b = buf_new(c->mem, STREAM_MAX);
	struct store s = open_store(c);

	for (int i = 0; i < n; i++)
		buf_printf(b, "commit refs/heads/main\ncommitter C <c@x> %d +0000\ndata 1\nm\n",
		    1600000000 + i);
	import(c, &s, b);
	return s;
}

static void
deep_pages_are_git_log_too_and_behind_the_end_is_nothing(void **state)
{
	struct ctx *c = *state;
	struct store s = long_store(c, 3000);
	const char *tip = repo_git(c, s.dir, "rev-parse", "main");
	struct git_log log;

	assert_string_equal(all_pages(c, &s, tip, NULL, 400),
	    repo_git(c, s.dir, "log", "--format=%H", "main"));
	assert_int_equal(git_log(c, s.repo, tip, 2999, 40, &log), OK);
	assert_int_equal(log.n, 1);
	assert_false(log.has_more);
	assert_string_equal(log.ids[0], repo_git(c, s.dir, "rev-list", "--max-parents=0", "main"));
	assert_int_equal(git_log(c, s.repo, tip, 3000, 40, &log), E_NOTFOUND);
	assert_int_equal(git_log(c, s.repo, tip, GIT_LOG_SKIP_MAX + 1, 40, &log), E_NOTFOUND);
	assert_int_equal(git_log(c, s.repo, log.ids[0], 1, 40, &log), E_NOTFOUND);
}

static const char *
new_of(struct ctx *c, const struct store *s, const char *id, const char *old, const char *branch,
    const char *before)
{
	struct buf *b = buf_new(c->mem, STREAM_MAX);
	const struct git_arrival a = { .id = id,
		.old_id = old,
		.branch = arena_printf(c->mem, "refs/heads/%s", branch),
		.before = &before,
		.n_before = 1 };
	struct git_log log;

	assert_int_equal(git_log_new(c, s->repo, &a, 10, &log), OK);
	assert_false(log.has_more || log.is_cut);
	for (size_t i = 0; i < log.n; i++)
		buf_printf(b, "%s%s", i > 0 ? "\n" : "", log.ids[i]);
	return b->data;
}

static void
what_a_branch_brought_is_rev_list_without_what_was_there(void **state)
{
	static const char gone[] = "1111111111111111111111111111111111111111";
	struct ctx *c = *state;
	struct store s = open_store(c);
	const char *one = repo_commit(c, s.dir, "main", "one"), *two, *three, *topic;
	struct git_arrival a = { .old_id = one, .branch = "refs/heads/main" };
	struct git_log log;

	two = repo_commit(c, s.dir, "main", "two");
	three = repo_commit(c, s.dir, "main", "three");
	(void)repo_git(c, s.dir, "update-ref", "refs/heads/--all", two);
	a.id = three;
	topic = repo_commit(c, s.dir, "--all", "topic");
	assert_string_equal(
	    new_of(c, &s, three, one, "main", gone), arena_printf(c->mem, "%s\n%s", three, two));
	assert_string_equal(new_of(c, &s, topic, three, "--all", gone), topic); /* as a forced one */
	assert_string_equal(new_of(c, &s, one, three, "main", gone), "");	  /* set back */
	/* a new branch, and one whose old commit is gone */
	assert_string_equal(new_of(c, &s, topic, NULL, "--all", gone), topic);
	assert_string_equal(new_of(c, &s, topic, gone, "--all", gone), topic);
	assert_string_equal(new_of(c, &s, three, NULL, "main", gone), three);
	assert_string_equal(new_of(c, &s, two, NULL, "other", gone), "");
	/* renamed: what its old name had is nothing new */
	assert_string_equal(new_of(c, &s, three, NULL, "main", two), three);
	assert_string_equal(new_of(c, &s, three, NULL, "main", three), "");
	assert_int_equal(git_log_new(c, s.repo, &a, 1, &log), OK);
	assert_true(log.n == 1 && log.has_more);
	assert_string_equal(log.ids[0], three);
	a.id = gone;
	assert_int_equal(git_log_new(c, s.repo, &a, 1, &log), E_NOTFOUND);
}

static void
what_is_no_commit_and_no_path_has_no_history(void **state)
{
	struct ctx *c = *state;
	struct store s = open_store(c);
	const char *id = repo_commit(c, s.dir, "main", "text");
	struct git_log log;
	const char *const ids[] = { "", "main", "--all", repo_git(c, s.dir, "rev-parse", "main:f"),
		repo_git(c, s.dir, "rev-parse", "main^{tree}"),
		"1111111111111111111111111111111111111111" };

	for (size_t i = 0; i < N_OF(ids); i++) {
		assert_int_equal(git_log(c, s.repo, ids[i], 0, 40, &log), E_NOTFOUND);
		assert_int_equal(git_log_path(c, s.repo, ids[i], "f", 0, 40, &log), E_NOTFOUND);
	}
	/* taken literally, never as a pattern or an option */
	assert_int_equal(git_log_path(c, s.repo, id, "f", 0, 40, &log), OK);
	assert_int_equal(git_log_path(c, s.repo, id, "*", 0, 40, &log), E_NOTFOUND);
	assert_int_equal(git_log_path(c, s.repo, id, ":(glob)f", 0, 40, &log), E_NOTFOUND);
	assert_int_equal(git_log_path(c, s.repo, id, "--all", 0, 40, &log), E_NOTFOUND);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(
		    git_log_path(c, s.repo, id,
			(const char *[]){ "none", "", "/", "/f", "../f", "f/..", ".", "a//f" }[i],
			0, 40, &log),
		    E_NOTFOUND);
}

static const char renames[] =
    "commit refs/heads/main\ncommitter C <c@x> 1600000000 +0000\ndata 1\na\n"
    "M 100644 inline old \xff\ndata <<E\nline 1\nline 2\nline 3\nline 4\nE\n\n"
    "M 100644 inline other\ndata <<E\nsomething\nE\n\n"
    "commit refs/heads/main\ncommitter C <c@x> 1600000001 +0000\ndata 1\nb\n"
    "R \"old \\377\" dir/new\n"
    "commit refs/heads/main\ncommitter C <c@x> 1600000002 +0000\ndata 1\nc\n"
    "M 100644 inline dir/new\ndata <<E\nline 1\nline 2\nline 3\nline 5\nE\n\n"
    "M 100644 inline made\ndata <<E\nquite another thing\nE\n\n";

static void
a_file_was_somewhere_else_before_it_was_renamed(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, STREAM_MAX);
	struct store s = open_store(c);
	const char *from, *tip;
	char parent[41];
	struct git_log log;

	buf_text(b, renames);
	import(c, &s, b);
	tip = repo_git(c, s.dir, "rev-parse", "main");
	assert_int_equal(git_log_path(c, s.repo, tip, "dir/new", 0, 40, &log), OK);
	assert_int_equal(log.n, 2);
	assert_int_equal(git_log_rename(c, s.repo, log.ids[1], "dir/new", &from, parent), OK);
	assert_string_equal(from, "old \xff");
	assert_string_equal(parent, repo_git(c, s.dir, "rev-parse", "main~2"));
	assert_int_equal(git_log_rename(c, s.repo, tip, "made", &from, parent), E_NOTFOUND);
	assert_int_equal(git_log_rename(c, s.repo, parent, "old \xff", &from, parent), E_NOTFOUND);
}

/* ---- by the beginning of an id */

/* Two commits, one of them loose, whose ids begin alike, and a blob that begins like a third. */
static void
a_commit_is_found_by_the_beginning_of_its_id(void **state)
{
	struct ctx *c = *state;
	struct store s = long_store(c, 700);
	const char *tip, *loose;
	char id[41];

	assert_int_equal(git_upkeep(c, s.dir), OK);
	tip = repo_git(c, s.dir, "rev-parse", "main");
	loose = repo_commit(c, s.dir, "side", "text");
	for (size_t len = 12; len <= 40; len++) {
		assert_int_equal(
		    git_lookup_commit(c, s.dir, arena_strndup(c->mem, tip, len), id), OK);
		assert_string_equal(id, tip);
		assert_int_equal(
		    git_lookup_commit(c, s.dir, arena_strndup(c->mem, loose, len), id), OK);
		assert_string_equal(id, loose);
	}
	assert_int_equal(git_lookup_commit(
			     c, s.dir, "1111111111111111111111111111111111111111", id),
	    E_NOTFOUND);
	assert_int_equal(git_lookup_commit(c, s.dir, "11111111", id), E_NOTFOUND);
	assert_int_equal(
	    git_lookup_commit(c, s.dir, repo_git(c, s.dir, "rev-parse", "main^{tree}"), id),
	    E_NOTFOUND);
	assert_int_equal(git_lookup_commit(c, "/nonexistent", tip, id), E_NOTFOUND);
}

/* As git says it: an object that is no commit leaves a beginning unique, another commit does not. */
static void
a_beginning_that_fits_several_commits_finds_none(void **state)
{
	struct ctx *c = *state;
	struct store s = long_store(c, 2000);
	const char *ids = repo_git(c, s.dir, "rev-list", "main");
	int n_many = 0, n_one = 0;
	char id[41];

	for (size_t i = 0; i < 2000; i++) {
		const char *mine = ids + i * 41, *text = arena_strndup(c->mem, mine, 4);
		int n = 0;

		for (size_t k = 0; k < 2000; k++)
			n += memcmp(ids + k * 41, text, 4) == 0;
		assert_int_equal(
		    git_lookup_commit(c, s.dir, text, id), n == 1 ? OK : E_NOTFOUND);
		n_many += n > 1;
		n_one += n == 1;
	}
	assert_true(n_many > 0 && n_one > 0);
}

static void
an_id_is_four_to_forty_hex_digits(void **state)
{
	(void)state;
	assert_true(git_lookup_is_id("abcd"));
	assert_true(git_lookup_is_id("ABCDEF0123456789ABCDEF0123456789ABCDEF01"));
	assert_false(git_lookup_is_id("abc"));
	assert_false(git_lookup_is_id("0123456789012345678901234567890123456789f"));
	assert_false(git_lookup_is_id("main"));
	assert_false(git_lookup_is_id("-abcd"));
	assert_false(git_lookup_is_id(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(pages_are_git_log_whatever_the_clocks_and_merges),
		WITH_CTX(the_history_of_a_path_is_that_of_git_log),
		WITH_CTX(badly_written_commits_are_listed_as_git_lists_them),
		WITH_CTX(deep_pages_are_git_log_too_and_behind_the_end_is_nothing),
		WITH_CTX(what_a_branch_brought_is_rev_list_without_what_was_there),
		WITH_CTX(what_is_no_commit_and_no_path_has_no_history),
		WITH_CTX(a_file_was_somewhere_else_before_it_was_renamed),
		WITH_CTX(a_commit_is_found_by_the_beginning_of_its_id),
		WITH_CTX(a_beginning_that_fits_several_commits_finds_none),
		WITH_CTX(an_id_is_four_to_forty_hex_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
