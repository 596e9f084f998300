#include "store/target.h"

#include "store/store.h"

struct id_row {
	int64_t id;
};

struct ours_row {
	bool is_ours;
};

static const struct field id_row[] = { FIELD(id_row, id), { 0 } };
static const struct field ours_row[] = { FIELD(ours_row, is_ours), { 0 } };

static const struct field target_row[] = { FIELD(target, id), FIELD(target, project_id),
	FIELD(target, url), FIELD(target, provider), FIELD(target, provider_url),
	FIELD(target, provider_namespace), FIELD(target, provider_project_id),
	FIELD(target, shown_url), FIELD(target, provider_options), FIELD(target, has_credentials),
	FIELD(target, has_token), FIELD(target, ref_include), FIELD(target, ref_exclude),
	FIELD(target, overwrites), FIELD(target, overwrites_once), FIELD(target, is_thin),
	FIELD(target, active), FIELD(target, is_complete), FIELD(target, attempted_at),
	FIELD(target, pushed_at), FIELD(target, audited_at), FIELD(target, failures),
	FIELD(target, error_class), FIELD(target, error_text), FIELD(target, n_conflicts),
	FIELD(target, n_refused), FIELD(target, conflicts), FIELD(target, job_state),
	FIELD(target, next_at), { 0 } };

static const struct field facts_row[] = { FIELD(target_facts, id), FIELD(target_facts, project_id),
	FIELD(target_facts, store_id), FIELD(target_facts, path), FIELD(target_facts, description),
	FIELD(target_facts, upstream), FIELD(target_facts, is_private),
	FIELD(target_facts, is_cloned), FIELD(target_facts, url), FIELD(target_facts, provider),
	FIELD(target_facts, provider_url), FIELD(target_facts, provider_namespace),
	FIELD(target_facts, provider_project_id), FIELD(target_facts, provider_options),
	FIELD(target_facts, ref_include), FIELD(target_facts, ref_exclude),
	FIELD(target_facts, overwrites), FIELD(target_facts, is_thin),
	FIELD(target_facts, overwrites_once), FIELD(target_facts, is_asked),
	FIELD(target_facts, partials), FIELD(target_facts, is_audit),
	FIELD(target_facts, last_fingerprint), FIELD(target_facts, sealed_credentials),
	FIELD(target_facts, sealed_token), { 0 } };

static const struct field ref_row[] = { FIELD(target_ref, name), FIELD(target_ref, oid),
	FIELD(target_ref, planned), FIELD(target_ref, is_refused), { 0 } };

static const struct field refusal_row[] = { FIELD(target_refusal, name),
	FIELD(target_refusal, error), { 0 } };

enum {
	NEXT_ID,
	INSERT,
	FORGET_CREDENTIALS,
	FORGET_TOKEN,
	UPDATE,
	SET_CREDENTIALS,
	SET_TOKEN,
	DELETE,
	BY_ID,
	LIST,
	PROJECT,
	PUSH,
	REFUSALS,
};

enum { FACTS, REFS_AFTER, NOTE, MADE };

/* clang-format off */
#define TARGET                                                                                     \
	"SELECT t.id, t.project_id, t.url, t.provider, t.provider_url, t.provider_namespace, "     \
	"t.provider_project_id, t.shown_url, t.provider_options::text AS provider_options, t.has_credentials, " \
	"t.has_token, t.ref_include, t.ref_exclude, t.overwrites, t.overwrites_once, t.is_thin, "  \
	"t.active, t.last_fingerprint IS NOT NULL AS is_complete, "                                \
	"coalesce(" DB_SECONDS("t.attempted_at") ", 0) AS attempted_at, "                          \
	"coalesce(" DB_SECONDS("t.pushed_at") ", 0) AS pushed_at, "                                \
	"coalesce(" DB_SECONDS("t.audited_at") ", 0) AS audited_at, "                              \
	"t.failures::bigint AS failures, t.error_class, t.error_text, t.n_conflicts, "             \
	"t.n_refused, t.conflicts::text AS conflicts, coalesce(j.state, '') AS job_state, "        \
	"CASE WHEN j.state <> 'running' AND isfinite(j.run_at) THEN " DB_SECONDS("j.run_at")       \
	" ELSE 0 END AS next_at "                                                                  \
	"FROM hub.target t LEFT JOIN hub.job j ON j.target_id = t.id "

