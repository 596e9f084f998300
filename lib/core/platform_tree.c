#include "core/platform_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/random.h"
#include "base/str.h"
#include "store/arch.h"

#define LOCK_FILE ".repo.lock"
#define SOURCES "SRPMS"
#define ASIDE "removed" /* no platform: those are numbers */
#define FOLDER_MODE 0775
#define LOCK_MODE 0660
#define ARCHES_MAX 1000
#define LOCK_WAIT_MS 10000
#define HOUR_S 3600
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_-"
#define NAME_MAX_BYTES 100

static const char *
root_of(struct ctx *c)
{
	return path_under(c->mem, c->conf->data_dir, "platforms");
}

static int
failed(struct ctx *c, const char *verb, const char *what)
{
	return fail(c, E_INTERNAL, "%s %s: %s", verb, what, strerror(errno));
}

/* ---- folders, link by link */

static void
close_quietly(int fd)
{
	int why = errno;

	if (fd >= 0)
		close(fd);
	errno = why;
}

/* One folder of another: a descriptor, or -1. What is made is for the group, whatever the umask is:
 * the pools and sync may be users of their own in it. */
static int
open_folder(int parent, const char *name, bool makes)
{
	bool is_new = makes && mkdirat(parent, name, FOLDER_MODE) == 0;
	int fd;

	if (makes && !is_new && errno != EEXIST)
		return -1;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && is_new && fchmod(fd, FOLDER_MODE) < 0) {
		close_quietly(fd);
		return -1;
	}
	return fd;
}

/* The folder below the root, by its parts (NULL-ended): a descriptor, or -1. A link on the way is
 * as good as nothing there. */
static int
open_below(struct ctx *c, const char *const *parts, bool makes)
{
	int fd = open(root_of(c), O_RDONLY | O_DIRECTORY | O_CLOEXEC), parent;

	for (; *parts != NULL && fd >= 0; parts++) {
		parent = fd;
		fd = open_folder(parent, *parts, makes);
		close_quietly(parent);
	}
	return fd;
}

static bool
is_missing(int why)
{
	return why == ENOENT || why == ENOTDIR || why == ELOOP;
}

static const char *
number(struct ctx *c, int64_t id)
{
	return arena_printf(c->mem, "%lld", (long long)id);
}

static const char *
text_of(struct ctx *c, const struct place *place)
{
	return arena_printf(
	    c->mem, "platforms/%lld/*/%s", (long long)place->platform_id, place->name);
}

/* ---- the folders of a repository: SRPMS and each architecture */

struct branches {
	const char **names;
	size_t n;
};

static int
branches_of(struct ctx *c, struct branches *out)
{
	struct arch *arches;
	size_t n;

	TRY(arch_list(c, ARCHES_MAX, 0, &arches, &n));
	out->names = arena_new_array(c->mem, const char *, n + 1);
	out->names[0] = SOURCES;
	for (size_t i = 0; i < n; i++)
		out->names[i + 1] = arches[i].name;
	out->n = n + 1;
	return OK;
}

static int
make(struct ctx *c, const struct branches *b, const struct place *place)
{
	for (size_t i = 0; i < b->n; i++) {
		const char *parts[] = { number(c, place->platform_id), "repository", b->names[i],
			place->name, NULL };
		int fd = open_below(c, parts, true);

		if (fd < 0)
			return failed(c, "make the folders of", text_of(c, place));
		close(fd);
	}
	return OK;
}

/* ---- out of the way: renamed first, so that nobody waits while a tree is removed */

/* Moves what is called name in the folder aside; *aside_out is its new path, or NULL where nothing
 * was. */
