#include "store/key_pair.h"

#include "store/store.h"

static const struct field key_pair_row[] = { FIELD(key_pair, public_key),
	FIELD(key_pair, sealed_secret), FIELD(key_pair, fingerprint), { 0 } };

enum { KEY_PAIR_SET, KEY_PAIR_BY_REPOSITORY };

/* clang-format off */
const struct db_stmt key_pair_sql[] = {
	[KEY_PAIR_SET] = { "key_pair_set",
	    "INSERT INTO hub.key_pair (repository_id, public, sealed_secret, fingerprint, account_id) "
	    "VALUES ($1, $2, $3, $4, $5) "
	    "ON CONFLICT (repository_id) DO UPDATE SET public = excluded.public, "
	    "sealed_secret = excluded.sealed_secret, fingerprint = excluded.fingerprint, "
	    "account_id = excluded.account_id, created_at = now()",
	    NULL, 0 },
	[KEY_PAIR_BY_REPOSITORY] = { "key_pair_by_repository",
	    "SELECT public AS public_key, sealed_secret, fingerprint FROM hub.key_pair "
	    "WHERE repository_id = $1",
	    key_pair_row, sizeof(struct key_pair) },
	{ 0 }
};
/* clang-format on */

int
key_pair_set(struct ctx *c, int64_t repository_id, const struct key_pair *row, int64_t account_id)
{
	return db_do(c, &key_pair_sql[KEY_PAIR_SET], NULL, db_int(repository_id),
	    db_text(row->public_key), db_text(row->sealed_secret), db_text(row->fingerprint),
	    db_int(account_id));
}

int
key_pair_by_repository(struct ctx *c, int64_t repository_id, struct key_pair *out)
{
	return db_one(c, &key_pair_sql[KEY_PAIR_BY_REPOSITORY], out, db_int(repository_id));
}
