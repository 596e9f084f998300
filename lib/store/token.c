#include "store/token.h"

#include "store/store.h"

struct gone {
	const char *description;
};

static const struct field token_row[] = { FIELD(token, id), FIELD(token, prefix),
	FIELD(token, description), FIELD(token, scope), FIELD(token, created_at),
	FIELD(token, expires_at), FIELD(token, last_used_at), { 0 } };
static const struct field gone_row[] = { FIELD(gone, description), { 0 } };

enum { TOKEN_LIST, TOKEN_DEL };

/* clang-format off */
const struct db_stmt token_sql[] = {
	[TOKEN_LIST] = { "token_list",
	    "SELECT id, prefix, description, scope::bigint AS scope, "
	    DB_SECONDS("created_at") " AS created_at, "
	    "coalesce(" DB_SECONDS("expires_at") ", 0) AS expires_at, "
	    "coalesce(" DB_SECONDS("last_used_at") ", 0) AS last_used_at "
	    "FROM hub.token WHERE account_id = $1 ORDER BY id DESC LIMIT $2",
	    token_row, sizeof(struct token) },
	[TOKEN_DEL] = { "token_del",
	    "DELETE FROM hub.token WHERE account_id = $1 AND id = $2 RETURNING description",
	    gone_row, sizeof(struct gone) },
	{ 0 }
};
/* clang-format on */

int
token_list(struct ctx *c, int64_t account_id, int64_t limit, struct token **rows_out, size_t *n_out)
{
	return db_all(
	    c, &token_sql[TOKEN_LIST], rows_out, n_out, db_int(account_id), db_int(limit));
}

int
token_del(struct ctx *c, int64_t account_id, int64_t id, const char **description_out)
{
	struct gone row;
	int code = db_one(c, &token_sql[TOKEN_DEL], &row, db_int(account_id), db_int(id));

	if (code == E_NOTFOUND)
		return fail(c, E_NOTFOUND, "no such token");
	TRY(code);
	*description_out = row.description;
	return OK;
}