const struct db_stmt target_sql[] = {
	[NEXT_ID] = { "target_next_id", "SELECT nextval('hub.target_id_seq') AS id", id_row,
	    sizeof(struct id_row) },
	[INSERT] = { "target_insert",
	    "INSERT INTO hub.target (id, project_id, url, provider, provider_url, provider_namespace, "
	    "provider_options, ref_include, ref_exclude, overwrites, is_thin, active, "
	    "sealed_credentials, sealed_token) "
	    "VALUES ($1, $2, $3, $4, $5, $6, coalesce($7::jsonb, '{}'), $8, $9, $10, $11, $12, $13, $14)",
	    NULL, 0 },
	[FORGET_CREDENTIALS] = { "target_forget_credentials",
	    "UPDATE hub.target SET sealed_credentials = NULL WHERE id = $2 AND project_id = $1 AND "
	    "(provider_url IS DISTINCT FROM $4 OR (url IS NOT NULL AND url <> $3))", NULL, 0 },
	[FORGET_TOKEN] = { "target_forget_token",
	    "UPDATE hub.target SET sealed_token = NULL, provider_project_id = NULL "
	    "WHERE id = $2 AND project_id = $1 AND provider_url IS DISTINCT FROM $3", NULL, 0 },
	[UPDATE] = { "target_update",
	    "UPDATE hub.target SET url = CASE WHEN $3::text IS NOT NULL THEN $3 "
	    "WHEN provider = $4 AND provider_url IS NOT DISTINCT FROM $5 AND provider_namespace = $6 "
	    "THEN url END, provider_project_id = CASE WHEN provider = $4 AND "
	    "provider_url IS NOT DISTINCT FROM $5 AND provider_namespace = $6 "
	    "THEN provider_project_id END, provider = $4, provider_url = $5, "
	    "provider_namespace = $6, provider_options = coalesce($7::jsonb, "
	    "CASE WHEN provider = $4 THEN provider_options ELSE '{}' END), ref_include = $8, "
	    "ref_exclude = $9, overwrites = $10, is_thin = $11, active = $12, "
	    "last_fingerprint = NULL, failures = 0, error_class = '', error_text = '', "
	    "updated_at = now() WHERE id = $2 AND project_id = $1",
	    NULL, 0 },
	[SET_CREDENTIALS] = { "target_set_credentials",
	    "UPDATE hub.target SET sealed_credentials = $2, updated_at = now() WHERE id = $1", NULL, 0 },
	[SET_TOKEN] = { "target_set_token",
	    "UPDATE hub.target SET sealed_token = $2, updated_at = now() WHERE id = $1", NULL, 0 },
	[DELETE] = { "target_delete", "DELETE FROM hub.target WHERE id = $2 AND project_id = $1",
	    NULL, 0 },
	[BY_ID] = { "target_by_id", TARGET "WHERE t.id = $2 AND t.project_id = $1", target_row,
	    sizeof(struct target) },
	[LIST] = { "target_list", TARGET "WHERE t.project_id = $1 ORDER BY t.id LIMIT 1000",
	    target_row, sizeof(struct target) },
	[PROJECT] = { "target_project", "SELECT project_id AS id FROM hub.target WHERE id = $1",
	    id_row, sizeof(struct id_row) },
	[PUSH] = { "target_push", "SELECT FROM hub.target_push($1, $2)", NULL, 0 },
	[REFUSALS] = { "target_refusals",
	    "SELECT shown AS name, error FROM hub.target_ref WHERE target_id = $1 AND error <> '' "
	    "ORDER BY name LIMIT $2",
	    refusal_row, sizeof(struct target_refusal) },
	{ 0 },
};

/* What sync does. */
const struct db_stmt target_work_sql[] = {
	[FACTS] = { "target_facts",
	    "SELECT t.id, t.project_id, p.store_id, p.path, p.description, coalesce(m.url, '') AS upstream, "
	    "p.default_access = 0 AS is_private, "
	    "NOT p.is_mirror OR m.last_success_at IS NOT NULL AS is_cloned, "
	    "coalesce(t.url, '') AS url, t.provider, "
	    "coalesce(t.provider_url, '') AS provider_url, t.provider_namespace, "
	    "coalesce(t.provider_project_id, '') AS provider_project_id, "
	    "t.provider_options::text AS provider_options, t.ref_include, t.ref_exclude, "
	    "t.overwrites, t.is_thin, t.overwrites_once, t.is_asked, t.partials::bigint AS partials, "
	    "coalesce(t.audited_at < now() - make_interval(secs => $2), true) AS is_audit, "
	    "coalesce(encode(t.last_fingerprint, 'hex'), '') AS last_fingerprint, "
	    "t.sealed_credentials, t.sealed_token "
	    "FROM hub.target t JOIN hub.project p ON p.id = t.project_id "
	    "LEFT JOIN hub.mirror m ON m.project_id = p.id WHERE t.id = $1 AND t.active",
	    facts_row, sizeof(struct target_facts) },
	[REFS_AFTER] = { "target_refs_after",
	    "SELECT translate(encode(r.name, 'base64'), E'\\n', '') AS name, "
	    "coalesce(encode(r.oid, 'hex'), '') AS oid, "
	    "coalesce(encode(r.planned, 'hex'), '') AS planned, r.error <> '' AS is_refused FROM hub.target_ref r "
	    "WHERE r.target_id = $1 AND r.name > decode($2, 'base64') ORDER BY r.name LIMIT $3",
	    ref_row, sizeof(struct target_ref) },
	[NOTE] = { "target_note", "SELECT hub.target_note($1, $2, $3) AS is_ours", ours_row,
	    sizeof(struct ours_row) },
	[MADE] = { "target_made", "SELECT hub.target_made($1, $2, $3, $4, $5) AS is_ours", ours_row,
	    sizeof(struct ours_row) },
	{ 0 },
};
/* clang-format on */

