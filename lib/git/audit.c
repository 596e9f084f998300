#include "git/audit.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "git/chore.h"
#include "git/init.h"
#include "git/refs.h"
#include "git/store.h"
#include "git/trailer.h"
#include "git/upkeep.h"

#define MARK "mirrorhub-damaged"
#define FILE_MODE 0640
#define MS_PER_S 1000
#define PACKS "objects/pack"
#define GRAPHS "objects/info/commit-graphs"

/* ---- files that are derived */

static void
close_dir(void *dir)
{
	closedir(dir);
}

/* Calls each for the names in a folder of the store; a missing one is empty. */
static int
each_file(
    struct ctx *c, const char *dir, int (*each)(void *payload, const char *path), void *payload)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (d == NULL && errno == ENOENT)
		return OK;
	if (d == NULL)
		return fail(c, E_INTERNAL, "open %s: %s", dir, strerror(errno));
	arena_defer(c->mem, close_dir, d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			TRY(each(payload, path_under(c->mem, dir, e->d_name)));
	arena_close(c->mem, d);
	return OK;
}

/* What is wrong with the derived files. */
struct derived {
	struct ctx *c;
	const char *dir;
	bool has_bad_graph, has_bad_midx;
	const char *bad_idx; /* one of them */
	const char *sentence;
	bool mends; /* not only looks */
	bool has_mended;
};

static void
note(struct derived *d, const char *path)
{
	if (d->sentence == NULL)
		d->sentence = arena_printf(d->c->mem, "%s does not fit", path + strlen(d->dir) + 1);
}

/* Written beside and renamed over: who has the old one open goes on with it. A pack without index
 * would be seen by nobody, and go (git_store_tidy). */
static int
index_again(struct derived *d, const char *idx)
{
	const char *made = arena_printf(d->c->mem, "%s/objects/pack/tmp_audit.idx", d->dir);
	const char *const argv[] = { "git", "index-pack", "-o", made,
		arena_printf(d->c->mem, "%.*s.pack", (int)(strlen(idx) - 4), idx), NULL };
	const struct git_chore chore = {
		.dir = d->dir, .argv = argv, .wall_ms = d->c->conf->audit_total_s * MS_PER_S
	};

	(void)unlink(made); /* of one that was killed; index-pack says it if it stays */
	if (git_chore_run(d->c, &chore) != OK)
		return OK; /* then it is the pack that is broken: the next look says so */
	d->has_mended = true;
	return path_rename(d->c, made, idx);
}

/* Whether it is the right one for its pack is fsck's to say: then the pack may be what is wrong. */
static int
look_at_index(struct derived *d, const char *idx)
{
	bool fits;

	TRY(git_trailer_fits(d->c, idx, &fits));
	if (fits)
		return OK;
	note(d, idx);
	d->bad_idx = idx;
	return d->mends ? index_again(d, idx) : OK;
}

/* Of one that has lost its index nothing is seen, and it may be all that has some object. What
 * cannot be indexed is put aside under a name that Git passes over. A young one is on its way. */
static int
look_at_pack(struct derived *d, const char *pack)
{
	const char *idx =
	    arena_printf(d->c->mem, "%.*s.idx", (int)(strlen(pack) - strlen(".pack")), pack);
	struct stat st;

	if (path_is_file(idx) || lstat(pack, &st) != 0 ||
	    st.st_mtime > clock_now() - GIT_STORE_LONE_S)
		return OK;
	d->bad_idx = idx;
	if (d->sentence == NULL)
		d->sentence =
		    arena_printf(d->c->mem, "%s has lost its index", pack + strlen(d->dir) + 1);
	if (!d->mends)
		return OK;
	TRY(index_again(d, idx));
	if (path_is_file(idx))
		return OK;
	d->has_mended = true;
	return path_rename(d->c, pack, arena_printf(d->c->mem, "%s.unreadable", pack));
}

