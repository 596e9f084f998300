#include "store/run.h"

#include "store/store.h"

static const struct field run_row[] = {
	FIELD(run, id),
	FIELD(run, worker),
	FIELD(run, started_at),
	FIELD(run, finished_at),
	FIELD(run, took_ms),
	FIELD(run, outcome),
	FIELD(run, error_class),
	FIELD(run, error_text),
	FIELD(run, bytes),
	FIELD(run, objects),
	FIELD(run, refs_changed),
	{ 0 },
};

enum { RUN_LIST, RUN_BY_ID };

/* clang-format off */
#define COLUMNS                                                                                    \
	"r.id, r.worker, " DB_SECONDS("r.started_at") " AS started_at, "                           \
	DB_SECONDS("r.finished_at") " AS finished_at, "                                            \
	"floor(date_part('epoch', r.finished_at - r.started_at) * 1000)::bigint AS took_ms, "      \
	"r.outcome, r.error_class, r.error_text, r.bytes, r.objects, r.refs_changed "

const struct db_stmt run_sql[] = {
	[RUN_LIST] = { "run_list",
	    "SELECT " COLUMNS "FROM hub.run r WHERE r.project_id = $1 AND r.id < $2 "
	    "ORDER BY r.id DESC LIMIT $3",
	    run_row, sizeof(struct run) },
	[RUN_BY_ID] = { "run_by_id",
	    "SELECT " COLUMNS "FROM hub.run r WHERE r.id = $2 AND r.project_id = $1",
	    run_row, sizeof(struct run) },
	{ 0 }
};
/* clang-format on */

int
run_list(struct ctx *c, int64_t project_id, int64_t before_id, int64_t limit, struct run **rows_out,
    size_t *n_out)
{
	return db_all(c, &run_sql[RUN_LIST], rows_out, n_out, db_int(project_id),
	    db_int(before_id > 0 ? before_id : INT64_MAX), db_int(limit));
}

int
run_by_id(struct ctx *c, int64_t project_id, int64_t id, struct run *out)
{
	return db_one(c, &run_sql[RUN_BY_ID], out, db_int(project_id), db_int(id));
}
