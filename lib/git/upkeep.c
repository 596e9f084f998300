#include "git/upkeep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "git/chore.h"
#include "git/refs.h"

/* Beside packs that are covered already, so many new ones or so many new bytes are worth the work:
 * what it costs is then always a small multiple of what came. */
#define NEW_PACKS 8
#define NEW_BYTES (256 * 1024)
#define NEW_SHARE 10 /* a tenth of what is covered */

/* ---- is it due? */

struct packs {
	int64_t covered_at_ns; /* when the multi-pack-index was written; 0: there is none */
	int64_t covered_bytes, new_bytes;
	int n_new;
};

/* When it came to its place: a pack is written in a quarantine, maybe before the last upkeep ended,
 * and renamed later, which changes its ctime only. */
static int64_t
changed_ns(const struct stat *st)
{
	return st->st_ctim.tv_sec * INT64_C(1000000000) + st->st_ctim.tv_nsec;
}

static void
close_dir(void *dir)
{
	closedir(dir);
}

static void
count_pack(struct packs *p, const struct stat *st)
{
	if (p->covered_at_ns > changed_ns(st)) {
		p->covered_bytes += st->st_size;
		return;
	}
	p->new_bytes += st->st_size;
	p->n_new++;
}

static int
count_packs(struct ctx *c, const char *store_dir, struct packs *out)
{
	const char *folder = path_under(c->mem, store_dir, "objects/pack");
	DIR *d = opendir(folder);
	struct dirent *e;
	struct stat st;

	if (d == NULL)
		return fail(c, E_INTERNAL, "open %s: %s", folder, strerror(errno));
	arena_defer(c->mem, close_dir, d);
	if (stat(path_under(c->mem, folder, "multi-pack-index"), &st) == 0)
		out->covered_at_ns = changed_ns(&st);
	while ((e = readdir(d)) != NULL)
		if (str_starts(e->d_name, "pack-") && str_ends(e->d_name, ".pack") &&
		    stat(path_under(c->mem, folder, e->d_name), &st) == 0)
			count_pack(out, &st);
	arena_close(c->mem, d);
	return OK;
}

int
git_upkeep_is_due(struct ctx *c, const char *store_dir, bool *out)
{
	struct packs p = { 0 };
	int64_t much;

	TRY(count_packs(c, store_dir, &p));
	much = p.covered_bytes / NEW_SHARE > NEW_BYTES ? p.covered_bytes / NEW_SHARE : NEW_BYTES;
	/* a pack that may not be written as large as it would have to be is not tried for ever */
	*out = p.covered_bytes + p.new_bytes <= c->conf->sync_pack_bytes &&
	    (p.n_new >= NEW_PACKS || p.new_bytes >= much);
	return OK;
}

/* ---- doing it */

/* -d removes only packs whose objects all stand in a newer one; "geometric" takes along what no ref
 * reaches. One pack is left as it came: then only the bitmap is written. */
static const char *const repack[] = { "git", "repack", "-q", "-n", "-d", "--geometric=2",
	"--write-midx", "--write-bitmap-index", NULL };

/* --split adds what is new beside what is there. The filters for paths of a very long history come
 * in several rounds. */
static const char *const commit_graph[] = { "git", "commit-graph", "write", "--reachable",
	"--split", "--changed-paths", "--max-new-filters=50000", "--no-progress", NULL };

static const char *const pack_refs[] = { "git", "pack-refs", "--all", NULL };

static int
run(struct ctx *c, const char *store_dir, const char *const *argv)
{
	const struct git_chore chore = { .dir = store_dir,
		.argv = argv,
		/* all of it together ends before the worker would be killed for them */
		.wall_ms = c->conf->sync_total_s * 1000 / 4 };

	return git_chore_run(c, &chore);
}

/* A mirror has none, and its packed-refs is nobody's to write but publish's. */
static int
gather_refs(struct ctx *c, const char *store_dir)
{
	bool has_loose;

	TRY(git_refs_has_loose(c, store_dir, &has_loose));
	return has_loose ? run(c, store_dir, pack_refs) : OK;
}

int
git_upkeep(struct ctx *c, const char *store_dir)
{
	TRY(gather_refs(c, store_dir));
	TRY(run(c, store_dir, repack));
	return run(c, store_dir, commit_graph);
}

/* ---- what no ref needs */

/* Git takes a pack's time for that of its objects, and would drop at once what lost its ref today
 * and lies in a pack of last year. In a cruft pack each object has a time of its own, which stays.
 */
static int
touch_packs(struct ctx *c, const char *store_dir)
{
	const char *folder = path_under(c->mem, store_dir, "objects/pack");
	DIR *d = opendir(folder);
	struct dirent *e;

	if (d == NULL)
		return fail(c, E_INTERNAL, "open %s: %s", folder, strerror(errno));
	arena_defer(c->mem, close_dir, d);
	while ((e = readdir(d)) != NULL) {
		const char *path;

		if (!str_ends(e->d_name, ".pack"))
			continue;
		path = path_under(c->mem, folder, e->d_name);
		if (path_is_file(arena_printf(
			c->mem, "%.*s.mtimes", (int)(strlen(path) - strlen(".pack")), path)))
			continue;
		if (utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) != 0)
			return fail(c, E_INTERNAL, "touch %s: %s", path, strerror(errno));
	}
	arena_close(c->mem, d);
	return OK;
}

static int
has_unreachable(struct ctx *c, const char *store_dir, bool *out)
{
	static const char *const argv[] = { "git", "fsck", "--connectivity-only", "--no-progress",
		NULL };
	const struct git_chore chore = {
		.dir = store_dir, .argv = argv, .wall_ms = c->conf->sync_total_s * 1000 / 4
	};
	const char *said;
	int status;

	TRY(git_chore_try(c, &chore, &said, &status));
	if (status != 0)
		return fail(c, E_INTERNAL, "git fsck ended with %d", status);
	*out = str_starts(said, "dangling ") || strstr(said, "\ndangling ") != NULL;
	return OK;
}

int
git_upkeep_prune(struct ctx *c, const char *store_dir, int64_t days)
{
	static const char *const new_graph[] = { "git", "commit-graph", "write", "--reachable",
		"--split=replace", "--changed-paths", "--max-new-filters=50000", "--no-progress",
		NULL };
	const char *const argv[] = { "git", "repack", "-q", "-n", "-d", "--cruft",
		arena_printf(c->mem, "--cruft-expiration=%lld.days.ago", (long long)days), NULL };
	bool has_any = false;

	TRY(has_unreachable(c, store_dir, &has_any));
	if (!has_any)
		return OK;
	TRY(touch_packs(c, store_dir));
	TRY(run(c, store_dir, argv));
	TRY(run(c, store_dir, new_graph)); /* the old one may name what has gone */
	return git_upkeep(c, store_dir);
}
