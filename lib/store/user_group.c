#include "store/user_group.h"

#include "store/access_rule.h"
#include "store/store.h"
#include "store/team_fields.h"

struct number {
	int64_t n;
};

struct joined {
	int64_t number;
	bool is_new;
};

static const struct field team_row[] = { TEAM_FIELDS, { 0 } };
static const struct field number_row[] = { FIELD(number, n), { 0 } };
static const struct field joined_row[] = { FIELD(joined, number), FIELD(joined, is_new), { 0 } };
static const struct field use_row[] = { FIELD(user_group_use, path), { 0 } };

enum {
	LIST,
	ADD,
	SET,
	JOIN,
	LEAVE,
	LIST_USES,
	GRANT_ACCOUNT,
	GRANT_TEAM,
	GRANT_EVERYONE,
	REVOKE,
};

#define GRANT(who)                                                                                 \
	"INSERT INTO hub.team_grant (team_id, " who ", access) VALUES ($1, $2, $3) "               \
	"ON CONFLICT (team_id, " who ") WHERE " who " IS NOT NULL "                                \
	"DO UPDATE SET access = EXCLUDED.access"

/* clang-format off */
const struct db_stmt user_group_sql[] = {
	[LIST] = { "user_group_list",
	    WITH_TOUCHED TEAM_COLUMNS
	    "WHERE hub.team_access($1, $2, t.id, t.owner_account_id) > 0 ORDER BY t.id LIMIT $3",
	    team_row, sizeof(struct team) },
	[ADD] = { "user_group_add",
	    "INSERT INTO hub.team (uname, owner_account_id, description, active) "
	    "VALUES ($1, $2, $3, $4) RETURNING id AS n",
	    number_row, sizeof(struct number) },
	[SET] = { "user_group_set",
	    "UPDATE hub.team SET uname = coalesce($2, uname), "
	    "description = coalesce($3, description), "
	    "owner_account_id = coalesce($4, owner_account_id), active = coalesce($5, active), "
	    "updated_at = now() WHERE id = $1",
	    NULL, 0 },
	/* an update of nothing, so that there is a row to return */
	[JOIN] = { "user_group_join",
	    "INSERT INTO hub.team_member AS m (team_id, account_id, role) VALUES ($1, $2, $3) "
	    "ON CONFLICT (team_id, account_id) DO UPDATE SET role = m.role "
	    "RETURNING m.id AS number, m.xmax = 0 AS is_new",
	    joined_row, sizeof(struct joined) },
	[LEAVE] = { "user_group_leave",
	    "DELETE FROM hub.team_member WHERE team_id = $1 AND account_id = $2", NULL, 0 },
	[LIST_USES] = { "user_group_list_uses",
	    "SELECT CASE WHEN " RULE("$1", "$2") " > 0 THEN p.path ELSE '' END AS path "
	    "FROM hub.project p WHERE p.id IN ("
	    "SELECT o.id FROM hub.project o WHERE o.owner_team_id = $3 "
	    "UNION SELECT g.project_id FROM hub.project_grant g WHERE g.team_id = $3) "
	    "UNION ALL SELECT '' FROM hub.platform f "
	    "WHERE f.owner_team_id = $3 AND f.platform_type = 'main' "
	    "ORDER BY path LIMIT $4",
	    use_row, sizeof(struct user_group_use) },
	[GRANT_ACCOUNT] = { "user_group_grant_account", GRANT("account_id"), NULL, 0 },
	[GRANT_TEAM] = { "user_group_grant_team", GRANT("to_team_id"), NULL, 0 },
	[GRANT_EVERYONE] = { "user_group_grant_everyone",
	    "UPDATE hub.team SET default_access = $2 WHERE id = $1", NULL, 0 },
	[REVOKE] = { "user_group_revoke",
	    "DELETE FROM hub.team_grant WHERE team_id = $1 AND (account_id = $2 OR to_team_id = $3)",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
user_group_list(struct ctx *c, const struct account *asker, int64_t limit, struct team **rows_out,
    size_t *n_out)
{
	return db_all(c, &user_group_sql[LIST], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit));
}

int
user_group_add(struct ctx *c, const char *uname, int64_t owner_account_id, const char *description,
    bool is_active, int64_t *id_out)
{
	struct number row;

	TRY(db_one(c, &user_group_sql[ADD], &row, db_text(uname), db_int(owner_account_id),
	    db_text(description), db_bool(is_active)));
	*id_out = row.n;
	return OK;
}

int
user_group_set(struct ctx *c, int64_t id, const struct user_group_values *v)
{
	int64_t n;

	TRY(db_do(c, &user_group_sql[SET], &n, db_int(id), db_text(v->uname),
	    db_text(v->description),
	    v->owner_account_id == 0 ? db_null() : db_int(v->owner_account_id),
	    v->is_active == NULL ? db_null() : db_bool(*v->is_active)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such team");
}

int
user_group_join(struct ctx *c, int64_t id, int64_t account_id, int64_t role, int64_t *number_out,
    bool *is_new_out)
{
	struct joined row;

	TRY(db_one(c, &user_group_sql[JOIN], &row, db_int(id), db_int(account_id), db_int(role)));
	*number_out = row.number;
	*is_new_out = row.is_new;
	return OK;
}

int
user_group_leave(struct ctx *c, int64_t id, int64_t account_id, bool *was_member_out)
{
	int64_t n;

	TRY(db_do(c, &user_group_sql[LEAVE], &n, db_int(id), db_int(account_id)));
	*was_member_out = n > 0;
	return OK;
}

int
user_group_list_uses(struct ctx *c, const struct account *asker, int64_t id, int64_t limit,
    struct user_group_use **rows_out, size_t *n_out)
{
	return db_all(c, &user_group_sql[LIST_USES], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(id), db_int(limit));
}

int
user_group_set_grant(struct ctx *c, int64_t id, const struct user_group_grant *g)
{
	bool is_team = g->to.kind == GRANTEE_TEAM;

	if (g->to.kind == GRANTEE_EVERYONE)
		return db_do(c, &user_group_sql[GRANT_EVERYONE], NULL, db_int(id),
		    db_int(g->is_revoked ? 0 : g->access));
	if (g->is_revoked)
		return db_do(c, &user_group_sql[REVOKE], NULL, db_int(id),
		    is_team ? db_null() : db_int(g->to.id), is_team ? db_int(g->to.id) : db_null());
	return db_do(c, &user_group_sql[is_team ? GRANT_TEAM : GRANT_ACCOUNT], NULL, db_int(id),
	    db_int(g->to.id), db_int(g->access));
}
