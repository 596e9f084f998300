#include "store/project_full.h"

#include "store/access_rule.h"
#include "store/account_fields.h"
#include "store/platform_fields.h"
#include "store/project_fields.h"
#include "store/store.h"
#include "store/total.h"

/* Who asks, and the project beside. */
struct asked {
	struct account account;
	struct project_full project;
};

/* clang-format off */
#define FULL_COLUMNS                                                                               \
	PROJECT_COLUMNS CARD_COLUMNS ", " OWNER_NAME("po", "pt") " AS owner_name, "                \
	"ps.head, hub.project_ancestry(p.parent_id) AS ancestry, p.parent_id, p.alias_of, "        \
	"p.is_package, p.has_issues, p.has_wiki, p.publish_i686_into_x86_64, "                     \
	"p.architecture_dependent, coalesce(p.autostart_status, -1) AS autostart_status, "

#define FULL_FROM PROJECT_FROM CARD_JOINS "LEFT JOIN hub.store ps ON ps.id = p.store_id "

#define FULL_FIELDS(T, in)                                                                         \
	PROJECT_FIELDS(T, in base.),                                                               \
	CARD_FIELDS(T, in card.),                                                                  \
	FIELD_AS(T, in owner_name, "owner_name"),                                                  \
	FIELD_AS(T, in head, "head"),                                                              \
	FIELD_AS(T, in ancestry, "ancestry"),                                                      \
	FIELD_AS(T, in parent_id, "parent_id"),                                                    \
	FIELD_AS(T, in alias_of, "alias_of"),                                                      \
	FIELD_AS(T, in is_package, "is_package"),                                                  \
	FIELD_AS(T, in has_issues, "has_issues"),                                                  \
	FIELD_AS(T, in has_wiki, "has_wiki"),                                                      \
	FIELD_AS(T, in publish_i686_into_x86_64, "publish_i686_into_x86_64"),                      \
	FIELD_AS(T, in architecture_dependent, "architecture_dependent"),                          \
	FIELD_AS(T, in autostart_status, "autostart_status")

/* which: "= …", an id or none */
#define ASKED_FULL(asker, which)                                                                   \
	"SELECT " ASKED_COLUMNS FULL_COLUMNS                                                       \
	"coalesce(" RULE("a.asker_id", "a.asker_is_admin") ", 0) AS access "                       \
	"FROM (" asker ") a LEFT JOIN (" FULL_FROM ") ON p.id " which

#define UNASKED_FULL(which)                                                                        \
	"SELECT " FULL_COLUMNS RULE("0", "false") " AS access FROM " FULL_FROM "WHERE p.id " which

/* length() leads into the index on names. */
#define OF_NAME(owner, name)                                                                       \
	"= coalesce((SELECT q.id FROM hub.project q "                                              \
	"WHERE lower(q.path) = lower((" owner " || '/' || " name ") COLLATE \"C\")), "             \
	"(SELECT min(q.id) FROM hub.project q LEFT JOIN hub.account qo ON qo.id = q.owner_account_id " \
	"LEFT JOIN hub.team qt ON qt.id = q.owner_team_id "                                        \
	"WHERE length(q.name) = length(" name ") AND lower(q.name) = lower(" name " COLLATE \"C\") " \
	"AND lower(coalesce(qo.uname, qt.uname)) = lower(" owner " COLLATE \"C\")))"

/* Own projects come from their index in the order of their ids, the others are few; no rule is
 * asked (hub.projects_shared says why). */
#define MINE                                                                                       \
	"FROM ((SELECT p.id FROM hub.project p WHERE p.owner_account_id = $1 ORDER BY p.id) "      \
	"UNION ALL (SELECT t.id FROM hub.projects_shared($1) t (id) ORDER BY t.id)) mine "
/* clang-format on */

static const struct field full_row[] = { FULL_FIELDS(project_full, ), { 0 } };
static const struct field asked_row[] = { ASKER_FIELDS(asked, account.),
	FULL_FIELDS(asked, project.), { 0 } };

#define FULL full_row, sizeof(struct project_full)
#define ASKED asked_row, sizeof(struct asked)

/* By what, and by which kind of claim: the kinds of a statement stand together. */
enum {
	BY_ID,
	BY_ID_AND_TOKEN,
	BY_ID_AND_ACCOUNT,
	BY_ID_AND_SESSION,
	BY_NAME,
	BY_NAME_AND_TOKEN,
	BY_NAME_AND_ACCOUNT,
	BY_NAME_AND_SESSION,
	LIST_MINE,
	COUNT_MINE,
};

