#include "store/repo.h"

#include "store/access_rule.h"
#include "store/mirror.h"
#include "store/store.h"

struct moment {
	const char *at;
};

static const struct field repo_row[] = { FIELD(repo, id), FIELD(repo, path),
	FIELD(repo, description), FIELD(repo, owner_uname), FIELD(repo, clone_uri),
	FIELD(repo, fork_of), FIELD(repo, store_id), FIELD(repo, default_access),
	FIELD(repo, created_at), FIELD(repo, is_cloned), { 0 } };
static const struct field at_row[] = { FIELD(repo_at, is_there), FIELD(repo_at, is_fork), { 0 } };
static const struct field fork_row[] = { FIELD(repo_fork, id), FIELD(repo_fork, access), { 0 } };
static const struct field member_row[] = { FIELD(repo_member, id), FIELD(repo_member, is_team),
	FIELD(repo_member, uname), FIELD(repo_member, first_name), FIELD(repo_member, last_name),
	FIELD(repo_member, email), FIELD(repo_member, role), FIELD(repo_member, is_active),
	FIELD(repo_member, is_admin), FIELD(repo_member, access), { 0 } };
static const struct field moment_row[] = { FIELD(moment, at), { 0 } };
static const struct field sync_row[] = { FIELD(repo_sync, is_live), FIELD(repo_sync, is_done),
	FIELD(repo_sync, is_ok), FIELD(repo_sync, error_text), { 0 } };

enum {
	BY_ID,
	LIST,
	ASK,
	LIST_FORKS,
	DETACH_FORKS,
	SET_PATH,
	SET_OWNER,
	SET_DEFAULT,
	SET_DESCRIPTION,
	SET_UPSTREAM,
	SET_MARK,
	DROP_JOB,
	DROP_MIRROR,
	DROP_MARK,
	LIST_MEMBERS,
	GRANT_ACCOUNT,
	GRANT_TEAM,
	DEL_GRANT,
	COPY_GRANTS,
	COPY_FOLDER_GRANTS,
	COPY_FOLDER_DEFAULT,
	SYNC_NOW,
	SYNC_SINCE,
};

/* clang-format off */
#define COLUMNS                                                                                    \
	"p.id, p.path, p.description, coalesce(po.uname, pt.uname) AS owner_uname, "               \
	"m.url AS clone_uri, f.path AS fork_of, p.store_id, p.default_access, "                    \
	DB_SECONDS("p.created_at") " AS created_at, "                                              \
	"NOT p.is_mirror OR m.last_success_at IS NOT NULL AS is_cloned "

#define JOINS                                                                                      \
	"LEFT JOIN hub.account po ON po.id = p.owner_account_id "                                  \
	"LEFT JOIN hub.team pt ON pt.id = p.owner_team_id "                                        \
	"LEFT JOIN hub.mirror m ON m.project_id = p.id "                                           \
	"LEFT JOIN hub.project f ON f.id = p.parent_id AND hub.project_access($1, $2, f.id, "      \
	"f.owner_account_id, f.owner_team_id, f.default_access) > 0 "

#define SET(column)                                                                                \
	"UPDATE hub.project SET " column " = $2, updated_at = now() WHERE id = $1"

#define GRANT(who)                                                                                 \
	"INSERT INTO hub.project_grant (project_id, " who ", access) VALUES ($1, $2, $3) "         \
	"ON CONFLICT (project_id, " who ") WHERE " who " IS NOT NULL "                             \
	"DO UPDATE SET access = EXCLUDED.access"

