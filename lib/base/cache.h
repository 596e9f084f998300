/* A folder of files that can always be made again. Each is whole or not there; together they stay
 * within a bound, and what was used longest ago goes first. Several processes share it without a
 * lock. Names are ours: no '/', no '.' at the front. */
#ifndef BASE_CACHE_H
#define BASE_CACHE_H

#include <stdint.h>

#include "base/ctx.h"

/* The most files, however small. */
#define CACHE_FILES_MAX 1000

/* Opens a file for reading until the arena closes, and notes that it was used. It may be removed
 * meanwhile: what is open stays readable. E_NOTFOUND, E_INTERNAL. */
must_check int cache_open(
    struct ctx *c, const char *dir, const char *name, int **fd_out, int64_t *bytes_out);

/* Begins <name>.new, in a folder that is made if missing. E_CONFLICT: someone is writing it. */
must_check int cache_begin(struct ctx *c, const char *dir, const char *name, int **fd_out);

/* Makes what was written durable and visible. The file is closed. */
must_check int cache_keep(struct ctx *c, const char *dir, const char *name, int *fd);

/* Forgets what was begun. */
void cache_drop(struct ctx *c, const char *dir, const char *name, int *fd);

/* Removes files until max_bytes and CACHE_FILES_MAX hold, and what was begun over an hour ago and
 * never kept. A missing folder is an empty one. */
must_check int cache_trim(struct ctx *c, const char *dir, int64_t max_bytes);

/* Removes all files whose name starts with prefix, but for those that start with but_for (NULL:
 * none). */
must_check int cache_remove(
    struct ctx *c, const char *dir, const char *prefix, const char *but_for);

#endif
