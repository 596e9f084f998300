/* Stores as pages read them: opened once, refs as they are now, names as URLs have them, commits as
 * git shows them. */
#include "tests/unit/repo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "git/commit.h"
#include "git/store.h"
#include "git/init.h"
#include "git/view.h"

static const char *
store(struct ctx *c)
{
	const char *dir = arena_printf(c->mem, "%s/s.git", unit_folder(c));

	(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	assert_int_equal(git_store_create(c, dir, "main"), OK);
	return dir;
}

static struct git_view *
view_of(struct ctx *c, const char *dir)
{
	struct git_view *view;

	if (git_view_open(c, dir, &view) != OK)
		unit_fail("open %s: %s", dir, c->reason);
	return view;
}

static void
set_ref(struct ctx *c, const char *dir, const char *name, const char *id)
{
	(void)repo_git(c, dir, "update-ref", name, id);
}

/* The names git_view_refs lists, with a newline behind each. */
static const char *
names(struct ctx *c, struct git_view *view)
{
	const struct git_view_tip *rows;
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);
	size_t n;

	assert_int_equal(git_view_refs(c, view, &rows, &n), OK);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s %s%s", rows[i].commit, rows[i].name, i + 1 < n ? "\n" : "");
	return b->data;
}

static const char *
gits_names(struct ctx *c, const char *dir)
{
	return repo_git(c, dir, "for-each-ref",
	    "--format=%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end) %(refname)",
	    "refs/heads", "refs/tags");
}

static const char *
resolved(struct ctx *c, struct git_view *view, const char *text)
{
	struct git_rev rev;
	int code = git_view_resolve(c, view, text, &rev);

	if (code == E_NOTFOUND)
		return "";
	if (code != OK)
		unit_fail("%s: %s", text, c->reason);
	return arena_printf(
	    c->mem, "%s %s %d", rev.commit, rev.name != NULL ? rev.name : "-", (int)rev.kind);
}

static const char *
is(struct ctx *c, const char *id, const char *name, int kind)
{
	return arena_printf(c->mem, "%s %s %d", id, name, kind);
}

/* Puts the times of everything that refs are read from into the past, as if they had been made long
 * ago: only then is the list remembered. */
