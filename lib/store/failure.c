#include "store/failure.h"

#include "store/store.h"

static const struct field failures_row[] = { FIELD(failures, account),
	FIELD(failures, account_oldest_s), FIELD(failures, account_newest_s), FIELD(failures, pair),
	FIELD(failures, network), FIELD(failures, network_oldest_s), { 0 } };

enum { FAILURES_BY, FAILURE_ADD, FAILURE_CLEAN };

#define AGE(which) "coalesce(extract(epoch FROM now() - " which "(at))::bigint, 0)"

/* clang-format off */
const struct db_stmt failure_sql[] = {
	[FAILURES_BY] = { "failures_by",
	    "SELECT a.n AS account, a.oldest AS account_oldest_s, a.newest AS account_newest_s, "
	    "(SELECT count(*) FROM hub.auth_failure WHERE key = 'pair:' || $1 || ' ' || $2 "
	    "AND at > now() - make_interval(secs => $3::bigint)) AS pair, "
	    "n.n AS network, n.oldest AS network_oldest_s FROM "
	    "(SELECT count(*) AS n, " AGE("min") " AS oldest, " AGE("max") " AS newest "
	    "FROM hub.auth_failure WHERE key = 'account:' || $1 "
	    "AND at > now() - make_interval(secs => $3::bigint)) a, "
	    "(SELECT count(*) AS n, " AGE("min") " AS oldest "
	    "FROM hub.auth_failure WHERE key = 'network:' || $2 "
	    "AND at > now() - make_interval(secs => $4::bigint)) n",
	    failures_row, sizeof(struct failures) },
	[FAILURE_ADD] = { "failure_add",
	    "INSERT INTO hub.auth_failure (key) VALUES ('account:' || $1), ('network:' || $2), "
	    "('pair:' || $1 || ' ' || $2)",
	    NULL, 0 },
	[FAILURE_CLEAN] = { "failure_clean",
	    "DELETE FROM hub.auth_failure WHERE at < now() - make_interval(secs => $1::bigint)",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
failures_by(struct ctx *c, const char *uname, const char *network, int64_t account_s,
    int64_t network_s, struct failures *out)
{
	return db_one(c, &failure_sql[FAILURES_BY], out, db_text(uname), db_text(network),
	    db_int(account_s), db_int(network_s));
}

int
failure_add(struct ctx *c, const char *uname, const char *network)
{
	return db_do(c, &failure_sql[FAILURE_ADD], NULL, db_text(uname), db_text(network));
}

int
failure_clean(struct ctx *c, int64_t older_than_s)
{
	return db_do(c, &failure_sql[FAILURE_CLEAN], NULL, db_int(older_than_s));
}