static int
move_aside(struct ctx *c, const char *const *folder, const char *name, const char **aside_out)
{
	const char *const parts[] = { ASIDE, NULL };
	const char *new_name = random_hex(c->mem, 16);
	int from = open_below(c, folder, false), to, code;

	*aside_out = NULL;
	if (from < 0)
		return is_missing(errno) ? OK : failed(c, "open the folder of", name);
	to = open_below(c, parts, true);
	code = to < 0 || renameat(from, name, to, new_name) < 0 ? errno : 0;
	close_quietly(from);
	close_quietly(to);
	errno = code;
	if (code != 0)
		return code == ENOENT ? OK : failed(c, "remove", name);
	*aside_out = arena_printf(c->mem, "%s/" ASIDE "/%s", root_of(c), new_name);
	return OK;
}

struct trash {
	const char **paths;
	size_t n;
};

static int
move_repository(
    struct ctx *c, const struct branches *b, const struct place *place, struct trash *trash)
{
	trash->paths = arena_new_array(c->mem, const char *, b->n);
	trash->n = 0;
	for (size_t i = 0; i < b->n; i++) {
		const char *folder[] = { number(c, place->platform_id), "repository", b->names[i],
			NULL };

		TRY(move_aside(c, folder, place->name, &trash->paths[trash->n]));
		trash->n += trash->paths[trash->n] != NULL;
	}
	return OK;
}

/* What is out of the way is gone for everyone; what cannot be removed (somebody else may have
 * published it) is tried again, and told of, by the sweep. */
static void
empty(struct ctx *c, const struct trash *trash)
{
	for (size_t i = 0; i < trash->n; i++)
		if (path_remove_tree(c, trash->paths[i]) != OK)
			continue;
}

/* ---- one at a time: whoever makes or removes folders holds the lock while he asks for the rows */

static const char *
lock_path(struct ctx *c)
{
	return path_under(c->mem, root_of(c), ".lock");
}

static int
lock_for(struct ctx *c, int wait_ms, int **lock_out)
{
	int root = path_is_dir(root_of(c)) ? -1 : open_folder(AT_FDCWD, root_of(c), true);

	close_quietly(root);
	TRY(path_lock(c, lock_path(c), wait_ms, lock_out));
	/* whoever made it; it fails for the others, who need not */
	if (fchmod(**lock_out, LOCK_MODE) < 0 && errno != EPERM)
		return failed(c, "change", lock_path(c));
	return OK;
}

static int
lock(struct ctx *c, int **lock_out)
{
	int code = lock_for(c, LOCK_WAIT_MS, lock_out);

	/* no fault of who asks */
	return code == E_CONFLICT ? fail(c, E_INTERNAL, "%s", c->reason) : code;
}

static int
make_anew(struct ctx *c, const struct branches *b, const struct place *place)
{
	struct trash old;

	TRY(move_repository(c, b, place, &old));
	TRY(make(c, b, place));
	empty(c, &old);
	return OK;
}

int
platform_tree_make(struct ctx *c, const struct place *places, size_t n)
{
	struct branches b;
	int *held;
	int code = OK;

	if (n == 0)
		return OK;
	TRY(branches_of(c, &b));
	TRY(lock(c, &held));
	for (size_t i = 0; i < n && code == OK; i++)
		code = make_anew(c, &b, &places[i]);
	path_unlock(c, held);
	return code;
}

static int
move_unless_known(
    struct ctx *c, const struct branches *b, const struct place *place, struct trash *trash)
{
	struct place *unknown;
	size_t n;

	trash->n = 0;
	TRY(place_list_unknown(c, place, 1, &unknown, &n));
	return n == 0 ? OK : move_repository(c, b, place, trash);
}

int
platform_tree_remove(struct ctx *c, const struct place *place)
{
	struct branches b;
	struct trash trash;
	int *held;
	int code;

	TRY(branches_of(c, &b));
	TRY(lock(c, &held));
	code = move_unless_known(c, &b, place, &trash);
	path_unlock(c, held);
	if (code == OK)
		empty(c, &trash);
	return code;
}

