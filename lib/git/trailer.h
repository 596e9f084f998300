/* Git ends its own files (packs, indexes, commit-graphs, bitmaps) with the SHA-1 of what stands
 * before: whether they still are what was written can be told without understanding them. */
#ifndef GIT_TRAILER_H
#define GIT_TRAILER_H

#include <stdbool.h>

#include "base/ctx.h"

/* *out: the trailer fits. A file that is too short has none. E_NOTFOUND: no such file. E_INTERNAL:
 * it cannot be read. */
must_check int git_trailer_fits(struct ctx *c, const char *path, bool *out);

#endif
