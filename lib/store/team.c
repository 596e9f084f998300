#include "store/team.h"

#include "store/access_rule.h"
#include "store/member.h"
#include "store/member_fields.h"
#include "store/project.h"
#include "store/project_fields.h"
#include "store/store.h"
#include "store/total.h"
#include "store/team_fields.h"

struct number {
	int64_t n;
};

static const struct field team_row[] = { TEAM_FIELDS, { 0 } };
static const struct field number_row[] = { FIELD(number, n), { 0 } };
static const struct field project_row[] = { PROJECT_FIELDS(project, ), { 0 } };
static const struct field platform_row[] = { FIELD(team_platform, id), { 0 } };
static const struct field member_row[] = { MEMBER_FIELDS, { 0 } };

enum {
	TEAM_BY_ID,
	TEAM_BY_UNAME,
	TEAM_LIST_OF,
	TEAM_COUNT_OF,
	TEAM_ADD,
	TEAM_SET_TEXTS,
	TEAM_LOCK,
	TEAM_DEL,
	TEAM_LIST_PROJECTS,
	TEAM_DEL_PROJECTS,
	TEAM_LIST_PLATFORMS,
	TEAM_LIST_MEMBERS,
	TEAM_COUNT_MEMBERS,
	TEAM_ADD_MEMBER,
	TEAM_SET_ROLE,
	TEAM_DEL_MEMBER,
};

/* clang-format off */
#define TEAMS_OF                                                                                   \
	"SELECT m.team_id AS id FROM hub.team_member m WHERE m.account_id = $1 "                   \
	"UNION SELECT o.id FROM hub.team o WHERE o.owner_account_id = $1 "

#define MEMBERS                                                                                    \
	"FROM (SELECT account_id, NULL::bigint AS team_id "                                        \
	"FROM hub.team_member WHERE team_id = $1 AND account_id <> $2) m"

const struct db_stmt team_sql[] = {
	[TEAM_BY_ID] = { "team_by_id", WITH_TOUCHED TEAM_COLUMNS "WHERE t.id = $3", team_row,
	    sizeof(struct team) },
	[TEAM_BY_UNAME] = { "team_by_uname",
	    WITH_TOUCHED TEAM_COLUMNS
	    "WHERE lower(t.uname) = lower($3 COLLATE \"C\") AND t.uname = $3",
	    team_row, sizeof(struct team) },
	[TEAM_LIST_OF] = { "team_list_of",
	    WITH_TOUCHED ", page AS MATERIALIZED (" TEAMS_OF "ORDER BY 1 LIMIT $3 OFFSET $4) "
	    TEAM_COLUMNS "JOIN page ON page.id = t.id ORDER BY t.id",
	    team_row, sizeof(struct team) },
	[TEAM_COUNT_OF] = { "team_count_of",
	    "SELECT count(*) AS n FROM (" TEAMS_OF ") mine", TOTAL },
	[TEAM_ADD] = { "team_add",
	    "WITH t AS (INSERT INTO hub.team (uname, owner_account_id, description) "
	    "VALUES ($1, $2, coalesce($3, '')) RETURNING id), "
	    "m AS (INSERT INTO hub.team_member (team_id, account_id, role) SELECT id, $2, 3 FROM t) "
	    "SELECT id AS n FROM t",
	    number_row, sizeof(struct number) },
	[TEAM_SET_TEXTS] = { "team_set_texts",
	    "UPDATE hub.team SET description = coalesce($2, description), "
	    "default_branch = coalesce($3, default_branch), updated_at = now() WHERE id = $1",
	    NULL, 0 },
	[TEAM_LOCK] = { "team_lock", "SELECT id AS n FROM hub.team WHERE id = $1 FOR UPDATE",
	    number_row, sizeof(struct number) },
	[TEAM_DEL] = { "team_del", "DELETE FROM hub.team WHERE id = $1", NULL, 0 },
	[TEAM_LIST_PROJECTS] = { "team_list_projects",
	    "SELECT " PROJECT_COLUMNS "4::smallint AS access FROM " PROJECT_FROM
	    " WHERE p.owner_team_id = $1 ORDER BY p.alias_of IS NOT NULL, p.id LIMIT $2",
	    project_row, sizeof(struct project) },
	[TEAM_DEL_PROJECTS] = { "team_del_projects",
	    "WITH gone AS (DELETE FROM hub.project WHERE id IN ("
	    "SELECT q.id FROM hub.project q WHERE q.owner_team_id = $1 LIMIT $2) "
	    "RETURNING id, store_id), "
	    "asked AS (INSERT INTO hub.job (kind, store_id) "
	    "SELECT DISTINCT 'remove_store', g.store_id FROM gone g WHERE NOT EXISTS ("
	    "SELECT FROM hub.project o WHERE o.store_id = g.store_id "
	    "AND o.id NOT IN (SELECT id FROM gone)) "
	    "ON CONFLICT (store_id, kind) WHERE store_id IS NOT NULL DO NOTHING) "
	    "SELECT count(*) AS n FROM gone",
	    number_row, sizeof(struct number) },
	[TEAM_LIST_PLATFORMS] = { "team_list_platforms",
	    "SELECT id FROM hub.platform WHERE owner_team_id = $1 ORDER BY id LIMIT $2",
	    platform_row, sizeof(struct team_platform) },
	[TEAM_LIST_MEMBERS] = { "team_list_members",
	    "SELECT " MEMBER_COLUMNS MEMBERS MEMBER_JOINS
	    "ORDER BY lower(coalesce(nullif(btrim(a.first_name || ' ' || a.last_name), ''), "
	    "a.uname)), lower(a.uname) LIMIT $3 OFFSET $4",
	    member_row, sizeof(struct member) },
	[TEAM_COUNT_MEMBERS] = { "team_count_members", "SELECT count(*) AS n " MEMBERS, TOTAL },
	[TEAM_ADD_MEMBER] = { "team_add_member",
	    "INSERT INTO hub.team_member (team_id, account_id, role) VALUES ($1, $2, $3) "
	    "ON CONFLICT DO NOTHING",
	    NULL, 0 },
	[TEAM_SET_ROLE] = { "team_set_role",
	    "UPDATE hub.team_member SET role = $3 WHERE team_id = $1 AND account_id = $2", NULL, 0 },
	[TEAM_DEL_MEMBER] = { "team_del_member",
	    "DELETE FROM hub.team_member WHERE team_id = $1 AND account_id = $2", NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
team_by_id(struct ctx *c, const struct account *asker, int64_t id, struct team *out)
{
	return db_one(
	    c, &team_sql[TEAM_BY_ID], out, db_int(asker->id), db_bool(asker->is_admin), db_int(id));
}

int
team_by_uname(struct ctx *c, const struct account *asker, const char *uname, struct team *out)
{
	return db_one(c, &team_sql[TEAM_BY_UNAME], out, db_int(asker->id), db_bool(asker->is_admin),
	    db_text(uname));
}

int
team_list_of(struct ctx *c, const struct account *asker, int64_t limit, int64_t offset,
    struct team **rows_out, size_t *n_out)
{
	return db_all(c, &team_sql[TEAM_LIST_OF], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit), db_int(offset));
}

int
team_count_of(struct ctx *c, const struct account *asker, int64_t *out)
{
	return total_of(c, &team_sql[TEAM_COUNT_OF], out, db_int(asker->id));
}

int
team_add(struct ctx *c, const char *uname, int64_t owner_account_id, const char *description,
    int64_t *id_out)
{
	struct number row;

	TRY(db_one(c, &team_sql[TEAM_ADD], &row, db_text(uname), db_int(owner_account_id),
	    db_text(description)));
	*id_out = row.n;
	return OK;
}

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such team");
}

