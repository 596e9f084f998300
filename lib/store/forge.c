#include "store/forge.h"

#include "store/store.h"

struct id_row {
	int64_t id;
};

struct is_row {
	bool is_there;
};

static const struct field id_row[] = { FIELD(id_row, id), { 0 } };
static const struct field is_row[] = { FIELD(is_row, is_there), { 0 } };

static const struct field attempt_row[] = { FIELD(forge_attempt, is_made),
	FIELD(forge_attempt, is_tried), FIELD(forge_attempt, error_class),
	FIELD(forge_attempt, error_text), { 0 } };

static const struct field hints_row[] = { FIELD(forge_hints, of_hub), FIELD(forge_hints, avoid_ids),
	{ 0 } };

static const struct field removal_row[] = { FIELD(forge_removal, id),
	FIELD(forge_removal, attempts), FIELD(forge_removal, provider),
	FIELD(forge_removal, provider_url), FIELD(forge_removal, provider_namespace),
	FIELD(forge_removal, provider_options), FIELD(forge_removal, provider_project_id),
	FIELD(forge_removal, path), { 0 } };

enum { ADD, ATTEMPT, HAS_SYNC, ASK_REMOVAL };
enum { HINTS, CLAIM_REMOVAL, FINISH_REMOVAL };

/* clang-format off */
const struct db_stmt forge_sql[] = {
	[ADD] = { "forge_target_add",
	    "INSERT INTO hub.target (project_id, provider, provider_url, provider_namespace, "
	    "provider_options, shown_url, of_hub) VALUES ($1, 'gitlab', $2, $3, $4::jsonb, $5, true) "
	    "RETURNING id",
	    id_row, sizeof(struct id_row) },
	[ATTEMPT] = { "forge_attempt_of",
	    "SELECT provider_project_id IS NOT NULL AS is_made, attempted_at IS NOT NULL AS is_tried, "
	    "error_class, error_text FROM hub.target WHERE id = $1",
	    attempt_row, sizeof(struct forge_attempt) },
	[HAS_SYNC] = { "forge_has_sync",
	    "SELECT EXISTS (SELECT FROM hub.worker WHERE beat_at > now() - interval '60 seconds') "
	    "AS is_there",
	    is_row, sizeof(struct is_row) },
	[ASK_REMOVAL] = { "forge_ask_removal", "SELECT FROM hub.removal_ask($1)", NULL, 0 },
	{ 0 },
};

const struct db_stmt forge_work_sql[] = {
	[HINTS] = { "forge_hints_of",
	    "SELECT t.of_hub, coalesce((SELECT string_agg(x.provider_project_id, ',') FROM "
	    "(SELECT r.provider_project_id FROM hub.removal r WHERE r.provider_url = t.provider_url "
	    "LIMIT 1000) x), '') AS avoid_ids FROM hub.target t WHERE t.id = $1",
	    hints_row, sizeof(struct forge_hints) },
	[CLAIM_REMOVAL] = { "forge_claim_removal",
	    "SELECT id, attempts, provider, provider_url, provider_namespace, "
	    "provider_options::text AS provider_options, provider_project_id, path "
	    "FROM hub.removal_claim($1)",
	    removal_row, sizeof(struct forge_removal) },
	[FINISH_REMOVAL] = { "forge_finish_removal",
	    "SELECT FROM hub.removal_finish($1, $2, $3, $4, $5)", NULL, 0 },
	{ 0 },
};
/* clang-format on */

int
forge_target_add(struct ctx *c, int64_t project_id, const struct forge_target *t, int64_t *id_out)
{
	struct id_row row;

	TRY(db_one(c, &forge_sql[ADD], &row, db_int(project_id), db_text(t->provider_url),
	    db_text(t->provider_namespace), db_text(t->provider_options), db_text(t->shown_url)));
	*id_out = row.id;
	return OK;
}

int
forge_attempt_of(struct ctx *c, int64_t target_id, struct forge_attempt *out)
{
	return db_one(c, &forge_sql[ATTEMPT], out, db_int(target_id));
}

int
forge_has_sync(struct ctx *c, bool *out)
{
	struct is_row row;

	TRY(db_one(c, &forge_sql[HAS_SYNC], &row));
	*out = row.is_there;
	return OK;
}

int
forge_ask_removal(struct ctx *c, int64_t project_id)
{
	return db_do(c, &forge_sql[ASK_REMOVAL], NULL, db_int(project_id));
}

int
forge_hints_of(struct ctx *c, int64_t target_id, struct forge_hints *out)
{
	return db_one(c, &forge_work_sql[HINTS], out, db_int(target_id));
}

int
forge_claim_removal(struct ctx *c, int64_t lease_s, struct forge_removal *out)
{
	return db_one(c, &forge_work_sql[CLAIM_REMOVAL], out, db_int(lease_s));
}

int
forge_finish_removal(struct ctx *c, const struct forge_removal *r, const char *error_class,
    const char *error_text, int64_t delay_s)
{
	return db_do(c, &forge_work_sql[FINISH_REMOVAL], NULL, db_int(r->id), db_int(r->attempts),
	    db_text(error_class), db_text(error_text), db_int(delay_s));
}
