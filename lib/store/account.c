#include "store/account.h"

#include <string.h>

#include "store/account_fields.h"
#include "store/store.h"

struct number {
	int64_t n;
};

struct uname {
	const char *uname;
};

static const struct field asker_row[] = { ASKER_FIELDS(account, ), { 0 } };
static const struct field password_row[] = { FIELD(account_password, id),
	FIELD(account_password, password_hash), FIELD(account_password, password_version),
	FIELD(account_password, is_locked), { 0 } };
static const struct field uname_row[] = { FIELD(uname, uname), { 0 } };
static const struct field number_row[] = { FIELD(number, n), { 0 } };

#define NUMBER number_row, sizeof(struct number)

enum {
	ACCOUNT_BY_TOKEN,
	ACCOUNT_BY_ID,
	ACCOUNT_BY_SESSION,
	ACCOUNT_PASSWORD,
	ACCOUNT_ADD,
	ACCOUNT_REHASH,
	ACCOUNT_SET_PASSWORD,
	ACCOUNT_ID,
	ACCOUNT_UNAME_BY_EMAIL,
	TOKEN_IS_LOCKED,
	TOKEN_ADD,
	TOKEN_TOUCH,
};

/* clang-format off */
const struct db_stmt account_sql[] = {
	[ACCOUNT_BY_TOKEN] = { "account_by_token", ASKER_BY_TOKEN, asker_row,
	    sizeof(struct account) },
	[ACCOUNT_BY_ID] = { "account_by_id", ASKER_BY_ACCOUNT, asker_row, sizeof(struct account) },
	[ACCOUNT_BY_SESSION] = { "account_by_session", ASKER_BY_SESSION, asker_row,
	    sizeof(struct account) },
	[ACCOUNT_PASSWORD] = { "account_password",
	    "SELECT id, password_hash, password_version, role = 'banned' AS is_locked "
	    "FROM hub.account WHERE lower(uname) = lower($1 COLLATE \"C\") AND active",
	    password_row, sizeof(struct account_password) },
	[ACCOUNT_ADD] = { "account_add",
	    "INSERT INTO hub.account (uname, first_name, last_name, email, role, password_hash) "
	    "VALUES ($1, coalesce($2, ''), coalesce($3, ''), coalesce($4, ''), $5, $6) "
	    "RETURNING id AS n",
	    NUMBER },
	[ACCOUNT_REHASH] = { "account_rehash",
	    "UPDATE hub.account SET password_hash = $4 "
	    "WHERE id = $1 AND password_version = $2 AND password_hash = $3",
	    NULL, 0 },
	[ACCOUNT_SET_PASSWORD] = { "account_set_password",
	    "UPDATE hub.account SET password_hash = $2, password_version = password_version + 1, "
	    "updated_at = now() WHERE id = $1",
	    NULL, 0 },
	[ACCOUNT_ID] = { "account_id",
	    "SELECT id AS n FROM hub.account WHERE lower(uname) = lower($1 COLLATE \"C\")", NUMBER },
	[ACCOUNT_UNAME_BY_EMAIL] = { "account_uname_by_email",
	    "SELECT uname FROM hub.account WHERE id = coalesce("
	    "(SELECT id FROM hub.account WHERE email <> '' AND lower(email) = lower($1)), "
	    "(SELECT CASE WHEN count(*) = 1 THEN min(account_id) END FROM hub.account_email "
	    "WHERE lower(email) = lower($1)))",
	    uname_row, sizeof(struct uname) },
	[TOKEN_IS_LOCKED] = { "token_is_locked",
	    "SELECT count(*) AS n FROM hub.token t JOIN hub.account a ON a.id = t.account_id "
	    "WHERE t.hash = $1 AND (t.expires_at IS NULL OR t.expires_at > now()) "
	    "AND a.active AND a.role = 'banned'",
	    NUMBER },
	[TOKEN_ADD] = { "token_add",
	    "INSERT INTO hub.token (account_id, hash, prefix, description, scope, expires_at) "
	    "VALUES ($1, $2, $3, $4, $5, now() + make_interval(days => nullif($6::integer, 0)))",
	    NULL, 0 },
	[TOKEN_TOUCH] = { "token_touch", "UPDATE hub.token SET last_used_at = now() WHERE id = $1",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
account_by_claim(struct ctx *c, const struct claim *claim, struct account *out)
{
	int code = OK;

	switch (claim->kind) {
	case CLAIM_NOBODY:
		memset(out, 0, sizeof(*out));
		return OK;
	case CLAIM_TOKEN:
		code = db_one(c, &account_sql[ACCOUNT_BY_TOKEN], out,
		    db_bytes(claim->hash, sizeof(claim->hash)));
		break;
	case CLAIM_SESSION:
		code = db_one(c, &account_sql[ACCOUNT_BY_SESSION], out,
		    db_bytes(claim->hash, sizeof(claim->hash)));
		break;
	case CLAIM_ACCOUNT:
		code = db_one(c, &account_sql[ACCOUNT_BY_ID], out, db_int(claim->account_id),
		    db_int(claim->password_version));
		break;
	}
	if (code == E_NOTFOUND)
		return fail(c, E_DENIED, ACCOUNT_WRONG);
	return code;
}

int
account_password_by_uname(struct ctx *c, const char *uname, struct account_password *out)
{
	return db_one(c, &account_sql[ACCOUNT_PASSWORD], out, db_text(uname));
}

int
account_add(struct ctx *c, const struct account_new *new, int64_t *id_out)
{
	struct number row;

	TRY(db_one(c, &account_sql[ACCOUNT_ADD], &row, db_text(new->uname),
	    db_text(new->first_name), db_text(new->last_name), db_text(new->email),
	    db_text(new->role), db_text(new->password_hash)));
	*id_out = row.n;
	return OK;
}

int
account_rehash(struct ctx *c, const struct account_password *was, const char *password_hash)
{
	return db_do(c, &account_sql[ACCOUNT_REHASH], NULL, db_int(was->id),
	    db_int(was->password_version), db_text(was->password_hash), db_text(password_hash));
}

int
account_set_password(struct ctx *c, int64_t id, const char *password_hash)
{
	int64_t n;

	TRY(db_do(c, &account_sql[ACCOUNT_SET_PASSWORD], &n, db_int(id), db_text(password_hash)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such account");
}

int
account_id_by_uname(struct ctx *c, const char *uname, int64_t *out)
{
	struct number row;

	TRY(db_one(c, &account_sql[ACCOUNT_ID], &row, db_text(uname)));
	*out = row.n;
	return OK;
}

int
account_uname_by_email(struct ctx *c, const char *email, const char **out)
{
	struct uname row;

	TRY(db_one(c, &account_sql[ACCOUNT_UNAME_BY_EMAIL], &row, db_text(email)));
	*out = row.uname;
	return OK;
}

int
token_is_locked(struct ctx *c, const unsigned char hash[32], bool *out)
{
	struct number row;

	TRY(db_one(c, &account_sql[TOKEN_IS_LOCKED], &row, db_bytes(hash, 32)));
	*out = row.n > 0;
	return OK;
}

int
token_add(struct ctx *c, int64_t account_id, const struct token_new *row)
{
	return db_do(c, &account_sql[TOKEN_ADD], NULL, db_int(account_id), db_bytes(row->hash, 32),
	    db_text(row->prefix), db_text(row->description), db_int(row->scope), db_int(row->days));
}

int
token_touch(struct ctx *c, int64_t id)
{
	return db_do(c, &account_sql[TOKEN_TOUCH], NULL, db_int(id));
}
