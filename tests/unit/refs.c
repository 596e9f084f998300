#include "tests/unit/script.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "git/refs.h"
#include "git/store.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define ZERO "0000000000000000000000000000000000000000"

static int
read_advert(struct ctx *c, const struct buf *text, bool is_rpc, struct git_advert *out)
{
	struct script s = { text->data, text->len, 0, 7 };
	struct git_wire wire = { .payload = &s, .is_rpc = is_rpc, .receive = script_receive };

	return git_advert_read(c, &wire, NULL, c->conf->sync_refs, out);
}

/* The first line with capabilities, then lines, then a flush. */
static struct buf *
advert(struct ctx *c, const char *first, const char *capabilities, const char *const *lines)
{
	struct buf *text = buf_new(c->mem, 1 << 20);

	buf_printf(text, "%04zx%s", 4 + strlen(first) + 1 + strlen(capabilities) + 1, first);
	buf_char(text, '\0');
	buf_printf(text, "%s\n", capabilities);
	for (; lines != NULL && *lines != NULL; lines++)
		git_pkt_add(text, "%s\n", *lines);
	git_pkt_flush(text);
	return text;
}

static void
branches_and_tags_are_taken_and_nothing_else(void **state)
{
	static const char *const lines[] = { A " refs/heads/main", A " refs/heads/b",
		B " refs/pull/1/head", B " refs/merge-requests/1/head", B " refs/keep-around/x",
		B " refs/tags/v1", A " refs/tags/v1^{}", A " refs/tags/light", B " refs/hidden/x",
		B " refs/hidden/x^{}", NULL };
	struct ctx *c = *state;
	struct git_advert got;

	assert_int_equal(read_advert(c,
			     advert(c, A " HEAD", "side-band-64k symref=HEAD:refs/heads/main x",
				 lines),
			     false, &got),
	    OK);
	assert_int_equal(got.refs.n, 4);
	assert_string_equal(got.refs.rows[0].name, "refs/heads/b");
	assert_string_equal(got.refs.rows[1].name, "refs/heads/main");
	assert_string_equal(got.refs.rows[2].name, "refs/tags/light");
	assert_string_equal(got.refs.rows[3].name, "refs/tags/v1");
	assert_true(got.refs.rows[3].is_peeled);
	assert_false(got.refs.rows[2].is_peeled);
	assert_string_equal(got.refs.head, "refs/heads/main");
	assert_non_null(strstr(got.capabilities, "side-band-64k"));
}

/* G-09, G-10, G-11, as git does: names it would not keep are left out. */
static void
names_are_those_that_git_allows(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} names[] = {
		{ "a..b", false }, { "x.lock", false }, { "a b", false }, { "a@{b", false },
		{ "a~", false }, { "a^", false }, { "a:", false }, { "a?", false }, { "a*", false },
		{ "a[", false }, { "a\\", false }, { "a\x01", false }, { "a\x7f", false },
		{ "/a", false }, { "a//b", false }, { "a/", false }, { "a.", false }, { ".a", false },
		{ "a/.b", false }, { "", false }, { "-x", true }, { "<script>", true },
		{ "'\";--", true }, { "$(id)", true }, { "%2e%2e", true }, { "\xff", true },
		{ "@", true }, { "HEAD", true }, { A, true }, { "\xe2\x80\xae", true },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(names); i++) {
		struct git_advert got;
		const char *line = arena_printf(c->mem, A " refs/heads/%s", names[i].name);

		assert_int_equal(read_advert(c, advert(c, line, "x", NULL), false, &got), OK);
		if (got.refs.n != names[i].good)
			unit_fail("\"%s\" %s", names[i].name, got.refs.n == 1 ? "was taken" : "was not");
	}
}

