#include "store/audit.h"

#include <assert.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/field.h"
#include "store/store.h"

#define STORES_PER_FOLDER 1000
#define IDS_MAX_BYTES (32 * 1024)

struct news_row {
	const char *news;
};

struct wants_row {
	bool wants;
};

struct id_row {
	int64_t id;
};

static const struct field audit_row[] = { FIELD(audit, store_id), FIELD(audit, path),
	FIELD(audit, is_mirror), FIELD(audit, options), FIELD(audit, may_repair),
	FIELD(audit, fingerprint), { 0 } };
static const struct field missing_row[] = { FIELD(audit_missing, store_id),
	FIELD(audit_missing, path), FIELD(audit_missing, is_mirror), { 0 } };
static const struct field news_row[] = { FIELD(news_row, news), { 0 } };
static const struct field wants_row[] = { FIELD(wants_row, wants), { 0 } };
static const struct field id_row[] = { FIELD(id_row, id), { 0 } };

enum { CLAIM, FINISH, MISSING, WANTS_ANEW, NOTE_UPKEEP, LAST_STORE };

const struct db_stmt audit_sql[] = {
	[CLAIM] = { "audit_claim",
	    "SELECT store_id, path, is_mirror, options, may_repair, fingerprint FROM "
	    "hub.audit_claim($1, "
	    "$2)",
	    audit_row, sizeof(struct audit) },
	[FINISH] = { "audit_finish", "SELECT hub.audit_finish($1, $2, $3, $4, $5, $6, $7) AS news",
	    news_row, sizeof(struct news_row) },
	[MISSING] = { "audit_missing",
	    "SELECT store_id, path, is_mirror FROM hub.stores_missing($1, $2, $3)", missing_row,
	    sizeof(struct audit_missing) },
	[WANTS_ANEW] = { "audit_wants_anew",
	    "SELECT coalesce((SELECT m.failures >= 3 AND m.failures % 3 = 0 AND 'protocol' = ALL ("
	    "SELECT r.error_class FROM hub.run r WHERE r.project_id = m.project_id"
	    " ORDER BY r.id DESC LIMIT 3) FROM hub.mirror m WHERE m.project_id = $1), false)"
	    " AS wants",
	    wants_row, sizeof(struct wants_row) },
	[NOTE_UPKEEP] = { "audit_note_upkeep",
	    "UPDATE hub.store SET upkeep_at = now(), upkeeps = upkeeps + 1,"
	    " upkeep_ms = upkeep_ms + $2 WHERE id = $1",
	    NULL, 0 },
	[LAST_STORE] = { "audit_last_store", "SELECT coalesce(max(id), 0) AS id FROM hub.store",
	    id_row, sizeof(struct id_row) },
	{ 0 },
};

int
audit_claim(struct ctx *c, int64_t lease_s, struct audit *out)
{
	return db_one(c, &audit_sql[CLAIM], out, db_int(c->conf->audit_days), db_int(lease_s));
}

int
audit_finish(struct ctx *c, int64_t store_id, const struct audit_result *r, const char **news_out)
{
	struct news_row row;

	TRY(db_one(c, &audit_sql[FINISH], &row, db_int(store_id), db_text(r->found),
	    db_text(r->sentence), db_text(r->fingerprint), db_int(r->bytes),
	    db_int(c->conf->audit_days), db_int(c->conf->audit_bytes_per_hour)));
	*news_out = row.news;
	return OK;
}

int
audit_missing(struct ctx *c, int64_t first, const int64_t *found, size_t n,
    struct audit_missing **rows_out, size_t *n_out)
{
	struct buf *b = buf_new(c->mem, IDS_MAX_BYTES);

	assert(n <= STORES_PER_FOLDER);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%c%lld", i == 0 ? '[' : ',', (long long)found[i]);
	buf_text(b, n == 0 ? "[]" : "]");
	assert(!b->full);
	return db_all(c, &audit_sql[MISSING], rows_out, n_out, db_int(first),
	    db_int(first + STORES_PER_FOLDER - 1), db_text(b->data));
}

int
audit_wants_anew(struct ctx *c, int64_t project_id, bool *out)
{
	struct wants_row row;

	TRY(db_one(c, &audit_sql[WANTS_ANEW], &row, db_int(project_id)));
	*out = row.wants;
	return OK;
}

int
audit_note_upkeep(struct ctx *c, int64_t store_id, int64_t ms)
{
	return db_do(c, &audit_sql[NOTE_UPKEEP], NULL, db_int(store_id), db_int(ms));
}

int
audit_last_store(struct ctx *c, int64_t *id_out)
{
	struct id_row row;

	TRY(db_one(c, &audit_sql[LAST_STORE], &row));
	*id_out = row.id;
	return OK;
}
