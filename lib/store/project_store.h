/* Projects by what must be on disk for them. */
#ifndef STORE_PROJECT_STORE_H
#define STORE_PROJECT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"

struct project_store {
	int64_t id;
	const char *path;
	int64_t store_id;
};

#define PROJECT_STORES_MAX 1000

/* Projects with an id above that one, by id, at most PROJECT_STORES_MAX: whose store has been made,
 * that is without mirrors that were never fetched, and without what came in the last ten minutes,
 * which may still be on its way to the disk. */
must_check int project_store_list(
    struct ctx *c, int64_t above_id, struct project_store **rows_out, size_t *n_out);

/* Projects the asker may read with a path behind that one ("": from the first), by path in byte
 * order, at most PROJECT_STORES_MAX; without mirrors that were never fetched. */
must_check int project_store_list_readable(struct ctx *c, const struct account *asker,
    const char *behind_path, struct project_store **rows_out, size_t *n_out);

#endif
