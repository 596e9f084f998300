#include "store/platform.h"

#include "store/member_fields.h"
#include "store/platform_fields.h"
#include "store/store.h"
#include "store/total.h"

struct made {
	int64_t id;
};

struct answer {
	bool yes;
};

static const struct field platform_row[] = { FIELD(platform, id), FIELD(platform, name),
	FIELD(platform, description), FIELD(platform, platform_type), FIELD(platform, distrib_type),
	FIELD(platform, default_branch), FIELD(platform, is_hidden), FIELD(platform, is_released),
	FIELD(platform, parent_platform_id), FIELD(platform, owner_account_id),
	FIELD(platform, owner_team_id), FIELD(platform, owner_uname), FIELD(platform, owner_name),
	FIELD(platform, created_at), FIELD(platform, updated_at), FIELD(platform, access), { 0 } };
static const struct field member_row[] = { MEMBER_FIELDS, { 0 } };
static const struct field made_row[] = { FIELD(made, id), { 0 } };
static const struct field answer_row[] = { FIELD(answer, yes), { 0 } };

enum {
	PLATFORM_BY_ID,
	PLATFORM_BY_ID_LOCKED,
	PLATFORM_BY_NAME,
	PLATFORM_LIST_RELATED,
	PLATFORM_COUNT_RELATED,
	PLATFORM_LIST_FOR_BUILD,
	PLATFORM_COUNT_FOR_BUILD,
	PLATFORM_ADD,
	PLATFORM_SET,
	PLATFORM_DEL,
	COPY_REPOSITORIES,
	COPY_PROJECTS,
	CLEAR_PACKAGES,
	IS_MEMBER,
	LIST_MEMBERS,
	COUNT_MEMBERS,
	ADD_MEMBER,
	DEL_MEMBER,
	HAS_DISTRIB_TYPE,
};

/* clang-format off */
#define PLATFORM_COLUMNS                                                                           \
	"p.id, p.name, p.description, p.platform_type, p.distrib_type, p.default_branch, "         \
	"p.is_hidden, p.is_released, p.parent_platform_id, p.owner_account_id, p.owner_team_id, "  \
	"coalesce(o.uname, t.uname) AS owner_uname, " OWNER_NAME("o", "t") " AS owner_name, "      \
	DB_SECONDS("p.created_at") " AS created_at, " DB_SECONDS("p.updated_at") " AS updated_at, "

#define PLATFORM_FROM                                                                              \
	"hub.platform p LEFT JOIN hub.account o ON o.id = p.owner_account_id "                     \
	"LEFT JOIN hub.team t ON t.id = p.owner_team_id "

#define PLATFORM                                                                                   \
	"SELECT " PLATFORM_COLUMNS PLATFORM_ACCESS("$1", "$2") " AS access FROM " PLATFORM_FROM

/* Names are ASCII: "C" keeps other letters from folding into them. */
#define HAS_NAME(n) "lower(p.name) = lower(" n " COLLATE \"C\")"

/* From the side of the asker, so that it costs what he has and not what there is. */
#define RELATED                                                                                    \
	"WITH mine AS MATERIALIZED (SELECT m.team_id FROM hub.team_member m "                      \
	"WHERE m.account_id = $1), "                                                               \
	"related AS MATERIALIZED ("                                                                \
	"SELECT p.id FROM hub.platform p WHERE p.owner_account_id = $1 "                           \
	"UNION SELECT p.id FROM hub.team t JOIN hub.platform p ON p.owner_team_id = t.id "         \
	"WHERE t.owner_account_id = $1 "                                                           \
	"UNION SELECT p.id FROM mine JOIN hub.platform p ON p.owner_team_id = mine.team_id "       \
	"UNION SELECT g.platform_id FROM hub.platform_grant g WHERE g.account_id = $1 "            \
	"UNION SELECT g.platform_id FROM mine "                                                    \
	"JOIN hub.platform_grant g ON g.team_id = mine.team_id "                                   \
	"UNION SELECT r.platform_id FROM hub.repository_grant g "                                  \
	"JOIN hub.repository r ON r.id = g.repository_id WHERE g.account_id = $1 "                 \
	"UNION SELECT r.platform_id FROM mine "                                                    \
	"JOIN hub.repository_grant g ON g.team_id = mine.team_id "                                 \
	"JOIN hub.repository r ON r.id = g.repository_id) "

