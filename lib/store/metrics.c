#include "store/metrics.h"

#include "base/conf.h"
#include "store/store.h"
#include "store/total.h"

static const struct field metrics_row[] = { FIELD(metrics_row, name), FIELD(metrics_row, label),
	FIELD(metrics_row, value), { 0 } };

enum { LIST, SCHEMA };
enum { WATCH };

/* clang-format off */
const struct db_stmt metrics_sql[] = {
	[LIST] = { "metrics_list",
	    "SELECT name, label, value::text AS value FROM hub.metrics() "
	    "ORDER BY name, label LIMIT 2000",
	    metrics_row, sizeof(struct metrics_row) },
	[SCHEMA] = { "metrics_schema", "SELECT hub.schema_version() AS n", TOTAL },
	{ 0 }
};

const struct db_stmt watch_sql[] = {
	[WATCH] = { "watch_pass", "SELECT hub.watch_pass($1, $2, $3) AS n", TOTAL },
	{ 0 }
};
/* clang-format on */

int
metrics_list(struct ctx *c, struct metrics_row **rows_out, size_t *n_out)
{
	return db_all(c, &metrics_sql[LIST], rows_out, n_out);
}

int
metrics_schema(struct ctx *c, int64_t *version_out)
{
	return total_of(c, &metrics_sql[SCHEMA], version_out);
}

int
metrics_watch(struct ctx *c, int64_t kills, int64_t *n_out)
{
	return total_of(c, &watch_sql[WATCH], n_out, db_int(c->conf->schedule_s),
	    db_int(c->conf->alert_age_intervals), db_int(kills));
}