static void
make_old(struct ctx *c, const char *dir)
{
	static const char *const places[] = { "HEAD", "packed-refs", "refs", "refs/heads",
		"refs/tags", "refs/heads/feature" };
	const struct timespec then[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	for (size_t i = 0; i < N_OF(places); i++)
		(void)utimensat(AT_FDCWD, path_under(c->mem, dir, places[i]), then, 0);
}

/* ---- the list */

static void
refs_are_those_of_git_loose_and_packed(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1"), *two;
	struct git_view *view = view_of(c, dir);

	two = repo_commit(c, dir, "feature/x", "2");
	(void)repo_git(c, dir, "tag", "-a", "-m", "t", "v1", one);
	(void)repo_git(c, dir, "tag", "light", two);
	set_ref(c, dir, "refs/mirrorhub/kept/1", one);
	set_ref(c, dir, "refs/notes/commits", one);
	set_ref(c, dir, "refs/heads/b\xe9te", one);
	assert_string_equal(names(c, view), gits_names(c, dir));
	(void)repo_git(c, dir, "pack-refs", "--all");
	assert_string_equal(names(c, view_of(c, dir)), gits_names(c, dir));
	set_ref(c, dir, "refs/heads/main", two);
	assert_string_equal(names(c, view_of(c, dir)), gits_names(c, dir));
}

/* Whether old or new, remembered or not: each view sees what is there when it asks. */
static void
every_change_of_a_ref_is_seen(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1"), *two;

	two = repo_commit(c, dir, "feature/x", "2");
	for (int is_packed = 0; is_packed < 2; is_packed++) {
		make_old(c, dir);
		assert_string_equal(names(c, view_of(c, dir)), gits_names(c, dir));
		set_ref(c, dir, "refs/heads/main", two);
		assert_string_equal(names(c, view_of(c, dir)), gits_names(c, dir));
		make_old(c, dir);
		set_ref(c, dir, "refs/heads/feature/deep/er", one);
		assert_string_equal(names(c, view_of(c, dir)), gits_names(c, dir));
		make_old(c, dir);
		(void)repo_git(c, dir, "update-ref", "-d", "refs/heads/feature/deep/er");
		assert_string_equal(names(c, view_of(c, dir)), gits_names(c, dir));
		for (int i = 0; i < 20; i++) { /* within one tick of the clock */
			set_ref(c, dir, "refs/heads/main", i % 2 ? one : two);
			assert_string_equal(names(c, view_of(c, dir)), gits_names(c, dir));
		}
		(void)repo_git(c, dir, "pack-refs", "--all");
	}
}

static void
one_view_sees_one_list(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");
	struct git_view *view = view_of(c, dir);
	const char *before = names(c, view);

	set_ref(c, dir, "refs/heads/other", one);
	assert_string_not_equal(names(c, view_of(c, dir)), before);
	assert_string_equal(names(c, view), before);
}

static void
tips_are_dated_and_lead_to_commits(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");
	const struct git_view_tip *rows;
	size_t n;

	(void)repo_git(c, dir, "tag", "-a", "-m", "t", "v1", one);
	(void)repo_git(c, dir, "tag", "a-tree", arena_printf(c->mem, "%s^{tree}", one));
	(void)repo_git(c, dir, "tag", "-a", "-m", "t", "a-file", arena_printf(c->mem, "%s:f", one));
	assert_int_equal(git_view_tips(c, view_of(c, dir), &rows, &n), OK);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].name, "refs/heads/main");
	assert_int_equal(rows[0].at, 1600000000);
	assert_null(rows[0].tag_id);
	assert_string_equal(rows[1].short_name, "v1");
	assert_true(rows[1].is_tag);
	assert_string_equal(rows[1].tag_id, repo_git(c, dir, "rev-parse", "refs/tags/v1"));
	assert_string_equal(rows[1].commit, one);
}

static void
refs_are_found_by_their_commit_and_put_in_order_by_their_age(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");
	const char *two = repo_commit(c, dir, "main", "2");
	struct git_view *view;
	const struct git_view_tip *const *rows;
	size_t n;

	(void)repo_git(c, dir, "tag", "a", one);
	(void)repo_git(c, dir, "tag", "b", two);
	(void)repo_git(c, dir, "branch", "old", one);
	view = view_of(c, dir);
	assert_int_equal(git_view_refs_of(c, view, one, &rows, &n), OK);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0]->name, "refs/heads/old");
	assert_string_equal(rows[1]->name, "refs/tags/a");
	assert_int_equal(
	    git_view_refs_of(c, view, "0000000000000000000000000000000000000000", &rows, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(git_view_newest(c, view, true, &rows, &n), OK);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0]->short_name, "b");
	assert_string_equal(rows[1]->short_name, "a");
	assert_int_equal(git_view_newest(c, view, false, &rows, &n), OK);
	assert_int_equal(n, 2);
	assert_true(rows[0]->at >= rows[1]->at);
}

/* ---- opening */

static void
a_store_that_is_gone_or_another_one_is_not_shown(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *other = arena_printf(c->mem, "%s.other", dir), *one, *two;
	struct git_view *old, *view;

	one = repo_commit(c, dir, "main", "1");
	assert_int_equal(git_store_create(c, other, "main"), OK);
	two = repo_commit(c, other, "main", "2");
	old = view_of(c, dir);
	assert_string_equal(resolved(c, old, "HEAD"), is(c, one, "refs/heads/main", 1));
	assert_int_equal(path_remove_tree(c, dir), OK);
	assert_int_equal(git_view_open(c, dir, &view), E_NOTFOUND);
	assert_int_equal(path_rename(c, other, dir), OK);
	view = view_of(c, dir);
	assert_string_equal(resolved(c, view, "HEAD"), is(c, two, "refs/heads/main", 1));
	assert_string_equal(resolved(c, view, one), "");
}

