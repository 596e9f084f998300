#include "store/outbox.h"

#include "base/conf.h"
#include "store/store.h"

struct number_row {
	int64_t n;
};

struct ours_row {
	bool is_ours;
};

static const struct field number_row[] = { FIELD(number_row, n), { 0 } };
static const struct field ours_row[] = { FIELD(ours_row, is_ours), { 0 } };

static const struct field delivery_row[] = { FIELD(outbox_delivery, id),
	FIELD(outbox_delivery, attempt), FIELD(outbox_delivery, webhook_id),
	FIELD(outbox_delivery, guid), FIELD(outbox_delivery, event), FIELD(outbox_delivery, url),
	FIELD(outbox_delivery, sealed_secret), FIELD(outbox_delivery, sealed_old_secret),
	FIELD(outbox_delivery, sealed_headers), FIELD(outbox_delivery, payload),
	FIELD(outbox_delivery, path), { 0 } };

static const struct field task_row[] = { FIELD(outbox_task, id), FIELD(outbox_task, attempt),
	FIELD(outbox_task, path), FIELD(outbox_task, upstream), FIELD(outbox_task, store_id),
	FIELD(outbox_task, refs), FIELD(outbox_task, done), { 0 } };

enum { CLAIM, FINISH, CLAIM_TASK, NOTE_CALL, END_TASK, RETURN_TASK, CLEAN };

const struct db_stmt outbox_sql[] = {
	[CLAIM] = { "outbox_claim",
	    "SELECT id, attempt, webhook_id, guid, event, url, sealed_secret, sealed_old_secret,"
	    " sealed_headers, payload, path FROM hub.webhook_claim($1, $2, $3)",
	    delivery_row, sizeof(struct outbox_delivery) },
	[FINISH] = { "outbox_finish",
	    "SELECT hub.webhook_finish($1, $2, $3, $4, $5, $6) AS is_ours", ours_row,
	    sizeof(struct ours_row) },
	[CLAIM_TASK] = { "outbox_claim_task",
	    "SELECT k.id, k.attempt, k.path, coalesce(m.url, '') AS upstream, k.store_id, k.refs,"
	    " k.done FROM hub.hook_claim($1) k LEFT JOIN hub.project p ON p.path = k.path"
	    " LEFT JOIN hub.mirror m ON m.project_id = p.id",
	    task_row, sizeof(struct outbox_task) },
	[NOTE_CALL] = { "outbox_note_call",
	    "UPDATE hub.hook_task SET done = $3, lease_until = now() + make_interval(secs => "
	    "$4::bigint) WHERE id = $1 AND attempts = $2",
	    NULL, 0 },
	[END_TASK] = { "outbox_end_task",
	    "DELETE FROM hub.hook_task WHERE id = $1 AND attempts = $2", NULL, 0 },
	[RETURN_TASK] = { "outbox_return_task",
	    "UPDATE hub.hook_task SET lease_until = '-infinity' WHERE id = $1 AND attempts = $2",
	    NULL, 0 },
	[CLEAN] = { "outbox_clean", "SELECT hub.outbox_clean() AS n", number_row,
	    sizeof(struct number_row) },
	{ 0 },
};

int
outbox_claim(
    struct ctx *c, size_t most, int64_t lease_s, struct outbox_delivery **rows_out, size_t *n_out)
{
	return db_all(c, &outbox_sql[CLAIM], rows_out, n_out, db_int((int64_t)most),
	    db_int(lease_s), db_text(c->conf->base_url));
}

int
outbox_finish(struct ctx *c, const struct outbox_delivery *d, int64_t status, const char *error,
    const char *answer, int64_t took_ms)
{
	struct ours_row row;

	return db_one(c, &outbox_sql[FINISH], &row, db_int(d->id), db_int(d->attempt),
	    db_int(status), db_text(error), db_text(answer), db_int(took_ms));
}

int
outbox_claim_task(struct ctx *c, int64_t lease_s, struct outbox_task *out)
{
	return db_one(c, &outbox_sql[CLAIM_TASK], out, db_int(lease_s));
}

int
outbox_note_call(struct ctx *c, const struct outbox_task *t, int64_t done, int64_t lease_s)
{
	int64_t n;

	TRY(db_do(c, &outbox_sql[NOTE_CALL], &n, db_int(t->id), db_int(t->attempt), db_int(done),
	    db_int(lease_s)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "the hooks of this task are another's");
}

int
outbox_end_task(struct ctx *c, const struct outbox_task *t)
{
	return db_do(c, &outbox_sql[END_TASK], NULL, db_int(t->id), db_int(t->attempt));
}

int
outbox_return_task(struct ctx *c, const struct outbox_task *t)
{
	return db_do(c, &outbox_sql[RETURN_TASK], NULL, db_int(t->id), db_int(t->attempt));
}

int
outbox_clean(struct ctx *c, int64_t *n_out)
{
	struct number_row row;

	TRY(db_one(c, &outbox_sql[CLEAN], &row));
	*n_out = row.n;
	return OK;
}
