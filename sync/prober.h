/* The prober: one process that asks hundreds of upstreams at once for their refs, and says what it
 * saw. Confined as workers are, and like them without a database and without keys but the
 * credentials of what it has in hand; it has no business in any store. Lines over descriptor 3
 * (sync/wire.h): {"probes":…} come in, {"probed":…} go out, at least one each second. */
#ifndef SYNC_PROBER_H
#define SYNC_PROBER_H

#include "base/ctx.h"

#define PROBER_IDLE_S 20   /* without a byte; net.low_speed_s when that is less */
#define PROBER_TOTAL_S 120 /* of all requests of one probe, from its turn on */
#define PROBER_TELL_US 1000000

/* Works until the supervisor closes its end (OK) or says something odd (E_INVALID). */
must_check int prober_run(struct ctx *c);

#endif