const struct db_stmt repo_sql[] = {
	[BY_ID] = { "repo_by_id", "SELECT " COLUMNS "FROM hub.project p " JOINS "WHERE p.id = $3",
	    repo_row, sizeof(struct repo) },
	[LIST] = { "repo_list",
	    WITH_TOUCHED "SELECT " COLUMNS "FROM hub.project p " JOINS
	    "WHERE " LIST_RULE " > 0 ORDER BY p.id LIMIT $3",
	    repo_row, sizeof(struct repo) },
	[ASK] = { "repo_ask",
	    "SELECT p.id IS NOT NULL AS is_there, "
	    "p.parent_id IS NOT NULL AND p.alias_of IS NULL AS is_fork "
	    "FROM (SELECT) one LEFT JOIN hub.project p ON lower(p.path) = lower($1 COLLATE \"C\")",
	    at_row, sizeof(struct repo_at) },
	[LIST_FORKS] = { "repo_list_forks",
	    "SELECT p.id, " RULE("$1", "$2") "::bigint AS access FROM hub.project p "
	    "WHERE p.parent_id = $3 AND p.alias_of IS NULL ORDER BY p.id LIMIT $4",
	    fork_row, sizeof(struct repo_fork) },
	[DETACH_FORKS] = { "repo_detach_forks",
	    "UPDATE hub.project SET parent_id = NULL WHERE parent_id = $1 AND alias_of IS NULL",
	    NULL, 0 },
	[SET_PATH] = { "repo_set_path", SET("path"), NULL, 0 },
	[SET_OWNER] = { "repo_set_owner",
	    "UPDATE hub.project SET owner_account_id = $2, owner_team_id = NULL, "
	    "updated_at = now() WHERE id = $1",
	    NULL, 0 },
	[SET_DEFAULT] = { "repo_set_default", SET("default_access"), NULL, 0 },
	[SET_DESCRIPTION] = { "repo_set_description", SET("description"), NULL, 0 },
	[SET_UPSTREAM] = { "repo_set_upstream",
	    "UPDATE hub.mirror SET url = $2, sealed_credentials = $3 WHERE project_id = $1",
	    NULL, 0 },
	[SET_MARK] = { "repo_set_mark",
	    "UPDATE hub.project SET is_mirror = true, updated_at = now() WHERE id = $1", NULL, 0 },
	[DROP_JOB] = { "repo_drop_job",
	    "DELETE FROM hub.job WHERE project_id = $1 AND kind = 'sync'", NULL, 0 },
	[DROP_MIRROR] = { "repo_drop_mirror", "DELETE FROM hub.mirror WHERE project_id = $1", NULL, 0 },
	[DROP_MARK] = { "repo_drop_mark",
	    "UPDATE hub.project SET is_mirror = false, updated_at = now() WHERE id = $1", NULL, 0 },
	[LIST_MEMBERS] = { "repo_list_members",
	    "SELECT coalesce(a.id, t.id) AS id, t.id IS NOT NULL AS is_team, "
	    "coalesce(a.uname, t.uname) AS uname, coalesce(a.first_name, '') AS first_name, "
	    "coalesce(a.last_name, '') AS last_name, coalesce(a.email, '') AS email, "
	    "coalesce(a.role, '') AS role, "
	    "coalesce(a.active AND a.role <> 'banned', t.active) AS is_active, "
	    "coalesce(a.role = 'admin', false) AS is_admin, g.access "
	    "FROM hub.project_grant g LEFT JOIN hub.account a ON a.id = g.account_id "
	    "LEFT JOIN hub.team t ON t.id = g.team_id WHERE g.project_id = $1 "
	    "ORDER BY t.id IS NOT NULL, g.id LIMIT $2",
	    member_row, sizeof(struct repo_member) },
	[GRANT_ACCOUNT] = { "repo_grant_account", GRANT("account_id"), NULL, 0 },
	[GRANT_TEAM] = { "repo_grant_team", GRANT("team_id"), NULL, 0 },
	[DEL_GRANT] = { "repo_del_grant",
	    "DELETE FROM hub.project_grant WHERE project_id = $1 "
	    "AND (account_id = $2 OR team_id = $3)",
	    NULL, 0 },
	[COPY_GRANTS] = { "repo_copy_grants",
	    "INSERT INTO hub.project_grant (project_id, account_id, team_id, access) "
	    "SELECT $2, g.account_id, g.team_id, g.access FROM hub.project_grant g "
	    "WHERE g.project_id = $1 ORDER BY g.id ON CONFLICT DO NOTHING",
	    NULL, 0 },
	[COPY_FOLDER_GRANTS] = { "repo_copy_folder_grants",
	    "INSERT INTO hub.project_grant (project_id, account_id, team_id, access) "
	    "SELECT $1, g.account_id, g.team_id, g.access FROM hub.folder_grant g "
	    "JOIN hub.folder f ON f.id = g.folder_id WHERE lower(f.path) = lower($2 COLLATE \"C\") "
	    "ORDER BY g.id ON CONFLICT DO NOTHING",
	    NULL, 0 },
	[COPY_FOLDER_DEFAULT] = { "repo_copy_folder_default",
	    "UPDATE hub.project p SET default_access = least(f.default_access::smallint, 2) "
	    "FROM hub.folder f WHERE p.id = $1 AND p.default_access > 0 "
	    "AND lower(f.path) = lower($2 COLLATE \"C\")",
	    NULL, 0 },
	[SYNC_NOW] = { "repo_sync_now", "SELECT clock_timestamp()::text AS at", moment_row,
	    sizeof(struct moment) },
	/* the newest run alone: if that one is older, all are */
	[SYNC_SINCE] = { "repo_sync_since",
	    "SELECT m.project_id IS NOT NULL AND NOT m.paused AS is_live, "
	    "coalesce(r.started_at >= $2::timestamptz, false) AS is_done, "
	    "coalesce(r.outcome <> 'failed', false) AS is_ok, "
	    "coalesce(r.error_text, '') AS error_text "
	    "FROM (SELECT) one LEFT JOIN hub.mirror m ON m.project_id = $1 "
	    "LEFT JOIN LATERAL (SELECT q.started_at, q.outcome, q.error_text FROM hub.run q "
	    "WHERE q.project_id = $1 ORDER BY q.id DESC LIMIT 1) r ON true",
	    sync_row, sizeof(struct repo_sync) },
	{ 0 }
};
/* clang-format on */

