/* What can still be read of a damaged repository that has no upstream, in a store of its own that
 * takes the old one's place. Done only when an administrator has said so: refs may be lost. */
#ifndef SYNC_SALVAGE_H
#define SYNC_SALVAGE_H

#include <stdint.h>

#include "base/ctx.h"

/* For the holder of the store's lock. Every ref of which all can be read comes over; the others are
 * named in *sentence_out. The old store becomes <name>.damaged-<now>, and nobody ever removes it.
 * E_INTERNAL: nothing was changed. */
must_check int salvage(
    struct ctx *c, int64_t store_id, const char *store_dir, const char **sentence_out);

#endif
