/* Damage of every kind is found, and what is derived is made again. git fsck is the truth. */
#include "tests/unit/repo.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "git/audit.h"
#include "git/refs.h"
#include "git/store.h"
#include "git/upkeep.h"

#define COMMITS 30

/* A store as the hub has it: a pack, a bitmap, a commit-graph, kept tips. */
static const char *
store(struct ctx *c)
{
	const char *folder = unit_folder(c), *dir, *other;

	(void)repo_conf(c, folder);
	dir = arena_printf(c->mem, "%s/data/1.git", folder);
	other = path_under(c->mem, folder, "other.git");
	assert_int_equal(git_store_create(c, dir, "main"), OK);
	repo_init(c, other);
	for (int i = 0; i < COMMITS; i++)
		(void)repo_commit(c, other, "main", arena_printf(c->mem, "text %d", i));
	(void)repo_git(c, other, "update-ref", "refs/mirrorhub/kept/heads/x/20200101T000000Z-0",
	    repo_commit(c, other, "x", "kept"));
	(void)repo_git(c, other, "update-ref", "-d", "refs/heads/x");
	(void)repo_git(c, dir, "fetch", "-q", other, "refs/*:refs/*");
	(void)repo_git(c, dir, "repack", "-adq");
	assert_int_equal(git_upkeep(c, dir), OK);
	return dir;
}

static const char *
one_file(struct ctx *c, const char *dir, const char *pattern)
{
	glob_t found;
	const char *path;

	assert_int_equal(glob(path_under(c->mem, dir, pattern), 0, NULL, &found), 0);
	path = arena_strdup(c->mem, found.gl_pathv[0]);
	globfree(&found);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

/* Four bytes in the middle are others now. */
static void
overwrite(struct ctx *c, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char bytes[4];
	struct stat st;

	(void)c;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pread(fd, bytes, 4, st.st_size / 2), 4);
	for (int i = 0; i < 4; i++)
		bytes[i] = (char)~bytes[i];
	assert_int_equal(pwrite(fd, bytes, 4, st.st_size / 2), 4);
	close(fd);
}

static void
empty(struct ctx *c, const char *path)
{
	(void)c;
	assert_int_equal(truncate(path, 0), 0);
}

static void
halve(struct ctx *c, const char *path)
{
	struct stat st;

	(void)c;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2), 0);
}

static void
garble(struct ctx *c, const char *path)
{
	assert_int_equal(path_write(c, path, 0640, "no line of Git's\n", 17), OK);
}

/* The time of a pack is that of its bytes. */
static void
age(const char *path)
{
	const struct timespec old[2] = { { .tv_sec = 1600000000 }, { .tv_sec = 1600000000 } };

	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
}

static void
lose_index(struct ctx *c, const char *idx)
{
	age(arena_printf(c->mem, "%.*s.pack", (int)(strlen(idx) - strlen(".idx")), idx));
	assert_int_equal(unlink(idx), 0);
}

static void
run_tool(struct ctx *c, const char *const *argv)
{
	const struct proc_spec spec = { .argv = argv };
	struct buf *out, *err;
	int status;

	assert_int_equal(proc_run(c, &spec, NULL, 0, OUT_MAX_BYTES, &out, &err, &status), OK);
	assert_int_equal(status, 0);
}

static void
copy_tree(struct ctx *c, const char *from, const char *to)
{
	run_tool(c, (const char *const[]){ "cp", "-a", from, to, NULL });
}

/* No pack any more: each object is a file. */
static void
unpack_all(struct ctx *c, const char *dir)
{
	const char *pack = one_file(c, dir, "objects/pack/pack-*.pack");
	const char *aside = path_under(c->mem, c->conf->data_dir, "aside");
	const char *packs = path_under(c->mem, dir, "objects/pack");

	run_tool(c, (const char *const[]){ "mv", pack, aside, NULL });
	assert_int_equal(path_remove_tree(c, packs), OK);
	assert_int_equal(path_remove_tree(c, path_under(c->mem, dir, "objects/info")), OK);
	assert_int_equal(path_make_dir(c, packs, 0750), OK);
	run_tool(c,
	    (const char *const[]){ "env", "GIT_CONFIG_NOSYSTEM=1", "sh", "-c",
		"git -C \"$0\" unpack-objects -q <\"$1\"", dir, aside, NULL });
}

static bool
is_whole_for_git(struct ctx *c, const char *dir)
{
	struct buf *out;

	return repo_try(c, dir, NULL, 0, &out,
		   (const char *const[]){ "fsck", "--full", "--strict", NULL }) == 0;
}

static struct git_audit
look(struct ctx *c, const char *dir)
{
	struct git_audit a;

	if (git_audit(c, dir, &a) != OK)
		unit_fail("audit: %s", c->reason);
	return a;
}

