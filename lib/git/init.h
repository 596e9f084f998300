/* libgit2, set up once per process (mirroring.md section 4.4). lib/git is the only room with
 * git2.h; nothing of the host's or a person's Git settings is ever read. */
#ifndef GIT_INIT_H
#define GIT_INIT_H

#include "base/ctx.h"

/* Initialises libgit2 and its process-wide options from c->conf (sync.objects, sync.object_bytes).
 * Once per process, before any other call of lib/git; calling it again changes nothing. */
must_check int git_init(struct ctx *c);

/* What the other side said, for a reason: printable ASCII or '?', at most 200 bytes. */
const char *git_clean(struct arena *mem, const char *message);

/* fail() with what libgit2 said last behind it. */
int git_fail(struct ctx *c, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Of libgit2: "1.5.1". */
const char *git_library_version(struct ctx *c);

#endif
