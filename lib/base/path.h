/* Files and folders: joined safely, written durably, removed without following links. */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ctx.h"

struct buf;

/* root/name. name is relative, without empty, "." or ".." parts (assert: names come from ids and
 * tables, never from a person). */
char *path_under(struct arena *mem, const char *root, const char *name);

bool path_is_dir(const char *path);
bool path_is_file(const char *path);

/* Makes the folder and its parents; there already is fine. */
must_check int path_make_dir(struct ctx *c, const char *path, mode_t mode);

/* The whole file as text of at most max_bytes. E_NOTFOUND, E_INVALID (too large, or not text: a NUL
 * in it), E_INTERNAL. */
must_check int path_read(struct ctx *c, const char *path, size_t max_bytes, char **out);

/* Where it is from the root, without links; NULL: nothing is there. */
char *path_absolute(struct arena *mem, const char *path);

/* Writes beside, fsyncs, renames over path, fsyncs the folder: old or new, never half. */
must_check int path_write(
    struct ctx *c, const char *path, mode_t mode, const void *bytes, size_t len);

/* Renames and makes both folders durable. E_CONFLICT when `to` exists and is not a file (also an
 * empty folder, which rename(2) would replace). E_NOTFOUND: from is missing. */
must_check int path_rename(struct ctx *c, const char *from, const char *to);

/* A file, or a folder's list of entries. */
must_check int path_fsync(struct ctx *c, const char *path);

/* Removes a file or a whole tree; links are removed, never followed; missing is fine. */
must_check int path_remove_tree(struct ctx *c, const char *path);

/* Takes an exclusive flock on the file (made if missing) and holds it until the arena closes.
 * wait_ms 0: one try. E_CONFLICT when someone else holds it. path_unlock gives it back earlier. The
 * file stays: removing it while holding the lock is safe too. */
must_check int path_lock(struct ctx *c, const char *path, int wait_ms, int **lock_out);
void path_unlock(struct ctx *c, int *lock);

/* Free shares of the file system that holds path, 0 to 100: of its bytes and of its inodes. The
 * first gives the lesser of the two. */
must_check int path_free_percent(struct ctx *c, const char *path, int *out);
must_check int path_free_percents(struct ctx *c, const char *path, int *bytes_out, int *inodes_out);

#endif
