#include "store/overview.h"

#include "store/store.h"

static const struct field numbers_row[] = { FIELD(overview, projects), FIELD(overview, mirrors),
	FIELD(overview, accounts), FIELD(overview, admins), FIELD(overview, banned),
	FIELD(overview, signed_in), FIELD(overview, store_bytes), FIELD(overview, workers),
	FIELD(overview, queued), FIELD(overview, running), FIELD(overview, scheduled),
	FIELD(overview, retry), FIELD(overview, dead), FIELD(overview, stale),
	FIELD(overview, held), FIELD(overview, hosts_open), FIELD(overview, damaged),
	FIELD(overview, manifests_bad), { 0 } };
static const struct field job_row[] = { FIELD(overview_job, id), FIELD(overview_job, kind),
	FIELD(overview_job, path), FIELD(overview_job, state), FIELD(overview_job, phase),
	FIELD(overview_job, worker), FIELD(overview_job, attempts), FIELD(overview_job, bytes),
	FIELD(overview_job, objects), FIELD(overview_job, objects_total),
	FIELD(overview_job, run_at), FIELD(overview_job, started_at), FIELD(overview_job, is_again),
	FIELD(overview_job, error_text), { 0 } };
static const struct field run_row[] = { FIELD(overview_run, kind), FIELD(overview_run, path),
	{ 0 } };
static const struct field account_row[] = { FIELD(overview_account, id),
	FIELD(overview_account, uname), FIELD(overview_account, name),
	FIELD(overview_account, email), FIELD(overview_account, role),
	FIELD(overview_account, is_active), FIELD(overview_account, projects),
	FIELD(overview_account, tokens), FIELD(overview_account, sessions),
	FIELD(overview_account, created_at), FIELD(overview_account, seen_at), { 0 } };
static const struct field event_row[] = { FIELD(overview_event, at), FIELD(overview_event, actor),
	FIELD(overview_event, action), FIELD(overview_event, object), FIELD(overview_event, detail),
	FIELD(overview_event, remote_addr), FIELD(overview_event, result), { 0 } };

enum { NUMBERS, JOBS, RUN_JOB, ACCOUNTS, EVENTS };

#define COUNTER(name) "(SELECT n FROM hub.counter WHERE name = '" #name "') AS " #name
#define HAS_STATE(name) "count(*) FILTER (WHERE state = '" #name "') AS " #name

