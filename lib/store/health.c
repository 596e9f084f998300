#include "store/health.h"

#include "base/conf.h"
#include "store/store.h"

static const struct field health_row[] = { FIELD(health, clock_ms), FIELD(health, pass_s),
	FIELD(health, mirrors), FIELD(health, failing), FIELD(health, stale), FIELD(health, held),
	FIELD(health, damaged), FIELD(health, unaudited), FIELD(health, hosts_blocked), { 0 } };
static const struct field name_row[] = { FIELD(health_name, name), FIELD(health_name, why), { 0 } };

enum { NUMBERS, DAMAGED, BLOCKED, STALE };

/* As alerts have it. $1: the hub's interval, $2: how many of them. */
#define IS_STALE                                                                                   \
	"hub.mirror_is_stale(v.due_at, v.paused, v.failures, v.held_at, v.checked_at, v.made_at, " \
	"$2::bigint * greatest(v.interval_s, $1::bigint)::float)"

const struct db_stmt health_sql[] = {
	[NUMBERS] = { "health_numbers",
	    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock_ms,"
	    " coalesce((SELECT CASE WHEN isfinite(w.measured_at) THEN"
	    " floor(extract(epoch FROM now() - w.measured_at))::bigint END FROM hub.watch w), -1)"
	    " AS pass_s,"
	    " count(*) FILTER (WHERE NOT v.paused) AS mirrors,"
	    " count(*) FILTER (WHERE NOT v.paused AND v.failures >= 3) AS failing,"
	    " count(*) FILTER (WHERE " IS_STALE ") AS stale,"
	    " count(*) FILTER (WHERE v.held_at IS NOT NULL) AS held,"
	    " (SELECT count(*) FROM hub.store s WHERE s.damaged) AS damaged,"
	    " (SELECT count(*) FROM hub.store s WHERE s.audit_at < now() - interval '7 days')"
	    " AS unaudited,"
	    " (SELECT count(*) FROM hub.host h WHERE h.breaker_until > now()) AS hosts_blocked"
	    " FROM hub.mirror_now v",
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
	    "SELECT p.path AS name, v.error_text AS why FROM hub.mirror_now v"
	    " JOIN hub.project p ON p.id = v.project_id WHERE " IS_STALE
	    " ORDER BY coalesce(v.checked_at, v.made_at), p.id LIMIT 10",
	    name_row, sizeof(struct health_name) },
	{ 0 },
};

int
health_of(struct ctx *c, struct health *out)
{
	return db_one(c, &health_sql[NUMBERS], out, db_int(c->conf->schedule_s),
	    db_int(c->conf->alert_age_intervals));
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
	return db_all(c, &health_sql[STALE], rows_out, n_out, db_int(c->conf->schedule_s),
	    db_int(c->conf->alert_age_intervals));
}
