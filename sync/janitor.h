/* Cleaning up: what killed runs left on disk, folders of removed projects, old rows. What it does
 * not know it leaves alone. */
#ifndef SYNC_JANITOR_H
#define SYNC_JANITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/job.h"

/* Old rows: runs after 90 days, deliveries after 30, failed log-ins after one. */
must_check int janitor_rows(struct ctx *c);

struct janitor_hooks {
	void *payload;
	/* The ids of the store folders found among first..first + 999: some may have no row, and
	 * some that have one may be missing. due: those of them that want upkeep. */
	void (*stores)(void *payload, int64_t first, const int64_t *ids, size_t n,
	    const int64_t *due, size_t n_due);
	int64_t last_store; /* the highest id that has a row */
};

/* Is there anything that a sweep would look at: a folder in quarantine/, or an hour gone by? Costs
 * next to nothing, for a run each minute. */
bool janitor_has_work(struct ctx *c);

/* Removes quarantine folders (…-<fence>) of runs that are over: the fence is not above
 * fences->newest and not that of a running job. At most once an hour on this data folder, or with
 * is_full, also looks into every store: files that a killed writer left over an hour ago go, stores
 * that were replaced (sync/anew.h) go after upkeep.old_days, ids
 * are told to the hook. A store whose lock is taken is left for the next time. One that cannot be
 * read does not stop the sweep; its failure is what the sweep ends with. *removed_out counts
 * folders and tidied stores. */
must_check int janitor_sweep(struct ctx *c, const struct job_fences *fences, bool is_full,
    const struct janitor_hooks *hooks, int64_t *removed_out);

/* Removes the folder and the lock file of a store that no project has any more. E_CONFLICT:
 * someone works in it. Missing is fine. */
must_check int janitor_remove_store(struct ctx *c, int64_t store_id);

#endif
