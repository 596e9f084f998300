#include "store/push_intent.h"

#include <string.h>

#include "store/store.h"

struct id_row {
	int64_t id;
};

struct answer {
	bool is_so;
};

static const struct field id_row[] = { FIELD(id_row, id), { 0 } };
static const struct field answer_row[] = { FIELD(answer, is_so), { 0 } };
static const struct field place_row[] = { FIELD(push_intent_place, id),
	FIELD(push_intent_place, store_id), { 0 } };
static const struct field intent_row[] = { FIELD(push_intent, id), FIELD(push_intent, store_id),
	FIELD(push_intent, project_id), FIELD(push_intent, actor), FIELD(push_intent, remote_addr),
	FIELD(push_intent, refs), FIELD(push_intent, n_refs), FIELD(push_intent, is_old), { 0 } };

enum { ADD };

/* clang-format off */
const struct db_stmt push_intent_sql[] = {
	[ADD] = { "push_intent_add",
	    "INSERT INTO hub.push_intent (store_id, project_id, actor, remote_addr, refs, n_refs) "
	    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (store_id) DO NOTHING RETURNING id",
	    id_row, sizeof(struct id_row) },
	{ 0 }
};

enum { OF_STORE, DROP, TELL, LIST };

const struct db_stmt push_intent_work_sql[] = {
	[OF_STORE] = { "push_intent_of_store",
	    "SELECT id, store_id, project_id, actor, remote_addr, n_refs, "
	    "replace(encode(refs, 'base64'), E'\\n', '') AS refs, "
	    "at < now() - make_interval(secs => $2::bigint) AS is_old "
	    "FROM hub.push_intent WHERE store_id = $1",
	    intent_row, sizeof(struct push_intent) },
	[DROP] = { "push_intent_drop", "DELETE FROM hub.push_intent WHERE id = $1", NULL, 0 },
	[TELL] = { "push_intent_tell", "SELECT hub.push_record($1, $2, $3, $4, $5) AS is_so",
	    answer_row, sizeof(struct answer) },
	[LIST] = { "push_intent_list",
	    "SELECT id, store_id FROM hub.push_intent WHERE id > $1 ORDER BY id LIMIT $2",
	    place_row, sizeof(struct push_intent_place) },
	{ 0 }
};
/* clang-format on */

int
push_intent_add(struct ctx *c, const struct push_intent *i, int64_t *id_out)
{
	struct id_row row;
	int code;

	code = db_one(c, &push_intent_sql[ADD], &row, db_int(i->store_id), db_int(i->project_id),
	    db_text(i->actor), db_text(i->remote_addr), db_bytes(i->refs, i->refs_bytes),
	    db_int(i->n_refs));
	if (code == E_NOTFOUND)
		return fail(c, E_CONFLICT, "a push of this repository is still to be told");
	TRY(code);
	*id_out = row.id;
	return OK;
}

int
push_intent_of_store(struct ctx *c, int64_t store_id, struct push_intent *out)
{
	*out = (struct push_intent){ 0 };
	TRY(db_one(
	    c, &push_intent_work_sql[OF_STORE], out, db_int(store_id), db_int(PUSH_INTENT_MOST_S)));
	out->refs_bytes = strlen(out->refs);
	return OK;
}

int
push_intent_drop(struct ctx *c, int64_t id)
{
	return db_do(c, &push_intent_work_sql[DROP], NULL, db_int(id));
}

int
push_intent_tell(struct ctx *c, int64_t id, const struct push_told *told, bool *is_new_out)
{
	struct answer row;

	TRY(db_one(c, &push_intent_work_sql[TELL], &row, db_int(id), db_text(told->detail),
	    db_text(told->head), db_text(ref_list_json(c, told->refs, told->n)),
	    db_bool(told->with_hooks)));
	*is_new_out = row.is_so;
	return OK;
}

int
push_intent_list(
    struct ctx *c, int64_t above_id, struct push_intent_place **rows_out, size_t *n_out)
{
	return db_all(c, &push_intent_work_sql[LIST], rows_out, n_out, db_int(above_id),
	    db_int(PUSH_INTENTS_PAGE));
}
