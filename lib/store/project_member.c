#include "store/project_member.h"

#include "store/member_fields.h"
#include "store/store.h"
#include "store/total.h"

static const struct field member_row[] = { MEMBER_FIELDS, { 0 } };

enum { LIST_MEMBERS, COUNT_MEMBERS, ADD_ACCOUNT, ADD_TEAM, DEL_MEMBER, SET_MEMBER };

/* A grant of nothing (another door may have made it) becomes the new one. */
#define ADD(who)                                                                                   \
	"INSERT INTO hub.project_grant AS g (project_id, " who ", access) VALUES ($1, $2, $3) "    \
	"ON CONFLICT (project_id, " who ") WHERE " who " IS NOT NULL "                             \
	"DO UPDATE SET access = EXCLUDED.access WHERE g.access = 0"

#define OF_MEMBER "project_id = $1 AND (account_id = $2 OR team_id = $3) AND access > 0"

/* clang-format off */
#define MEMBERS                                                                                    \
	"FROM (SELECT owner_account_id AS account_id, owner_team_id AS team_id "                   \
	"FROM hub.project WHERE id = $1 "                                                          \
	/* one by one: each has an index of its own */                                             \
	"UNION SELECT account_id, NULL FROM hub.project_grant "                                    \
	"WHERE project_id = $1 AND account_id IS NOT NULL AND access > 0 "                         \
	"UNION SELECT NULL, team_id FROM hub.project_grant "                                       \
	"WHERE project_id = $1 AND team_id IS NOT NULL AND access > 0) m"

const struct db_stmt project_member_sql[] = {
	[LIST_MEMBERS] = { "project_list_members",
	    "SELECT " MEMBER_COLUMNS MEMBERS MEMBER_JOINS
	    "ORDER BY lower(coalesce(a.uname, t.uname)) LIMIT $2 OFFSET $3",
	    member_row, sizeof(struct member) },
	[COUNT_MEMBERS] = { "project_count_members", "SELECT count(*) AS n " MEMBERS, TOTAL },
	[ADD_ACCOUNT] = { "project_add_account", ADD("account_id"), NULL, 0 },
	[ADD_TEAM] = { "project_add_team", ADD("team_id"), NULL, 0 },
	[DEL_MEMBER] = { "project_del_member",
	    "DELETE FROM hub.project_grant WHERE " OF_MEMBER, NULL, 0 },
	[SET_MEMBER] = { "project_set_member",
	    "UPDATE hub.project_grant SET access = $4 WHERE " OF_MEMBER, NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
project_list_members(struct ctx *c, int64_t id, int64_t limit, int64_t offset,
    struct member **rows_out, size_t *n_out)
{
	return db_all(c, &project_member_sql[LIST_MEMBERS], rows_out, n_out, db_int(id),
	    db_int(limit), db_int(offset));
}

int
project_count_members(struct ctx *c, int64_t id, int64_t *out)
{
	return total_of(c, &project_member_sql[COUNT_MEMBERS], out, db_int(id));
}

int
project_add_member(
    struct ctx *c, int64_t id, const struct member *member, int64_t access, bool *is_new_out)
{
	const struct db_stmt *add = &project_member_sql[member->is_team ? ADD_TEAM : ADD_ACCOUNT];
	int64_t n;

	TRY(db_do(c, add, &n, db_int(id), db_int(member->id), db_int(access)));
	*is_new_out = n > 0;
	return OK;
}

int
project_del_member(struct ctx *c, int64_t id, const struct member *member, bool *was_one_out)
{
	int64_t n;

	TRY(db_do(c, &project_member_sql[DEL_MEMBER], &n, db_int(id),
	    MEMBER_PARAMS(member->is_team, member->id)));
	*was_one_out = n > 0;
	return OK;
}

int
project_set_member(struct ctx *c, int64_t id, const struct member *member, int64_t access)
{
	int64_t n;

	TRY(db_do(c, &project_member_sql[SET_MEMBER], &n, db_int(id),
	    MEMBER_PARAMS(member->is_team, member->id), db_int(access)));
	return n > 0 ? OK : fail(c, E_NOTFOUND, "no such member");
}
