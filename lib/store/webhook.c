#include "store/webhook.h"

#include "store/store.h"

#define KEEP_OLD_SECRET_S 86400

struct id_row {
	int64_t id;
};

static const struct field id_row[] = { FIELD(id_row, id), { 0 } };

static const struct field webhook_row[] = { FIELD(webhook, id), FIELD(webhook, project_id),
	FIELD(webhook, url), FIELD(webhook, has_secret), FIELD(webhook, has_headers),
	FIELD(webhook, has_old_secret), FIELD(webhook, on_push), FIELD(webhook, on_sync),
	FIELD(webhook, on_failure), FIELD(webhook, active), FIELD(webhook, off_why),
	FIELD(webhook, answerer), FIELD(webhook, failures), FIELD(webhook, next_at),
	FIELD(webhook, last_at), FIELD(webhook, last_status), FIELD(webhook, last_error),
	FIELD(webhook, dropped), FIELD(webhook, n_waiting), { 0 } };

static const struct field delivery_row[] = { FIELD(webhook_delivery, id),
	FIELD(webhook_delivery, guid), FIELD(webhook_delivery, event),
	FIELD(webhook_delivery, state), FIELD(webhook_delivery, attempts),
	FIELD(webhook_delivery, created_at), FIELD(webhook_delivery, sent_at),
	FIELD(webhook_delivery, took_ms), FIELD(webhook_delivery, status),
	FIELD(webhook_delivery, error), FIELD(webhook_delivery, answer),
	FIELD(webhook_delivery, payload), { 0 } };

enum {
	NEXT_ID,
	INSERT,
	UPDATE,
	SET_SECRET,
	SET_HEADERS,
	DELETE,
	BY_ID,
	LIST,
	DELIVERIES,
	DELIVERY,
	REDELIVER,
	PING,
};

/* clang-format off */
#define WEBHOOK                                                                                    \
	"SELECT w.id, coalesce(w.project_id, 0) AS project_id, w.url, w.has_secret, w.has_headers, "       \
	"coalesce(w.old_secret_until > now(), false) AS has_old_secret, w.on_push, w.on_sync, "    \
	"w.on_failure, w.active, w.off_why, a.uname AS answerer, w.failures::bigint AS failures, " \
	"CASE WHEN w.next_at > now() THEN " DB_SECONDS("w.next_at") " ELSE 0 END AS next_at, "     \
	"coalesce(" DB_SECONDS("w.last_at") ", 0) AS last_at, "                                    \
	"w.last_status::bigint AS last_status, w.last_error, w.dropped, "                          \
	"(SELECT count(*) FROM hub.delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting') " \
	"AS n_waiting FROM hub.webhook w LEFT JOIN hub.account a ON a.id = w.account_id "

#define DELIVERY(payload, answer)                                                                  \
	"SELECT d.id, d.guid::text AS guid, d.event, d.state, d.attempts::bigint AS attempts, "    \
	DB_SECONDS("d.created_at") " AS created_at, coalesce(" DB_SECONDS("d.sent_at") ", 0) "     \
	"AS sent_at, d.took_ms, d.status::bigint AS status, d.error, " answer " AS answer, "       \
	payload " AS payload FROM hub.delivery d "

