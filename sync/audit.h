/* The audit of one store (git/audit.h), in a worker: looked at without the store's lock, made again
 * what is derived, and only what is still wrong under the lock is called damage. */
#ifndef SYNC_AUDIT_H
#define SYNC_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/audit.h"

struct audit_spec {
	int64_t store_id;
	const char *known;   /* the fingerprint that the hub has of it */
	const char *options; /* of a mirror: sync/options.h; "": it is none */
	bool may_repair;     /* no mirror, and what can still be read is wanted (sync/salvage.h) */
};

/* Always fills *out; what could not be done is found "failed", with the reason as its sentence. A
 * damaged store has the mark of git/audit.h from then on, a whole one has it no more. Of a whole
 * one kept tips that are older than they may be are let go, and, but for additive and archival
 * mirrors, objects that no ref has needed for upkeep.old_days. */
void audit_store(struct ctx *c, const struct audit_spec *spec, struct audit_result *out);

#endif
