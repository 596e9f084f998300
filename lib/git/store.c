#include "git/store.h"

#include <assert.h>
#include <errno.h>
#include <fts.h>
#include <git2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "git/init.h"

#define DIR_MODE 0750
#define FILE_MODE 0640
#define CONFIG_MAX_BYTES (64 * 1024)

/* What every store's settings are. The programs that run Git give the same again through their
 * environment; this is for the administrator who runs it by hand. Kept tips (refs/mirrorhub/) are
 * ours and never shown. */
static const char store_config[] = "[core]\n"
				   "\trepositoryformatversion = 0\n"
				   "\tfilemode = true\n"
				   "\tbare = true\n"
				   "\tlogAllRefUpdates = false\n"
				   "\thooksPath = /dev/null\n"
				   "\tfsync = all\n"
				   "[gc]\n"
				   "\tauto = 0\n"
				   "[receive]\n"
				   "\tautogc = false\n"
				   "\tfsckObjects = true\n"
				   "\tunpackLimit = 1\n"
				   "[transfer]\n"
				   "\thideRefs = refs/mirrorhub\n";

/* ---- making one */

static const char *const store_dirs[] = { "objects/info", "objects/pack", "refs/heads",
	"refs/tags" };

int
git_store_create(struct ctx *c, const char *dir, const char *default_branch)
{
	const char *beside = arena_printf(c->mem, "%s.new", dir);
	const char *head = arena_printf(c->mem, "ref: refs/heads/%s\n", default_branch);

	if (path_is_dir(dir))
		return fail(c, E_CONFLICT, "there already is a store %s", dir);
	TRY(path_remove_tree(c, beside));
	for (size_t i = 0; i < sizeof(store_dirs) / sizeof(store_dirs[0]); i++) {
		const char *made = path_under(c->mem, beside, store_dirs[i]);

		TRY(path_make_dir(c, made, DIR_MODE));
		TRY(path_fsync(c, made));
	}
	TRY(path_fsync(c, path_under(c->mem, beside, "objects")));
	TRY(path_fsync(c, path_under(c->mem, beside, "refs")));
	TRY(path_write(c, path_under(c->mem, beside, "config"), FILE_MODE, store_config,
	    strlen(store_config)));
	TRY(path_write(c, path_under(c->mem, beside, "HEAD"), FILE_MODE, head, strlen(head)));
	return path_rename(c, beside, dir);
}

/* ---- trusting one */

enum place_kind { PLACE_DIR = 1, PLACE_FILE, PLACE_ABSENT };

static const struct place {
	const char *name;
	enum place_kind kind;
	bool may_miss;
} places[] = {
	{ "HEAD", PLACE_FILE, false },
	{ "config", PLACE_FILE, false },
	{ "objects", PLACE_DIR, false },
	{ "refs", PLACE_DIR, false },
	{ "objects/pack", PLACE_DIR, true },
	{ "objects/info", PLACE_DIR, true },
	{ "packed-refs", PLACE_FILE, true },
	{ "objects/info/alternates", PLACE_ABSENT, true },
	{ "objects/info/http-alternates", PLACE_ABSENT, true },
	{ "commondir", PLACE_ABSENT, true },
	{ "gitdir", PLACE_ABSENT, true },
	{ "config.worktree", PLACE_ABSENT, true },
};

static int
check_mode(struct ctx *c, const char *path, const struct stat *st, uid_t owner)
{
	if (st->st_uid != owner)
		return fail(
		    c, E_INTERNAL, "%s belongs to another user than the folder above it", path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return fail(c, E_INTERNAL, "others than its owner may write to %s", path);
	return OK;
}

static int
check_place(struct ctx *c, const char *dir, const struct place *p, uid_t owner)
{
	const char *path = path_under(c->mem, dir, p->name);
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (errno == ENOENT && p->may_miss)
			return OK;
		return fail(c, E_INTERNAL, "%s: %s", path, strerror(errno));
	}
	if (p->kind == PLACE_ABSENT)
		return fail(c, E_INTERNAL, "%s has no place in a store of ours", path);
	if (p->kind == PLACE_DIR ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode))
		return fail(c, E_INTERNAL, "%s is a link or of the wrong kind", path);
	return check_mode(c, path, &st, owner);
}

