#include "store/member.h"

#include "store/member_fields.h"
#include "store/store.h"

static const struct field member_row[] = { MEMBER_FIELDS, { 0 } };

enum { MEMBER_BY_ID };

const struct db_stmt member_sql[] = {
	[MEMBER_BY_ID] = { "member_by_id",
	    "SELECT " MEMBER_COLUMNS
	    "FROM (SELECT $1::bigint AS account_id, $2::bigint AS team_id) m" MEMBER_JOINS
	    "WHERE t.id IS NOT NULL OR a.role <> 'system'",
	    member_row, sizeof(struct member) },
	{ 0 }
};

int
member_by_id(struct ctx *c, bool is_team, int64_t id, struct member *out)
{
	int code = db_one(c, &member_sql[MEMBER_BY_ID], out, MEMBER_PARAMS(is_team, id));

	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "no such account or team") : code;
}