/* The rule has the last word on what he may see of it. */
#define SEEN_OF_RELATED                                                                            \
	"JOIN related ON related.id = p.id "                                                       \
	"WHERE ($3 = '' OR p.platform_type = $3) AND " PLATFORM_ACCESS("$1", "$2") " > 0 "

#define FOR_BUILD                                                                                  \
	"FROM hub.platform p WHERE p.platform_type = 'main' "                                      \
	"AND EXISTS (SELECT FROM hub.repository r WHERE r.platform_id = p.id) "                    \
	"AND (NOT p.is_hidden OR " PLATFORM_ACCESS("$1", "$2") " > 0) "

#define MEMBERS                                                                                    \
	"FROM (SELECT owner_account_id AS account_id, owner_team_id AS team_id "                   \
	"FROM hub.platform WHERE id = $1 "                                                         \
	"UNION SELECT account_id, team_id FROM hub.platform_grant WHERE platform_id = $1) m"

/* That the asker is a member of. */
#define ACTIVE_TEAMS                                                                               \
	"SELECT m.team_id FROM hub.team_member m JOIN hub.team t ON t.id = m.team_id "             \
	"WHERE m.account_id = $1 AND t.active"

const struct db_stmt platform_sql[] = {
	[PLATFORM_BY_ID] = { "platform_by_id", PLATFORM "WHERE p.id = $3", platform_row,
	    sizeof(struct platform) },
	[PLATFORM_BY_ID_LOCKED] = { "platform_by_id_locked",
	    PLATFORM "WHERE p.id = $3 FOR NO KEY UPDATE OF p", platform_row,
	    sizeof(struct platform) },
	[PLATFORM_BY_NAME] = { "platform_by_name", PLATFORM "WHERE " HAS_NAME("$3"), platform_row,
	    sizeof(struct platform) },
	[PLATFORM_LIST_RELATED] = { "platform_list_related",
	    RELATED PLATFORM SEEN_OF_RELATED "ORDER BY lower(p.name) LIMIT $4 OFFSET $5",
	    platform_row, sizeof(struct platform) },
	[PLATFORM_COUNT_RELATED] = { "platform_count_related",
	    RELATED "SELECT count(*) AS n FROM hub.platform p " SEEN_OF_RELATED, TOTAL },
	/* the page comes from the index of main platforms, the wide rows are read for it only */
	[PLATFORM_LIST_FOR_BUILD] = { "platform_list_for_build",
	    "WITH page AS MATERIALIZED (SELECT p.id, lower(p.name) AS name_key "
	    FOR_BUILD "ORDER BY lower(p.name) LIMIT $3 OFFSET $4) "
	    PLATFORM "JOIN page ON page.id = p.id ORDER BY page.name_key",
	    platform_row, sizeof(struct platform) },
	[PLATFORM_COUNT_FOR_BUILD] = { "platform_count_for_build",
	    "SELECT count(*) AS n " FOR_BUILD, TOTAL },
	[PLATFORM_ADD] = { "platform_add",
	    "INSERT INTO hub.platform (name, description, distrib_type, default_branch, is_hidden, "
	    "is_released, parent_platform_id, owner_account_id) "
	    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
	    made_row, sizeof(struct made) },
	[PLATFORM_SET] = { "platform_set",
	    "WITH strict AS (UPDATE hub.repository SET publish_without_qa = false, updated_at = now() "
	    "WHERE platform_id = $1 AND publish_without_qa "
	    "AND $5 AND NOT (SELECT p.is_released FROM hub.platform p WHERE p.id = $1)), "
	    /* an owner needs no membership */
	    "moved AS (DELETE FROM hub.platform_grant WHERE platform_id = $1 AND account_id = $6) "
	    "UPDATE hub.platform SET description = $2, default_branch = $3, is_hidden = $4, "
	    "is_released = $5, owner_account_id = $6, owner_team_id = $7, updated_at = now() "
	    "WHERE id = $1",
	    NULL, 0 },
	[PLATFORM_DEL] = { "platform_del", "DELETE FROM hub.platform WHERE id = $1", NULL, 0 },
	[COPY_REPOSITORIES] = { "platform_copy_repositories",
	    "INSERT INTO hub.repository (platform_id, name, description, publish_without_qa, "
	    "publish_builds_only_from_branch) "
	    "SELECT $2, name, description, publish_without_qa, publish_builds_only_from_branch "
	    "FROM hub.repository WHERE platform_id = $1 ORDER BY id",
	    NULL, 0 },
	[COPY_PROJECTS] = { "platform_copy_projects",
	    "INSERT INTO hub.repository_project (repository_id, platform_id, project_id, name_key) "
	    "SELECT new.id, new.platform_id, a.project_id, a.name_key FROM hub.repository old "
	    "JOIN hub.repository new ON new.platform_id = $2 AND new.name = old.name "
	    "JOIN hub.repository_project a ON a.repository_id = old.id WHERE old.platform_id = $1",
	    NULL, 0 },
	[CLEAR_PACKAGES] = { "platform_clear_packages",
	    "DELETE FROM hub.package k USING hub.repository r "
	    "WHERE r.platform_id = $1 AND k.repository_id = r.id",
	    NULL, 0 },
	[IS_MEMBER] = { "platform_is_member",
	    "SELECT EXISTS (SELECT FROM hub.platform p WHERE p.id = $2 AND (p.owner_account_id = $1 "
	    "OR p.owner_team_id IN (SELECT t.id FROM hub.team t WHERE t.owner_account_id = $1) "
	    "OR p.owner_team_id IN (" ACTIVE_TEAMS "))) "
	    "OR EXISTS (SELECT FROM hub.platform_grant g WHERE g.platform_id = $2 "
	    "AND (g.account_id = $1 OR g.team_id IN (" ACTIVE_TEAMS "))) AS yes",
	    answer_row, sizeof(struct answer) },
	[LIST_MEMBERS] = { "platform_list_members",
	    "SELECT " MEMBER_COLUMNS MEMBERS MEMBER_JOINS
	    "ORDER BY lower(coalesce(a.uname, t.uname)) LIMIT $2 OFFSET $3",
	    member_row, sizeof(struct member) },
	[COUNT_MEMBERS] = { "platform_count_members", "SELECT count(*) AS n " MEMBERS, TOTAL },
	[ADD_MEMBER] = { "platform_add_member",
	    "INSERT INTO hub.platform_grant (platform_id, account_id, team_id, access) "
	    "VALUES ($1, $2, $3, 3) ON CONFLICT DO NOTHING",
	    NULL, 0 },
	[DEL_MEMBER] = { "platform_del_member",
	    "DELETE FROM hub.platform_grant WHERE platform_id = $1 AND (account_id = $2 OR team_id = $3)",
	    NULL, 0 },
	[HAS_DISTRIB_TYPE] = { "platform_has_distrib_type",
	    "SELECT EXISTS (SELECT FROM hub.distrib_type WHERE name = $1) AS yes", answer_row,
	    sizeof(struct answer) },
	{ 0 }
};
/* clang-format on */

