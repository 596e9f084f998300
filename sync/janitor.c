#include "sync/janitor.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "core/project.h"
#include "git/store.h"
#include "git/upkeep.h"
#include "store/failure.h"
#include "store/host.h"
#include "store/outbox.h"
#include "store/session.h"
#include "sync/datadir.h"

#define FAILURES_KEPT_S 86400
#define HOUR_S 3600
#define DAY_S 86400
#define REMOVE_WAIT_MS 10000
#define STORES_MAX 1000
#define STORES_LAST (INT64_MAX / 2)

int
janitor_rows(struct ctx *c)
{
	int64_t n;

	do
		TRY(job_delete_old_runs(c, &n));
	while (n > 0);
	TRY(session_clean(c));
	do
		TRY(outbox_clean(c, &n));
	while (n > 0);
	do
		TRY(host_delete_unused(c, &n));
	while (n > 0);
	return failure_clean(c, FAILURES_KEPT_S);
}

/* ---- folders */

static void
close_dir(void *dir)
{
	closedir(dir);
}

/* Calls each(payload, name) for what is in the folder, without "." and "..". A missing folder is
 * an empty one. */
static int
each_entry(
    struct ctx *c, const char *dir, int (*each)(void *payload, const char *name), void *payload)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int code = OK;

	if (d == NULL && errno == ENOENT)
		return OK;
	if (d == NULL)
		return fail(c, E_INTERNAL, "open %s: %s", dir, strerror(errno));
	arena_defer(c->mem, close_dir, d);
	while (code == OK && (e = readdir(d)) != NULL)
		if (!str_is_equal(e->d_name, ".") && !str_is_equal(e->d_name, ".."))
			code = each(payload, e->d_name);
	arena_close(c->mem, d);
	return code;
}

struct sweep {
	struct ctx *c;
	const struct job_fences *fences;
	const struct janitor_hooks *hooks;
	const char *dir; /* the one being read */
	int64_t *ids, *due;
	size_t n_ids, n_due;
	int64_t removed;
	int code; /* of the first store that could not be looked into */
	const char *reason;
};

/* ---- quarantine */

static bool
is_over(const struct job_fences *fences, int64_t fence)
{
	if (fence > fences->newest)
		return false;
	for (size_t i = 0; i < fences->n_running; i++)
		if (fences->running[i] == fence)
			return false;
	return true;
}

/* The number behind the last '-', or -1. */
static int64_t
fence_of(const char *name)
{
	const char *dash = strrchr(name, '-');
	int64_t fence;

	if (dash == NULL || !isdigit((unsigned char)dash[1]) || !str_is_int(dash + 1, &fence))
		return -1;
	return fence;
}

static int
clean_quarantine(void *payload, const char *name)
{
	struct sweep *s = payload;
	int64_t fence = fence_of(name);

	if (fence < 0 || !is_over(s->fences, fence))
		return OK;
	TRY(path_remove_tree(s->c, path_under(s->c->mem, s->dir, name)));
	s->removed++;
	return OK;
}

/* ---- stores */

static bool
is_old(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && clock_now() - st.st_mtime > HOUR_S;
}

static bool
is_leftover(const char *name)
{
	return str_ends(name, ".lock") || str_starts(name, "tmp_") || str_starts(name, ".tmp-") ||
	    str_starts(name, "bitmap-ref-tips_") || str_is_equal(name, "gc.pid");
}

struct look {
	struct ctx *c;
	const char *dir;
	bool has_leftovers;
};

static int
look_at(void *payload, const char *name)
{
	struct look *l = payload;

	if (is_leftover(name) && is_old(path_under(l->c->mem, l->dir, name)))
		l->has_leftovers = true;
	return OK;
}

static int
has_leftovers(struct ctx *c, const char *store, bool *out)
{
	static const char *const where[] = { "", "objects", "objects/info",
		"objects/info/commit-graphs", "objects/pack", "refs/heads", "refs/tags" };
	struct look l = { .c = c };

	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		l.dir = where[i][0] == '\0' ? store : path_under(c->mem, store, where[i]);
		TRY(each_entry(c, l.dir, look_at, &l));
	}
	*out = l.has_leftovers;
	return OK;
}

