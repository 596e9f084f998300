/* What an administrator does with the hub as a whole. */
#ifndef CORE_UPKEEP_H
#define CORE_UPKEEP_H

#include "core/actor.h"

/* A job that waits is due now; one that runs will run once more. That of a paused mirror is put
 * aside by the queue, as ever. E_NOTFOUND: it has ended meanwhile. */
must_check int upkeep_run_job(struct ctx *c, const struct actor *who, int64_t id);

/* A host that is left alone is asked now (store/host.h). E_NOTFOUND. */
must_check int upkeep_try_host(struct ctx *c, const struct actor *who, int64_t id);

#endif