static int
no_such(struct ctx *c, int code)
{
	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "no such platform") : code;
}

/* ---- one */

int
platform_by_id(struct ctx *c, const struct account *asker, int64_t id, struct platform *out)
{
	return no_such(c,
	    db_one(c, &platform_sql[PLATFORM_BY_ID], out, db_int(asker->id),
		db_bool(asker->is_admin), db_int(id)));
}

int
platform_by_id_locked(struct ctx *c, const struct account *asker, int64_t id, struct platform *out)
{
	return no_such(c,
	    db_one(c, &platform_sql[PLATFORM_BY_ID_LOCKED], out, db_int(asker->id),
		db_bool(asker->is_admin), db_int(id)));
}

int
platform_by_name(struct ctx *c, const struct account *asker, const char *name, struct platform *out)
{
	return no_such(c,
	    db_one(c, &platform_sql[PLATFORM_BY_NAME], out, db_int(asker->id),
		db_bool(asker->is_admin), db_text(name)));
}

int
platform_is_member(struct ctx *c, const struct account *asker, int64_t id, bool *out)
{
	struct answer row;

	TRY(db_one(c, &platform_sql[IS_MEMBER], &row, db_int(asker->id), db_int(id)));
	*out = row.yes;
	return OK;
}

int
platform_has_distrib_type(struct ctx *c, const char *name, bool *out)
{
	struct answer row;

	TRY(db_one(c, &platform_sql[HAS_DISTRIB_TYPE], &row, db_text(name)));
	*out = row.yes;
	return OK;
}

