#include "store/host.h"

#include <assert.h>

#include "base/buf.h"
#include "base/field.h"
#include "base/js.h"
#include "db/db.h"
#include "store/store.h"

#define LIST_MAX_BYTES (256 * 1024)

static const struct field host_row[] = { FIELD(host, id), FIELD(host, name), FIELD(host, is_known),
	FIELD(host, is_own), { 0 } };
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
