#include "store/project_store.h"

#include "store/access_rule.h"
#include "store/store.h"

static const struct field row[] = { FIELD(project_store, id), FIELD(project_store, path),
	FIELD(project_store, store_id), { 0 } };

enum { LIST, LIST_READABLE };

/* clang-format off */
const struct db_stmt project_store_sql[] = {
	[LIST] = { "project_store_list",
	    "SELECT p.id, p.path, p.store_id FROM hub.project p "
	    "LEFT JOIN hub.mirror m ON m.project_id = p.id "
	    "WHERE p.id > $1 AND p.created_at < now() - interval '10 minutes' "
	    "AND (NOT p.is_mirror OR m.last_success_at IS NOT NULL) ORDER BY p.id LIMIT $2",
	    row, sizeof(struct project_store) },
	[LIST_READABLE] = { "project_store_list_readable",
	    WITH_TOUCHED "SELECT p.id, p.path, p.store_id FROM hub.project p "
	    "LEFT JOIN hub.mirror m ON m.project_id = p.id "
	    "WHERE p.path > $3 COLLATE \"C\" AND " LIST_RULE " > 0 "
	    "AND (NOT p.is_mirror OR m.last_success_at IS NOT NULL) ORDER BY p.path LIMIT $4",
	    row, sizeof(struct project_store) },
	{ 0 }
};
/* clang-format on */

int
project_store_list(struct ctx *c, int64_t above_id, struct project_store **rows_out, size_t *n_out)
{
	return db_all(c, &project_store_sql[LIST], rows_out, n_out, db_int(above_id),
	    db_int(PROJECT_STORES_MAX));
}

int
project_store_list_readable(struct ctx *c, const struct account *asker, const char *behind_path,
    struct project_store **rows_out, size_t *n_out)
{
	return db_all(c, &project_store_sql[LIST_READABLE], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_text(behind_path), db_int(PROJECT_STORES_MAX));
}