int
team_set_texts(struct ctx *c, int64_t id, const char *description, const char *default_branch)
{
	int64_t n;

	TRY(db_do(c, &team_sql[TEAM_SET_TEXTS], &n, db_int(id), db_text(description),
	    db_text(default_branch)));
	return n == 1 ? OK : no_such(c);
}

int
team_lock(struct ctx *c, int64_t id)
{
	struct number row;
	int code = db_one(c, &team_sql[TEAM_LOCK], &row, db_int(id));

	return code == E_NOTFOUND ? no_such(c) : code;
}

int
team_del(struct ctx *c, int64_t id)
{
	int64_t n;

	TRY(db_do(c, &team_sql[TEAM_DEL], &n, db_int(id)));
	return n == 1 ? OK : no_such(c);
}

int
team_list_projects(
    struct ctx *c, int64_t id, int64_t limit, struct project **rows_out, size_t *n_out)
{
	return db_all(c, &team_sql[TEAM_LIST_PROJECTS], rows_out, n_out, db_int(id), db_int(limit));
}

int
team_del_projects(struct ctx *c, int64_t id, int64_t limit, int64_t *n_out)
{
	struct number row;

	TRY(db_one(c, &team_sql[TEAM_DEL_PROJECTS], &row, db_int(id), db_int(limit)));
	*n_out = row.n;
	return OK;
}

int
team_list_platforms(
    struct ctx *c, int64_t id, int64_t limit, struct team_platform **rows_out, size_t *n_out)
{
	return db_all(
	    c, &team_sql[TEAM_LIST_PLATFORMS], rows_out, n_out, db_int(id), db_int(limit));
}

/* ---- members */

int
team_list_members(struct ctx *c, const struct team *t, int64_t limit, int64_t offset,
    struct member **rows_out, size_t *n_out)
{
	return db_all(c, &team_sql[TEAM_LIST_MEMBERS], rows_out, n_out, db_int(t->id),
	    db_int(t->owner_account_id), db_int(limit), db_int(offset));
}

int
team_count_members(struct ctx *c, const struct team *t, int64_t *out)
{
	return total_of(
	    c, &team_sql[TEAM_COUNT_MEMBERS], out, db_int(t->id), db_int(t->owner_account_id));
}

int
team_add_member(struct ctx *c, int64_t id, int64_t account_id, int64_t role, bool *is_new_out)
{
	int64_t n;

	TRY(db_do(c, &team_sql[TEAM_ADD_MEMBER], &n, db_int(id), db_int(account_id), db_int(role)));
	*is_new_out = n == 1;
	return OK;
}

int
team_set_role(struct ctx *c, int64_t id, int64_t account_id, int64_t role)
{
	int64_t n;

	TRY(db_do(c, &team_sql[TEAM_SET_ROLE], &n, db_int(id), db_int(account_id), db_int(role)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such member");
}

int
team_del_member(struct ctx *c, int64_t id, int64_t account_id)
{
	return db_do(c, &team_sql[TEAM_DEL_MEMBER], NULL, db_int(id), db_int(account_id));
}
