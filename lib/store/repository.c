#include "store/repository.h"

#include <assert.h>

#include "base/buf.h"
#include "store/access_rule.h"
#include "store/member_fields.h"
#include "store/platform_fields.h"
#include "store/project_fields.h"
#include "store/store.h"
#include "store/total.h"

#define LIST_MAX_BYTES (256 * 1024)

struct made {
	int64_t id;
};

static const struct field repository_row[] = { FIELD(repository, id), FIELD(repository, name),
	FIELD(repository, description), FIELD(repository, publish_without_qa),
	FIELD(repository, publish_builds_only_from_branch),
	FIELD(repository, synchronizing_publications), FIELD(repository, created_at),
	FIELD(repository, updated_at), FIELD(repository, platform_id),
	FIELD(repository, platform_name), FIELD(repository, platform_type),
	FIELD(repository, platform_is_hidden), FIELD(repository, platform_is_released),
	FIELD(repository, access), { 0 } };
static const struct field card_row[] = { FIELD(repository_card, platform_id),
	FIELD(repository_card, id), FIELD(repository_card, name), { 0 } };
static const struct field project_row[] = { CARD_FIELDS(project_card, ), { 0 } };
static const struct field made_row[] = { FIELD(made, id), { 0 } };

enum {
	REPOSITORY_BY_ID,
	REPOSITORY_BY_ID_LOCKED,
	LIST_CARDS,
	LIST_PROJECTS,
	COUNT_PROJECTS,
	REPOSITORY_ADD,
	REPOSITORY_SET,
	REPOSITORY_DEL,
	ADD_MEMBER,
	DEL_MEMBER,
	ATTACH,
	DETACH,
};

/* clang-format off */
#define REPOSITORY_COLUMNS                                                                         \
	"r.id, r.name, r.description, r.publish_without_qa, r.publish_builds_only_from_branch, "   \
	"r.synchronizing_publications, " DB_SECONDS("r.created_at") " AS created_at, "             \
	DB_SECONDS("r.updated_at") " AS updated_at, "                                              \
	"r.platform_id, p.name AS platform_name, p.platform_type, "                                \
	"p.is_hidden AS platform_is_hidden, p.is_released AS platform_is_released, "

#define REPOSITORY                                                                                 \
	"SELECT " REPOSITORY_COLUMNS                                                               \
	"hub.repository_access($1, r.id, " PLATFORM_ACCESS("$1", "$2") ") AS access "              \
	"FROM hub.repository r JOIN hub.platform p ON p.id = r.platform_id "

/* $1 asker, $2 is he an administrator, $3 the repository, $4 does he see all of it. No join: to count
 * a few the planner would put the rule to all projects of the hub. */
#define ATTACHED                                                                                   \
	"FROM hub.repository_project x WHERE x.repository_id = $3 AND ($4 OR "                     \
	"(SELECT " LIST_RULE " > 0 FROM hub.project p WHERE p.id = x.project_id)) "

