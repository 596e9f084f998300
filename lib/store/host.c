#include "store/host.h"

#include <assert.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/field.h"
#include "base/js.h"
#include "db/db.h"
#include "store/store.h"

#define LIST_MAX_BYTES (256 * 1024)

struct name_row {
	const char *name; /* NULL: there is none */
};

static const struct field host_row[] = { FIELD(host, id), FIELD(host, name), FIELD(host, is_known),
	FIELD(host, is_own), { 0 } };
static const struct field view_row[] = { FIELD(host_view, id), FIELD(host_view, name),
	FIELD(host_view, state), FIELD(host_view, until_at), FIELD(host_view, mirrors),
	FIELD(host_view, running), FIELD(host_view, slots), FIELD(host_view, is_own),
	FIELD(host_view, failures), FIELD(host_view, error_text), FIELD(host_view, error_at),
	{ 0 } };
static const struct field name_row[] = { FIELD(name_row, name), { 0 } };
static const struct field own_in[] = { FIELD(host, id), FIELD(host, is_own), { 0 } };

enum { LIST, LIST_UNKNOWN, SET_OWN, DELETE_UNUSED };

const struct db_stmt host_sql[] = {
	[LIST] = { "host_list",
	    "SELECT id, name, is_own IS NOT NULL AS is_known, coalesce(is_own, false) AS is_own"
	    " FROM hub.host WHERE id > $1 ORDER BY id LIMIT 1000",
	    host_row, sizeof(struct host) },
	[LIST_UNKNOWN] = { "host_list_unknown",
	    "SELECT id, name, false AS is_known, false AS is_own FROM hub.host"
	    " WHERE is_own IS NULL ORDER BY id LIMIT 1000",
	    host_row, sizeof(struct host) },
	[SET_OWN] = { "host_set_own",
	    "UPDATE hub.host h SET is_own = r.is_own"
	    " FROM jsonb_to_recordset($1) AS r (id bigint, is_own boolean)"
	    " WHERE h.id = r.id AND h.is_own IS DISTINCT FROM r.is_own",
	    NULL, 0 },
	[DELETE_UNUSED] = { "host_delete_unused",
	    "DELETE FROM hub.host WHERE id IN (SELECT h.id FROM hub.host h WHERE NOT EXISTS"
	    " (SELECT FROM hub.mirror m WHERE m.host_id = h.id) LIMIT 1000)",
	    NULL, 0 },
	{ 0 },
};

enum { PAGE, TRY_NOW };

/* clang-format off */
const struct db_stmt host_view_sql[] = {
	[PAGE] = { "host_page",
	    "WITH page AS MATERIALIZED (SELECT h.id FROM hub.host h "
	    "WHERE $1 = '' OR strpos(h.name, lower($1)) > 0 ORDER BY h.breaker_until > now() DESC, "
	    "h.failures DESC, h.name LIMIT $2 OFFSET $3), "
	    "busy AS MATERIALIZED (SELECT j.host_id, count(*) AS n FROM hub.job j "
	    "WHERE j.state = 'running' AND j.host_id IS NOT NULL GROUP BY j.host_id) "
	    "SELECT h.id, h.name, hub.host_word(h) AS state, "
	    "CASE WHEN h.breaker_until > now() THEN " DB_SECONDS("h.breaker_until") " ELSE 0 END "
	    "AS until_at, (SELECT count(*) FROM (SELECT FROM hub.mirror m WHERE m.host_id = h.id "
	    "LIMIT 10001) x) AS mirrors, coalesce(b.n, 0) AS running, "
	    "hub.host_slots(h, $4) AS slots, coalesce(h.is_own, false) AS is_own, "
	    "h.failures::bigint AS failures, h.error_text, "
	    "coalesce(" DB_SECONDS("h.error_at") ", 0) AS error_at "
	    "FROM page p JOIN hub.host h ON h.id = p.id LEFT JOIN busy b ON b.host_id = h.id "
	    "ORDER BY h.breaker_until > now() DESC, h.failures DESC, h.name",
	    view_row, sizeof(struct host_view) },
	[TRY_NOW] = { "host_try", "SELECT hub.host_try($1) AS name", name_row,
	    sizeof(struct name_row) },
	{ 0 },
};
/* clang-format on */

int
host_page(struct ctx *c, const char *text, int64_t limit, int64_t offset,
    struct host_view **rows_out, size_t *n_out)
{
	return db_all(c, &host_view_sql[PAGE], rows_out, n_out, db_text(text), db_int(limit),
	    db_int(offset), db_int(c->conf->host_connections));
}

int
host_try(struct ctx *c, int64_t id, const char **name_out)
{
	struct name_row row;

	TRY(db_one(c, &host_view_sql[TRY_NOW], &row, db_int(id)));
	if (row.name == NULL)
		return fail(c, E_NOTFOUND, "no such host");
	*name_out = row.name;
	return OK;
}

int
host_list(struct ctx *c, int64_t after_id, struct host **rows_out, size_t *n_out)
{
	return db_all(c, &host_sql[LIST], rows_out, n_out, db_int(after_id));
}

int
host_list_unknown(struct ctx *c, struct host **rows_out, size_t *n_out)
{
	return db_all(c, &host_sql[LIST_UNKNOWN], rows_out, n_out);
}

int
host_set_own(struct ctx *c, const struct host *rows, size_t n)
{
	struct buf *b = buf_new(c->mem, LIST_MAX_BYTES);

	assert(n <= HOST_BATCH_MAX);
	js_list(b, own_in, rows, n, sizeof(*rows));
	assert(!b->full);
	return db_do(c, &host_sql[SET_OWN], NULL, db_text(b->data));
}

int
host_delete_unused(struct ctx *c, int64_t *n_out)
{
	return db_do(c, &host_sql[DELETE_UNUSED], n_out);
}
