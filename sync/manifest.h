/* Reading an upstream's list of repositories (grokmirror's manifest), in a worker: it is a
 * stranger's bytes. */
#ifndef SYNC_MANIFEST_H
#define SYNC_MANIFEST_H

#include <stdbool.h>

#include "base/ctx.h"
#include "sync/wire.h"

#define MANIFEST_TOTAL_S 120
#define MANIFEST_PACKED_MAX (64 * 1024 * 1024LL)    /* bytes, as they come */
#define MANIFEST_UNPACKED_MAX (512 * 1024 * 1024LL) /* and without gzip */
#define MANIFEST_PATH_MAX 1000
#define MANIFEST_LINES_MAX (64 * 1024) /* bytes told at once */

struct manifest_hooks {
	void *payload;
	/* Some entries, each a line "<40 hex digits> <path>". false: nobody listens any more. */
	bool (*listed)(void *payload, const char *lines);
};

/* Asks for the list, unless it is the one that `wanted` tells of; fills *out, which begins as
 * zeros. Every failure is an answer, too. */
void manifest_read(struct ctx *c, const struct wire_list *wanted,
    const struct manifest_hooks *hooks, struct wire_list_done *out);

/* Whether that can be one of the lines. */
bool manifest_is_line(const char *line, size_t len);

#endif
