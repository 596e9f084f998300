#include "base/path.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"

#define READ_STEP_BYTES (64 * 1024)
#define LOCK_POLL_MS 10
/* Folders deeper than this are first moved up, so that a tree of any depth (a ref name may have a
 * thousand slashes) is removed with few descriptors. */
#define REMOVE_DEPTH 32

char *
path_under(struct arena *mem, const char *root, const char *name)
{
	const char *part = name;

	do {
		size_t len = strcspn(part, "/");

		assert(len > 0);
		assert(!(len == 1 && part[0] == '.'));
		assert(!(len == 2 && part[0] == '.' && part[1] == '.'));
		part += len;
	} while (*part++ != '\0');
	return arena_printf(mem, "%s/%s", root, name);
}

bool
path_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
path_is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The reason from errno. */
static int
failed(struct ctx *c, const char *verb, const char *path)
{
	return fail(c, E_INTERNAL, "%s %s: %s", verb, path, strerror(errno));
}

static void
close_fd(void *fd)
{
	close(*(int *)fd);
}

/* A descriptor that closes with the arena. */
static int
open_fd(struct ctx *c, const char *path, int flags, mode_t mode, int **out)
{
	int *fd = arena_new_of(c->mem, int);

	*fd = open(path, flags | O_CLOEXEC, mode);
	if (*fd < 0 && errno == ENOENT && !(flags & O_CREAT))
		return fail(c, E_NOTFOUND, "there is no file %s", path);
	if (*fd < 0)
		return failed(c, "open", path);
	arena_defer(c->mem, close_fd, fd);
	*out = fd;
	return OK;
}

static char *
parent_of(struct arena *mem, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return arena_strdup(mem, ".");
	return arena_strndup(mem, path, slash == path ? 1 : (size_t)(slash - path));
}

int
path_make_dir(struct ctx *c, const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0)
		return OK;
	if (errno == ENOENT && strrchr(path, '/') > path) {
		TRY(path_make_dir(c, parent_of(c->mem, path), mode));
		if (mkdir(path, mode) == 0)
			return OK;
	}
	if (errno == EEXIST && path_is_dir(path))
		return OK;
	return failed(c, "make folder", path);
}

int
path_read(struct ctx *c, const char *path, size_t max_bytes, char **out)
{
	struct buf *text = buf_new(c->mem, max_bytes + 1);
	int *fd;
	ssize_t n;

	TRY(open_fd(c, path, O_RDONLY, 0, &fd));
	do {
		size_t left = text->max - text->len;
		size_t step = left < READ_STEP_BYTES ? left : READ_STEP_BYTES;

		n = read(*fd, buf_room(text, step), step);
		if (n > 0)
			buf_grew(text, (size_t)n);
	} while ((n > 0 && text->len <= max_bytes) || (n < 0 && errno == EINTR));
	if (n < 0)
		return failed(c, "read", path);
	arena_close(c->mem, fd);
	if (text->len > max_bytes)
		return fail(c, E_INVALID, "%s has more than %zu bytes", path, max_bytes);
	if (strlen(text->data) != text->len)
		return fail(c, E_INVALID, "%s is not text: it has a NUL byte", path);
	*out = text->data;
	return OK;
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
write_new(struct ctx *c, const char *path, mode_t mode, const void *bytes, size_t len)
{
	int *fd;

	TRY(open_fd(c, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, &fd));
	if (write_all(*fd, bytes, len) < 0 || fchmod(*fd, mode) < 0 || fsync(*fd) < 0)
		return failed(c, "write", path);
	arena_close(c->mem, fd);
	return OK;
}

int
path_write(struct ctx *c, const char *path, mode_t mode, const void *bytes, size_t len)
{
	const char *beside = arena_printf(c->mem, "%s.%s.tmp", path, random_hex(c->mem, 6));
	int code = write_new(c, beside, mode, bytes, len);

	if (code == OK && rename(beside, path) < 0)
		code = failed(c, "write", path);
	if (code != OK) {
		unlink(beside); /* missing, or left for the janitor */
		return code;
	}
	return path_fsync(c, parent_of(c->mem, path));
}

int
path_rename(struct ctx *c, const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
		if (errno == ENOENT)
			return fail(
			    c, E_NOTFOUND, "rename %s: it or the new folder is missing", from);
		if (errno != EEXIST && errno != EINVAL) /* EINVAL: the file system cannot */
			return failed(c, "rename", from);
		if (lstat(to, &st) == 0 && !S_ISREG(st.st_mode))
			return fail(c, E_CONFLICT, "rename %s: %s is there already", from, to);
		if (rename(from, to) < 0)
			return failed(c, "rename", from);
	}
	TRY(path_fsync(c, parent_of(c->mem, to)));
	return path_fsync(c, parent_of(c->mem, from));
}