static void
a_store_is_checked_again_when_its_folder_has_changed(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c);
	struct git_view *view = view_of(c, dir);

	assert_int_equal(
	    path_write(c, path_under(c->mem, dir, "commondir"), 0600, "/tmp\n", 5), OK);
	assert_int_equal(git_view_open(c, dir, &view), E_INTERNAL);
	assert_int_equal(path_remove_tree(c, path_under(c->mem, dir, "commondir")), OK);
	(void)view_of(c, dir);
}

static void
more_stores_than_are_remembered_stay_right(void **state)
{
	struct ctx *c = *state;
	const char *folder = unit_folder(c), *ids[2 * GIT_VIEW_STORES];
	const char *dirs[2 * GIT_VIEW_STORES];
	struct git_view *first = NULL;

	(void)repo_conf(c, unit_folder(c));
	assert_int_equal(git_init(c), OK);
	for (size_t i = 0; i < N_OF(ids); i++) {
		dirs[i] = arena_printf(c->mem, "%s/%zu.git", folder, i);
		assert_int_equal(git_store_create(c, dirs[i], "main"), OK);
		ids[i] = repo_commit(c, dirs[i], "main", arena_printf(c->mem, "%zu", i));
		if (i == 0)
			first = view_of(c, dirs[0]);
	}
	for (size_t turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < N_OF(ids); i++)
			assert_string_equal(resolved(c, view_of(c, dirs[i]), "main"),
			    is(c, ids[i], "refs/heads/main", 1));
	assert_string_equal(resolved(c, first, "main"), is(c, ids[0], "refs/heads/main", 1));
}

/* Views are closed with the request; what the process remembers is not. */
static void
requests_come_and_go(void **state)
{
	struct ctx *c = *state, turn = *c;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");

	turn.mem = arena_new();
	turn.conf = c->conf;
	for (int i = 0; i < 50; i++) {
		assert_string_equal(
		    resolved(&turn, view_of(&turn, dir), "main"), is(c, one, "refs/heads/main", 1));
		if (i == 25)
			set_ref(c, dir, "refs/tags/new", one);
		arena_reset(turn.mem);
	}
	arena_free(turn.mem);
}

/* ---- names */

static void
a_name_is_a_tag_then_a_branch_then_an_id(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1"), *two, *tag, *tree;
	struct git_view *view;

	two = repo_commit(c, dir, "feature/x", "2");
	set_ref(c, dir, "refs/heads/same", one);
	set_ref(c, dir, "refs/tags/same", two);
	set_ref(c, dir, arena_printf(c->mem, "refs/heads/%.7s", one), two);
	set_ref(c, dir, arena_printf(c->mem, "refs/heads/%s", one), two);
	(void)repo_git(c, dir, "tag", "-a", "-m", "t", "v1", one);
	(void)repo_git(c, dir, "tag", "-a", "-m", "t", "v1-again", "v1");
	tag = repo_git(c, dir, "rev-parse", "refs/tags/v1");
	tree = repo_git(c, dir, "rev-parse", "main^{tree}");
	view = view_of(c, dir);
	assert_string_equal(resolved(c, view, "main"), is(c, one, "refs/heads/main", 1));
	assert_string_equal(resolved(c, view, "feature/x"), is(c, two, "refs/heads/feature/x", 1));
	assert_string_equal(resolved(c, view, "same"), is(c, two, "refs/tags/same", 2));
	assert_string_equal(resolved(c, view, "refs/heads/same"), is(c, one, "refs/heads/same", 1));
	assert_string_equal(resolved(c, view, "refs/tags/same"), is(c, two, "refs/tags/same", 2));
	assert_string_equal(resolved(c, view, "HEAD"), is(c, one, "refs/heads/main", 1));
	assert_string_equal(resolved(c, view, "v1"), is(c, one, "refs/tags/v1", 2));
	assert_string_equal(resolved(c, view, "v1-again"), is(c, one, "refs/tags/v1-again", 2));
	assert_string_equal(resolved(c, view, tag), is(c, one, "-", 3));
	/* a ref takes the place of an abbreviation, never of a whole id */
	assert_string_equal(resolved(c, view, one), is(c, one, "-", 3));
	assert_string_equal(resolved(c, view, arena_strndup(c->mem, one, 7)),
	    is(c, two, arena_printf(c->mem, "refs/heads/%.7s", one), 1));
	assert_string_equal(
	    resolved(c, view, arena_strndup(c->mem, two, 8)), is(c, two, "-", 3));
	assert_string_equal(resolved(c, view, tree), "");
	set_ref(c, dir, "refs/heads/HEAD", two);
	assert_string_equal(
	    resolved(c, view_of(c, dir), "HEAD"), is(c, two, "refs/heads/HEAD", 1));
	assert_string_equal(resolved(c, view, arena_strndup(c->mem, two, 3)), "");
}

