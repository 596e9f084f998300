#include "store/session.h"

#include <string.h>

#include "base/str.h"
#include "store/store.h"

#define ADDRESS_MOST 100
#define AGENT_MOST 255

struct uname {
	const char *uname;
};

static const struct field uname_row[] = { FIELD(uname, uname), { 0 } };
static const struct field session_row[] = { FIELD(session, id), FIELD(session, created_at),
	FIELD(session, seen_at), FIELD(session, remote_addr), FIELD(session, user_agent), { 0 } };

enum { SESSION_ADD, SESSION_TRIM, SESSION_LIST, SESSION_DEL, SESSION_DEL_OTHERS, SESSION_TOUCH };

/* clang-format off */
const struct db_stmt session_sql[] = {
	[SESSION_ADD] = { "session_add",
	    "WITH a AS (SELECT id, uname, password_version FROM hub.account WHERE id = $1 "
	    "AND password_version = $2 AND active AND role <> 'banned' FOR SHARE), "
	    "made AS (INSERT INTO hub.session "
	    "(hash, account_id, password_version, remote_addr, user_agent) "
	    "SELECT $3, a.id, a.password_version, left($4, $6::integer), left($5, $7::integer) "
	    "FROM a RETURNING id) "
	    "SELECT a.uname FROM a CROSS JOIN made",
	    uname_row, sizeof(struct uname) },
	[SESSION_TRIM] = { "session_trim",
	    "DELETE FROM hub.session WHERE account_id = $1 AND id IN (SELECT s.id "
	    "FROM hub.session s WHERE s.account_id = $1 ORDER BY s.id DESC OFFSET $2)",
	    NULL, 0 },
	[SESSION_LIST] = { "session_list",
	    "SELECT s.id, " DB_SECONDS("s.created_at") " AS created_at, "
	    DB_SECONDS("s.seen_at") " AS seen_at, s.remote_addr, s.user_agent "
	    "FROM hub.session s WHERE s.account_id = $1 "
	    "AND hub.session_holds(s.created_at, s.seen_at) "
	    "ORDER BY s.seen_at DESC, s.id DESC LIMIT $2",
	    session_row, sizeof(struct session) },
	[SESSION_DEL] = { "session_del",
	    "DELETE FROM hub.session WHERE account_id = $1 AND id = $2", NULL, 0 },
	[SESSION_DEL_OTHERS] = { "session_del_others",
	    "DELETE FROM hub.session WHERE account_id = $1 AND id <> $2", NULL, 0 },
	[SESSION_TOUCH] = { "session_touch", "UPDATE hub.session SET seen_at = now() WHERE id = $1",
	    NULL, 0 },
	{ 0 }
};

/* By itself: its program may do no more with the table. */
const struct db_stmt session_clean_sql[] = {
	{ "session_clean",
	    "DELETE FROM hub.session s WHERE NOT hub.session_holds(s.created_at, s.seen_at)",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
session_add(
    struct ctx *c, const struct claim *claim, const struct session_new *row, const char **uname_out)
{
	/* a header is bytes, a column is text */
	const char *agent = str_utf8(c->mem, row->user_agent, strlen(row->user_agent));
	struct uname made;
	int code = db_one(c, &session_sql[SESSION_ADD], &made, db_int(claim->account_id),
	    db_int(claim->password_version), db_bytes(row->hash, 32), db_text(row->remote_addr),
	    db_text(agent), db_int(ADDRESS_MOST), db_int(AGENT_MOST));

	if (code == E_NOTFOUND)
		return fail(c, E_DENIED, ACCOUNT_WRONG);
	TRY(code);
	*uname_out = made.uname;
	return OK;
}

int
session_trim(struct ctx *c, int64_t account_id, int64_t most)
{
	return db_do(c, &session_sql[SESSION_TRIM], NULL, db_int(account_id), db_int(most));
}

int
session_list(
    struct ctx *c, int64_t account_id, int64_t limit, struct session **rows_out, size_t *n_out)
{
	return db_all(
	    c, &session_sql[SESSION_LIST], rows_out, n_out, db_int(account_id), db_int(limit));
}

int
session_del(struct ctx *c, int64_t account_id, int64_t id)
{
	int64_t n;

	TRY(db_do(c, &session_sql[SESSION_DEL], &n, db_int(account_id), db_int(id)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such session");
}

int
session_del_others(struct ctx *c, int64_t account_id, int64_t id, int64_t *n_out)
{
	return db_do(c, &session_sql[SESSION_DEL_OTHERS], n_out, db_int(account_id), db_int(id));
}

int
session_touch(struct ctx *c, int64_t id)
{
	return db_do(c, &session_sql[SESSION_TOUCH], NULL, db_int(id));
}

int
session_clean(struct ctx *c)
{
	return db_do(c, &session_clean_sql[0], NULL);
}