static void
a_name_below_another_one_is_left_out(void **state)
{
	static const char *const lines[] = { A " refs/heads/a", A " refs/heads/a-b",
		A " refs/heads/a/b", A " refs/heads/a/b/c", A " refs/heads/ab/c", NULL };
	struct ctx *c = *state;
	struct git_advert got;

	assert_int_equal(read_advert(c, advert(c, A " HEAD", "x", lines), false, &got), OK);
	assert_int_equal(got.refs.n, 3);
	assert_string_equal(got.refs.rows[2].name, "refs/heads/ab/c");
}

static void
head_is_followed_to_a_branch_that_exists(void **state)
{
	static const char *const lines[] = { A " refs/heads/a", A " refs/heads/main",
		B " refs/heads/z", A " refs/tags/t", NULL };
	static const struct {
		const char *head, *capabilities, *branch;
	} rows[] = {
		{ A " HEAD", "symref=HEAD:refs/heads/a", "refs/heads/a" },
		{ B " HEAD", "x symref=HEAD:refs/heads/z y", "refs/heads/z" },
		{ A " HEAD", "symref=HEAD:refs/heads/missing", NULL },
		{ A " HEAD", "symref=HEAD:refs/tags/t", NULL },
		{ A " HEAD", "symref=HEAD:../../etc", NULL },
		{ A " HEAD", "old-server", "refs/heads/main" },
		{ B " HEAD", "old-server", "refs/heads/z" },
		{ B " refs/pull/1/head", "old-server", NULL },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct git_advert got;

		assert_int_equal(read_advert(c, advert(c, rows[i].head, rows[i].capabilities, lines),
				     false, &got),
		    OK);
		if (!str_is_equal(got.refs.head, rows[i].branch))
			unit_fail("row %zu: HEAD at %s", i, got.refs.head);
	}
}

static void
an_empty_upstream_has_no_refs(void **state)
{
	struct ctx *c = *state;
	struct git_advert got;
	struct buf *text = buf_new(c->mem, 1000);

	assert_int_equal(
	    read_advert(c, advert(c, ZERO " capabilities^{}", "side-band-64k", NULL), false, &got),
	    OK);
	assert_int_equal(got.refs.n, 0);
	git_pkt_add(text, "# service=git-upload-pack\n");
	git_pkt_flush(text);
	git_pkt_flush(text);
	assert_int_equal(read_advert(c, text, true, &got), OK);
	assert_int_equal(got.refs.n, 0);
}

static void
what_is_not_git_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "", E_INVALID }, { "00", E_INVALID }, { "<html>", E_INVALID },
		{ "HTTP/1.0 200 OK\r\n\r\n", E_INVALID }, { "0010hello", E_INVALID },
		{ "0003", E_INVALID }, { "fff0", E_INVALID }, { "-001", E_INVALID },
		{ "0009hello0000", E_INVALID }, { "000cERR nono", E_NOTFOUND },
		{ "0031" A " HEAD", E_INVALID }, { "0031" A "\nHEAD", E_INVALID },
	};
	struct ctx *c = *state;
	struct git_advert got;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct buf *text = buf_new(c->mem, 1000);

		buf_text(text, rows[i].text);
		if (read_advert(c, text, false, &got) != rows[i].code)
			unit_fail("row %zu: not %s", i, code_text(rows[i].code));
	}
	assert_int_equal(read_advert(c, advert(c, A " HEAD", "object-format=sha256", NULL), false,
			     &got),
	    E_INVALID);
	assert_non_null(strstr(c->reason, "SHA-256"));
	assert_int_equal(read_advert(c,
			     advert(c, A " HEAD", "x", (const char *[]){ "shallow " A, NULL }), false,
			     &got),
	    E_INVALID);
	assert_int_equal(read_advert(c,
			     advert(c, A " refs/heads/a", "x",
				 (const char *[]){ B " refs/heads/a", NULL }),
			     false, &got),
	    E_INVALID);
}

