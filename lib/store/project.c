#include "store/project.h"

#include <string.h>

#include "store/access_rule.h"
#include "store/account_fields.h"
#include "store/project_fields.h"
#include "store/store.h"

/* Who asks, and the project beside: what one statement answers. */
struct asked {
	struct account account;
	struct project project;
};

struct added {
	int64_t id, store_id;
};

struct number {
	int64_t n;
};

struct last {
	bool is_last;
};

/* clang-format off */
#define BY_PATH_AND(asker, path)                                                                        \
	"SELECT " ASKED_COLUMNS                                                                    \
	PROJECT_COLUMNS                                                                            \
	"coalesce(" RULE("a.asker_id", "a.asker_is_admin") ", 0) AS access "                       \
	"FROM (" asker ") a LEFT JOIN (" PROJECT_FROM ") ON " HAS_PATH(path)

/* The page's ids come from the index alone, the wide rows are read for the page only; the lateral
 * LIMIT 1 keeps the planner from reading all mirrors to join them with a hundred. */
#define LIST(of, and_text)                                                                         \
	WITH_TOUCHED ", page AS MATERIALIZED ("                                                    \
	"SELECT p.id, p.path FROM hub.project p WHERE " of LIST_RULE " > 0 "                       \
	and_text "ORDER BY p.path LIMIT $3 OFFSET $4) "                                            \
	"SELECT w.* FROM page CROSS JOIN LATERAL (SELECT " PROJECT_COLUMNS LIST_RULE " AS access " \
	"FROM " PROJECT_FROM " WHERE p.id = page.id LIMIT 1) w ORDER BY page.path"

#define MIRRORS "p.is_mirror AND "
#define HAS_TEXT(n) "AND strpos(lower(p.path), lower(" n " COLLATE \"C\")) > 0 "

/* clang-format on */

static const struct field project_row[] = { PROJECT_FIELDS(project, ), { 0 } };
static const struct field asked_row[] = { ASKER_FIELDS(asked, account.),
	PROJECT_FIELDS(asked, project.), { 0 } };
static const struct field added_row[] = { FIELD(added, id), FIELD(added, store_id), { 0 } };
static const struct field path_row[] = { FIELD(project_path, path), { 0 } };
static const struct field number_row[] = { FIELD(number, n), { 0 } };
static const struct field last_row[] = { FIELD(last, is_last), { 0 } };

enum {
	BY_PATH,
	BY_PATH_AND_TOKEN,
	BY_PATH_AND_ACCOUNT,
	BY_PATH_AND_SESSION,
	LIST_MIRRORS,
	LIST_MIRRORS_WITH,
	LIST_ALL,
	LIST_MIRROR_PATHS,
	COUNT_MIRRORS,
	COUNT_MIRRORS_WITH,
	PROJECT_ADD,
	PROJECT_DEL,
	RAISE_GENERATION,
};

