#include "store/folder.h"

#include "store/access_rule.h"
#include "store/store.h"

struct number {
	int64_t n;
};

static const struct field folder_row[] = { FIELD(folder, id), FIELD(folder, path),
	FIELD(folder, name), FIELD(folder, owner_account_id), FIELD(folder, owner_uname),
	FIELD(folder, default_access), FIELD(folder, description), FIELD(folder, projects),
	FIELD(folder, access), { 0 } };
static const struct field place_row[] = { FIELD(folder_place, id), FIELD(folder_place, access),
	FIELD(folder_place, owner_id), FIELD(folder_place, is_top_open), { 0 } };
static const struct field member_row[] = { FIELD(folder_member, uname),
	FIELD(folder_member, is_team), FIELD(folder_member, access), { 0 } };
static const struct field deepest_row[] = { FIELD(folder_deepest, parts),
	FIELD(folder_deepest, bytes), { 0 } };
static const struct field number_row[] = { FIELD(number, n), { 0 } };

#define NUMBER number_row, sizeof(struct number)

enum {
	BY_ID,
	BY_PATH,
	LIST,
	LOCK_PATH,
	ASK,
	ADD,
	FIRST_ADMIN,
	SET,
	MOVE,
	LOCK,
	DEL,
	COUNT_BELOW,
	DEEPEST,
	MEMBERS,
	COPY,
	ACCOUNT_ON_FOLDERS,
	ACCOUNT_ON_PROJECTS,
	TEAM_ON_FOLDERS,
	TEAM_ON_PROJECTS,
	EVERYONE_ON_FOLDERS,
	EVERYONE_ON_PROJECTS,
	REVOKE_ON_FOLDERS,
	REVOKE_ON_PROJECTS,
};

/* clang-format off */
/* Paths are ASCII: "C" keeps other letters from folding into them. */
#define HAS(path, n) "lower(" path ") = lower(" n " COLLATE \"C\")"

/* What of column `path` is below the one whose lower case is `top`: '0' comes behind '/'. */
#define BELOW(path, top)                                                                           \
	"lower(" path ") > " top " || '/' AND lower(" path ") < " top " || '0'"

#define FOLDER_RULE(asker, is_admin)                                                               \
	"hub.folder_access(" asker ", " is_admin ", f.id, f.owner_account_id, f.default_access)"

/* $1 asker, $2 is he an administrator */
#define FOLDERS                                                                                    \
	WITH_TOUCHED "SELECT f.id, f.path, f.name, f.owner_account_id, o.uname AS owner_uname, "   \
	"f.default_access::bigint AS default_access, f.description, "                              \
	"coalesce((SELECT string_agg(d.path || chr(10), '' ORDER BY d.path) FROM ("                \
	"SELECT p.path FROM hub.project p WHERE " BELOW("p.path", "lower(f.path)")                 \
	" AND strpos(substr(p.path, length(f.path) + 2), '/') = 0 AND " LIST_RULE " > 0 "          \
	"ORDER BY p.path LIMIT 10000) d), '') AS projects, "                                       \
	FOLDER_RULE("$1", "$2") " AS access "                                                      \
	"FROM hub.folder f JOIN hub.account o ON o.id = f.owner_account_id "

/* What a grant reaches. $1 the folder, $2 asker, $3 is he an administrator; $4 access, $5 whose.
 * In one order, so that two who grant at once do not wait for each other. */
#define TOP "WITH top AS (SELECT f.id, lower(f.path) AS key FROM hub.folder f WHERE f.id = $1) "
#define REACHED_FOLDERS(is_below)                                                                  \
	TOP ", reached AS (SELECT f.id FROM hub.folder f, top WHERE f.id = top.id OR ("            \
	is_below " AND " BELOW("f.path", "top.key") " AND " FOLDER_RULE("$2", "$3") " >= 3) "      \
	"ORDER BY f.id) "
#define REACHED_PROJECTS                                                                           \
	TOP ", reached AS (SELECT p.id FROM hub.project p, top WHERE "                             \
	BELOW("p.path", "top.key") " AND " RULE("$2", "$3") " >= 3 ORDER BY p.id) "

#define GRANT_ON(thing, who, reached)                                                              \
	reached "INSERT INTO hub." thing "_grant AS g (" thing "_id, " who ", access) "            \
	"SELECT id, $5, $4 FROM reached "                                                          \
	"ON CONFLICT (" thing "_id, " who ") WHERE " who " IS NOT NULL "                           \
	"DO UPDATE SET access = EXCLUDED.access"
#define REVOKE_ON(thing, reached)                                                                  \
	reached "DELETE FROM hub." thing "_grant g USING reached "                                 \
	"WHERE g." thing "_id = reached.id AND (g.account_id = $4 OR g.team_id = $5)"

