#include "store/health.h"

#include "base/conf.h"
#include "store/store.h"

static const struct field health_row[] = { FIELD(health, clock_ms), FIELD(health, pass_s),
	FIELD(health, mirrors), FIELD(health, failing), FIELD(health, stale), FIELD(health, held),
	FIELD(health, damaged), FIELD(health, unaudited), FIELD(health, hosts_blocked), { 0 } };
static const struct field name_row[] = { FIELD(health_name, name), FIELD(health_name, why), { 0 } };

enum { NUMBERS, DAMAGED, BLOCKED, STALE };

/* $1: the hub's interval. */
#define IS_STALE                                                                                   \
	"NOT m.paused AND coalesce(m.last_success_at, p.created_at) < now() - interval '1 day'"    \
	" - make_interval(secs => 2 * coalesce(m.interval_s, $1::bigint))"

const struct db_stmt health_sql[] = {
	[NUMBERS] = { "health_numbers",
	    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock_ms,"
	    " coalesce((SELECT CASE WHEN isfinite(w.measured_at) THEN"
	    " floor(extract(epoch FROM now() - w.measured_at))::bigint END FROM hub.watch w), -1)"
	    " AS pass_s,"
	    " count(*) FILTER (WHERE NOT m.paused) AS mirrors,"
	    " count(*) FILTER (WHERE NOT m.paused AND m.failures >= 3) AS failing,"
	    " count(*) FILTER (WHERE " IS_STALE ") AS stale,"
	    " count(*) FILTER (WHERE m.held_fingerprint IS NOT NULL) AS held,"
	    " (SELECT count(*) FROM hub.store s WHERE s.damaged) AS damaged,"
	    " (SELECT count(*) FROM hub.store s WHERE s.audit_at < now() - interval '7 days')"
	    " AS unaudited,"
	    " (SELECT count(*) FROM hub.host h WHERE h.breaker_until > now()) AS hosts_blocked"
	    " FROM hub.mirror m JOIN hub.project p ON p.id = m.project_id",
	    health_row, sizeof(struct health) },
	[DAMAGED] = { "health_damaged",
	    "SELECT coalesce(p.path, 'store ' || s.id) AS name, s.audit_result AS why"
	    " FROM hub.store s LEFT JOIN LATERAL hub.store_project(s.id) p ON true"
	    " WHERE s.damaged ORDER BY s.id LIMIT 10",
	    name_row, sizeof(struct health_name) },
	[BLOCKED] = { "health_blocked",
	    "SELECT h.name, h.error_text AS why FROM hub.host h WHERE h.breaker_until > now()"
	    " ORDER BY h.breaker_until DESC, h.id LIMIT 10",
	    name_row, sizeof(struct health_name) },
	[STALE] = { "health_stale",
	    "SELECT p.path AS name, m.error_text AS why FROM hub.mirror m"
	    " JOIN hub.project p ON p.id = m.project_id WHERE " IS_STALE
	    " ORDER BY coalesce(m.last_success_at, p.created_at), p.id LIMIT 10",
	    name_row, sizeof(struct health_name) },
	{ 0 },
};

int
health_of(struct ctx *c, struct health *out)
{
	return db_one(c, &health_sql[NUMBERS], out, db_int(c->conf->schedule_s));
}

int
health_damaged(struct ctx *c, struct health_name **rows_out, size_t *n_out)
{
	return db_all(c, &health_sql[DAMAGED], rows_out, n_out);
}

int
health_blocked(struct ctx *c, struct health_name **rows_out, size_t *n_out)
{
	return db_all(c, &health_sql[BLOCKED], rows_out, n_out);
}

int
health_stale(struct ctx *c, struct health_name **rows_out, size_t *n_out)
{
	return db_all(c, &health_sql[STALE], rows_out, n_out, db_int(c->conf->schedule_s));
}