/* clang-format off */
const struct db_stmt project_sql[] = {
	[BY_PATH] = { "project_by_path",
	    "SELECT " PROJECT_COLUMNS RULE("0", "false") " AS access FROM " PROJECT_FROM
	    " WHERE " HAS_PATH("$1"),
	    project_row, sizeof(struct project) },
	[BY_PATH_AND_TOKEN] = { "project_by_path_and_token", BY_PATH_AND(ASKER_BY_TOKEN, "$2"),
	    asked_row, sizeof(struct asked) },
	[BY_PATH_AND_ACCOUNT] = { "project_by_path_and_account", BY_PATH_AND(ASKER_BY_ACCOUNT, "$3"),
	    asked_row, sizeof(struct asked) },
	[BY_PATH_AND_SESSION] = { "project_by_path_and_session", BY_PATH_AND(ASKER_BY_SESSION, "$2"),
	    asked_row, sizeof(struct asked) },
	[LIST_MIRRORS] = { "project_list_mirrors", LIST(MIRRORS, ""), project_row,
	    sizeof(struct project) },
	[LIST_MIRRORS_WITH] = { "project_list_mirrors_with", LIST(MIRRORS, HAS_TEXT("$5")),
	    project_row, sizeof(struct project) },
	[LIST_ALL] = { "project_list_all", LIST("", ""), project_row, sizeof(struct project) },
	[LIST_MIRROR_PATHS] = { "project_list_mirror_paths",
	    WITH_TOUCHED "SELECT p.path FROM hub.project p "
	    "WHERE p.is_mirror AND " LIST_RULE " > 0 ORDER BY p.path LIMIT $3",
	    path_row, sizeof(struct project_path) },
	/* the counters hold what nobody in particular sees; what the asker sees beyond or less is
	 * among the projects he has to do with */
	[COUNT_MIRRORS] = { "project_count_mirrors",
	    "SELECT CASE WHEN $2 THEN (SELECT n FROM hub.counter WHERE name = 'mirrors') "
	    "ELSE (SELECT n FROM hub.counter WHERE name = 'mirrors_open') + "
	    "CASE WHEN $1 = 0 THEN 0 ELSE coalesce((SELECT sum((" RULE("$1", "$2") " > 0)::integer "
	    "- (p.default_access > 0)::integer) FROM hub.project p "
	    "WHERE p.is_mirror AND p.id IN (SELECT o.id FROM hub.project o "
	    "WHERE o.owner_account_id = $1 "
	    "UNION SELECT t.id FROM hub.projects_touched($1) t (id))), 0) END END AS n",
	    number_row, sizeof(struct number) },
	[COUNT_MIRRORS_WITH] = { "project_count_mirrors_with",
	    WITH_TOUCHED "SELECT count(*) AS n FROM hub.project p "
	    "WHERE p.is_mirror AND " LIST_RULE " > 0 " HAS_TEXT("$3"),
	    number_row, sizeof(struct number) },
	[PROJECT_ADD] = { "project_add",
	    "WITH s AS (INSERT INTO hub.store DEFAULT VALUES RETURNING id) "
	    "INSERT INTO hub.project (path, owner_account_id, owner_team_id, default_access, "
	    "description, is_mirror, store_id) "
	    "SELECT $1, $2, $3, $4, $5, $6, s.id FROM s RETURNING id, store_id",
	    added_row, sizeof(struct added) },
	[PROJECT_DEL] = { "project_del",
	    "DELETE FROM hub.project p WHERE p.id = $1 RETURNING NOT EXISTS (SELECT "
	    "FROM hub.project o WHERE o.store_id = p.store_id AND o.id <> p.id) AS is_last",
	    last_row, sizeof(struct last) },
	[RAISE_GENERATION] = { "project_raise_generation",
	    "UPDATE hub.store SET generation = generation + 1, head = coalesce($2, head) "
	    "WHERE id = $1",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such project");
}

static int
by_path_and_claim(struct ctx *c, const struct claim *claim, const char *path, struct asked *out)
{
	int code;

	if (claim->kind == CLAIM_ACCOUNT)
		code = db_one(c, &project_sql[BY_PATH_AND_ACCOUNT], out, db_int(claim->account_id),
		    db_int(claim->password_version), db_text(path));
	else
		code = db_one(c,
		    &project_sql[claim->kind == CLAIM_TOKEN ? BY_PATH_AND_TOKEN
							    : BY_PATH_AND_SESSION],
		    out, db_bytes(claim->hash, sizeof(claim->hash)), db_text(path));
	/* no row at all: nobody stands behind the claim */
	return code == E_NOTFOUND ? fail(c, E_DENIED, ACCOUNT_WRONG) : code;
}

int
project_by_path(struct ctx *c, const struct claim *claim, const char *path,
    struct account *account_out, struct project *out)
{
	struct asked row = { 0 };
	int code;

	if (claim->kind == CLAIM_NOBODY) {
		code = db_one(c, &project_sql[BY_PATH], &row.project, db_text(path));
		if (code != OK && code != E_NOTFOUND)
			return code;
	} else {
		TRY(by_path_and_claim(c, claim, path, &row));
	}
	*account_out = row.account;
	/* an administrator may everything, also where nothing is */
	if (row.project.id == 0 || row.project.access == 0)
		return no_such(c);
	*out = row.project;
	return OK;
}

int
project_list_mirrors(struct ctx *c, const struct account *asker, const char *text, int64_t limit,
    int64_t offset, struct project **rows_out, size_t *n_out)
{
	if (text[0] == '\0')
		return db_all(c, &project_sql[LIST_MIRRORS], rows_out, n_out, db_int(asker->id),
		    db_bool(asker->is_admin), db_int(limit), db_int(offset));
	return db_all(c, &project_sql[LIST_MIRRORS_WITH], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit), db_int(offset), db_text(text));
}

int
project_list_all(struct ctx *c, const struct account *asker, int64_t limit, int64_t offset,
    struct project **rows_out, size_t *n_out)
{
	return db_all(c, &project_sql[LIST_ALL], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit), db_int(offset));
}

int
project_list_mirror_paths(struct ctx *c, const struct account *asker, int64_t limit,
    struct project_path **rows_out, size_t *n_out)
{
	return db_all(c, &project_sql[LIST_MIRROR_PATHS], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit));
}

int
project_count_mirrors(struct ctx *c, const struct account *asker, const char *text, int64_t *out)
{
	struct number row;

	if (text[0] == '\0')
		TRY(db_one(c, &project_sql[COUNT_MIRRORS], &row, db_int(asker->id),
		    db_bool(asker->is_admin)));
	else
		TRY(db_one(c, &project_sql[COUNT_MIRRORS_WITH], &row, db_int(asker->id),
		    db_bool(asker->is_admin), db_text(text)));
	*out = row.n;
	return OK;
}

int
project_add(struct ctx *c, const struct project_new *row, int64_t *id_out, int64_t *store_id_out)
{
	struct added added;

	TRY(db_one(c, &project_sql[PROJECT_ADD], &added, db_text(row->path),
	    db_reference(row->owner_account_id), db_reference(row->owner_team_id),
	    db_int(row->default_access), db_text(row->description), db_bool(row->is_mirror)));
	*id_out = added.id;
	*store_id_out = added.store_id;
	return OK;
}

int
project_del(struct ctx *c, int64_t id, bool *is_last_out)
{
	struct last row;

	TRY(db_one(c, &project_sql[PROJECT_DEL], &row, db_int(id)));
	*is_last_out = row.is_last;
	return OK;
}

int
project_raise_generation(struct ctx *c, int64_t store_id, const char *head)
{
	int64_t n;

	TRY(db_do(c, &project_sql[RAISE_GENERATION], &n, db_int(store_id), db_text(head)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such store");
}