/* Under the store's lock, which every writer of ours holds: then what lies there is nobody's. */
static int
tidy(struct sweep *s, int64_t id)
{
	const char *dir = project_store_dir(s->c, id);
	bool has_any;
	int *lock;
	int code;

	TRY(has_leftovers(s->c, dir, &has_any));
	if (!has_any)
		return OK;
	code = path_lock(s->c, project_store_lock(s->c, id), 0, &lock);
	if (code == E_CONFLICT)
		return OK;
	if (code != OK)
		return code;
	code = git_store_tidy(s->c, dir);
	path_unlock(s->c, lock);
	s->removed += code == OK;
	return code;
}

/* One broken store is no reason to leave the others as they are. */
static void
note_failure(struct sweep *s, int code, const char *reason)
{
	if (code == OK || s->code != OK)
		return;
	s->code = code;
	s->reason = arena_strdup(s->c->mem, reason);
}

/* "7.git.old-1700000000": a store that a fresh one has replaced; "7.git.anew": one that did not get
 * so far; "7.git.removed", "7.git.new": of a removal, a creation that was killed. */
static bool
is_replaced(struct ctx *c, const char *path, const char *name)
{
	const char *git = strstr(name, ".git.");
	int64_t id, at;

	if (git == NULL || !str_is_int(arena_strndup(c->mem, name, (size_t)(git - name)), &id))
		return false;
	git += strlen(".git.");
	if (str_starts(git, "old-"))
		return str_is_int(git + strlen("old-"), &at) &&
		    clock_now() - at > c->conf->upkeep_old_days * DAY_S;
	return (str_is_equal(git, "anew") || str_is_equal(git, "removed") ||
		   str_is_equal(git, "new")) &&
	    is_old(path);
}

/* Under the lock of its store: a writer may be making it. */
static int
drop_replaced(struct sweep *s, const char *path, const char *name)
{
	int64_t id;
	int *lock, code;

	if (!str_is_int(arena_strndup(s->c->mem, name, strcspn(name, ".")), &id))
		return OK;
	code = path_lock(s->c, project_store_lock(s->c, id), 0, &lock);
	if (code != OK)
		return code == E_CONFLICT ? OK : code;
	code = path_remove_tree(s->c, path);
	path_unlock(s->c, lock);
	s->removed += code == OK;
	return code;
}

static int
look_into_store(void *payload, const char *name)
{
	struct sweep *s = payload;
	const char *path = path_under(s->c->mem, s->dir, name);
	bool is_due;
	int64_t id;
	int code;

	if (is_replaced(s->c, path, name)) {
		code = drop_replaced(s, path, name);
		note_failure(s, code, s->c->reason);
		return OK;
	}
	if (!str_ends(name, ".git") ||
	    !str_is_int(arena_strndup(s->c->mem, name, strlen(name) - 4), &id))
		return OK;
	if (s->n_ids < STORES_MAX)
		s->ids[s->n_ids++] = id;
	code = tidy(s, id);
	note_failure(s, code, s->c->reason);
	/* what cannot be read needs no upkeep; whoever serves it says what is wrong */
	if (git_upkeep_is_due(s->c, project_store_dir(s->c, id), &is_due) == OK && is_due &&
	    s->n_due < STORES_MAX)
		s->due[s->n_due++] = id;
	return OK;
}

static int
look_into_thousand(void *payload, const char *name)
{
	struct sweep *s = payload;
	struct sweep inner = *s;
	struct ctx c = *s->c; /* memory for these thousand only */
	int64_t number;
	int code;

	if (!str_is_int(name, &number))
		return OK;
	c.mem = arena_new();
	inner.c = &c;
	inner.ids = arena_new_array(c.mem, int64_t, STORES_MAX);
	inner.due = arena_new_array(c.mem, int64_t, STORES_MAX);
	inner.n_ids = inner.n_due = 0;
	inner.code = OK;
	inner.dir = path_under(c.mem, s->dir, name);
	code = each_entry(&c, inner.dir, look_into_store, &inner);
	if (code == OK && number <= STORES_LAST / STORES_MAX)
		s->hooks->stores(s->hooks->payload, number * STORES_MAX, inner.ids, inner.n_ids,
		    inner.due, inner.n_due);
	s->removed = inner.removed;
	note_failure(s, inner.code, inner.reason);
	if (code != OK)
		fail(s->c, code, "%s", c.reason);
	arena_free(c.mem);
	return code;
}