/* Without the lock: the number of a platform never comes again. */
int
platform_tree_remove_all(struct ctx *c, int64_t platform_id)
{
	const char *const root[] = { NULL };
	const char *aside;

	TRY(move_aside(c, root, number(c, platform_id), &aside));
	if (aside != NULL)
		empty(c, &(const struct trash){ .paths = &aside, .n = 1 });
	return OK;
}

/* ---- lock files */

static bool
add_lock(int folder)
{
	int fd =
	    openat(folder, LOCK_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
	else if (errno == EEXIST) /* its time tells since when */
		return utimensat(folder, LOCK_FILE, NULL, AT_SYMLINK_NOFOLLOW) == 0;
	return fd >= 0;
}

static bool
remove_lock(int folder)
{
	return unlinkat(folder, LOCK_FILE, 0) == 0 || errno == ENOENT;
}

static int
in_each_folder(struct ctx *c, const struct place *place, bool (*change)(int folder))
{
	struct branches b;
	bool is_done;

	TRY(branches_of(c, &b));
	for (size_t i = 0; i < b.n; i++) {
		const char *parts[] = { number(c, place->platform_id), "repository", b.names[i],
			place->name, NULL };
		int fd = open_below(c, parts, false);

		if (fd < 0 && is_missing(errno))
			continue;
		is_done = fd >= 0 && change(fd);
		close_quietly(fd);
		if (!is_done)
			return failed(c, "change the lock file of", text_of(c, place));
	}
	return OK;
}

int
platform_tree_lock(struct ctx *c, const struct place *place)
{
	return in_each_folder(c, place, add_lock);
}

int
platform_tree_unlock(struct ctx *c, const struct place *place)
{
	return in_each_folder(c, place, remove_lock);
}

/* ---- the sweep */

struct names {
	const char **rows;
	size_t n, room;
};

static void
add_name(struct ctx *c, struct names *list, const char *name)
{
	const char **old = list->rows;

	if (list->n == list->room) {
		list->room = list->room == 0 ? 64 : list->room * 2;
		list->rows = arena_new_array(c->mem, const char *, list->room);
		if (list->n > 0)
			memcpy(list->rows, old, list->n * sizeof(*old));
	}
	list->rows[list->n++] = arena_strdup(c->mem, name);
}

/* What is in a folder, as far as it may be ours; what else lies there is left alone. */
static int
names_in(struct ctx *c, const char *const *folder, bool (*fits)(const char *), struct names *out)
{
	int fd = open_below(c, folder, false);
	struct dirent *entry;
	DIR *dir;

	out->n = 0;
	if (fd < 0)
		return is_missing(errno) ? OK : failed(c, "list", root_of(c));
	dir = fdopendir(fd);
	if (dir == NULL) {
		close_quietly(fd);
		return failed(c, "list", root_of(c));
	}
	while ((entry = readdir(dir)) != NULL)
		if (fits(entry->d_name))
			add_name(c, out, entry->d_name);
	closedir(dir);
	return OK;
}

static bool
is_platform(const char *name)
{
	int64_t id;

	return name[0] >= '1' && name[0] <= '9' && str_is_int(name, &id);
}

static bool
is_repository(const char *name)
{
	size_t len = strlen(name);

	return len <= NAME_MAX_BYTES && strspn(name, NAME_CHARS) == len;
}

static bool
is_trash(const char *name)
{
	return name[0] != '.';
}

struct sweep {
	struct ctx *c;
	struct branches branches;
	struct place found[PLACES_MAX]; /* asked about when full, and at the end */
	size_t n;
	int64_t removed;
};

static int
remove_found(struct sweep *s)
{
	struct place *unknown;
	struct trash trash;
	size_t n;

	if (s->n == 0)
		return OK;
	TRY(place_list_unknown(s->c, s->found, s->n, &unknown, &n));
	for (size_t i = 0; i < n; i++) {
		if (unknown[i].name == NULL)
			TRY(platform_tree_remove_all(s->c, unknown[i].platform_id));
		else
			TRY(move_repository(s->c, &s->branches, &unknown[i], &trash));
	}
	s->removed += (int64_t)n;
	s->n = 0;
	return OK;
}

static int
find(struct sweep *s, int64_t platform_id, const char *name)
{
	s->found[s->n++] = (struct place){ .platform_id = platform_id, .name = name };
	return s->n == PLACES_MAX ? remove_found(s) : OK;
}

static int
find_repositories(struct sweep *s, const char *platform)
{
	struct names names = { 0 };
	int64_t id;

	if (!str_is_int(platform, &id))
		return OK;
	for (size_t b = 0; b < s->branches.n; b++) {
		const char *const folder[] = { platform, "repository", s->branches.names[b], NULL };

		TRY(names_in(s->c, folder, is_repository, &names));
		for (size_t i = 0; i < names.n; i++)
			TRY(find(s, id, names.rows[i]));
	}
	return OK;
}

static int
remove_unknown(struct sweep *s)
{
	static const char *const root[] = { NULL };
	struct names platforms = { 0 };
	int64_t id;

	TRY(names_in(s->c, root, is_platform, &platforms));
	for (size_t i = 0; i < platforms.n; i++)
		if (str_is_int(platforms.rows[i], &id))
			TRY(find(s, id, NULL));
	TRY(remove_found(s));
	for (size_t i = 0; i < platforms.n; i++)
		TRY(find_repositories(s, platforms.rows[i]));
	return remove_found(s);
}

static int
make_missing(struct sweep *s)
{
	struct place *rows;
	int64_t above_id = 0;
	size_t n;

	do {
		TRY(place_list(s->c, above_id, &rows, &n));
		for (size_t i = 0; i < n; i++)
			TRY(make(s->c, &s->branches, &rows[i]));
		if (n > 0)
			above_id = rows[n - 1].id;
	} while (n == PLACES_MAX);
	return OK;
}

static int
empty_trash(struct sweep *s)
{
	static const char *const folder[] = { ASIDE, NULL };
	struct names names = { 0 };
	int code = OK, last;

	TRY(names_in(s->c, folder, is_trash, &names));
	for (size_t i = 0; i < names.n; i++) {
		last = path_remove_tree(
		    s->c, arena_printf(s->c->mem, "%s/" ASIDE "/%s", root_of(s->c), names.rows[i]));
		code = last != OK ? last : code; /* one of them does not stop the others */
	}
	return code;
}

/* The lock file's age says when it was last done; an empty one, never. */
static bool
is_fresh(int stamp)
{
	struct stat st;

	return fstat(stamp, &st) == 0 && st.st_size > 0 && clock_now() - st.st_mtime < HOUR_S;
}

static int
sweep_locked(struct sweep *s, bool is_full)
{
	int *held;
	int code = lock_for(s->c, is_full ? LOCK_WAIT_MS : 0, &held);

	if (code == E_CONFLICT && !is_full)
		return OK; /* someone is at it; the next time will do */
	TRY(code);
	if (!is_full && is_fresh(*held))
		return OK;
	TRY(branches_of(s->c, &s->branches));
	TRY(make_missing(s));
	TRY(remove_unknown(s));
	if (pwrite(*held, "\n", 1, 0) != 1 || futimens(*held, NULL) != 0)
		code = failed(s->c, "write", "platforms/.lock");
	path_unlock(s->c, held);
	return code == OK ? empty_trash(s) : code;
}

int
platform_tree_sweep(struct ctx *c, bool is_full, int64_t *removed_out)
{
	struct ctx inner = *c; /* memory for this sweep only, in a program that runs for long */
	struct sweep *s;
	int code;

	inner.mem = arena_new();
	s = arena_new_of(inner.mem, struct sweep);
	s->c = &inner;
	code = sweep_locked(s, is_full);
	if (code == OK)
		*removed_out = s->removed;
	else
		fail(c, code, "%s", inner.reason);
	arena_free(inner.mem);
	return code;
}