static int
drop(struct derived *d, const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return fail(d->c, E_INTERNAL, "remove %s: %s", path, strerror(errno));
	d->has_mended = true;
	return OK;
}

static bool
is_of_midx(const char *path)
{
	return str_starts(strrchr(path, '/') + 1, "multi-pack-index");
}

static int
look_at_pack_file(void *payload, const char *path)
{
	struct derived *d = payload;
	bool fits = true;

	if (str_ends(path, ".idx") && !str_ends(path, "/tmp_audit.idx"))
		return look_at_index(d, path);
	if (str_ends(path, ".pack"))
		return look_at_pack(d, path);
	if (!is_of_midx(path) && !str_ends(path, ".bitmap") && !str_ends(path, ".rev"))
		return OK;
	if (str_ends(path, ".lock"))
		return OK;
	TRY(git_trailer_fits(d->c, path, &fits));
	if (fits)
		return OK;
	note(d, path);
	d->has_bad_midx |= is_of_midx(path);
	return d->mends && !is_of_midx(path) ? drop(d, path) : OK;
}

static int
look_at_graph(void *payload, const char *path)
{
	struct derived *d = payload;
	bool fits = true;

	if (str_ends(path, ".graph"))
		TRY(git_trailer_fits(d->c, path, &fits));
	if (fits)
		return OK;
	note(d, path);
	d->has_bad_graph = true;
	return OK;
}

static const char *const verify_graph[] = { "git", "commit-graph", "verify", "--no-progress",
	NULL };
static const char *const verify_midx[] = { "git", "multi-pack-index", "verify", "--no-progress",
	NULL };

/* false: Git says that it does not fit. */
static int
ask_git(struct derived *d, const char *const *argv, bool *out)
{
	const struct git_chore chore = {
		.dir = d->dir, .argv = argv, .wall_ms = d->c->conf->audit_total_s * MS_PER_S
	};
	const char *said;
	int status;

	TRY(git_chore_try(d->c, &chore, &said, &status));
	*out = status == 0;
	return OK;
}

static bool
is_there(struct derived *d, const char *name)
{
	struct stat st;

	return lstat(path_under(d->c->mem, d->dir, name), &st) == 0;
}

static int
look_at_whole_graph(struct derived *d)
{
	const char *old = path_under(d->c->mem, d->dir, "objects/info/commit-graph");
	bool fits = true;

	TRY(each_file(d->c, path_under(d->c->mem, d->dir, GRAPHS), look_at_graph, d));
	if (is_there(d, "objects/info/commit-graph")) {
		TRY(git_trailer_fits(d->c, old, &fits));
		d->has_bad_graph |= !fits;
	}
	if (!d->has_bad_graph &&
	    (is_there(d, "objects/info/commit-graph") || is_there(d, GRAPHS))) {
		TRY(ask_git(d, verify_graph, &fits));
		d->has_bad_graph = !fits;
	}
	if (d->has_bad_graph && d->sentence == NULL)
		d->sentence = "the commit-graph does not fit";
	if (!d->has_bad_graph || !d->mends)
		return OK;
	TRY(path_remove_tree(d->c, path_under(d->c->mem, d->dir, GRAPHS)));
	return drop(d, old);
}

static int
drop_of_midx(void *payload, const char *path)
{
	struct derived *d = payload;

	return is_of_midx(path) ? drop(d, path) : OK;
}

static int
look_at_whole_midx(struct derived *d)
{
	bool fits = true;

	if (!d->has_bad_midx && d->bad_idx == NULL && is_there(d, PACKS "/multi-pack-index")) {
		TRY(ask_git(d, verify_midx, &fits));
		d->has_bad_midx = !fits;
	}
	if (d->has_bad_midx && d->sentence == NULL)
		d->sentence = "the multi-pack-index does not fit";
	if (!d->has_bad_midx || !d->mends)
		return OK;
	return each_file(d->c, path_under(d->c->mem, d->dir, PACKS), drop_of_midx, d);
}