/* ---- lists */

int
platform_list_related(struct ctx *c, const struct account *asker, const char *type, int64_t limit,
    int64_t offset, struct platform **rows_out, size_t *n_out)
{
	return db_all(c, &platform_sql[PLATFORM_LIST_RELATED], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_text(type), db_int(limit), db_int(offset));
}

int
platform_count_related(struct ctx *c, const struct account *asker, const char *type, int64_t *out)
{
	return total_of(c, &platform_sql[PLATFORM_COUNT_RELATED], out, db_int(asker->id),
	    db_bool(asker->is_admin), db_text(type));
}

int
platform_list_for_build(struct ctx *c, const struct account *asker, int64_t limit, int64_t offset,
    struct platform **rows_out, size_t *n_out)
{
	return db_all(c, &platform_sql[PLATFORM_LIST_FOR_BUILD], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit), db_int(offset));
}

int
platform_count_for_build(struct ctx *c, const struct account *asker, int64_t *out)
{
	return total_of(c, &platform_sql[PLATFORM_COUNT_FOR_BUILD], out, db_int(asker->id),
	    db_bool(asker->is_admin));
}

int
platform_list_members(struct ctx *c, int64_t id, int64_t limit, int64_t offset,
    struct member **rows_out, size_t *n_out)
{
	return db_all(c, &platform_sql[LIST_MEMBERS], rows_out, n_out, db_int(id), db_int(limit),
	    db_int(offset));
}

int
platform_count_members(struct ctx *c, int64_t id, int64_t *out)
{
	return total_of(c, &platform_sql[COUNT_MEMBERS], out, db_int(id));
}

/* ---- changes */

int
platform_add(struct ctx *c, const struct platform *row, int64_t *id_out)
{
	struct made made;

	TRY(db_one(c, &platform_sql[PLATFORM_ADD], &made, db_text(row->name),
	    db_text(row->description), db_text(row->distrib_type), db_text(row->default_branch),
	    db_bool(row->is_hidden), db_bool(row->is_released),
	    db_reference(row->parent_platform_id), db_int(row->owner_account_id)));
	*id_out = made.id;
	return OK;
}

int
platform_set(struct ctx *c, const struct platform *row)
{
	int64_t n;

	TRY(db_do(c, &platform_sql[PLATFORM_SET], &n, db_int(row->id), db_text(row->description),
	    db_text(row->default_branch), db_bool(row->is_hidden), db_bool(row->is_released),
	    db_reference(row->owner_account_id), db_reference(row->owner_team_id)));
	return no_such(c, n == 1 ? OK : E_NOTFOUND);
}

int
platform_del(struct ctx *c, int64_t id)
{
	int64_t n;

	TRY(db_do(c, &platform_sql[PLATFORM_DEL], &n, db_int(id)));
	return no_such(c, n == 1 ? OK : E_NOTFOUND);
}

int
platform_copy_repositories(struct ctx *c, int64_t from, int64_t to)
{
	TRY(db_do(c, &platform_sql[COPY_REPOSITORIES], NULL, db_int(from), db_int(to)));
	return db_do(c, &platform_sql[COPY_PROJECTS], NULL, db_int(from), db_int(to));
}

int
platform_clear_packages(struct ctx *c, int64_t id)
{
	return db_do(c, &platform_sql[CLEAR_PACKAGES], NULL, db_int(id));
}

int
platform_add_member(struct ctx *c, int64_t id, const struct member *member)
{
	return db_do(c, &platform_sql[ADD_MEMBER], NULL, db_int(id),
	    MEMBER_PARAMS(member->is_team, member->id));
}

int
platform_del_member(struct ctx *c, int64_t id, const struct member *member)
{
	return db_do(c, &platform_sql[DEL_MEMBER], NULL, db_int(id),
	    MEMBER_PARAMS(member->is_team, member->id));
}