static void
a_list_of_refs_has_an_end(void **state)
{
	static const char *const lines[] = { A " refs/heads/a", A " refs/heads/b",
		A " refs/heads/c", NULL };
	struct ctx *c = *state;
	struct conf conf = *c->conf;
	struct git_advert got;

	c->conf = &conf;
	conf.sync_refs = 3;
	assert_int_equal(read_advert(c, advert(c, A " HEAD", "x", lines), false, &got), OK);
	conf.sync_refs = 2;
	assert_int_equal(read_advert(c, advert(c, A " HEAD", "x", lines), false, &got), E_DENIED);
	conf.sync_refs = 3;
	conf.sync_advert_bytes = 100;
	assert_int_equal(read_advert(c, advert(c, A " HEAD", "x", lines), false, &got), E_DENIED);
}

static void
the_fingerprint_tells_lists_apart(void **state)
{
	struct ctx *c = *state;
	struct git_ref rows[] = { { .name = "refs/heads/a", .oid = { 1 } },
		{ .name = "refs/heads/b", .oid = { 2 } } };
	struct git_refs refs = { rows, 2, NULL };
	const char *all = git_refs_fingerprint(c->mem, &refs);

	assert_int_equal(strlen(all), 64);
	assert_string_equal(git_refs_fingerprint(c->mem, &refs), all);
	refs.head = "refs/heads/a";
	assert_string_not_equal(git_refs_fingerprint(c->mem, &refs), all);
	refs.head = NULL;
	rows[1].oid[19] = 1;
	assert_string_not_equal(git_refs_fingerprint(c->mem, &refs), all);
	rows[1].oid[19] = 0;
	rows[1].is_peeled = true; /* the id decides it */
	assert_string_equal(git_refs_fingerprint(c->mem, &refs), all);
	refs.n = 0; /* SHA-256 of nothing */
	assert_string_equal(git_refs_fingerprint(c->mem, &refs),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
changes_are_counted_by_name(void **state)
{
	struct git_ref before[] = { { .name = "refs/heads/a" }, { .name = "refs/heads/b" },
		{ .name = "refs/heads/c", .oid = { 1 } } };
	struct git_ref after[] = { { .name = "refs/heads/a" }, { .name = "refs/heads/c" },
		{ .name = "refs/heads/d" }, { .name = "refs/tags/e" } };
	struct git_refs a = { before, 3, NULL }, b = { after, 4, NULL }, none = { NULL, 0, NULL };

	(void)state;
	assert_int_equal(git_refs_count_changes(&a, &a), 0);
	assert_int_equal(git_refs_count_changes(&a, &b), 4); /* b gone, c moved, d and e new */
	assert_int_equal(git_refs_count_changes(&none, &b), 4);
	assert_int_equal(git_refs_count_changes(&b, &none), 4);
}

/* ---- on disk, against git */

/* A repository with branches, tags of both kinds, a tag of a tag, and a kept tip. */
static const char *
rich_repo(struct ctx *c)
{
	const char *dir = unit_folder(c), *oid;

	repo_init(c, dir);
	oid = repo_commit(c, dir, "main", "one");
	(void)repo_git(c, dir, "tag", "light", oid);
	(void)repo_git(c, dir, "tag", "-a", "v1", "-m", "x", oid);
	(void)repo_git(c, dir, "tag", "-a", "v1-again", "-m", "x", "v1");
	(void)repo_commit(c, dir, "main", "two");
	(void)repo_git(c, dir, "update-ref", "refs/heads/a/b/c", oid);
	(void)repo_git(c, dir, "update-ref", "refs/mirrorhub/kept/1", oid);
	(void)repo_git(c, dir, "pack-refs", "--all");
	return dir;
}

static const char *
packed_text(struct ctx *c, const char *dir)
{
	char *text = NULL;

	assert_int_equal(path_read(c, path_under(c->mem, dir, "packed-refs"), 1 << 20, &text), OK);
	return text;
}

static void
packed_refs_are_written_as_git_writes_them(void **state)
{
	struct ctx *c = *state;
	const char *dir = rich_repo(c), *gits = packed_text(c, dir);
	struct git_refs refs, kept, none = { NULL, 0, NULL };

	assert_int_equal(git_refs_load(c, dir, &refs, &kept), OK);
	assert_int_equal(refs.n, 5);
	assert_int_equal(kept.n, 1);
	assert_string_equal(refs.head, "refs/heads/main");
	assert_int_equal(git_refs_publish(c, dir, &refs, &kept), OK);
	assert_string_equal(packed_text(c, dir), gits);
	(void)repo_git(c, dir, "fsck", "--strict");
	assert_int_equal(git_refs_publish(c, dir, &none, &kept), OK);
	assert_non_null(strstr(repo_git(c, dir, "show-ref"), "refs/mirrorhub/kept/1"));
	assert_null(strstr(repo_git(c, dir, "show-ref"), "refs/heads/main"));
}

/* What was told last is A; B was published and never told; then C comes. */
static void
changes_are_measured_from_what_was_last_told(void **state)
{
	struct ctx *c = *state;
	const char *dir = rich_repo(c);
	struct git_refs a, b, now, kept, told, none = { NULL, 0, NULL };
	struct git_ref_change *rows;

	assert_int_equal(git_refs_load(c, dir, &a, &kept), OK);
	assert_int_equal(git_refs_told(c, dir, "aa", &a, &told), OK);
	assert_int_equal(git_refs_count_changes(&told, &a), 0);
	b = (struct git_refs){ a.rows, a.n - 1, a.head }; /* the last tag is gone */
	assert_int_equal(git_refs_publish(c, dir, &b, &kept), OK);
	assert_int_equal(git_refs_load(c, dir, &now, NULL), OK);
	assert_int_equal(git_refs_told(c, dir, "aa", &now, &told), OK);
	assert_int_equal(told.n, a.n);
	assert_int_equal(git_refs_changes(c->mem, &told, &b, 10, &rows), 1);
	assert_string_equal(rows[0].name, a.rows[a.n - 1].name);
	assert_string_equal(rows[0].new_id, ZERO);
	assert_string_not_equal(rows[0].old_id, ZERO);
	assert_true(git_refs_is_untold(c->mem, dir, "aa"));
	assert_false(git_refs_is_untold(c->mem, dir, "bb"));
	/* told: the next ones start there */
	assert_int_equal(git_refs_told(c, dir, "bb", &now, &told), OK);
	assert_int_equal(told.n, b.n);
	assert_false(path_is_file(path_under(c->mem, dir, "mirrorhub-told-aa")));
	assert_false(git_refs_is_untold(c->mem, dir, "aa"));
	/* published again is what was told */
	git_refs_forget_told(c->mem, dir);
	assert_false(git_refs_is_untold(c->mem, dir, "bb"));
	/* of a store without any ref, too */
	assert_int_equal(unlink(path_under(c->mem, dir, "packed-refs")), 0);
	assert_int_equal(git_refs_told(c, dir, "cc", &none, &told), OK);
	assert_true(git_refs_is_untold(c->mem, dir, "cc"));
	assert_int_equal(git_refs_told(c, dir, "cc", &now, &told), OK);
	assert_int_equal(told.n, 0);
	/* nobody was ever told of anything */
	assert_int_equal(git_refs_told(c, dir, "", &now, &told), OK);
	assert_int_equal(git_refs_changes(c->mem, &told, &b, 2, &rows), 2);
	assert_string_equal(rows[0].old_id, ZERO);
	assert_int_equal(git_refs_changes(c->mem, &b, &none, 100, &rows), b.n);
	(void)repo_git(c, dir, "fsck", "--strict");
}

static void
a_lock_of_git_is_respected_and_a_stale_one_removed(void **state)
{
	struct ctx *c = *state;
	const char *dir = rich_repo(c);
	struct git_refs refs, kept;

	assert_int_equal(git_refs_load(c, dir, &refs, &kept), OK);
	assert_int_equal(path_write(c, path_under(c->mem, dir, "packed-refs.lock"), 0600, "", 0), OK);
	assert_int_equal(git_refs_publish(c, dir, &refs, &kept), E_CONFLICT);
	assert_int_equal(path_write(c, path_under(c->mem, dir, "refs/heads/x.lock"), 0600, "", 0), OK);
	assert_int_equal(path_write(c, path_under(c->mem, dir, "objects/pack/tmp_pack_x"), 0600, "", 0),
	    OK);
	assert_int_equal(path_write(c, path_under(c->mem, dir, "objects/pack/pack-1.pack"), 0600, "", 0),
	    OK);
	assert_int_equal(git_store_tidy(c, dir), OK);
	assert_int_equal(git_refs_publish(c, dir, &refs, &kept), OK);
	assert_false(path_is_file(path_under(c->mem, dir, "refs/heads/x.lock")));
	assert_false(path_is_file(path_under(c->mem, dir, "objects/pack/tmp_pack_x")));
	assert_false(path_is_file(path_under(c->mem, dir, "objects/pack/pack-1.pack")));
}

static void
an_old_pack_without_index_is_left_to_be_repaired(void **state)
{
	struct ctx *c = *state;
	const char *dir = rich_repo(c), *old, *young;
	struct timespec times[2];

	old = path_under(c->mem, dir, "objects/pack/pack-1.pack");
	young = path_under(c->mem, dir, "objects/pack/pack-2.pack");
	assert_int_equal(path_write(c, old, 0600, "x", 1), OK);
	assert_int_equal(path_write(c, young, 0600, "x", 1), OK);
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= 25 * 3600;
	times[1] = times[0];
	assert_int_equal(utimensat(AT_FDCWD, old, times, 0), 0);
	assert_int_equal(git_store_tidy(c, dir), OK);
	assert_true(path_is_file(old));
	assert_false(path_is_file(young));
}

static void
loose_refs_do_not_hide_packed_ones(void **state)
{
	struct ctx *c = *state;
	const char *dir = rich_repo(c), *before = repo_git(c, dir, "show-ref", "-d");

	(void)repo_commit(c, dir, "main", "three");
	(void)repo_git(c, dir, "update-ref", "refs/heads/deep/er", "main");
	assert_string_not_equal(repo_git(c, dir, "show-ref", "-d"), before);
	assert_int_equal(git_refs_drop_loose(c, dir), OK);
	assert_string_equal(repo_git(c, dir, "show-ref", "-d"), before);
}

static void
a_store_lists_its_refs(void **state)
{
	struct ctx *c = *state;
	const char *dir = rich_repo(c);
	struct git_repository *repo;
	struct git_store_ref *refs;
	size_t n;

	(void)repo_git(c, dir, "tag", "-a", "loose", "-m", "x", "main"); /* not packed */
	assert_int_equal(git_store_open(c, dir, &repo), OK);
	assert_int_equal(git_store_refs(c, repo, 7, &refs, &n), OK);
	assert_int_equal(n, 7);
	assert_string_equal(refs[0].name, "HEAD");
	assert_string_equal(refs[0].symref, "refs/heads/main");
	for (size_t i = 1; i < n; i++) {
		assert_string_equal(refs[i].oid, repo_git(c, dir, "rev-parse", refs[i].name));
		if (refs[i].peeled[0] != '\0')
			assert_string_equal(refs[i].peeled,
			    repo_git(c, dir, "rev-parse",
				arena_printf(c->mem, "%s^{}", refs[i].name)));
	}
	assert_string_equal(refs[4].name, "refs/tags/loose");
	assert_string_equal(refs[4].peeled, refs[0].oid);
	assert_int_equal(git_store_refs(c, repo, 6, &refs, &n), E_INVALID);
}

static void
a_new_store_is_empty_and_ours(void **state)
{
	struct ctx *c = *state;
	const char *dir = path_under(c->mem, unit_folder(c), "1.git");
	struct git_repository *repo;
	struct git_store_ref *refs;
	size_t n;

	assert_int_equal(git_store_check(c, dir), E_NOTFOUND);
	assert_int_equal(git_store_create(c, dir, "trunk"), OK);
	assert_int_equal(git_store_create(c, dir, "trunk"), E_CONFLICT);
	assert_string_equal(repo_git(c, dir, "symbolic-ref", "HEAD"), "refs/heads/trunk");
	assert_string_equal(repo_git(c, dir, "config", "core.hooksPath"), "/dev/null");
	(void)repo_git(c, dir, "fsck", "--strict");
	assert_int_equal(git_store_open(c, dir, &repo), OK);
	assert_int_equal(git_store_refs(c, repo, 10, &refs, &n), OK);
	assert_int_equal(n, 0);
}

/* G-17, G-18 */
static void
a_store_that_leads_elsewhere_is_not_opened(void **state)
{
	static const char *const planted[] = { "objects/info/alternates", "commondir", "gitdir",
		"objects/info/http-alternates", "config.worktree" };
	struct ctx *c = *state;
	const char *dir = path_under(c->mem, unit_folder(c), "1.git"), *path;

	assert_int_equal(git_store_create(c, dir, "main"), OK);
	for (size_t i = 0; i < N_OF(planted); i++) {
		path = path_under(c->mem, dir, planted[i]);
		assert_int_equal(path_write(c, path, 0600, "/tmp\n", 5), OK);
		assert_int_equal(git_store_check(c, dir), E_INTERNAL);
		assert_int_equal(path_remove_tree(c, path), OK);
	}
	path = path_under(c->mem, dir, "config");
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(git_store_check(c, dir), E_INTERNAL);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(git_store_check(c, dir), OK);
	path = path_under(c->mem, dir, "packed-refs");
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(git_store_check(c, dir), E_INTERNAL);
	assert_int_equal(path_remove_tree(c, path), OK);
	if (geteuid() == 0) {
		assert_int_equal(chown(dir, 12345, 12345), 0);
		assert_int_equal(git_store_check(c, dir), E_INTERNAL);
		assert_int_equal(chown(dir, 0, 0), 0);
	}
	assert_int_equal(path_write(c, path_under(c->mem, dir, "config"), 0640, "[alias]\n", 8), OK);
	assert_int_equal(git_store_tidy(c, dir), OK);
	assert_string_equal(repo_git(c, dir, "config", "core.bare"), "true");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_GIT(branches_and_tags_are_taken_and_nothing_else),
		WITH_GIT(names_are_those_that_git_allows),
		WITH_GIT(a_name_below_another_one_is_left_out),
		WITH_GIT(head_is_followed_to_a_branch_that_exists),
		WITH_GIT(an_empty_upstream_has_no_refs),
		WITH_GIT(what_is_not_git_is_refused),
		WITH_GIT(a_list_of_refs_has_an_end),
		WITH_GIT(the_fingerprint_tells_lists_apart),
		WITH_GIT(changes_are_counted_by_name),
		WITH_GIT(packed_refs_are_written_as_git_writes_them),
		WITH_GIT(changes_are_measured_from_what_was_last_told),
		WITH_GIT(a_lock_of_git_is_respected_and_a_stale_one_removed),
		WITH_GIT(an_old_pack_without_index_is_left_to_be_repaired),
		WITH_GIT(loose_refs_do_not_hide_packed_ones),
		WITH_GIT(a_store_lists_its_refs),
		WITH_GIT(a_new_store_is_empty_and_ours),
		WITH_GIT(a_store_that_leads_elsewhere_is_not_opened),
	};

	return cmocka_run_group_tests_name("refs", tests, NULL, NULL);
}