const struct db_stmt folder_sql[] = {
	[BY_ID] = { "folder_by_id", FOLDERS "WHERE f.id = $3", folder_row, sizeof(struct folder) },
	[BY_PATH] = { "folder_by_path", FOLDERS "WHERE " HAS("f.path", "$3"),
	    folder_row, sizeof(struct folder) },
	[LIST] = { "folder_list",
	    FOLDERS "WHERE " FOLDER_RULE("$1", "$2") " > 0 ORDER BY lower(f.path) LIMIT $3",
	    folder_row, sizeof(struct folder) },
	[LOCK_PATH] = { "folder_lock_path",
	    "SELECT f.id AS n FROM hub.folder f WHERE " HAS("f.path", "$1") " FOR KEY SHARE",
	    NUMBER },
	[ASK] = { "folder_ask",
	    "SELECT coalesce(f.id, 0) AS id, greatest("
	    "CASE WHEN f.id IS NOT NULL THEN " FOLDER_RULE("$1", "$2") " END, "
	    "CASE WHEN $2 OR a.id = $1 THEN 4 END, "
	    "CASE WHEN t.active OR t.owner_account_id = $1 "
	    "THEN hub.team_access($1, $2, t.id, t.owner_account_id) END, 0)::bigint AS access, "
	    "coalesce(a.id, t.owner_account_id, 0) AS owner_id, "
	    "$2 OR coalesce((SELECT me.may_create_at_top FROM hub.account me WHERE me.id = $1), "
	    "false) AS is_top_open "
	    "FROM (SELECT) one LEFT JOIN hub.folder f ON " HAS("f.path", "$3")
	    " LEFT JOIN hub.account a ON " HAS("a.uname", "$3")
	    " LEFT JOIN hub.team t ON " HAS("t.uname", "$3"),
	    place_row, sizeof(struct folder_place) },
	[ADD] = { "folder_add",
	    "INSERT INTO hub.folder (path, owner_account_id, default_access, description) "
	    "VALUES ($1, $2, $3, $4) RETURNING id AS n",
	    NUMBER },
	[FIRST_ADMIN] = { "folder_first_admin",
	    "SELECT a.id AS n FROM hub.account a WHERE a.role = 'admin' AND a.active "
	    "ORDER BY a.id LIMIT 1",
	    NUMBER },
	[SET] = { "folder_set",
	    "UPDATE hub.folder SET description = coalesce($2, description), "
	    "owner_account_id = coalesce($3, owner_account_id), updated_at = now() WHERE id = $1",
	    NULL, 0 },
	[MOVE] = { "folder_move", "SELECT hub.move_paths($1, $2, $3) AS n", NUMBER },
	[LOCK] = { "folder_lock", "SELECT id AS n FROM hub.folder WHERE id = $1 FOR UPDATE", NUMBER },
	[DEL] = { "folder_del",
	    "DELETE FROM hub.folder d WHERE d.id = $1 "
	    "AND NOT EXISTS (SELECT FROM hub.folder f WHERE " BELOW("f.path", "lower(d.path)") ") "
	    "AND NOT EXISTS (SELECT FROM hub.project p WHERE " BELOW("p.path", "lower(d.path)") ")",
	    NULL, 0 },
	[COUNT_BELOW] = { "folder_count_below",
	    TOP "SELECT count(*) AS n FROM ("
	    "(SELECT FROM hub.folder f, top WHERE " BELOW("f.path", "top.key") " LIMIT $2 + 1) "
	    "UNION ALL "
	    "(SELECT FROM hub.project p, top WHERE " BELOW("p.path", "top.key") " LIMIT $2 + 1)) w",
	    NUMBER },
	[DEEPEST] = { "folder_deepest",
	    TOP "SELECT coalesce(max(octet_length(w.path)), 0)::bigint AS bytes, "
	    "coalesce(max(length(w.path) - length(replace(w.path, '/', '')) + 1), 0)::bigint AS parts "
	    "FROM (SELECT f.path FROM hub.folder f, top WHERE " BELOW("f.path", "top.key") " "
	    "UNION ALL SELECT p.path FROM hub.project p, top WHERE " BELOW("p.path", "top.key") ") w",
	    deepest_row, sizeof(struct folder_deepest) },
	[MEMBERS] = { "folder_list_members",
	    "SELECT w.uname, w.is_team, w.access::bigint AS access FROM ("
	    "SELECT o.uname, false AS is_team, 4::smallint AS access, 0 AS id FROM hub.folder f "
	    "JOIN hub.account o ON o.id = f.owner_account_id WHERE f.id = $1 "
	    "UNION ALL SELECT a.uname, false, g.access, g.id FROM hub.folder_grant g "
	    "JOIN hub.folder f ON f.id = g.folder_id "
	    "JOIN hub.account a ON a.id = g.account_id "
	    "WHERE g.folder_id = $1 AND a.id <> f.owner_account_id "
	    "UNION ALL SELECT t.uname, true, g.access, g.id FROM hub.folder_grant g "
	    "JOIN hub.team t ON t.id = g.team_id WHERE g.folder_id = $1) w "
	    "ORDER BY w.is_team, w.id LIMIT $2",
	    member_row, sizeof(struct folder_member) },
	[COPY] = { "folder_copy_grants",
	    "WITH copied AS (INSERT INTO hub.folder_grant (folder_id, account_id, team_id, access) "
	    "SELECT $2, g.account_id, g.team_id, g.access FROM hub.folder_grant g "
	    "WHERE g.folder_id = $1 ORDER BY g.id ON CONFLICT DO NOTHING) "
	    "UPDATE hub.folder f SET default_access = s.default_access FROM hub.folder s "
	    "WHERE f.id = $2 AND s.id = $1",
	    NULL, 0 },
	[ACCOUNT_ON_FOLDERS] = { "folder_grant_account",
	    GRANT_ON("folder", "account_id", REACHED_FOLDERS("$6")), NULL, 0 },
	[ACCOUNT_ON_PROJECTS] = { "folder_grant_account_below",
	    GRANT_ON("project", "account_id", REACHED_PROJECTS), NULL, 0 },
	[TEAM_ON_FOLDERS] = { "folder_grant_team",
	    GRANT_ON("folder", "team_id", REACHED_FOLDERS("$6")), NULL, 0 },
	[TEAM_ON_PROJECTS] = { "folder_grant_team_below",
	    GRANT_ON("project", "team_id", REACHED_PROJECTS), NULL, 0 },
	[EVERYONE_ON_FOLDERS] = { "folder_grant_everyone",
	    REACHED_FOLDERS("$5") "UPDATE hub.folder f SET default_access = $4 FROM reached "
	    "WHERE f.id = reached.id",
	    NULL, 0 },
	[EVERYONE_ON_PROJECTS] = { "folder_grant_everyone_below",
	    REACHED_PROJECTS "UPDATE hub.project p SET default_access = $4 FROM reached "
	    "WHERE p.id = reached.id AND p.default_access > 0",
	    NULL, 0 },
	[REVOKE_ON_FOLDERS] = { "folder_revoke", REVOKE_ON("folder", REACHED_FOLDERS("$6")), NULL, 0 },
	[REVOKE_ON_PROJECTS] = { "folder_revoke_below", REVOKE_ON("project", REACHED_PROJECTS),
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

static int
no_such(struct ctx *c, int code)
{
	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "no such folder") : code;
}

int
folder_by_id(struct ctx *c, const struct account *asker, int64_t id, struct folder *out)
{
	return no_such(c,
	    db_one(c, &folder_sql[BY_ID], out, db_int(asker->id), db_bool(asker->is_admin),
		db_int(id)));
}

int
folder_by_path(struct ctx *c, const struct account *asker, const char *path, struct folder *out)
{
	return no_such(c,
	    db_one(c, &folder_sql[BY_PATH], out, db_int(asker->id), db_bool(asker->is_admin),
		db_text(path)));
}

int
folder_list(struct ctx *c, const struct account *asker, int64_t limit, struct folder **rows_out,
    size_t *n_out)
{
	return db_all(c, &folder_sql[LIST], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit));
}