/* Folders that are not there at all have nothing in them, which is to be told too. */
static void
tell_missing_thousands(struct sweep *s)
{
	for (int64_t k = 0; k <= s->hooks->last_store / STORES_MAX; k++) {
		const char *dir =
		    path_under(s->c->mem, s->dir, arena_printf(s->c->mem, "%lld", (long long)k));

		if (!path_is_dir(dir))
			s->hooks->stores(s->hooks->payload, k * STORES_MAX, NULL, 0, NULL, 0);
	}
}

/* The lock file's age says when it was last done; an empty one, never. */
static const char *
stamp_path(struct ctx *c)
{
	return path_under(c->mem, c->conf->data_dir, "janitor.lock");
}

static bool
is_fresh(const struct stat *stamp)
{
	return stamp->st_size > 0 && clock_now() - stamp->st_mtime < HOUR_S;
}

static int
look_into_stores(struct sweep *s, bool is_full)
{
	const char *path = stamp_path(s->c);
	struct stat st;
	int *lock;
	int code = path_lock(s->c, path, 0, &lock);

	if (code == E_CONFLICT)
		return OK; /* someone is at it */
	if (code != OK)
		return code;
	if (!is_full && fstat(*lock, &st) == 0 && is_fresh(&st))
		return OK;
	s->dir = path_under(s->c->mem, s->c->conf->data_dir, "repos");
	TRY(each_entry(s->c, s->dir, look_into_thousand, s));
	tell_missing_thousands(s);
	if (pwrite(*lock, "\n", 1, 0) != 1 || futimens(*lock, NULL) != 0)
		return fail(s->c, E_INTERNAL, "write %s: %s", path, strerror(errno));
	path_unlock(s->c, lock);
	return s->code == OK ? OK : fail(s->c, s->code, "%s", s->reason);
}

static int
count_entry(void *payload, const char *name)
{
	(void)name;
	++*(int *)payload;
	return OK;
}

bool
janitor_has_work(struct ctx *c)
{
	struct stat st;
	int n = 0;

	if (stat(stamp_path(c), &st) != 0 || !is_fresh(&st))
		return true;
	return each_entry(
		   c, path_under(c->mem, c->conf->data_dir, "quarantine"), count_entry, &n) != OK ||
	    n > 0;
}

int
janitor_sweep(struct ctx *c, const struct job_fences *fences, bool is_full,
    const struct janitor_hooks *hooks, int64_t *removed_out)
{
	struct sweep s = { .c = c, .fences = fences, .hooks = hooks };

	TRY(datadir_is_ours(c)); /* it may have been unmounted since we began */
	s.dir = path_under(c->mem, c->conf->data_dir, "quarantine");
	TRY(each_entry(c, s.dir, clean_quarantine, &s));
	TRY(cache_trim(c, project_cache_dir(c), c->conf->git_cache_bytes));
	TRY(cache_trim(c, project_readme_dir(c), PROJECT_README_BYTES));
	TRY(look_into_stores(&s, is_full));
	*removed_out = s.removed;
	return OK;
}

/* Those that fresh ones have replaced, whatever their age. */
static int
remove_replaced(struct ctx *c, const char *dir)
{
	glob_t found = { 0 };
	int code = OK;

	if (glob(arena_printf(c->mem, "%s.*", dir), GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && code == OK; i++)
			code = path_remove_tree(c, found.gl_pathv[i]);
	globfree(&found);
	return code;
}

/* Renamed first: a reader sees the whole store or none. */
int
janitor_remove_store(struct ctx *c, int64_t store_id)
{
	const char *dir = project_store_dir(c, store_id);
	const char *lock_path = project_store_lock(c, store_id);
	const char *aside = arena_printf(c->mem, "%s.removed", dir);
	int *lock;
	int code;

	code = path_lock(c, lock_path, REMOVE_WAIT_MS, &lock);
	if (code == E_INTERNAL && !path_is_dir(dir))
		return OK; /* not even the folder for the lock: it never was */
	if (code != OK)
		return code;
	TRY(cache_remove(c, project_cache_dir(c), project_cache_prefix(c, store_id), NULL));
	TRY(cache_remove(c, project_readme_dir(c), project_cache_prefix(c, store_id), NULL));
	TRY(path_remove_tree(c, aside));
	if (path_is_dir(dir))
		TRY(path_rename(c, dir, aside));
	TRY(path_remove_tree(c, aside));
	TRY(path_remove_tree(c, arena_printf(c->mem, "%s.new", dir)));
	TRY(remove_replaced(c, dir));
	TRY(path_remove_tree(c, lock_path));
	path_unlock(c, lock);
	return OK;
}
