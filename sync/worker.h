/* The worker's side: one job after another over descriptor 3, until that is closed. No database,
 * no keys but those of the job at hand. */
#ifndef SYNC_WORKER_H
#define SYNC_WORKER_H

#include "base/ctx.h"

/* Works until the supervisor closes its end (OK) or says something odd (E_INVALID). */
must_check int worker_run(struct ctx *c);

#endif