int
git_store_check(struct ctx *c, const char *dir)
{
	struct stat st, above;

	if (lstat(dir, &st) != 0 && errno == ENOENT)
		return fail(c, E_NOTFOUND, "there is no store %s", dir);
	if (!S_ISDIR(st.st_mode) || stat(arena_printf(c->mem, "%s/..", dir), &above) != 0)
		return fail(c, E_INTERNAL, "%s is not a folder", dir);
	TRY(check_mode(c, dir, &st, above.st_uid));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		TRY(check_place(c, dir, &places[i], above.st_uid));
	return OK;
}

static void
close_repo(void *repo)
{
	git_repository_free(repo);
}

int
git_store_open(struct ctx *c, const char *dir, struct git_repository **out)
{
	git_repository *repo;

	TRY(git_store_check(c, dir));
	if (git_repository_open_bare(&repo, dir) < 0)
		return git_fail(c, E_INTERNAL, "open %s", dir);
	arena_defer(c->mem, close_repo, repo);
	*out = repo;
	return OK;
}

/* ---- cleaning up, measuring */

static void
close_fts(void *walk)
{
	fts_close(walk);
}

static int
walk_open(struct ctx *c, const char *dir, FTS **out)
{
	char *const roots[] = { arena_strdup(c->mem, dir), NULL };

	*out = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (*out == NULL)
		return fail(c, E_INTERNAL, "read folder %s: %s", dir, strerror(errno));
	arena_defer(c->mem, close_fts, *out);
	return OK;
}

/* Git's names for what it is still writing. A branch cannot end in ".lock", so every such file in
 * refs/ is one. */
static bool
is_leftover(const FTSENT *f)
{
	return f->fts_info == FTS_F &&
	    (str_ends(f->fts_name, ".lock") || str_starts(f->fts_name, "tmp_") ||
		str_starts(f->fts_name, ".tmp-") || str_starts(f->fts_name, "bitmap-ref-tips_") ||
		str_is_equal(f->fts_name, "gc.pid"));
}

/* What a killed git receive-pack leaves in objects/: whole packs with good names too. */
static bool
is_push_quarantine(const FTSENT *f)
{
	return f->fts_info == FTS_D && str_starts(f->fts_name, "tmp_objdir-");
}

/* A pack whose index never came: nobody sees it. One that is older was published, and has lost its
 * index since: what is in it may be nowhere else. By the time of its bytes, for that of the inode
 * is new after each link. */
static bool
is_lone_pack(struct arena *mem, const FTSENT *f)
{
	size_t len = f->fts_pathlen - strlen(".pack");

	return f->fts_info == FTS_F && str_ends(f->fts_name, ".pack") &&
	    f->fts_statp->st_mtime > clock_now() - GIT_STORE_LONE_S &&
	    !path_is_file(arena_printf(mem, "%.*s.idx", (int)len, f->fts_path));
}

static int
reset_config(struct ctx *c, const char *dir)
{
	const char *path = path_under(c->mem, dir, "config");
	char *text;

	if (path_read(c, path, CONFIG_MAX_BYTES, &text) == OK && strcmp(text, store_config) == 0)
		return OK;
	return path_write(c, path, FILE_MODE, store_config, strlen(store_config));
}

int
git_store_tidy(struct ctx *c, const char *dir)
{
	FTS *walk;

	TRY(walk_open(c, dir, &walk));
	for (FTSENT *f = fts_read(walk); f != NULL; f = fts_read(walk)) {
		if (is_push_quarantine(f)) {
			fts_set(walk, f, FTS_SKIP);
			TRY(path_remove_tree(c, f->fts_path));
		}
		if ((is_leftover(f) || is_lone_pack(c->mem, f)) && unlink(f->fts_accpath) != 0 &&
		    errno != ENOENT)
			return fail(c, E_INTERNAL, "remove %s: %s", f->fts_path, strerror(errno));
	}
	arena_close(c->mem, walk);
	return reset_config(c, dir);
}

int
git_store_size(struct ctx *c, const char *dir, int64_t *bytes_out)
{
	FTS *walk;
	int64_t bytes = 0;

	TRY(walk_open(c, dir, &walk));
	for (FTSENT *f = fts_read(walk); f != NULL; f = fts_read(walk))
		if (f->fts_info == FTS_F)
			bytes += f->fts_statp->st_size;
	arena_close(c->mem, walk);
	*bytes_out = bytes;
	return OK;
}

/* ---- refs */