/* clang-format off */
const struct db_stmt project_full_sql[] = {
	[BY_ID] = { "project_full_by_id", UNASKED_FULL("= $1"), FULL },
	[BY_ID_AND_TOKEN] = { "project_full_by_id_and_token", ASKED_FULL(ASKER_BY_TOKEN, "= $2"),
	    ASKED },
	[BY_ID_AND_ACCOUNT] = { "project_full_by_id_and_account",
	    ASKED_FULL(ASKER_BY_ACCOUNT, "= $3"), ASKED },
	[BY_ID_AND_SESSION] = { "project_full_by_id_and_session",
	    ASKED_FULL(ASKER_BY_SESSION, "= $2"), ASKED },
	[BY_NAME] = { "project_full_by_name", UNASKED_FULL(OF_NAME("$1", "$2")), FULL },
	[BY_NAME_AND_TOKEN] = { "project_full_by_name_and_token",
	    ASKED_FULL(ASKER_BY_TOKEN, OF_NAME("$2", "$3")), ASKED },
	[BY_NAME_AND_ACCOUNT] = { "project_full_by_name_and_account",
	    ASKED_FULL(ASKER_BY_ACCOUNT, OF_NAME("$3", "$4")), ASKED },
	[BY_NAME_AND_SESSION] = { "project_full_by_name_and_session",
	    ASKED_FULL(ASKER_BY_SESSION, OF_NAME("$2", "$3")), ASKED },
	[LIST_MINE] = { "project_full_list",
	    "WITH page AS MATERIALIZED (SELECT mine.id " MINE
	    "ORDER BY mine.id LIMIT $3 OFFSET $4) SELECT w.* FROM page CROSS JOIN LATERAL (SELECT " FULL_COLUMNS
	    RULE("$1", "$2") " AS access FROM " FULL_FROM "WHERE p.id = page.id LIMIT 1) w "
	    "ORDER BY page.id",
	    FULL },
	[COUNT_MINE] = { "project_full_count", "SELECT count(*) AS n " MINE, TOTAL },
	{ 0 }
};
/* clang-format on */

/* Ends a look-up: code is the statement's, row what it gave. */
static int
take(struct ctx *c, const struct claim *claim, int code, const struct asked *row,
    struct account *account_out, struct project_full *out)
{
	/* no row at all: nobody stands behind the claim */
	if (code == E_NOTFOUND && claim->kind != CLAIM_NOBODY)
		return fail(c, E_DENIED, ACCOUNT_WRONG);
	if (code != OK && code != E_NOTFOUND)
		return code;
	*account_out = row->account;
	if (row->project.base.id == 0)
		return fail(c, E_NOTFOUND, "no such project");
	*out = row->project;
	return OK;
}

int
project_full_by_id(struct ctx *c, const struct claim *claim, int64_t id,
    struct account *account_out, struct project_full *out)
{
	struct asked row = { 0 };
	int code;

	if (claim->kind == CLAIM_NOBODY)
		code = db_one(c, &project_full_sql[BY_ID], &row.project, db_int(id));
	else if (claim->kind == CLAIM_ACCOUNT)
		code = db_one(c, &project_full_sql[BY_ID_AND_ACCOUNT], &row,
		    db_int(claim->account_id), db_int(claim->password_version), db_int(id));
	else
		code = db_one(c,
		    &project_full_sql[claim->kind == CLAIM_TOKEN ? BY_ID_AND_TOKEN
								 : BY_ID_AND_SESSION],
		    &row, db_bytes(claim->hash, sizeof(claim->hash)), db_int(id));
	return take(c, claim, code, &row, account_out, out);
}

int
project_full_by_name(struct ctx *c, const struct claim *claim, const char *owner, const char *name,
    struct account *account_out, struct project_full *out)
{
	struct asked row = { 0 };
	int code;

	if (claim->kind == CLAIM_NOBODY)
		code = db_one(
		    c, &project_full_sql[BY_NAME], &row.project, db_text(owner), db_text(name));
	else if (claim->kind == CLAIM_ACCOUNT)
		code = db_one(c, &project_full_sql[BY_NAME_AND_ACCOUNT], &row,
		    db_int(claim->account_id), db_int(claim->password_version), db_text(owner),
		    db_text(name));
	else
		code = db_one(c,
		    &project_full_sql[claim->kind == CLAIM_TOKEN ? BY_NAME_AND_TOKEN
								 : BY_NAME_AND_SESSION],
		    &row, db_bytes(claim->hash, sizeof(claim->hash)), db_text(owner),
		    db_text(name));
	return take(c, claim, code, &row, account_out, out);
}

int
project_full_list(struct ctx *c, const struct account *asker, int64_t limit, int64_t offset,
    struct project_full **rows_out, size_t *n_out)
{
	return db_all(c, &project_full_sql[LIST_MINE], rows_out, n_out, db_int(asker->id),
	    db_bool(asker->is_admin), db_int(limit), db_int(offset));
}

int
project_full_count(struct ctx *c, const struct account *asker, int64_t *out)
{
	return total_of(c, &project_full_sql[COUNT_MINE], out, db_int(asker->id));
}