/* Nothing of this is looked at by anything that knows expressions or options. */
static void
what_is_no_name_is_not_found(void **state)
{
	static const char *const texts[] = { "", "/", "main~1", "main^", "main@{0}", "--all", "-",
		"@", "main:f", ":/1", "..", "../main", "refs/heads/", "refs/tags/", "refs",
		"heads/main", "refs/mirrorhub/kept/1", "mirrorhub/kept/1", "kept/1", "Main", "mai",
		"main/", "main/f", "*", "zzzz", "\xff", "\xc3", "a\nb", "main.lock",
		"0123456789012345678901234567890123456789",
		"01234567890123456789012345678901234567890" };
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");
	struct git_view *view;

	set_ref(c, dir, "refs/mirrorhub/kept/1", one);
	view = view_of(c, dir);
	for (size_t i = 0; i < N_OF(texts); i++)
		assert_string_equal(resolved(c, view, texts[i]), "");
}

static void
split_is(struct ctx *c, struct git_view *view, const char *rest, const char *name, const char *path)
{
	struct git_rev rev;
	const char *found;
	int code = git_view_split(c, view, rest, &rev, &found);

	if (name == NULL) {
		assert_int_equal(code, E_NOTFOUND);
		return;
	}
	assert_int_equal(code, OK);
	assert_string_equal(rev.name != NULL ? rev.name : rev.commit, name);
	assert_string_equal(found, path);
}

static void
a_url_is_split_behind_the_longest_ref(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");
	struct git_view *view;

	set_ref(c, dir, "refs/heads/a/b", one);
	set_ref(c, dir, "refs/tags/a", one);
	set_ref(c, dir, "refs/heads/b\xe9te/x", one);
	set_ref(c, dir, arena_printf(c->mem, "refs/heads/%s/x", one), one);
	view = view_of(c, dir);
	split_is(c, view, "main", "refs/heads/main", "");
	split_is(c, view, "main/", "refs/heads/main", "");
	split_is(c, view, "main/lib/eol.py", "refs/heads/main", "lib/eol.py");
	split_is(c, view, "main//lib///eol.py/", "refs/heads/main", "lib/eol.py");
	split_is(c, view, "a/b/c", "refs/heads/a/b", "c");
	split_is(c, view, "a/c", "refs/tags/a", "c");
	split_is(c, view, "refs/tags/a/b/c", "refs/tags/a", "b/c");
	split_is(c, view, "b\xe9te/x/\xff", "refs/heads/b\xe9te/x", "\xff");
	split_is(c, view, "HEAD/f", "refs/heads/main", "f");
	split_is(c, view, arena_printf(c->mem, "%s/x/f", one), one, "x/f");
	split_is(c, view, arena_printf(c->mem, "%.12s/x/f", one), one, "x/f");
	split_is(c, view, "main/../f", "refs/heads/main", "../f");
	split_is(c, view, "nope/f", NULL, NULL);
	split_is(c, view, "mainf", NULL, NULL);
	split_is(c, view, "", NULL, NULL);
	split_is(c, view, "///", NULL, NULL);
}

/* Whatever the refs are called, what a page prints for one leads to it and to nothing else, with
 * any path behind it. */
