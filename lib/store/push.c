#include "store/push.h"

#include <assert.h>

#include "store/access_rule.h"
#include "store/account_fields.h"
#include "store/project_fields.h"
#include "store/store.h"

struct asked {
	struct account account;
	struct push_target target;
};

struct answer {
	bool is_so;
};

static const struct field target_row[] = { PROJECT_FIELDS(push_target, project.),
	FIELD(push_target, secret), { 0 } };
static const struct field asked_row[] = { ASKER_FIELDS(asked, account.),
	PROJECT_FIELDS(asked, target.project.), FIELD_AS(asked, target.secret, "secret"), { 0 } };
static const struct field answer_row[] = { FIELD(answer, is_so), { 0 } };

enum {
	TARGET,
	TARGET_AND_TOKEN,
	TARGET_AND_ACCOUNT,
	NOTE_DELIVERY,
	SET_SECRET,
	HAS_SECRET,
};

#define TARGET_COLUMNS PROJECT_COLUMNS "m.push_secret AS secret, "

/* clang-format off */
#define TARGET_AND(asker, path)                                                                    \
	"SELECT " ASKED_COLUMNS TARGET_COLUMNS                                                     \
	"coalesce(" RULE("a.asker_id", "a.asker_is_admin") ", 0) AS access "                       \
	"FROM (" asker ") a LEFT JOIN (" PROJECT_FROM ") ON " HAS_PATH(path)

const struct db_stmt push_sql[] = {
	[TARGET] = { "push_target",
	    "SELECT " TARGET_COLUMNS RULE("0", "false") " AS access FROM " PROJECT_FROM
	    " WHERE " HAS_PATH("$1"),
	    target_row, sizeof(struct push_target) },
	[TARGET_AND_TOKEN] = { "push_target_and_token", TARGET_AND(ASKER_BY_TOKEN, "$2"),
	    asked_row, sizeof(struct asked) },
	[TARGET_AND_ACCOUNT] = { "push_target_and_account", TARGET_AND(ASKER_BY_ACCOUNT, "$3"),
	    asked_row, sizeof(struct asked) },
	[NOTE_DELIVERY] = { "push_note_delivery",
	    "WITH old AS (DELETE FROM hub.push_delivery WHERE project_id = $1 "
	    "AND at < now() - interval '1 day' AND delivery <> $2) "
	    "INSERT INTO hub.push_delivery (project_id, delivery) VALUES ($1, $2) "
	    "ON CONFLICT (project_id, delivery) DO NOTHING",
	    NULL, 0 },
	[SET_SECRET] = { "push_set_secret",
	    "UPDATE hub.mirror SET push_secret = $2 WHERE project_id = $1", NULL, 0 },
	[HAS_SECRET] = { "push_has_secret",
	    "SELECT push_secret IS NOT NULL AS is_so FROM hub.mirror WHERE project_id = $1",
	    answer_row, sizeof(struct answer) },
	{ 0 }
};
/* clang-format on */

static int
by_path_and_claim(struct ctx *c, const struct claim *claim, const char *path, struct asked *out)
{
	int code;

	assert(claim->kind != CLAIM_SESSION); /* programs send notices */
	if (claim->kind == CLAIM_TOKEN)
		code = db_one(c, &push_sql[TARGET_AND_TOKEN], out,
		    db_bytes(claim->hash, sizeof(claim->hash)), db_text(path));
	else
		code = db_one(c, &push_sql[TARGET_AND_ACCOUNT], out, db_int(claim->account_id),
		    db_int(claim->password_version), db_text(path));
	/* no row at all: nobody stands behind the claim */
	return code == E_NOTFOUND ? fail(c, E_DENIED, ACCOUNT_WRONG) : code;
}

int
push_target_by_path(struct ctx *c, const struct claim *claim, const char *path,
    struct account *account_out, struct push_target *out)
{
	struct asked row = { 0 };
	int code;

	if (claim->kind == CLAIM_NOBODY) {
		code = db_one(c, &push_sql[TARGET], &row.target, db_text(path));
		if (code != OK && code != E_NOTFOUND)
			return code;
	} else {
		TRY(by_path_and_claim(c, claim, path, &row));
	}
	*account_out = row.account;
	*out = row.target;
	if (row.target.project.id == 0)
		out->project.access =
		    0; /* an administrator may everything, also where nothing is */
	return OK;
}

int
push_note_delivery(struct ctx *c, int64_t project_id, const char *delivery, bool *is_new_out)
{
	int64_t n;

	TRY(db_do(c, &push_sql[NOTE_DELIVERY], &n, db_int(project_id), db_text(delivery)));
	*is_new_out = n == 1;
	return OK;
}

int
push_set_secret(struct ctx *c, int64_t project_id, const char *sealed)
{
	int64_t n;

	TRY(db_do(c, &push_sql[SET_SECRET], &n, db_int(project_id), db_text(sealed)));
	return n == 1 ? OK : fail(c, E_NOTFOUND, "no such mirror");
}

int
push_has_secret(struct ctx *c, int64_t project_id, bool *out)
{
	struct answer row;

	TRY(db_one(c, &push_sql[HAS_SECRET], &row, db_int(project_id)));
	*out = row.is_so;
	return OK;
}
