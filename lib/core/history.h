/* The history of a project's store, for reading; long lists of its commits are kept. */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include "git/history.h"

/* Fewer commits than these are counted anew each time, in a few milliseconds. */
#define HISTORY_KEPT_LEAST 1000
#define HISTORY_KEPT_BYTES (64 * 1024 * 1024) /* of all stores */

/* E_NOTFOUND: no such store, as that of a mirror which is not yet cloned. */
must_check int project_history(struct ctx *c, int64_t store_id, struct git_history *out);

/* Forgets what is kept of a store. */
must_check int project_history_forget(struct ctx *c, int64_t store_id);

#endif
