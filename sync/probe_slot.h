/* A place for a probe in hand: what state it is in, and what came of it. */
#ifndef SYNC_PROBE_SLOT_H
#define SYNC_PROBE_SLOT_H

#include <stdint.h>

#include "sync/mirror.h"
#include "sync/probe_row.h"
#include "sync/probes.h"

/* The counts of p follow. */
void probe_slot_set(struct probes *p, struct probe_slot *s, enum probe_state state);

/* It is free again, and its secret wiped. */
void probe_slot_clear(struct probes *p, struct probe_slot *s);

/* The upstream was asked in vain, or not at all: why is one plain sentence. */
void probe_slot_fail(struct probes *p, struct probe_slot *s, enum sync_error error,
    int64_t retry_after_s, const char *why);

/* The prober has seen its refs. */
void probe_slot_end(
    struct probes *p, struct ctx *c, struct probe_slot *s, const struct probe_report *r);

/* The one that the prober works on under this fence; NULL: it is none of ours any more. */
struct probe_slot *probe_slot_by_fence(struct probes *p, int64_t fence);

#endif
