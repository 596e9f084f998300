#include "store/platform.h"

#include "store/platform_fields.h"
#include "store/store.h"

/* clang-format off */
#define PLATFORM_COLUMNS                                                                           \
	"p.id, p.name, p.description, p.platform_type, p.distrib_type, p.default_branch, "         \
	"p.is_hidden, p.is_released, p.parent_platform_id, p.owner_account_id, p.owner_team_id, "  \
	"coalesce(o.uname, t.uname) AS owner_uname, " OWNER_NAME("o", "t") " AS owner_name, "      \
	DB_SECONDS("p.created_at") " AS created_at, " DB_SECONDS("p.updated_at") " AS updated_at, "

#define PLATFORM_FROM                                                                              \
	"hub.platform p LEFT JOIN hub.account o ON o.id = p.owner_account_id "                     \
	"LEFT JOIN hub.team t ON t.id = p.owner_team_id"
/* clang-format on */

static const struct field platform_row[] = { FIELD(platform, id), FIELD(platform, name),
	FIELD(platform, description), FIELD(platform, platform_type), FIELD(platform, distrib_type),
	FIELD(platform, default_branch), FIELD(platform, is_hidden), FIELD(platform, is_released),
	FIELD(platform, parent_platform_id), FIELD(platform, owner_account_id),
	FIELD(platform, owner_team_id), FIELD(platform, owner_uname), FIELD(platform, owner_name),
	FIELD(platform, created_at), FIELD(platform, updated_at), FIELD(platform, access), { 0 } };

enum {
	PLATFORM_BY_ID,
};

/* clang-format off */
const struct db_stmt platform_sql[] = {
	[PLATFORM_BY_ID] = { "platform_by_id",
	    "SELECT " PLATFORM_COLUMNS PLATFORM_ACCESS("$1", "$2") " AS access "
	    "FROM " PLATFORM_FROM " WHERE p.id = $3",
	    platform_row, sizeof(struct platform) },
	{ 0 }
};
/* clang-format on */

int
platform_by_id(struct ctx *c, const struct account *asker, int64_t id, struct platform *out)
{
	int code = db_one(c, &platform_sql[PLATFORM_BY_ID], out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(id));

	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "no such platform") : code;
}