int
path_fsync(struct ctx *c, const char *path)
{
	int *fd;

	TRY(open_fd(c, path, O_RDONLY, 0, &fd));
	if (fsync(*fd) < 0)
		return failed(c, "fsync", path);
	arena_close(c->mem, fd);
	return OK;
}

static bool
is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool remove_entries(int root, int folder, int depth);

/* Empties and removes the folder `name` of `parent`, or moves it up into root when it is deep; the
 * caller then comes round again. */
static bool
remove_folder(int root, int parent, const char *name, int depth)
{
	char up[sizeof("deep-") + 16];
	int fd;

	if (depth == REMOVE_DEPTH) {
		snprintf(up, sizeof(up), "deep-%08x", random_below(UINT32_MAX));
		return renameat(parent, name, root, up) == 0;
	}
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && remove_entries(root < 0 ? fd : root, fd, depth + 1) &&
	    unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

static bool
remove_entry(int root, int folder, const char *name, int depth)
{
	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return true;
	/* POSIX says EPERM for a folder, Linux EISDIR */
	return (errno == EISDIR || errno == EPERM) && remove_folder(root, folder, name, depth);
}

/* Removes everything in the folder and closes it. Rewinds until nothing is found, since entries
 * come and go while it is read. */
static bool
remove_entries(int root, int folder, int depth)
{
	DIR *dir = fdopendir(folder);
	struct dirent *entry;
	bool is_ok = dir != NULL;
	int found, why;

	if (dir == NULL) {
		close(folder);
		return false;
	}
	do {
		found = 0;
		while (is_ok && (entry = readdir(dir)) != NULL) {
			if (is_dot(entry->d_name))
				continue;
			found++;
			is_ok = remove_entry(root, folder, entry->d_name, depth);
		}
		rewinddir(dir);
	} while (is_ok && found > 0);
	why = errno;
	closedir(dir);
	errno = why;
	return is_ok;
}

int
path_remove_tree(struct ctx *c, const char *path)
{
	if (!remove_entry(-1, AT_FDCWD, path, 0) && errno != ENOENT)
		return failed(c, "remove", path);
	return OK;
}

/* The file may have been removed and made anew while we waited: then the lock is on a ghost. */
static bool
is_still_there(int fd, const char *path)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino;
}

/* One try: E_CONFLICT when someone else has it. */
static int
lock_once(struct ctx *c, const char *path, int **out)
{
	int *fd;

	TRY(open_fd(c, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, &fd));
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0) {
		if (is_still_there(*fd, path)) {
			*out = fd;
			return OK;
		}
	} else if (errno != EWOULDBLOCK && errno != EINTR) {
		return failed(c, "lock", path);
	}
	arena_close(c->mem, fd);
	return fail(c, E_CONFLICT, "%s is locked by another process", path);
}

int
path_lock(struct ctx *c, const char *path, int wait_ms, int **lock_out)
{
	const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };
	int64_t until_us = clock_mono_us() + (int64_t)wait_ms * 1000;
	int code;

	while ((code = lock_once(c, path, lock_out)) == E_CONFLICT && clock_mono_us() < until_us)
		nanosleep(&pause, NULL);
	return code;
}

void
path_unlock(struct ctx *c, int *lock)
{
	arena_close(c->mem, lock);
}

/* What has no limit says that there are none. */
static int
share(fsblkcnt_t free, fsblkcnt_t all)
{
	return all == 0 ? 100 : (int)((double)free * 100 / (double)all);
}

int
path_free_percents(struct ctx *c, const char *path, int *bytes_out, int *inodes_out)
{
	struct statvfs fs;

	if (statvfs(path, &fs) < 0)
		return failed(c, "look at the disk of", path);
	*bytes_out = share(fs.f_bavail, fs.f_blocks);
	*inodes_out = share(fs.f_favail, fs.f_files);
	return OK;
}

int
path_free_percent(struct ctx *c, const char *path, int *out)
{
	int bytes, inodes;

	TRY(path_free_percents(c, path, &bytes, &inodes));
	*out = bytes < inodes ? bytes : inodes;
	return OK;
}

char *
path_absolute(struct arena *mem, const char *path)
{
	char whole[PATH_MAX];

	return realpath(path, whole) != NULL ? arena_strdup(mem, whole) : NULL;
}
