#include "store/team.h"

#include "store/access_rule.h"
#include "store/store.h"

static const struct field team_row[] = {
	FIELD(team, id),
	FIELD(team, uname),
	FIELD(team, description),
	FIELD(team, default_branch),
	FIELD(team, owner_account_id),
	FIELD(team, owner_uname),
	FIELD(team, owner_name),
	FIELD(team, own_projects_count),
	FIELD(team, created_at),
	FIELD(team, updated_at),
	FIELD(team, access),
	{ 0 },
};

enum {
	TEAM_BY_ID,
};

/* clang-format off */
/* $1 asker, $2 is he an administrator */
#define TEAM                                                                                       \
	WITH_TOUCHED                                                                               \
	"SELECT t.id, t.uname, nullif(t.description, '') AS description, "                         \
	"nullif(t.default_branch, '') AS default_branch, t.owner_account_id, "                     \
	"a.uname AS owner_uname, "                                                                 \
	"nullif(trim(a.first_name || ' ' || a.last_name), '') AS owner_name, "                     \
	"(SELECT count(*) FROM hub.project p WHERE p.owner_team_id = t.id "                        \
	"AND " LIST_RULE " > 0) AS own_projects_count, "                                           \
	DB_SECONDS("t.created_at") " AS created_at, " DB_SECONDS("t.updated_at") " AS updated_at, " \
	"hub.team_access($1, $2, t.id, t.owner_account_id) AS access "                             \
	"FROM hub.team t JOIN hub.account a ON a.id = t.owner_account_id "

const struct db_stmt team_sql[] = {
	[TEAM_BY_ID] = { "team_by_id", TEAM "WHERE t.id = $3", team_row, sizeof(struct team) },
	{ 0 }
};
/* clang-format on */

int
team_by_id(struct ctx *c, const struct account *asker, int64_t id, struct team *out)
{
	return db_one(
	    c, &team_sql[TEAM_BY_ID], out, db_int(asker->id), db_bool(asker->is_admin), db_int(id));
}