static void
the_text_of_every_ref_leads_back_to_it(void **state)
{
	static const char *const refs[] = { "heads/HEAD", "heads/HEADS", "tags/HEAD", "heads/refs/x",
		"heads/refs/heads/main", "tags/refs/heads/main",
		"heads/a", "tags/a", "heads/b/c", "tags/b", "heads/b-", "heads/b.x", "tags/d/e",
		"heads/d", "heads/d0", "heads/f/g/h", "tags/f/g", "heads/-x", "heads/--all",
		"heads/<script>alert(1)</script>", "heads/\"'&", "heads/%2e%2e", "heads/#", "tags/\xff\xfe",
		"heads/\xe2\x80\xae", "heads/deadbeef", "heads/1234",
		"heads/0123456789012345678901234567890123456789" };
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");
	const struct git_view_tip *rows;
	struct git_view *view;
	size_t n;

	set_ref(c, dir, arena_printf(c->mem, "refs/heads/%s", one), one);
	set_ref(c, dir, arena_printf(c->mem, "refs/tags/%s/x", one), one);
	for (size_t i = 0; i < N_OF(refs); i++)
		set_ref(c, dir, arena_printf(c->mem, "refs/%s", refs[i]), one);
	view = view_of(c, dir);
	assert_string_equal(names(c, view), gits_names(c, dir));
	assert_int_equal(git_view_tips(c, view, &rows, &n), OK);
	assert_int_equal(n, N_OF(refs) + 3);
	for (size_t i = 0; i < n; i++) {
		split_is(c, view, rows[i].text, rows[i].name, "");
		split_is(c, view, arena_printf(c->mem, "%s/x/f", rows[i].text), rows[i].name, "x/f");
		split_is(c, view, arena_printf(c->mem, "%s/c", rows[i].text), rows[i].name, "c");
		split_is(c, view, arena_printf(c->mem, "%s/e", rows[i].text), rows[i].name, "e");
		split_is(c, view, arena_printf(c->mem, "%s/h", rows[i].text), rows[i].name, "h");
		split_is(c, view, arena_printf(c->mem, "%s/f", rows[i].text), rows[i].name, "f");
		assert_string_equal(resolved(c, view, rows[i].text),
		    is(c, one, rows[i].name, rows[i].is_tag ? 2 : 1));
	}
}

static void
head_is_a_branch_a_commit_or_nothing(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one;
	struct git_rev rev;

	assert_int_equal(git_view_head(c, view_of(c, dir), &rev), E_NOTFOUND);
	one = repo_commit(c, dir, "release/1.0", "1");
	assert_int_equal(git_view_head(c, view_of(c, dir), &rev), E_NOTFOUND);
	(void)repo_git(c, dir, "symbolic-ref", "HEAD", "refs/heads/release/1.0");
	assert_int_equal(git_view_head(c, view_of(c, dir), &rev), OK);
	assert_string_equal(rev.text, "release/1.0");
	assert_int_equal(rev.kind, GIT_REV_BRANCH);
	(void)repo_git(c, dir, "update-ref", "--no-deref", "HEAD", one);
	assert_int_equal(git_view_head(c, view_of(c, dir), &rev), OK);
	assert_int_equal(rev.kind, GIT_REV_ID);
	assert_string_equal(rev.text, one);
	assert_null(rev.name);
}

/* ---- commits */

/* A commit of exactly these bytes behind its tree. */
static const char *
odd_commit(struct ctx *c, const char *dir, const char *behind, size_t len)
{
	const char *tree = repo_git_with(c, dir, "", "mktree");
	struct buf *b = buf_new(c->mem, OUT_MAX_BYTES);

	buf_printf(b, "tree %s\n", tree);
	buf_add(b, behind, len);
	return repo_run(c, dir, b->data, b->len,
	    (const char *const[]){ "hash-object", "-t", "commit", "-w", "--stdin", "--literally",
		NULL });
}