static int
check_count(struct ctx *c, size_t n)
{
	return n > REPOS_MOST ? fail(c, E_INTERNAL, "more than %d rows", REPOS_MOST) : OK;
}

int
repo_by_id(struct ctx *c, const struct account *asker, int64_t id, struct repo *out)
{
	return db_one(
	    c, &repo_sql[BY_ID], out, db_int(asker->id), db_bool(asker->is_admin), db_int(id));
}

int
repo_list(struct ctx *c, const struct account *asker, struct repo **rows_out, size_t *n_out)
{
	TRY(db_all(c, &repo_sql[LIST], rows_out, n_out, db_int(asker->id), db_bool(asker->is_admin),
	    db_int(REPOS_MOST + 1)));
	return check_count(c, *n_out);
}

int
repo_ask(struct ctx *c, const char *path, struct repo_at *out)
{
	return db_one(c, &repo_sql[ASK], out, db_text(path));
}

int
repo_list_forks(struct ctx *c, const struct account *asker, int64_t id, int64_t limit,
    struct repo_fork **rows_out, size_t *n_out)
{
	return db_all(c, &repo_sql[LIST_FORKS], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(id), db_int(limit));
}

int
repo_detach_forks(struct ctx *c, int64_t id)
{
	return db_do(c, &repo_sql[DETACH_FORKS], NULL, db_int(id));
}

/* ---- changes */

static int
one_row(struct ctx *c, int code, int64_t n)
{
	TRY(code);
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such project");
}

static int
set(struct ctx *c, int statement, int64_t id, struct db_param value)
{
	int64_t n = 0;
	int code = db_do(c, &repo_sql[statement], &n, db_int(id), value);

	return one_row(c, code, n);
}

