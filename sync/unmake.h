/* A project at a forge is deleted, in a worker process. */
#ifndef SYNC_UNMAKE_H
#define SYNC_UNMAKE_H

#include "base/ctx.h"
#include "sync/wire.h"

/* Always fills *out. */
void unmake(struct ctx *c, const struct wire_unmake *order, struct wire_result *out);

#endif