int
folder_ask(struct ctx *c, const struct account *asker, const char *path, struct folder_place *out)
{
	TRY(db_do(c, &folder_sql[LOCK_PATH], NULL, db_text(path)));
	return db_one(
	    c, &folder_sql[ASK], out, db_int(asker->id), db_bool(asker->is_admin), db_text(path));
}

int
folder_add(struct ctx *c, const struct folder_new *row, int64_t *id_out)
{
	struct number made;

	TRY(db_one(c, &folder_sql[ADD], &made, db_text(row->path), db_int(row->owner_account_id),
	    db_int(row->default_access), db_text(row->description)));
	*id_out = made.n;
	return OK;
}

int
folder_first_admin(struct ctx *c, int64_t *id_out)
{
	struct number row;

	TRY(db_one(c, &folder_sql[FIRST_ADMIN], &row));
	*id_out = row.n;
	return OK;
}

int
folder_set(struct ctx *c, int64_t id, const char *description, int64_t owner_account_id)
{
	int64_t n;

	TRY(db_do(c, &folder_sql[SET], &n, db_int(id), db_text(description),
	    owner_account_id == 0 ? db_null() : db_int(owner_account_id)));
	return n == 1 ? OK : no_such(c, E_NOTFOUND);
}

int
folder_move(struct ctx *c, const char *path, const char *new_path)
{
	return db_do(c, &folder_sql[MOVE], NULL, db_text(path), db_text(new_path),
	    db_int(FOLDER_BELOW_MOST));
}