int
repo_set_path(struct ctx *c, int64_t id, const char *path)
{
	return set(c, SET_PATH, id, db_text(path));
}

int
repo_set_owner(struct ctx *c, int64_t id, int64_t account_id)
{
	return set(c, SET_OWNER, id, db_int(account_id));
}

int
repo_set_default(struct ctx *c, int64_t id, int64_t access)
{
	return set(c, SET_DEFAULT, id, db_int(access));
}

int
repo_set_description(struct ctx *c, int64_t id, const char *description)
{
	return set(c, SET_DESCRIPTION, id, db_text(description));
}

int
repo_set_upstream(struct ctx *c, int64_t id, const char *url, const char *sealed_credentials)
{
	int64_t n = 0;
	int code = db_do(
	    c, &repo_sql[SET_UPSTREAM], &n, db_int(id), db_text(url), db_text(sealed_credentials));

	return one_row(c, code, n);
}

int
repo_add_upstream(struct ctx *c, int64_t id, const char *url, const char *sealed_credentials)
{
	const struct mirror_new row = {
		.project_id = id, .url = url, .sealed_credentials = sealed_credentials
	};
	int64_t n = 0;
	int code = db_do(c, &repo_sql[SET_MARK], &n, db_int(id));

	TRY(one_row(c, code, n));
	return mirror_add(c, &row);
}

int
repo_drop_upstream(struct ctx *c, int64_t id)
{
	int64_t n = 0;
	int code;

	/* project, mirror, job: the order of deletions */
	code = db_do(c, &repo_sql[DROP_MARK], &n, db_int(id));
	TRY(one_row(c, code, n));
	TRY(db_do(c, &repo_sql[DROP_MIRROR], NULL, db_int(id)));
	return db_do(c, &repo_sql[DROP_JOB], NULL, db_int(id));
}

/* ---- who may what */

int
repo_list_members(struct ctx *c, int64_t id, struct repo_member **rows_out, size_t *n_out)
{
	TRY(db_all(
	    c, &repo_sql[LIST_MEMBERS], rows_out, n_out, db_int(id), db_int(REPOS_MOST + 1)));
	return check_count(c, *n_out);
}

int
repo_set_grant(struct ctx *c, int64_t id, bool is_team, int64_t member_id, int64_t access)
{
	return db_do(c, &repo_sql[is_team ? GRANT_TEAM : GRANT_ACCOUNT], NULL, db_int(id),
	    db_int(member_id), db_int(access));
}

int
repo_del_grant(struct ctx *c, int64_t id, bool is_team, int64_t member_id, bool *was_there_out)
{
	int64_t n;

	TRY(db_do(c, &repo_sql[DEL_GRANT], &n, db_int(id), is_team ? db_null() : db_int(member_id),
	    is_team ? db_int(member_id) : db_null()));
	*was_there_out = n > 0;
	return OK;
}

int
repo_copy_grants(struct ctx *c, int64_t from_id, int64_t to_id)
{
	return db_do(c, &repo_sql[COPY_GRANTS], NULL, db_int(from_id), db_int(to_id));
}

int
repo_copy_folder_grants(struct ctx *c, int64_t id, const char *folder)
{
	TRY(db_do(c, &repo_sql[COPY_FOLDER_GRANTS], NULL, db_int(id), db_text(folder)));
	return db_do(c, &repo_sql[COPY_FOLDER_DEFAULT], NULL, db_int(id), db_text(folder));
}

/* ---- a sync that somebody waits for */

int
repo_sync_now(struct ctx *c, const char **out)
{
	struct moment row;

	TRY(db_one(c, &repo_sql[SYNC_NOW], &row));
	*out = row.at;
	return OK;
}

int
repo_sync_since(struct ctx *c, int64_t id, const char *since, struct repo_sync *out)
{
	return db_one(c, &repo_sql[SYNC_SINCE], out, db_int(id), db_text(since));
}
