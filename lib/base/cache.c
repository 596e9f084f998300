#include "base/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

#define DIR_MODE 0700
#define FILE_MODE 0600
#define NEW ".new"
#define NEW_MAX_S 3600

static void
close_fd(void *fd)
{
	close(*(int *)fd);
}

static int
open_file(struct ctx *c, const char *path, int flags, int **out)
{
	int *fd = arena_new_of(c->mem, int);

	*fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (*fd < 0)
		return fail(c,
		    errno == ENOENT	  ? E_NOTFOUND
			: errno == EEXIST ? E_CONFLICT
					  : E_INTERNAL,
		    "open %s: %s", path, strerror(errno));
	arena_defer(c->mem, close_fd, fd);
	*out = fd;
	return OK;
}

/* ---- one file */

static const char *
new_path(struct ctx *c, const char *dir, const char *name)
{
	return arena_printf(c->mem, "%s" NEW, path_under(c->mem, dir, name));
}

int
cache_open(struct ctx *c, const char *dir, const char *name, int **fd_out, int64_t *bytes_out)
{
	struct stat st;
	int *fd;

	TRY(open_file(c, path_under(c->mem, dir, name), O_RDONLY, &fd));
	if (fstat(*fd, &st) != 0 || futimens(*fd, NULL) != 0)
		return fail(c, E_INTERNAL, "%s/%s: %s", dir, name, strerror(errno));
	*fd_out = fd;
	*bytes_out = st.st_size;
	return OK;
}

int
cache_begin(struct ctx *c, const char *dir, const char *name, int **fd_out)
{
	TRY(path_make_dir(c, dir, DIR_MODE));
	return open_file(c, new_path(c, dir, name), O_WRONLY | O_CREAT | O_EXCL, fd_out);
}

/* Without the fsync a file could be there after a power cut and hold nothing. The name is given to
 * what was written here, by its descriptor: <name>.new may be another writer's by now, after
 * cache_remove, and half written. What was kept meanwhile is as good and stays. */
int
cache_keep(struct ctx *c, const char *dir, const char *name, int *fd)
{
	const char *written = arena_printf(c->mem, "/proc/self/fd/%d", *fd);
	const char *path = path_under(c->mem, dir, name);
	int code = OK;

	if (fsync(*fd) != 0 ||
	    (linkat(AT_FDCWD, written, AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0 && errno != EEXIST))
		code = fail(c, E_INTERNAL, "keep %s: %s", path, strerror(errno));
	cache_drop(c, dir, name, fd);
	return code;
}

void
cache_drop(struct ctx *c, const char *dir, const char *name, int *fd)
{
	(void)unlink(new_path(c, dir, name)); /* cache_trim does it again */
	arena_close(c->mem, fd);
}

/* ---- the folder */

struct entry {
	const char *name;
	int64_t bytes, used_ns, age_s;
};

struct entries {
	struct entry *rows;
	size_t n, size;
};

static void
close_dir(void *dir)
{
	closedir(dir);
}

static void
add(struct ctx *c, struct entries *all, const char *name, const struct stat *st)
{
	if (all->n == all->size) {
		struct entry *more;

		all->size = all->size == 0 ? 64 : 2 * all->size;
		more = arena_new_array(c->mem, struct entry, all->size);
		if (all->n > 0)
			memcpy(more, all->rows, all->n * sizeof(more[0]));
		all->rows = more;
	}
	all->rows[all->n++] = (struct entry){
		.name = arena_strdup(c->mem, name),
		.bytes = st->st_size,
		.used_ns = st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec,
		.age_s = clock_now() - st->st_mtim.tv_sec,
	};
}

static int
list(struct ctx *c, const char *dir, struct entries *out)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	*out = (struct entries){ 0 };
	if (d == NULL && errno == ENOENT)
		return OK;
	if (d == NULL)
		return fail(c, E_INTERNAL, "open %s: %s", dir, strerror(errno));
	arena_defer(c->mem, close_dir, d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			add(c, out, e->d_name, &st);
	arena_close(c->mem, d);
	return OK;
}

/* Someone else may have been first. */
static int
remove_file(struct ctx *c, const char *dir, const char *name)
{
	const char *path = path_under(c->mem, dir, name);

	if (unlink(path) != 0 && errno != ENOENT)
		return fail(c, E_INTERNAL, "remove %s: %s", path, strerror(errno));
	return OK;
}

static int
newest_first(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->used_ns < y->used_ns) - (x->used_ns > y->used_ns);
}

int
cache_trim(struct ctx *c, const char *dir, int64_t max_bytes)
{
	struct entries all;
	int64_t bytes = 0;
	size_t n = 0;

	TRY(list(c, dir, &all));
	if (all.n > 0)
		qsort(all.rows, all.n, sizeof(all.rows[0]), newest_first);
	for (const struct entry *e = all.rows; e < all.rows + all.n; e++) {
		bool is_new = str_ends(e->name, NEW);

		bytes += is_new ? 0 : e->bytes;
		n += !is_new;
		if (is_new ? e->age_s > NEW_MAX_S : bytes > max_bytes || n > CACHE_FILES_MAX)
			TRY(remove_file(c, dir, e->name));
	}
	return OK;
}

int
cache_remove(struct ctx *c, const char *dir, const char *prefix, const char *but_for)
{
	struct entries all;

	TRY(list(c, dir, &all));
	for (const struct entry *e = all.rows; e < all.rows + all.n; e++)
		if (str_starts(e->name, prefix) &&
		    (but_for == NULL || !str_starts(e->name, but_for)))
			TRY(remove_file(c, dir, e->name));
	return OK;
}