/* The type alone, from the object's header. */
static bool
is_tag_object(git_repository *repo, const git_oid *oid)
{
	git_odb *odb;
	git_object_t type;
	size_t len;
	bool is_tag;

	if (git_repository_odb(&odb, repo) < 0)
		return false;
	is_tag = git_odb_read_header(&len, &type, odb, oid) == 0 && type == GIT_OBJECT_TAG;
	git_odb_free(odb);
	return is_tag;
}

/* packed-refs says what a tag peels to; a loose one (a plain project that was pushed to) does not.
 */
static int
fill_ref(struct ctx *c, git_repository *repo, const git_reference *ref, struct git_store_ref *out)
{
	const git_oid *peeled = git_reference_target_peel(ref);
	git_object *object;

	out->name = arena_strdup(c->mem, git_reference_name(ref));
	git_oid_tostr(out->oid, sizeof(out->oid), git_reference_target(ref));
	if (peeled != NULL) {
		git_oid_tostr(out->peeled, sizeof(out->peeled), peeled);
	} else if (str_starts(out->name, "refs/tags/") &&
	    is_tag_object(repo, git_reference_target(ref))) {
		if (git_reference_peel(&object, ref, GIT_OBJECT_ANY) < 0)
			return git_fail(c, E_INTERNAL, "peel %s", out->name);
		git_oid_tostr(out->peeled, sizeof(out->peeled), git_object_id(object));
		git_object_free(object);
	}
	return OK;
}

static void
close_ref(void *ref)
{
	git_reference_free(ref);
}

/* Room for n rows grows by doubling; the arena keeps the old ones until it closes. */
static struct git_store_ref *
grown(struct arena *mem, struct git_store_ref *rows, size_t n, size_t *size)
{
	struct git_store_ref *more;

	if (n < *size)
		return rows;
	*size = *size == 0 ? 64 : *size * 2;
	more = arena_new_array(mem, struct git_store_ref, *size);
	if (n > 0)
		memcpy(more, rows, n * sizeof(rows[0]));
	return more;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct git_store_ref *)a)->name, ((const struct git_store_ref *)b)->name);
}

static int
head_ref(struct ctx *c, git_repository *repo, struct git_store_ref *rows, size_t *n)
{
	git_reference *head;
	git_oid oid;

	if (git_reference_lookup(&head, repo, "HEAD") < 0)
		return git_fail(c, E_INTERNAL, "read HEAD");
	arena_defer(c->mem, close_ref, head);
	if (git_reference_name_to_id(&oid, repo, "HEAD") < 0)
		return OK;
	rows[0].name = "HEAD";
	git_oid_tostr(rows[0].oid, sizeof(rows[0].oid), &oid);
	if (git_reference_type(head) == GIT_REFERENCE_SYMBOLIC)
		rows[0].symref = arena_strdup(c->mem, git_reference_symbolic_target(head));
	*n = 1;
	return OK;
}

static void
close_iterator(void *iterator)
{
	git_reference_iterator_free(iterator);
}

int
git_store_refs(
    struct ctx *c, git_repository *repo, size_t max, struct git_store_ref **refs_out, size_t *n_out)
{
	git_reference_iterator *all;
	git_reference *ref;
	size_t n = 0, size = 0, n_head = 0;
	struct git_store_ref *rows = grown(c->mem, NULL, 0, &size);
	int error;

	TRY(head_ref(c, repo, rows, &n_head));
	n = n_head;
	if (git_reference_iterator_new(&all, repo) < 0)
		return git_fail(c, E_INTERNAL, "list refs");
	arena_defer(c->mem, close_iterator, all);
	while ((error = git_reference_next(&ref, all)) == 0) {
		arena_defer(c->mem, close_ref, ref);
		if (git_reference_type(ref) == GIT_REFERENCE_DIRECT &&
		    !str_starts(git_reference_name(ref), "refs/mirrorhub/")) {
			if (n == max)
				return fail(c, E_INVALID, "it has more than %zu refs", max);
			rows = grown(c->mem, rows, n, &size);
			TRY(fill_ref(c, repo, ref, &rows[n++]));
		}
		arena_close(c->mem, ref);
	}
	if (error != GIT_ITEROVER)
		return git_fail(c, E_INTERNAL, "list refs");
	qsort(rows + n_head, n - n_head, sizeof(rows[0]), by_name);
	*refs_out = rows;
	*n_out = n;
	return OK;
}