const struct db_stmt repository_sql[] = {
	[REPOSITORY_BY_ID] = { "repository_by_id", REPOSITORY "WHERE r.id = $3", repository_row,
	    sizeof(struct repository) },
	[REPOSITORY_BY_ID_LOCKED] = { "repository_by_id_locked",
	    REPOSITORY "WHERE r.id = $3 FOR NO KEY UPDATE OF r", repository_row,
	    sizeof(struct repository) },
	[LIST_CARDS] = { "repository_list_cards",
	    "SELECT r.platform_id, r.id, r.name FROM hub.repository r "
	    "WHERE r.platform_id = ANY ($1::bigint[]) ORDER BY r.platform_id, r.id LIMIT $2",
	    card_row, sizeof(struct repository_card) },
	/* by the index of names up to the page; the cards are read for the page only, and LIMIT 1
	 * keeps the planner from reading all projects for it */
	[LIST_PROJECTS] = { "repository_list_projects",
	    WITH_TOUCHED ", page AS MATERIALIZED (SELECT x.project_id, x.name_key "
	    ATTACHED "ORDER BY x.name_key LIMIT $5 OFFSET $6) "
	    "SELECT w.* FROM page CROSS JOIN LATERAL (SELECT " CARD_COLUMNS " FROM hub.project p"
	    CARD_JOINS "WHERE p.id = page.project_id LIMIT 1) w ORDER BY page.name_key",
	    project_row, sizeof(struct project_card) },
	[COUNT_PROJECTS] = { "repository_count_projects",
	    WITH_TOUCHED "SELECT count(*) AS n " ATTACHED, TOTAL },
	[REPOSITORY_ADD] = { "repository_add",
	    "INSERT INTO hub.repository (platform_id, name, description, publish_without_qa, "
	    "publish_builds_only_from_branch) VALUES ($1, $2, $3, $4, $5) RETURNING id",
	    made_row, sizeof(struct made) },
	[REPOSITORY_SET] = { "repository_set",
	    "UPDATE hub.repository SET description = $2, publish_without_qa = $3, "
	    "publish_builds_only_from_branch = $4, synchronizing_publications = $5, "
	    "updated_at = now() WHERE id = $1",
	    NULL, 0 },
	[REPOSITORY_DEL] = { "repository_del", "DELETE FROM hub.repository WHERE id = $1", NULL, 0 },
	[ADD_MEMBER] = { "repository_add_member",
	    "INSERT INTO hub.repository_grant (repository_id, account_id, team_id) "
	    "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
	    NULL, 0 },
	[DEL_MEMBER] = { "repository_del_member",
	    "DELETE FROM hub.repository_grant "
	    "WHERE repository_id = $1 AND (account_id = $2 OR team_id = $3)",
	    NULL, 0 },
	[ATTACH] = { "repository_attach",
	    "INSERT INTO hub.repository_project (repository_id, platform_id, project_id, name_key) "
	    "SELECT $3, $4, p.id, lower(p.name) FROM hub.project p "
	    "WHERE p.id = $5 AND " RULE("$1", "$2") " > 0",
	    NULL, 0 },
	[DETACH] = { "repository_detach",
	    "DELETE FROM hub.repository_project WHERE repository_id = $1 AND project_id = $2",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

static int
no_such(struct ctx *c, int code)
{
	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "no such repository") : code;
}

/* ---- one */

int
repository_by_id(struct ctx *c, const struct account *asker, int64_t id, struct repository *out)
{
	return no_such(c,
	    db_one(c, &repository_sql[REPOSITORY_BY_ID], out, db_int(asker->id),
		db_bool(asker->is_admin), db_int(id)));
}

int
repository_by_id_locked(
    struct ctx *c, const struct account *asker, int64_t id, struct repository *out)
{
	return no_such(c,
	    db_one(c, &repository_sql[REPOSITORY_BY_ID_LOCKED], out, db_int(asker->id),
		db_bool(asker->is_admin), db_int(id)));
}

/* ---- lists */

int
repository_list_cards(struct ctx *c, const int64_t *platform_ids, size_t n,
    struct repository_card **rows_out, size_t *n_out)
{
	struct buf *ids = buf_new(c->mem, LIST_MAX_BYTES);

	assert(n <= REPOSITORY_PLATFORMS_MAX);
	buf_char(ids, '{');
	for (size_t i = 0; i < n; i++)
		buf_printf(ids, "%s%lld", i > 0 ? "," : "", (long long)platform_ids[i]);
	buf_char(ids, '}');
	return db_all(c, &repository_sql[LIST_CARDS], rows_out, n_out, db_text(ids->data),
	    db_int(REPOSITORY_CARDS_MAX));
}

int
repository_list_projects(struct ctx *c, const struct account *asker, int64_t id, bool sees_all,
    int64_t limit, int64_t offset, struct project_card **rows_out, size_t *n_out)
{
	return db_all(c, &repository_sql[LIST_PROJECTS], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(id), db_bool(sees_all), db_int(limit), db_int(offset));
}

int
repository_count_projects(
    struct ctx *c, const struct account *asker, int64_t id, bool sees_all, int64_t *out)
{
	return total_of(c, &repository_sql[COUNT_PROJECTS], out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(id), db_bool(sees_all));
}

/* ---- changes */

int
repository_add(struct ctx *c, const struct repository *row, int64_t *id_out)
{
	struct made made;

	TRY(db_one(c, &repository_sql[REPOSITORY_ADD], &made, db_int(row->platform_id),
	    db_text(row->name), db_text(row->description), db_bool(row->publish_without_qa),
	    db_text(row->publish_builds_only_from_branch)));
	*id_out = made.id;
	return OK;
}

int
repository_set(struct ctx *c, const struct repository *row)
{
	int64_t n;

	TRY(db_do(c, &repository_sql[REPOSITORY_SET], &n, db_int(row->id),
	    db_text(row->description), db_bool(row->publish_without_qa),
	    db_text(row->publish_builds_only_from_branch),
	    db_bool(row->synchronizing_publications)));
	return no_such(c, n == 1 ? OK : E_NOTFOUND);
}

int
repository_del(struct ctx *c, int64_t id)
{
	int64_t n;

	TRY(db_do(c, &repository_sql[REPOSITORY_DEL], &n, db_int(id)));
	return no_such(c, n == 1 ? OK : E_NOTFOUND);
}

int
repository_add_member(struct ctx *c, int64_t id, const struct member *member)
{
	return db_do(c, &repository_sql[ADD_MEMBER], NULL, db_int(id),
	    MEMBER_PARAMS(member->is_team, member->id));
}

int
repository_del_member(struct ctx *c, int64_t id, const struct member *member)
{
	return db_do(c, &repository_sql[DEL_MEMBER], NULL, db_int(id),
	    MEMBER_PARAMS(member->is_team, member->id));
}

int
repository_attach(
    struct ctx *c, const struct account *asker, const struct repository *row, int64_t project_id)
{
	int64_t n;

	TRY(db_do(c, &repository_sql[ATTACH], &n, db_int(asker->id), db_bool(asker->is_admin),
	    db_int(row->id), db_int(row->platform_id), db_int(project_id)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such project");
}

int
repository_detach(struct ctx *c, int64_t repository_id, int64_t project_id, int64_t *n_out)
{
	return db_do(c, &repository_sql[DETACH], n_out, db_int(repository_id), db_int(project_id));
}