static int
look_at_derived(struct derived *d)
{
	TRY(each_file(d->c, path_under(d->c->mem, d->dir, PACKS), look_at_pack_file, d));
	TRY(look_at_whole_midx(d));
	return look_at_whole_graph(d);
}

int
git_audit_mend(struct ctx *c, const char *store_dir, bool *has_mended_out)
{
	struct derived d = { .c = c, .dir = store_dir, .mends = true };

	TRY(look_at_derived(&d));
	*has_mended_out = d.has_mended;
	if (d.has_mended && git_upkeep(c, store_dir) != OK)
		return OK; /* clones are dearer until it can be done; objects may be damaged */
	return OK;
}

/* ---- refs */

static int
damaged(struct ctx *c, struct git_audit *out, const char *sentence)
{
	out->found = GIT_AUDIT_DAMAGED;
	out->sentence = git_clean(c->mem, sentence);
	return OK;
}

static bool
is_id(const char *text)
{
	unsigned char id[GIT_OID_BYTES];

	return str_is_hex(text, id, sizeof(id));
}

/* After a power loss files may be there and empty; packed-refs always has a first line. */
static int
look_at_refs(struct ctx *c, const char *dir, struct git_audit *out)
{
	const char *packed = path_under(c->mem, dir, "packed-refs");
	struct git_refs refs;
	struct stat st;
	char *head;

	if (path_read(c, path_under(c->mem, dir, "HEAD"), 4096, &head) != OK)
		return damaged(c, out, "HEAD cannot be read");
	head[strcspn(head, "\n")] = '\0';
	if (!str_starts(head, "ref: refs/") && !is_id(head))
		return damaged(c, out, "HEAD is no name of a branch");
	if (lstat(packed, &st) == 0 && st.st_size == 0)
		return damaged(c, out, "packed-refs is empty");
	if (git_refs_load(c, dir, &refs, NULL) != OK)
		return damaged(c, out, "packed-refs cannot be read");
	out->fingerprint = git_refs_fingerprint(c->mem, &refs);
	refs.head = NULL;
	out->fingerprint_without_head = git_refs_fingerprint(c->mem, &refs);
	return OK;
}

/* ---- objects */

static const char *const fsck[] = { "git", "fsck", "--full", "--no-dangling", "--no-progress",
	NULL };

/* Whether an object hashes to its name and what it needs is there is asked, not whether it is well
 * formed: that was judged when it came (git/rules.h), and old histories have their faults. Derived
 * files have been looked at, and are not relied on. */
static const char *const fsck_settings[] = { "core.commitGraph", "false", "core.multiPackIndex",
	"false", "fsck.badDate", "ignore", "fsck.badDateOverflow", "ignore", "fsck.badEmail",
	"ignore", "fsck.badName", "ignore", "fsck.badTimezone", "ignore", "fsck.badTree", "ignore",
	"fsck.duplicateEntries", "ignore", "fsck.missingAuthor", "ignore", "fsck.missingCommitter",
	"ignore", "fsck.missingEmail", "ignore", "fsck.missingNameBeforeEmail", "ignore",
	"fsck.missingSpaceBeforeDate", "ignore", "fsck.missingSpaceBeforeEmail", "ignore",
	"fsck.multipleAuthors", "ignore", "fsck.treeNotSorted", "ignore", "fsck.zeroPaddedDate",
	"ignore", "fsck.gitmodulesMissing", "ignore", "fsck.gitmodulesBlob", "ignore",
	"fsck.gitmodulesLarge", "ignore", "fsck.gitmodulesName", "ignore", "fsck.gitmodulesSymlink",
	"ignore", "fsck.gitmodulesUrl", "ignore", "fsck.gitmodulesPath", "ignore",
	"fsck.gitmodulesUpdate", "ignore", NULL };

