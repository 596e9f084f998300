/* Upkeep of one store (git/upkeep.h), in a worker: after a sync that changed it, and by the hourly
 * sweep for what pushes brought or what was missed. Nobody waits for it, so it may fail. */
#ifndef SYNC_UPKEEP_H
#define SYNC_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

/* If it is due and nobody else works in the store: else OK and *is_done_out false. E_INTERNAL: as
 * git_upkeep, or the store is not one of ours. */
must_check int upkeep_store(struct ctx *c, int64_t store_id, bool *is_done_out);

#endif