/* clang-format off */
const struct db_stmt overview_sql[] = {
	[NUMBERS] = { "overview_numbers",
	    "SELECT " COUNTER(projects) ", " COUNTER(mirrors) ", a.*, j.*, "
	    "(SELECT count(DISTINCT s.account_id) FROM hub.session s "
	    "WHERE hub.session_holds(s.created_at, s.seen_at)) AS signed_in, "
	    "s.store_bytes, s.damaged, "
	    "(SELECT count(*) FROM hub.mirror WHERE stale_since IS NOT NULL) AS stale, "
	    "(SELECT count(*) FROM hub.mirror WHERE held_fingerprint IS NOT NULL) AS held, "
	    "(SELECT count(*) FROM hub.host WHERE breaker_until > now()) AS hosts_open, "
	    "(SELECT count(*) FROM hub.manifest WHERE failures > 0) AS manifests_bad, "
	    "(SELECT count(*) FROM hub.worker WHERE beat_at > now() - interval '60 seconds') "
	    "AS workers FROM "
	    "(SELECT count(*) FILTER (WHERE active AND role <> 'banned') AS accounts, "
	    "count(*) FILTER (WHERE active AND role = 'admin') AS admins, "
	    "count(*) FILTER (WHERE role = 'banned') AS banned "
	    "FROM hub.account WHERE role <> 'system') a, "
	    "(SELECT " HAS_STATE(queued) ", " HAS_STATE(running) ", " HAS_STATE(scheduled) ", "
	    HAS_STATE(retry) ", " HAS_STATE(dead) " FROM hub.job) j, "
	    "(SELECT coalesce(sum(size_bytes), 0)::bigint AS store_bytes, "
	    "count(*) FILTER (WHERE damaged) AS damaged FROM hub.store) s",
	    numbers_row, sizeof(struct overview) },
	[JOBS] = { "overview_jobs",
	    "SELECT j.id, j.kind, coalesce(p.path, '') AS path, j.state, j.phase, "
	    "coalesce(j.worker, '') AS worker, j.attempts::bigint AS attempts, j.bytes, j.objects, "
	    "j.objects_total, CASE WHEN isfinite(j.run_at) AND j.state <> 'running' "
	    "THEN " DB_SECONDS("j.run_at") " ELSE 0 END AS run_at, "
	    "coalesce(" DB_SECONDS("j.started_at") ", 0) AS started_at, j.again AS is_again, "
	    "CASE j.kind WHEN 'sync' THEN coalesce(m.error_text, '') "
	    "WHEN 'target' THEN coalesce(t.error_text, '') ELSE '' END AS error_text "
	    "FROM hub.job j LEFT JOIN hub.target t ON t.id = j.target_id "
	    "LEFT JOIN hub.project p ON p.id = coalesce(j.project_id, t.project_id) "
	    "LEFT JOIN hub.mirror m ON m.project_id = j.project_id "
	    "WHERE CASE WHEN $1 = '' THEN j.state <> 'scheduled' ELSE j.state = $1 END "
	    "ORDER BY array_position(ARRAY['running', 'dead', 'retry', 'queued'], j.state), "
	    "j.run_at, j.id LIMIT $2 OFFSET $3",
	    job_row, sizeof(struct overview_job) },
	[RUN_JOB] = { "overview_run_job",
	    "UPDATE hub.job j SET again = (j.state = 'running'), "
	    "state = CASE WHEN j.state = 'running' THEN j.state ELSE 'queued' END, "
	    "run_at = CASE WHEN j.state = 'running' THEN j.run_at ELSE '-infinity' END, "
	    "queued_at = CASE WHEN j.state IN ('running', 'queued') THEN j.queued_at ELSE now() END "
	    "WHERE j.id = $1 RETURNING j.kind, "
	    "coalesce((SELECT p.path FROM hub.project p WHERE p.id = coalesce(j.project_id, "
	    "(SELECT t.project_id FROM hub.target t WHERE t.id = j.target_id))), '') AS path",
	    run_row, sizeof(struct overview_run) },
	[ACCOUNTS] = { "overview_accounts",
	    "WITH page AS MATERIALIZED (SELECT a.* FROM hub.account a WHERE $1 = '' "
	    "OR strpos(lower(a.uname), lower($1)) > 0 OR strpos(lower(a.email), lower($1)) > 0 "
	    "OR strpos(lower(a.first_name || ' ' || a.last_name), lower($1)) > 0 "
	    "ORDER BY lower(a.uname) LIMIT $2 OFFSET $3) "
	    "SELECT a.id, a.uname, btrim(a.first_name || ' ' || a.last_name) AS name, a.email, "
	    "a.role, a.active AS is_active, "
	    "(SELECT count(*) FROM hub.project p WHERE p.owner_account_id = a.id) AS projects, "
	    "t.n AS tokens, s.n AS sessions, " DB_SECONDS("a.created_at") " AS created_at, "
	    "coalesce(" DB_SECONDS("greatest(t.used_at, s.seen_at)") ", 0) AS seen_at "
	    "FROM page a, LATERAL (SELECT count(*) AS n, max(last_used_at) AS used_at "
	    "FROM hub.token WHERE account_id = a.id) t, "
	    "LATERAL (SELECT count(*) AS n, max(o.seen_at) AS seen_at FROM hub.session o "
	    "WHERE o.account_id = a.id AND hub.session_holds(o.created_at, o.seen_at)) s "
	    "ORDER BY lower(a.uname)",
	    account_row, sizeof(struct overview_account) },
	[EVENTS] = { "overview_events",
	    "SELECT " DB_SECONDS("at") " AS at, actor, action, object, detail, remote_addr, result "
	    "FROM hub.recent_events($1, $2)",
	    event_row, sizeof(struct overview_event) },
	{ 0 }
};
/* clang-format on */

int
overview_numbers(struct ctx *c, struct overview *out)
{
	return db_one(c, &overview_sql[NUMBERS], out);
}

int
overview_jobs(struct ctx *c, const char *state, int64_t limit, int64_t offset,
    struct overview_job **rows_out, size_t *n_out)
{
	return db_all(
	    c, &overview_sql[JOBS], rows_out, n_out, db_text(state), db_int(limit), db_int(offset));
}

int
overview_run_job(struct ctx *c, int64_t id, struct overview_run *out)
{
	int code = db_one(c, &overview_sql[RUN_JOB], out, db_int(id));

	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "the job has ended") : code;
}

int
overview_accounts(struct ctx *c, const char *text, int64_t limit, int64_t offset,
    struct overview_account **rows_out, size_t *n_out)
{
	return db_all(c, &overview_sql[ACCOUNTS], rows_out, n_out, db_text(text), db_int(limit),
	    db_int(offset));
}

int
overview_events(
    struct ctx *c, int64_t asker_id, int64_t limit, struct overview_event **rows_out, size_t *n_out)
{
	return db_all(c, &overview_sql[EVENTS], rows_out, n_out, db_int(asker_id), db_int(limit));
}