static void
a_whole_store_is_whole(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c);
	struct git_audit a = look(c, dir);
	struct git_refs refs;

	assert_int_equal(a.found, GIT_AUDIT_WHOLE);
	assert_string_equal(a.sentence, "");
	assert_int_equal(git_refs_load(c, dir, &refs, NULL), OK);
	assert_string_equal(a.fingerprint, git_refs_fingerprint(c->mem, &refs));
	assert_true(a.bytes > 1000);
}

static void
an_empty_store_is_whole(void **state)
{
	struct ctx *c = *state;
	const char *folder = unit_folder(c), *dir;

	(void)repo_conf(c, folder);
	dir = arena_printf(c->mem, "%s/data/1.git", folder);
	assert_int_equal(git_store_create(c, dir, "main"), OK);
	assert_int_equal(look(c, dir).found, GIT_AUDIT_WHOLE);
}

static void
a_missing_store_is_said_to_be_missing(void **state)
{
	struct ctx *c = *state;
	const char *folder = unit_folder(c);
	struct git_audit a;

	(void)repo_conf(c, folder);
	assert_int_equal(git_audit(c, path_under(c->mem, folder, "data/1.git"), &a), E_NOTFOUND);
}

static const struct {
	const char *file;
	void (*how)(struct ctx *c, const char *path);
	enum git_audit_found found;
} damages[] = {
	{ "objects/pack/pack-*.pack", overwrite, GIT_AUDIT_DAMAGED },
	{ "objects/pack/pack-*.pack", halve, GIT_AUDIT_DAMAGED },
	{ "objects/pack/pack-*.pack", empty, GIT_AUDIT_DAMAGED },
	{ "packed-refs", garble, GIT_AUDIT_DAMAGED },
	{ "packed-refs", empty, GIT_AUDIT_DAMAGED },
	{ "HEAD", garble, GIT_AUDIT_DAMAGED },
	{ "HEAD", empty, GIT_AUDIT_DAMAGED },
	{ "objects/pack/pack-*.idx", overwrite, GIT_AUDIT_DERIVED },
	{ "objects/pack/pack-*.idx", halve, GIT_AUDIT_DERIVED },
	{ "objects/pack/pack-*.idx", empty, GIT_AUDIT_DERIVED },
	{ "objects/pack/pack-*.idx", lose_index, GIT_AUDIT_DERIVED },
	{ "objects/pack/multi-pack-index", overwrite, GIT_AUDIT_DERIVED },
	{ "objects/pack/multi-pack-index", empty, GIT_AUDIT_DERIVED },
	{ "objects/pack/multi-pack-index-*.bitmap", overwrite, GIT_AUDIT_DERIVED },
	{ "objects/pack/multi-pack-index-*.bitmap", halve, GIT_AUDIT_DERIVED },
	{ "objects/info/commit-graphs/graph-*.graph", overwrite, GIT_AUDIT_DERIVED },
	{ "objects/info/commit-graphs/graph-*.graph", empty, GIT_AUDIT_DERIVED },
};

static void
every_damage_is_found_and_what_is_derived_is_made_again(void **state)
{
	struct ctx *c = *state;
	const char *whole = store(c);

	for (size_t i = 0; i < N_OF(damages); i++) {
		const char *dir = arena_printf(c->mem, "%s/%zu.git", c->conf->data_dir, 100 + i);
		struct git_audit a;
		bool has_mended;

		copy_tree(c, whole, dir);
		damages[i].how(c, one_file(c, dir, damages[i].file));
		a = look(c, dir);
		if (a.found != damages[i].found || a.sentence[0] == '\0')
			unit_fail(
			    "%s (%zu): found %d, %s", damages[i].file, i, (int)a.found, a.sentence);
		assert_int_equal(git_audit_mend(c, dir, &has_mended), OK);
		a = look(c, dir);
		if ((a.found == GIT_AUDIT_WHOLE) != (damages[i].found == GIT_AUDIT_DERIVED))
			unit_fail("%s (%zu): then found %d, %s", damages[i].file, i, (int)a.found,
			    a.sentence);
		if (damages[i].found == GIT_AUDIT_DERIVED) {
			assert_true(has_mended);
			assert_true(is_whole_for_git(c, dir));
			/* not only dropped */
			(void)one_file(c, dir, "objects/pack/multi-pack-index-*.bitmap");
			(void)one_file(c, dir, "objects/info/commit-graphs/graph-*.graph");
		}
	}
}