static const char *
shown(struct ctx *c, const struct git_commit_info *i)
{
	struct buf *parents = buf_new(c->mem, 1 << 20);

	for (size_t k = 0; k < i->n_parents; k++)
		buf_printf(parents, "%s%s", k > 0 ? " " : "", i->parents[k]);
	return arena_printf(c->mem, "%s\n%s\n%s\n%s\n%s\n%lld\n%s\n%s\n%lld\n%s", i->id, i->tree,
	    parents->data, i->author.name, i->author.email, (long long)i->author.at,
	    i->committer.name, i->committer.email, (long long)i->committer.at, i->subject);
}

static const char *
gits(struct ctx *c, const char *dir, const char *id, const char *format)
{
	return repo_git(c, dir, "log", "-1", "--encoding=UTF-8", format, id);
}

static void
is_as_git_shows_it(struct ctx *c, const char *dir, const char *id)
{
	struct git_commit_info info;

	assert_int_equal(git_commit_read(c, view_of(c, dir), id, &info), OK);
	assert_string_equal(shown(c, &info),
	    gits(c, dir, id, "--format=%H%n%T%n%P%n%an%n%ae%n%at%n%cn%n%ce%n%ct%n%s"));
}

#define PEOPLE "author A U Thor <a@x> 1234567890 -0700\ncommitter C <c@x> 1234567891 +0530\n"
#define ODD(text) odd_commit(c, dir, (text), sizeof(text) - 1)

static void
commits_are_as_git_shows_them(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1\n\ntext\n");
	const char *odd[] = {
		ODD(PEOPLE "\nsubject\n"),
		ODD(PEOPLE "\n\n\n  one\ntwo  \nthree\n \nbody\n\n\n"),
		ODD(PEOPLE "\n"),
		ODD(PEOPLE),
		ODD(PEOPLE "encoding ISO-8859-1\n\nd\xe9j\xe0 vu\n"),
		ODD("author J\xfcrgen <j@x> 1 +0000\ncommitter \xc4 <c@x> 2 +0000\n"
		    "encoding ISO-8859-15\n\n\xa4\n"),
		ODD("author \xcf\xe5\xf2\xfc <p@x> 1 +0000\ncommitter \xcf <c@x> 2 +0000\n"
		    "encoding cp1251\n\n\xcf\xf0\n"),
		ODD("author A <a@x> B <b@y> 77 +0100\ncommitter C   <c@x>  5  +0200\n\nx\n"),
		ODD("author A U <a>b@x> 12 +0000\ncommitter <c@x> 12 +0000\n\nx\n"),
		ODD("author A <a@x> 0 +0000\ncommitter C <> 5 -0000\n\nx\n"),
		ODD(PEOPLE "gpgsig -----BEGIN PGP SIGNATURE-----\n \n author X <y> 1 +0000\n "
			   "-----END\n\nsigned\n"),
	};

	is_as_git_shows_it(c, dir, one);
	is_as_git_shows_it(c, dir, repo_commit(c, dir, "main", "two"));
	for (size_t i = 0; i < N_OF(odd); i++)
		is_as_git_shows_it(c, dir, odd[i]);
}

static void
parents_offsets_and_messages_are_read(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");
	const char *two = repo_commit(c, dir, "b", "2"), *three = repo_commit(c, dir, "c", "3"), *id;
	struct git_commit_info info;

	id = repo_git(c, dir, "commit-tree", arena_printf(c->mem, "%s^{tree}", one), "-p", one, "-p",
	    two, "-p", three, "-m", "octopus");
	is_as_git_shows_it(c, dir, id);
	id = ODD(PEOPLE "\n\nsubject\n\nbody\n\n");
	assert_int_equal(git_commit_read(c, view_of(c, dir), id, &info), OK);
	assert_int_equal(info.n_parents, 0);
	assert_int_equal(info.author.offset_min, -420);
	assert_int_equal(info.committer.offset_min, 330);
	assert_string_equal(info.message, "subject\n\nbody");
}