const struct db_stmt webhook_sql[] = {
	[NEXT_ID] = { "webhook_next_id", "SELECT nextval('hub.webhook_id_seq') AS id", id_row,
	    sizeof(struct id_row) },
	[INSERT] = { "webhook_insert",
	    "INSERT INTO hub.webhook (id, project_id, url, on_push, on_sync, on_failure, active, "
	    "account_id, sealed_secret, sealed_headers) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	    NULL, 0 },
	[UPDATE] = { "webhook_update",
	    "UPDATE hub.webhook SET url = $3, on_push = $4, on_sync = $5, on_failure = $6, active = $7, "
	    "account_id = $8, by_owner = false, off_why = '', failures = 0, next_at = '-infinity', "
	    "updated_at = now() WHERE id = $2 AND project_id IS NOT DISTINCT FROM $1",
	    NULL, 0 },
	[SET_SECRET] = { "webhook_set_secret",
	    "SELECT w.id FROM hub.webhook w CROSS JOIN LATERAL "
	    "hub.webhook_set_secret(w.id, $2, $3) x WHERE w.id = $1", id_row, sizeof(struct id_row) },
	[SET_HEADERS] = { "webhook_set_headers",
	    "UPDATE hub.webhook SET sealed_headers = $2 WHERE id = $1", NULL, 0 },
	[DELETE] = { "webhook_delete",
	    "DELETE FROM hub.webhook WHERE id = $2 AND project_id IS NOT DISTINCT FROM $1", NULL, 0 },
	[BY_ID] = { "webhook_by_id",
	    WEBHOOK "WHERE w.id = $2 AND w.project_id IS NOT DISTINCT FROM $1",
	    webhook_row, sizeof(struct webhook) },
	[LIST] = { "webhook_list",
	    WEBHOOK "WHERE w.project_id = $1 OR ($1::bigint IS NULL AND w.project_id IS NULL) "
	    "ORDER BY w.id LIMIT 1000",
	    webhook_row, sizeof(struct webhook) },
	[DELIVERIES] = { "webhook_deliveries",
	    DELIVERY("''::text", "''::text") "WHERE d.webhook_id = $1 AND ($2 = 0 OR d.id < $2) "
	    "ORDER BY d.id DESC LIMIT $3",
	    delivery_row, sizeof(struct webhook_delivery) },
	[DELIVERY] = { "webhook_delivery",
	    DELIVERY("coalesce(d.payload, '')", "d.answer") "WHERE d.webhook_id = $1 AND d.id = $2",
	    delivery_row, sizeof(struct webhook_delivery) },
	[REDELIVER] = { "webhook_redeliver",
	    "SELECT coalesce(hub.webhook_redeliver($1, $2), 0) AS id", id_row, sizeof(struct id_row) },
	[PING] = { "webhook_ping", "SELECT coalesce(hub.webhook_ping($1), 0) AS id", id_row,
	    sizeof(struct id_row) },
	{ 0 },
};
/* clang-format on */

int
webhook_next_id(struct ctx *c, int64_t *out)
{
	struct id_row row;

	TRY(db_one(c, &webhook_sql[NEXT_ID], &row));
	*out = row.id;
	return OK;
}

int
webhook_insert(struct ctx *c, int64_t id, int64_t project_id, const struct webhook_change *w,
    const char *sealed_secret, const char *sealed_headers)
{
	return db_do(c, &webhook_sql[INSERT], NULL, db_int(id), db_reference(project_id),
	    db_text(w->url), db_bool(w->on_push), db_bool(w->on_sync), db_bool(w->on_failure),
	    db_bool(w->active), db_reference(w->account_id), db_text(sealed_secret),
	    db_text(sealed_headers));
}

static int
one_row(struct ctx *c, int64_t n)
{
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such webhook");
}

int
webhook_update(struct ctx *c, int64_t project_id, int64_t id, const struct webhook_change *w)
{
	int64_t n;

	TRY(db_do(c, &webhook_sql[UPDATE], &n, db_reference(project_id), db_int(id),
	    db_text(w->url), db_bool(w->on_push), db_bool(w->on_sync), db_bool(w->on_failure),
	    db_bool(w->active), db_reference(w->account_id)));
	return one_row(c, n);
}

int
webhook_set_secret(struct ctx *c, int64_t id, const char *sealed)
{
	struct id_row row;

	return db_one(c, &webhook_sql[SET_SECRET], &row, db_int(id), db_text(sealed),
	    db_int(KEEP_OLD_SECRET_S));
}

int
webhook_set_headers(struct ctx *c, int64_t id, const char *sealed)
{
	return db_do(c, &webhook_sql[SET_HEADERS], NULL, db_int(id), db_text(sealed));
}

int
webhook_delete(struct ctx *c, int64_t project_id, int64_t id)
{
	int64_t n;

	TRY(db_do(c, &webhook_sql[DELETE], &n, db_reference(project_id), db_int(id)));
	return one_row(c, n);
}

int
webhook_by_id(struct ctx *c, int64_t project_id, int64_t id, struct webhook *out)
{
	return db_one(c, &webhook_sql[BY_ID], out, db_reference(project_id), db_int(id));
}

int
webhook_list(struct ctx *c, int64_t project_id, struct webhook **rows_out, size_t *n_out)
{
	return db_all(c, &webhook_sql[LIST], rows_out, n_out, db_reference(project_id));
}

int
webhook_deliveries(struct ctx *c, int64_t webhook_id, int64_t before_id, int64_t limit,
    struct webhook_delivery **rows_out, size_t *n_out)
{
	return db_all(c, &webhook_sql[DELIVERIES], rows_out, n_out, db_int(webhook_id),
	    db_int(before_id), db_int(limit));
}

int
webhook_delivery(struct ctx *c, int64_t webhook_id, int64_t id, struct webhook_delivery *out)
{
	return db_one(c, &webhook_sql[DELIVERY], out, db_int(webhook_id), db_int(id));
}

int
webhook_redeliver(struct ctx *c, int64_t webhook_id, int64_t id)
{
	struct id_row row;

	TRY(db_one(c, &webhook_sql[REDELIVER], &row, db_int(webhook_id), db_int(id)));
	return row.id != 0 ? OK : fail(c, E_NOTFOUND, "no such delivery");
}

int
webhook_ping(struct ctx *c, int64_t webhook_id)
{
	struct id_row row;

	TRY(db_one(c, &webhook_sql[PING], &row, db_int(webhook_id)));
	return row.id != 0 ? OK : fail(c, E_NOTFOUND, "no such webhook");
}
