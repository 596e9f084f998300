#include "store/mirror.h"

#include "store/mirror_fields.h"
#include "store/store.h"

static const struct field mirror_row[] = { MIRROR_FIELDS(mirror, ), { 0 } };
static const struct field settings_row[] = { FIELD(mirror_settings, url),
	FIELD(mirror_settings, has_credentials), FIELD(mirror_settings, interval_s),
	FIELD(mirror_settings, is_paused), { 0 } };

static const struct field trust_row[] = { FIELD(mirror_trust, verified_at),
	FIELD(mirror_trust, audited_at), FIELD(mirror_trust, is_damaged), { 0 } };

enum {
	MIRROR_BY_PROJECT,
	TRUST,
	SETTINGS,
	SET_INTERVAL,
	SET_NEXT,
	SET_PAUSED,
	FORGET_JOB,
	MIRROR_ADD,
};

const struct db_stmt mirror_sql[] = { [MIRROR_BY_PROJECT] = { "mirror_by_project",
					  "SELECT " MIRROR_COLUMNS " FROM hub.mirror m " MIRROR_JOB
					  "WHERE m.project_id = $1",
					  mirror_row, sizeof(struct mirror) },
	[TRUST] = { "mirror_trust",
	    "SELECT coalesce(" DB_SECONDS(
		"s.verified_at") ", 0) AS verified_at,"
				 " coalesce(" DB_SECONDS(
				     "s.audited_at") ", 0) AS audited_at, s.damaged AS is_damaged"
						     " FROM hub.project p JOIN hub.store s ON s.id "
						     "= p.store_id WHERE p.id = $1",
	    trust_row, sizeof(struct mirror_trust) },
	[SETTINGS] = { "mirror_settings",
	    "SELECT url, has_credentials, coalesce(interval_s, 0) AS interval_s, "
	    "paused AS is_paused FROM hub.mirror WHERE project_id = $1",
	    settings_row, sizeof(struct mirror_settings) },
	[SET_INTERVAL] = { "mirror_set_interval",
	    "UPDATE hub.mirror SET interval_s = nullif($2, 0) WHERE project_id = $1", NULL, 0 },
	[SET_NEXT] = { "mirror_set_next",
	    "UPDATE hub.job j SET run_at = m.last_success_at + make_interval(secs => "
	    "m.interval_s), "
	    "due_at = NULL "
	    "FROM hub.mirror m WHERE m.project_id = $1 AND j.project_id = m.project_id "
	    "AND j.kind = 'sync' AND j.state = 'scheduled' AND m.interval_s IS NOT NULL "
	    "AND m.last_success_at IS NOT NULL",
	    NULL, 0 },
	[SET_PAUSED] = { "mirror_set_paused",
	    "UPDATE hub.mirror SET paused = $2 WHERE project_id = $1 AND paused <> $2", NULL, 0 },
	[FORGET_JOB] = { "mirror_forget_job",
	    "DELETE FROM hub.job WHERE project_id = $1 AND kind = 'sync' AND state <> 'running'",
	    NULL, 0 },
	[MIRROR_ADD] = { "mirror_add",
	    "INSERT INTO hub.mirror (project_id, url, sealed_credentials) VALUES ($1, $2, $3)",
	    NULL, 0 },
	{ 0 } };

int
mirror_by_project(struct ctx *c, int64_t project_id, struct mirror *out)
{
	return db_one(c, &mirror_sql[MIRROR_BY_PROJECT], out, db_int(project_id));
}

int
mirror_trust_of(struct ctx *c, int64_t project_id, struct mirror_trust *out)
{
	return db_one(c, &mirror_sql[TRUST], out, db_int(project_id));
}

int
mirror_add(struct ctx *c, const struct mirror_new *row)
{
	return db_do(c, &mirror_sql[MIRROR_ADD], NULL, db_int(row->project_id), db_text(row->url),
	    db_text(row->sealed_credentials));
}

int
mirror_settings_of(struct ctx *c, int64_t project_id, struct mirror_settings *out)
{
	return db_one(c, &mirror_sql[SETTINGS], out, db_int(project_id));
}

int
mirror_set_interval(struct ctx *c, int64_t project_id, int64_t interval_s)
{
	int64_t n;

	TRY(db_do(c, &mirror_sql[SET_INTERVAL], &n, db_int(project_id), db_int(interval_s)));
	if (n == 0)
		return fail(c, E_NOTFOUND, "no such mirror");
	return db_do(c, &mirror_sql[SET_NEXT], NULL, db_int(project_id));
}

static int
set_paused(struct ctx *c, int64_t project_id, bool is_paused, bool *is_new_out)
{
	int64_t n;

	TRY(db_do(c, &mirror_sql[SET_PAUSED], &n, db_int(project_id), db_bool(is_paused)));
	*is_new_out = n > 0;
	return OK;
}

int
mirror_pause(struct ctx *c, int64_t project_id, bool *is_new_out)
{
	TRY(set_paused(c, project_id, true, is_new_out));
	return db_do(c, &mirror_sql[FORGET_JOB], NULL, db_int(project_id));
}

int
mirror_resume(struct ctx *c, int64_t project_id, bool *is_new_out)
{
	return set_paused(c, project_id, false, is_new_out);
}
