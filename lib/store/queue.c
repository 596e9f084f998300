#include "store/queue.h"

#include <assert.h>
#include <string.h>

#include "store/access_rule.h"
#include "store/store.h"

static const struct field stats_row[] = { FIELD(queue_stats, queued),
	FIELD(queue_stats, queued_default), FIELD(queue_stats, queues), FIELD(queue_stats, running),
	FIELD(queue_stats, scheduled), FIELD(queue_stats, retry), FIELD(queue_stats, dead),
	FIELD(queue_stats, workers), FIELD(queue_stats, processed), FIELD(queue_stats, failures),
	FIELD(queue_stats, busy_reaped), FIELD(queue_stats, workers_reaped),
	FIELD(queue_stats, scheduled_moved), FIELD(queue_stats, scheduled_cycles),
	FIELD(queue_stats, scheduled_wall_us), FIELD(queue_stats, retries_moved),
	FIELD(queue_stats, retries_cycles), FIELD(queue_stats, retries_wall_us),
	FIELD(queue_stats, dead_purged), FIELD(queue_stats, dead_cycles),
	FIELD(queue_stats, dead_wall_us), FIELD(queue_stats, backups), { 0 } };

static const struct field job_row[] = { FIELD(queue_job, id), FIELD(queue_job, path),
	FIELD(queue_job, worker), FIELD(queue_job, run_at), FIELD(queue_job, started_at),
	FIELD(queue_job, attempts), { 0 } };

struct found {
	bool is_found;
};

static const struct field found_row[] = { FIELD(found, is_found), { 0 } };

enum { REQUEST_SYNC, REMOVE_STORE, STATS, LIST_RUNNING, LIST_SCHEDULED, LIST_RETRY };

#define COUNTER(name) "(SELECT n FROM hub.counter WHERE name = '" #name "') AS " #name
#define WALL_US(name, as) "(SELECT wall_us FROM hub.counter WHERE name = '" #name "') AS " #as

/* clang-format off */
/* A statement for each state: few jobs run, nearly all are scheduled, and the planner knows. */
#define LIST(state)                                                                                \
	WITH_TOUCHED "SELECT j.id, p.path, coalesce(j.worker, '') AS worker, "                     \
	/* -infinity (someone waits for it) has no number */                                       \
	"CASE WHEN isfinite(j.run_at) THEN " DB_SECONDS("j.run_at") " ELSE 0 END AS run_at, "         \
	"coalesce(" DB_SECONDS("j.started_at") ", 0) AS started_at, j.attempts "                      \
	"FROM hub.job j JOIN hub.project p ON p.id = j.project_id "                                \
	"WHERE j.kind = 'sync' AND j.state = '" state "' AND p.is_mirror AND " LIST_RULE " > 0 "   \
	"ORDER BY p.path LIMIT $3"

const struct db_stmt queue_sql[] = {
	[REQUEST_SYNC] = { "queue_request_sync", "SELECT hub.request_sync($1) AS is_found",
	    found_row, sizeof(struct found) },
	[REMOVE_STORE] = { "queue_remove_store",
	    "INSERT INTO hub.job (kind, store_id) VALUES ('remove_store', $1) "
	    "ON CONFLICT (store_id, kind) WHERE store_id IS NOT NULL DO NOTHING",
	    NULL, 0 },
	[STATS] = { "queue_stats",
	    WITH_TOUCHED "SELECT count(*) FILTER (WHERE state = 'queued') AS queued, "
	    "count(*) FILTER (WHERE state = 'queued' AND queue = 'default') AS queued_default, "
	    "count(*) FILTER (WHERE state = 'running') AS running, "
	    "count(*) FILTER (WHERE state = 'scheduled') AS scheduled, "
	    "count(*) FILTER (WHERE state = 'retry') AS retry, "
	    "count(*) FILTER (WHERE state = 'dead') AS dead, "
	    "(SELECT count(*) FROM hub.worker WHERE beat_at > now() - interval '60 seconds') "
	    "AS workers, "
	    "(SELECT count(*) FROM hub.queue) AS queues, "
	    COUNTER(processed) ", " COUNTER(failures) ", "
	    COUNTER(busy_reaped) ", " COUNTER(workers_reaped) ", "
	    COUNTER(scheduled_moved) ", " COUNTER(scheduled_cycles) ", "
	    WALL_US(scheduled_cycles, scheduled_wall_us) ", "
	    COUNTER(retries_moved) ", " COUNTER(retries_cycles) ", "
	    WALL_US(retries_cycles, retries_wall_us) ", "
	    COUNTER(dead_purged) ", " COUNTER(dead_cycles) ", "
	    WALL_US(dead_cycles, dead_wall_us) ", " COUNTER(backups) " "
	    "FROM hub.job j WHERE j.kind IN ('sync', 'remove_store') AND ($2 OR j.project_id IS NULL OR "
	    "j.project_id NOT IN "
	    "(SELECT p.id FROM hub.project p WHERE p.is_mirror AND " LIST_RULE " = 0))",
	    stats_row, sizeof(struct queue_stats) },
	[LIST_RUNNING] = { "queue_list_running", LIST("running"), job_row,
	    sizeof(struct queue_job) },
	[LIST_SCHEDULED] = { "queue_list_scheduled", LIST("scheduled"), job_row,
	    sizeof(struct queue_job) },
	[LIST_RETRY] = { "queue_list_retry", LIST("retry"), job_row, sizeof(struct queue_job) },
	{ 0 }
};
/* clang-format on */

int
queue_request_sync(struct ctx *c, int64_t project_id)
{
	struct found row;

	int code = db_one(c, &queue_sql[REQUEST_SYNC], &row, db_int(project_id));
	/* a delete that was not committed when the statement began, and is now */
	bool is_gone =
	    code == E_CONFLICT && strcmp(db_constraint(c->db), "job_project_id_fkey") == 0;

	if (is_gone || (code == OK && !row.is_found))
		return fail(c, E_NOTFOUND, "no such mirror");
	return code;
}

int
queue_remove_store(struct ctx *c, int64_t store_id)
{
	return db_do(c, &queue_sql[REMOVE_STORE], NULL, db_int(store_id));
}

int
queue_stats(struct ctx *c, const struct account *asker, struct queue_stats *out)
{
	return db_one(c, &queue_sql[STATS], out, db_int(asker->id), db_bool(asker->is_admin));
}

int
queue_list(struct ctx *c, const struct account *asker, enum queue_set set, int64_t limit,
    struct queue_job **rows_out, size_t *n_out)
{
	static const int statements[] = {
		[QUEUE_RUNNING] = LIST_RUNNING,
		[QUEUE_SCHEDULED] = LIST_SCHEDULED,
		[QUEUE_RETRY] = LIST_RETRY,
	};

	assert(set >= QUEUE_RUNNING && set <= QUEUE_RETRY);
	return db_all(c, &queue_sql[statements[set]], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit));
}
