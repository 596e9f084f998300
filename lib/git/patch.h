/* A commit as a mail that `git am` applies. */
#ifndef GIT_PATCH_H
#define GIT_PATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct proc;

#define GIT_PATCH_BYTES (INT64_C(64) * 1024 * 1024)
#define GIT_PATCH_WALL_MS 30000

/* Starts `git format-patch --stdout -1` in the store at dir for the commit id (40 digits). A merge,
 * which format-patch knows nothing of, is written the same way against its first parent. The
 * reader watches over GIT_PATCH_BYTES. E_INTERNAL. */
must_check int git_patch_start(
    struct ctx *c, const char *dir, const char *id, bool is_merge, struct proc **out);

#endif