static void
a_pack_that_cannot_be_indexed_is_told_of_once_and_put_aside(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *pack = path_under(c->mem, dir, "objects/pack/pack-1.pack");
	bool has_mended;

	assert_int_equal(path_write(c, pack, 0640, "PACK and no more", 16), OK);
	assert_int_equal(look(c, dir).found, GIT_AUDIT_WHOLE); /* it may be on its way */
	age(pack);
	assert_int_equal(look(c, dir).found, GIT_AUDIT_DERIVED);
	assert_string_equal(look(c, dir).sentence, "objects/pack/pack-1.pack has lost its index");
	assert_int_equal(git_audit_mend(c, dir, &has_mended), OK);
	assert_true(has_mended);
	assert_int_equal(look(c, dir).found, GIT_AUDIT_WHOLE);
	assert_true(path_is_file(arena_printf(c->mem, "%s.unreadable", pack)));
}

/* libgit2 1.5 would never come back from this one. */
static void
a_truncated_loose_object_is_damage(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c);
	const char *blob = repo_git_with(c, dir, "loose", "hash-object", "-w", "--stdin");
	const char *path = arena_printf(c->mem, "%s/objects/%.2s/%s", dir, blob, blob + 2);
	struct git_audit a;

	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 10), 0);
	a = look(c, dir);
	assert_int_equal(a.found, GIT_AUDIT_DAMAGED);
	assert_non_null(strstr(a.sentence, blob + 2));
}

static void
what_only_a_kept_tip_needs_is_missed(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *ref = "refs/mirrorhub/kept/heads/x/20200101T000000Z-0", *blob;

	blob = repo_git(c, dir, "rev-parse", arena_printf(c->mem, "%s:f", ref));
	unpack_all(c, dir);
	assert_int_equal(
	    unlink(arena_printf(c->mem, "%s/objects/%.2s/%s", dir, blob, blob + 2)), 0);
	assert_int_equal(look(c, dir).found, GIT_AUDIT_DAMAGED);
	assert_non_null(strstr(look(c, dir).sentence, blob));
}

static bool
has_object(struct ctx *c, const char *dir, const char *oid)
{
	struct buf *out;

	return repo_try(c, dir, NULL, 0, &out,
		   (const char *const[]){ "cat-file", "-e", oid, NULL }) == 0;
}

/* The packs' times say nothing of when an object lost its ref. */
static void
make_packs_old(struct ctx *c, const char *dir, int days, const char *suffix)
{
	run_tool(c,
	    (const char *const[]){ "sh", "-c",
		"find \"$0\" -name \"$1\" -exec touch -d \"$2 days ago\" {} +", dir, suffix,
		arena_printf(c->mem, "%d", days), NULL });
}

static void
what_no_ref_needs_goes_after_its_days_and_not_before(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c), *ref = "refs/mirrorhub/kept/heads/x/20200101T000000Z-0";
	const char *lost = repo_git(c, dir, "rev-parse", ref), *main;

	main = repo_git(c, dir, "rev-parse", "main");
	make_packs_old(c, dir, 400, "*.pack");
	assert_int_equal(git_upkeep_prune(c, dir, 14), OK);
	assert_true(has_object(c, dir, lost)); /* a kept tip is a ref */
	(void)repo_git(c, dir, "update-ref", "-d", ref);
	assert_int_equal(git_upkeep_prune(c, dir, 14), OK);
	assert_true(has_object(c, dir, lost)); /* however old the pack was */
	assert_int_equal(git_upkeep_prune(c, dir, 14), OK);
	assert_true(has_object(c, dir, lost));
	assert_int_equal(git_upkeep_prune(c, dir, 0), OK);
	assert_false(has_object(c, dir, lost));
	assert_true(has_object(c, dir, main));
	assert_true(is_whole_for_git(c, dir));
	assert_int_equal(look(c, dir).found, GIT_AUDIT_WHOLE);
}

static void
a_mark_is_seen_and_taken_away(void **state)
{
	struct ctx *c = *state;
	const char *dir = store(c);

	assert_false(git_audit_is_marked(c->mem, dir));
	assert_int_equal(git_audit_mark(c, dir, "why"), OK);
	assert_true(git_audit_is_marked(c->mem, dir));
	assert_int_equal(git_audit_unmark(c, dir), OK);
	assert_false(git_audit_is_marked(c->mem, dir));
	assert_int_equal(git_audit_unmark(c, dir), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_whole_store_is_whole),
		WITH_CTX(an_empty_store_is_whole),
		WITH_CTX(a_missing_store_is_said_to_be_missing),
		WITH_CTX(every_damage_is_found_and_what_is_derived_is_made_again),
		WITH_CTX(a_pack_that_cannot_be_indexed_is_told_of_once_and_put_aside),
		WITH_CTX(a_truncated_loose_object_is_damage),
		WITH_CTX(what_only_a_kept_tip_needs_is_missed),
		WITH_CTX(what_no_ref_needs_goes_after_its_days_and_not_before),
		WITH_CTX(a_mark_is_seen_and_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
