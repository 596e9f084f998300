#include "store/guard.h"

#include <string.h>

#include "store/store.h"

struct word_row {
	const char *word;
};

static const struct field guard_row[] = {
	FIELD(guard, fingerprint),
	FIELD(guard, held_at),
	FIELD(guard, findings),
	FIELD(guard, notices),
	FIELD(guard, is_approved),
	FIELD(guard, is_rejected),
	FIELD(guard, decided_at),
	FIELD(guard, decided_by),
	{ 0 },
};

static const struct field word_row[] = { FIELD(word_row, word), { 0 } };

const struct field mirror_options_fields[] = {
	FIELD(mirror_options, mode),
	FIELD(mirror_options, ref_include),
	FIELD(mirror_options, ref_exclude),
	FIELD(mirror_options, prunes),
	FIELD(mirror_options, allow_rewrite),
	FIELD(mirror_options, kept_count),
	FIELD(mirror_options, kept_days),
	FIELD(mirror_options, most_bytes),
	FIELD(mirror_options, most_objects),
	FIELD(mirror_options, most_refs),
	FIELD(mirror_options, most_blob_bytes),
	{ 0 },
};

static const struct field pin_row[] = {
	FIELD(mirror_pin, ref),
	FIELD(mirror_pin, oid),
	FIELD(mirror_pin, actor),
	FIELD(mirror_pin, created_at),
	{ 0 },
};

enum { GUARD_OF, DECIDE, OPTIONS_OF, OPTIONS_SET, PIN_LIST, PIN_SET, PIN_LET_GO };

#define WORD(column)                                                                               \
	"CASE WHEN " column " IS NULL THEN '' WHEN " column " THEN 'yes' ELSE 'no' END AS " column
#define NUMBER(column) "coalesce(" column "::text, '') AS " column

const struct db_stmt guard_sql[] = {
	[GUARD_OF] = { "guard_of",
	    "SELECT coalesce(encode(m.held_fingerprint, 'hex'), '') AS fingerprint, "
	    "coalesce(" DB_SECONDS(
		"m.held_at") ", 0) AS held_at, "
			     "coalesce(m.held_findings, '[]')::text AS findings, "
			     "coalesce(m.notices, '[]')::text AS notices, "
			     "m.approved_fingerprint IS NOT NULL AS is_approved, "
			     "m.rejected_fingerprint IS NOT NULL AS is_rejected, "
			     "coalesce(" DB_SECONDS(
				 "m.decided_at") ", 0) AS decided_at, m.decided_by "
						 "FROM hub.mirror m WHERE m.project_id = $1",
	    guard_row, sizeof(struct guard) },
	[DECIDE] = { "guard_decide", "SELECT hub.guard_decide($1, $2, $3, $4) AS word", word_row,
	    sizeof(struct word_row) },
	[OPTIONS_OF] = { "mirror_options_of",
	    "SELECT coalesce(mode, '') AS mode, coalesce(ref_include, '') AS ref_include, "
	    "coalesce(ref_exclude, '') AS ref_exclude, " WORD("prunes") ", " WORD("allow_rewrite") ", " NUMBER("kept_count") ", " NUMBER(
		"kept_days") ", " NUMBER("most_bytes") ", " NUMBER("most_objects") ", " NUMBER("mos"
											       "t_"
											       "ref"
											       "s") ", " NUMBER("most_blob_bytes") " FROM hub.mirror WHERE project_id = $1",
	    mirror_options_fields, sizeof(struct mirror_options) },
	[OPTIONS_SET] = { "mirror_options_set",
	    "UPDATE hub.mirror SET mode = nullif($2, ''), ref_include = nullif($3, ''), "
	    "ref_exclude = nullif($4, ''), prunes = nullif($5, '') = 'yes', "
	    "allow_rewrite = nullif($6, '') = 'yes', kept_count = nullif($7, '')::integer, "
	    "kept_days = nullif($8, '')::integer, most_bytes = nullif($9, '')::bigint, "
	    "most_objects = nullif($10, '')::bigint, most_refs = nullif($11, '')::bigint, "
	    "most_blob_bytes = nullif($12, '')::bigint WHERE project_id = $1",
	    NULL, 0 },
	[PIN_LIST] = { "mirror_pin_list",
	    "SELECT ref, oid, actor, " DB_SECONDS(
		"created_at") " AS created_at "
			      "FROM hub.mirror_pin WHERE project_id = $1 AND NOT is_let_go ORDER "
			      "BY ref LIMIT 1000",
	    pin_row, sizeof(struct mirror_pin) },
	[PIN_SET] = { "mirror_pin_set",
	    "INSERT INTO hub.mirror_pin (project_id, ref, oid, actor) VALUES ($1, $2, $3, $4) "
	    "ON CONFLICT (project_id, ref) DO UPDATE SET oid = $3, actor = $4, is_let_go = false, "
	    "created_at = now()",
	    NULL, 0 },
	[PIN_LET_GO] = { "mirror_pin_let_go",
	    "UPDATE hub.mirror_pin SET is_let_go = true "
	    "WHERE project_id = $1 AND ref = $2 AND NOT is_let_go",
	    NULL, 0 },
	{ 0 },
};

int
guard_of(struct ctx *c, int64_t project_id, struct guard *out)
{
	return db_one(c, &guard_sql[GUARD_OF], out, db_int(project_id));
}

int
guard_decide(
    struct ctx *c, int64_t project_id, bool is_approved, const char *fingerprint, const char *actor)
{
	struct word_row row;

	TRY(db_one(c, &guard_sql[DECIDE], &row, db_int(project_id), db_bool(is_approved),
	    db_text(fingerprint), db_text(actor)));
	if (strcmp(row.word, "none") == 0)
		return fail(c, E_NOTFOUND, "nothing waits for approval");
	if (strcmp(row.word, "other") == 0)
		return fail(c, E_CONFLICT, "something else waits for approval by now");
	return OK;
}

int
mirror_options_of(struct ctx *c, int64_t project_id, struct mirror_options *out)
{
	return db_one(c, &guard_sql[OPTIONS_OF], out, db_int(project_id));
}

int
mirror_options_set(struct ctx *c, int64_t project_id, const struct mirror_options *o)
{
	return db_do(c, &guard_sql[OPTIONS_SET], NULL, db_int(project_id), db_text(o->mode),
	    db_text(o->ref_include), db_text(o->ref_exclude), db_text(o->prunes),
	    db_text(o->allow_rewrite), db_text(o->kept_count), db_text(o->kept_days),
	    db_text(o->most_bytes), db_text(o->most_objects), db_text(o->most_refs),
	    db_text(o->most_blob_bytes));
}

int
mirror_pin_list(struct ctx *c, int64_t project_id, struct mirror_pin **rows_out, size_t *n_out)
{
	return db_all(c, &guard_sql[PIN_LIST], rows_out, n_out, db_int(project_id));
}

int
mirror_pin_set(struct ctx *c, int64_t project_id, const struct mirror_pin *pin)
{
	return db_do(c, &guard_sql[PIN_SET], NULL, db_int(project_id), db_text(pin->ref),
	    db_text(pin->oid), db_text(pin->actor));
}

int
mirror_pin_let_go(struct ctx *c, int64_t project_id, const char *ref)
{
	int64_t n;

	TRY(db_do(c, &guard_sql[PIN_LET_GO], &n, db_int(project_id), db_text(ref)));
	return n > 0 ? OK : fail(c, E_NOTFOUND, "no ref of that name was taken back");
}