int
folder_deepest(struct ctx *c, int64_t id, struct folder_deepest *out)
{
	return db_one(c, &folder_sql[DEEPEST], out, db_int(id));
}

int
folder_del(struct ctx *c, int64_t id, bool *is_done_out)
{
	struct number row;
	int64_t n;

	TRY(no_such(c, db_one(c, &folder_sql[LOCK], &row, db_int(id))));
	TRY(db_do(c, &folder_sql[DEL], &n, db_int(id)));
	*is_done_out = n == 1;
	return OK;
}

/* ---- who may what */

int
folder_list_members(
    struct ctx *c, int64_t id, int64_t limit, struct folder_member **rows_out, size_t *n_out)
{
	return db_all(c, &folder_sql[MEMBERS], rows_out, n_out, db_int(id), db_int(limit));
}

int
folder_copy_grants(struct ctx *c, int64_t from_id, int64_t to_id)
{
	return db_do(c, &folder_sql[COPY], NULL, db_int(from_id), db_int(to_id));
}

struct reach {
	struct ctx *c;
	const struct account *asker;
	int64_t id;
	const struct folder_grant *grant;
	bool is_below; /* also the folders below it */
};

#define WHERE_PARAMS(r) db_int((r)->id), db_int((r)->asker->id), db_bool((r)->asker->is_admin)

static int
revoke_on_folders(const struct reach *r, int64_t *n_out)
{
	bool is_team = r->grant->to.kind == GRANTEE_TEAM;

	return db_do(r->c, &folder_sql[REVOKE_ON_FOLDERS], n_out, WHERE_PARAMS(r),
	    is_team ? db_null() : db_int(r->grant->to.id),
	    is_team ? db_int(r->grant->to.id) : db_null(), db_bool(r->is_below));
}

static int
revoke_on_projects(const struct reach *r, int64_t *n_out)
{
	bool is_team = r->grant->to.kind == GRANTEE_TEAM;

	return db_do(r->c, &folder_sql[REVOKE_ON_PROJECTS], n_out, WHERE_PARAMS(r),
	    is_team ? db_null() : db_int(r->grant->to.id),
	    is_team ? db_int(r->grant->to.id) : db_null());
}

static int
set_on_folders(const struct reach *r, int64_t *n_out)
{
	const struct folder_grant *g = r->grant;

	if (g->to.kind == GRANTEE_EVERYONE)
		return db_do(r->c, &folder_sql[EVERYONE_ON_FOLDERS], n_out, WHERE_PARAMS(r),
		    db_int(g->access), db_bool(r->is_below));
	if (g->is_revoked)
		return revoke_on_folders(r, n_out);
	return db_do(r->c,
	    &folder_sql[g->to.kind == GRANTEE_TEAM ? TEAM_ON_FOLDERS : ACCOUNT_ON_FOLDERS], n_out,
	    WHERE_PARAMS(r), db_int(g->access), db_int(g->to.id), db_bool(r->is_below));
}

static int
set_on_projects(const struct reach *r, int64_t *n_out)
{
	const struct folder_grant *g = r->grant;

	if (g->to.kind == GRANTEE_EVERYONE)
		return db_do(r->c, &folder_sql[EVERYONE_ON_PROJECTS], n_out, WHERE_PARAMS(r),
		    db_int(g->access));
	if (g->is_revoked)
		return revoke_on_projects(r, n_out);
	return db_do(r->c,
	    &folder_sql[g->to.kind == GRANTEE_TEAM ? TEAM_ON_PROJECTS : ACCOUNT_ON_PROJECTS], n_out,
	    WHERE_PARAMS(r), db_int(g->access), db_int(g->to.id));
}

static int
check_below(struct ctx *c, int64_t id)
{
	struct number row;

	TRY(db_one(c, &folder_sql[COUNT_BELOW], &row, db_int(id), db_int(FOLDER_BELOW_MOST)));
	if (row.n > FOLDER_BELOW_MOST)
		return fail(
		    c, E_INVALID, "more than %d things are below that folder", FOLDER_BELOW_MOST);
	return OK;
}

int
folder_set_grant(struct ctx *c, const struct account *asker, int64_t id,
    const struct folder_grant *grant, int64_t *n_out)
{
	struct reach r = { c, asker, id, grant, false };
	bool has_projects = grant->reach == FOLDER_PROJECTS || grant->reach == FOLDER_ALL;
	int64_t n_folders, n_projects = 0;

	r.is_below = grant->reach == FOLDER_FOLDERS || grant->reach == FOLDER_ALL;
	if (grant->reach != FOLDER_ALONE)
		TRY(check_below(c, id));
	if (has_projects)
		TRY(set_on_projects(&r, &n_projects));
	TRY(set_on_folders(&r, &n_folders));
	*n_out = n_folders + n_projects;
	return OK;
}