static int
one_row(struct ctx *c, int64_t n)
{
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such target");
}

int
target_next_id(struct ctx *c, int64_t *out)
{
	struct id_row row;

	TRY(db_one(c, &target_sql[NEXT_ID], &row));
	*out = row.id;
	return OK;
}

int
target_insert(struct ctx *c, int64_t id, int64_t project_id, const struct target_change *t,
    const char *sealed_credentials, const char *sealed_token)
{
	return db_do(c, &target_sql[INSERT], NULL, db_int(id), db_int(project_id), db_text(t->url),
	    db_text(t->provider), db_text(t->provider_url), db_text(t->provider_namespace),
	    db_text(t->provider_options), db_text(t->ref_include), db_text(t->ref_exclude),
	    db_bool(t->overwrites), db_bool(t->is_thin), db_bool(t->active),
	    db_text(sealed_credentials), db_text(sealed_token));
}

int
target_update(struct ctx *c, int64_t project_id, int64_t id, const struct target_change *t)
{
	int64_t n;

	TRY(db_do(c, &target_sql[FORGET_CREDENTIALS], NULL, db_int(project_id), db_int(id),
	    db_text(t->url), db_text(t->provider_url)));
	TRY(db_do(c, &target_sql[FORGET_TOKEN], NULL, db_int(project_id), db_int(id),
	    db_text(t->provider_url)));
	TRY(db_do(c, &target_sql[UPDATE], &n, db_int(project_id), db_int(id), db_text(t->url),
	    db_text(t->provider), db_text(t->provider_url), db_text(t->provider_namespace),
	    db_text(t->provider_options), db_text(t->ref_include), db_text(t->ref_exclude),
	    db_bool(t->overwrites), db_bool(t->is_thin), db_bool(t->active)));
	return one_row(c, n);
}

int
target_set_credentials(struct ctx *c, int64_t id, const char *sealed)
{
	return db_do(c, &target_sql[SET_CREDENTIALS], NULL, db_int(id), db_text(sealed));
}

int
target_set_token(struct ctx *c, int64_t id, const char *sealed)
{
	return db_do(c, &target_sql[SET_TOKEN], NULL, db_int(id), db_text(sealed));
}

int
target_delete(struct ctx *c, int64_t project_id, int64_t id)
{
	int64_t n;

	TRY(db_do(c, &target_sql[DELETE], &n, db_int(project_id), db_int(id)));
	return one_row(c, n);
}

int
target_by_id(struct ctx *c, int64_t project_id, int64_t id, struct target *out)
{
	return db_one(c, &target_sql[BY_ID], out, db_int(project_id), db_int(id));
}

int
target_list(struct ctx *c, int64_t project_id, struct target **rows_out, size_t *n_out)
{
	return db_all(c, &target_sql[LIST], rows_out, n_out, db_int(project_id));
}

int
target_project(struct ctx *c, int64_t id, int64_t *project_id_out)
{
	struct id_row row;

	TRY(db_one(c, &target_sql[PROJECT], &row, db_int(id)));
	*project_id_out = row.id;
	return OK;
}

int
target_push(struct ctx *c, int64_t id, bool overwrites)
{
	return db_do(c, &target_sql[PUSH], NULL, db_int(id), db_bool(overwrites));
}

int
target_refusals(
    struct ctx *c, int64_t id, int64_t limit, struct target_refusal **rows_out, size_t *n_out)
{
	return db_all(c, &target_sql[REFUSALS], rows_out, n_out, db_int(id), db_int(limit));
}

/* ---- sync */

int
target_facts_of(struct ctx *c, int64_t id, int64_t audit_s, struct target_facts *out)
{
	return db_one(c, &target_work_sql[FACTS], out, db_int(id), db_int(audit_s));
}

int
target_refs_after(struct ctx *c, int64_t id, const char *after, int64_t limit,
    struct target_ref **rows_out, size_t *n_out)
{
	return db_all(c, &target_work_sql[REFS_AFTER], rows_out, n_out, db_int(id), db_text(after),
	    db_int(limit));
}

int
target_note(struct ctx *c, int64_t job_id, int64_t fence, const char *notes, bool *is_ours_out)
{
	struct ours_row row;

	TRY(db_one(c, &target_work_sql[NOTE], &row, db_int(job_id), db_int(fence), db_text(notes)));
	*is_ours_out = row.is_ours;
	return OK;
}

int
target_made(struct ctx *c, int64_t job_id, int64_t fence, const char *url,
    const char *provider_project_id, const char *shown_url, bool *is_ours_out)
{
	struct ours_row row;

	TRY(db_one(c, &target_work_sql[MADE], &row, db_int(job_id), db_int(fence), db_text(url),
	    db_text(provider_project_id), db_text(shown_url)));
	*is_ours_out = row.is_ours;
	return OK;
}