/* A rule that cannot be put aside: "error in tree <id>: …" */
static bool
is_about_rules(const char *said)
{
	while (said[0] != '\0') {
		size_t len = strcspn(said, "\n");

		if (len > 0 && !str_starts(said, "error in ") && !str_starts(said, "warning in ") &&
		    !str_starts(said, "notice: "))
			return false;
		said += len + (said[len] == '\n');
	}
	return true;
}

/* Ended by a limit of ours, not by what it read. */
static bool
is_cut_off(int status, const char *said)
{
	return status == 128 + SIGKILL || status == 128 + SIGXCPU || status == 128 + SIGTERM ||
	    strstr(said, "ut of memory") != NULL || strstr(said, "annot allocate memory") != NULL;
}

/* The first line that names what is wrong; "missing blob <id>" says more than "broken link from".
 */
static const char *
first_line(struct arena *mem, const char *said)
{
	const char *missing = strstr(said, "\nmissing ");

	while (str_starts(said, "notice: ") || str_starts(said, "warning in "))
		said += strcspn(said, "\n") + (said[strcspn(said, "\n")] == '\n');
	if (str_starts(said, "broken link") && missing != NULL)
		said = missing + 1;
	if (str_starts(said, "error: ") || str_starts(said, "fatal: "))
		said += strlen("error: ");
	return arena_strndup(mem, said, strcspn(said, "\n"));
}

static int
look_at_objects(struct ctx *c, const char *dir, struct git_audit *out)
{
	const struct git_chore chore = { .dir = dir,
		.argv = fsck,
		.settings = fsck_settings,
		.wall_ms = c->conf->audit_total_s * MS_PER_S };
	const char *said;
	int status;

	TRY(git_chore_try(c, &chore, &said, &status));
	if (status == 0 || (status == 1 && is_about_rules(said)))
		return OK;
	if (is_cut_off(status, said))
		return fail(c, E_INTERNAL, "git fsck was ended by its limits (%d): %s", status,
		    git_clean(c->mem, first_line(c->mem, said)));
	return damaged(c, out, first_line(c->mem, said));
}

/* ---- all of it */

int
git_audit(struct ctx *c, const char *store_dir, struct git_audit *out)
{
	struct git_audit a = { .found = GIT_AUDIT_WHOLE,
		.sentence = "",
		.fingerprint = "",
		.fingerprint_without_head = "" };
	struct derived d = { .c = c, .dir = store_dir };
	int code = git_store_check(c, store_dir);

	if (code == E_NOTFOUND)
		return code;
	if (code != OK)
		damaged(c, &a, c->reason);
	else
		TRY(git_store_size(c, store_dir, &a.bytes));
	if (a.found == GIT_AUDIT_WHOLE)
		TRY(look_at_derived(&d));
	if (a.found == GIT_AUDIT_WHOLE)
		TRY(look_at_refs(c, store_dir, &a));
	if (a.found == GIT_AUDIT_WHOLE)
		TRY(look_at_objects(c, store_dir, &a));
	if (d.sentence != NULL && (a.found == GIT_AUDIT_WHOLE || d.bad_idx != NULL)) {
		/* without its index a pack's objects are missed: first things first */
		a.found = GIT_AUDIT_DERIVED;
		a.sentence = git_clean(c->mem, d.sentence);
	}
	*out = a;
	return OK;
}

int
git_audit_mark(struct ctx *c, const char *store_dir, const char *sentence)
{
	return path_write(
	    c, path_under(c->mem, store_dir, MARK), FILE_MODE, sentence, strlen(sentence));
}

int
git_audit_unmark(struct ctx *c, const char *store_dir)
{
	return path_remove_tree(c, path_under(c->mem, store_dir, MARK));
}

bool
git_audit_is_marked(struct arena *mem, const char *store_dir)
{
	return path_is_file(path_under(mem, store_dir, MARK));
}