/* What no client of today makes, and what nobody should. */
static void
broken_commits_are_read_as_far_as_they_go(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *id;
	struct git_commit_info info;
	int64_t at;

	id = ODD("parent 0123\nauthor no address at all\ncommitter C <c@x> "
		 "99999999999999999999 +9999\n\n\xff\x00\xfe\n");
	assert_int_equal(git_commit_read(c, view_of(c, dir), id, &info), OK);
	assert_int_equal(info.n_parents, 0);
	assert_string_equal(info.author.name, "no address at all");
	assert_string_equal(info.author.email, "");
	assert_int_equal(info.author.at, 0);
	assert_int_equal(info.committer.at, 0);
	assert_int_equal(info.committer.offset_min, 0);
	assert_string_equal(info.subject, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_int_equal(git_commit_date(c, view_of(c, dir), id, &at), OK);
	assert_int_equal(at, 0);
	id = ODD("");
	assert_int_equal(git_commit_read(c, view_of(c, dir), id, &info), OK);
	assert_string_equal(info.message, "");
	id = ODD(PEOPLE "encoding ../../../tmp/x\n\nd\xe9j\xe0\n");
	assert_int_equal(git_commit_read(c, view_of(c, dir), id, &info), OK);
	assert_string_equal(info.message, "d\xef\xbf\xbdj\xef\xbf\xbd");
}

static void
what_is_no_commit_is_not_found(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1");
	const char *const ids[] = { repo_git(c, dir, "rev-parse", "main^{tree}"), "main", "",
		arena_strndup(c->mem, one, 39), "0123456789012345678901234567890123456789" };
	struct git_commit_info info;

	for (size_t i = 0; i < N_OF(ids); i++)
		assert_int_equal(git_commit_read(c, view_of(c, dir), ids[i], &info), E_NOTFOUND);
}

static void
tags_have_texts_of_their_own(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *one = repo_commit(c, dir, "main", "1"), *id;
	struct git_tag_info tag;

	(void)repo_git(c, dir, "tag", "-a", "-m", "Version 1\n\nIt is done.", "v1", one);
	id = repo_git(c, dir, "rev-parse", "refs/tags/v1");
	assert_int_equal(git_tag_read(c, view_of(c, dir), id, &tag), OK);
	assert_string_equal(tag.message, "Version 1\n\nIt is done.");
	assert_string_equal(tag.tagger.name, "A");
	assert_int_equal(tag.tagger.at, 1600000000);
	id = repo_git_with(c, dir,
	    arena_printf(c->mem,
		"object %s\ntype commit\ntag old\n\nsigned\n-----BEGIN PGP SIGNATURE-----\nx\n", one),
	    "hash-object", "-t", "tag", "-w", "--stdin", "--literally");
	assert_int_equal(git_tag_read(c, view_of(c, dir), id, &tag), OK);
	assert_string_equal(tag.message, "signed");
	assert_string_equal(tag.tagger.name, "");
	assert_int_equal(git_tag_read(c, view_of(c, dir), one, &tag), E_NOTFOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(refs_are_those_of_git_loose_and_packed),
		WITH_CTX(every_change_of_a_ref_is_seen),
		WITH_CTX(one_view_sees_one_list),
		WITH_CTX(tips_are_dated_and_lead_to_commits),
		WITH_CTX(refs_are_found_by_their_commit_and_put_in_order_by_their_age),
		WITH_CTX(a_store_that_is_gone_or_another_one_is_not_shown),
		WITH_CTX(a_store_is_checked_again_when_its_folder_has_changed),
		WITH_CTX(more_stores_than_are_remembered_stay_right),
		WITH_CTX(requests_come_and_go),
		WITH_CTX(a_name_is_a_tag_then_a_branch_then_an_id),
		WITH_CTX(what_is_no_name_is_not_found),
		WITH_CTX(a_url_is_split_behind_the_longest_ref),
		WITH_CTX(the_text_of_every_ref_leads_back_to_it),
		WITH_CTX(head_is_a_branch_a_commit_or_nothing),
		WITH_CTX(commits_are_as_git_shows_them),
		WITH_CTX(parents_offsets_and_messages_are_read),
		WITH_CTX(broken_commits_are_read_as_far_as_they_go),
		WITH_CTX(what_is_no_commit_is_not_found),
		WITH_CTX(tags_have_texts_of_their_own),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
