/* The audit of one store (git/audit.h), in a worker: looked at without the store's lock, made again
 * what is derived, and only what is still wrong under the lock is called damage. */
#ifndef SYNC_AUDIT_H
#define SYNC_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/audit.h"

/* known: the fingerprint that the hub has of it; may_repair: it has no upstream, and an
 * administrator wants what can still be read of it (sync/salvage.h). Always fills *out; what could
 * not be done is found "failed", with the reason as its sentence. A damaged store has the mark of
 * git/audit.h from then on, a whole one has it no more. */
void audit_store(
    struct ctx *c, int64_t store_id, const char *known, bool may_repair, struct audit_result *out);

#endif
