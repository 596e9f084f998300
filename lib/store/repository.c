#include "store/repository.h"

#include "store/platform_fields.h"
#include "store/store.h"

/* clang-format off */
#define REPOSITORY_COLUMNS                                                                         \
	"r.id, r.name, r.description, r.publish_without_qa, r.publish_builds_only_from_branch, "   \
	"r.synchronizing_publications, " DB_SECONDS("r.created_at") " AS created_at, "             \
	DB_SECONDS("r.updated_at") " AS updated_at, "                                              \
	"r.platform_id, p.name AS platform_name, p.platform_type, "                                \
	"p.is_hidden AS platform_is_hidden, p.is_released AS platform_is_released, "
/* clang-format on */

static const struct field repository_row[] = { FIELD(repository, id), FIELD(repository, name),
	FIELD(repository, description), FIELD(repository, publish_without_qa),
	FIELD(repository, publish_builds_only_from_branch),
	FIELD(repository, synchronizing_publications), FIELD(repository, created_at),
	FIELD(repository, updated_at), FIELD(repository, platform_id),
	FIELD(repository, platform_name), FIELD(repository, platform_type),
	FIELD(repository, platform_is_hidden), FIELD(repository, platform_is_released),
	FIELD(repository, access), { 0 } };

enum {
	REPOSITORY_BY_ID,
};

/* clang-format off */
const struct db_stmt repository_sql[] = {
	[REPOSITORY_BY_ID] = { "repository_by_id",
	    "SELECT " REPOSITORY_COLUMNS
	    "hub.repository_access($1, r.id, " PLATFORM_ACCESS("$1", "$2") ") AS access "
	    "FROM hub.repository r JOIN hub.platform p ON p.id = r.platform_id WHERE r.id = $3",
	    repository_row, sizeof(struct repository) },
	{ 0 }
};
/* clang-format on */

int
repository_by_id(struct ctx *c, const struct account *asker, int64_t id, struct repository *out)
{
	int code = db_one(c, &repository_sql[REPOSITORY_BY_ID], out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(id));

	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "no such repository") : code;
}
