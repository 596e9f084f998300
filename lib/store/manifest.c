#include "store/manifest.h"

#include "base/conf.h"
#include "store/store.h"

struct answer {
	bool is_so;
};

static const struct field manifest_row[] = { FIELD(manifest, id), FIELD(manifest, fence),
	FIELD(manifest, url), FIELD(manifest, etag), FIELD(manifest, last_modified), { 0 } };
static const struct field answer_row[] = { FIELD(answer, is_so), { 0 } };

enum { CLAIM, PUT, DONE };

/* clang-format off */
const struct db_stmt manifest_sql[] = {
	[CLAIM] = { "manifest_claim",
	    "SELECT id, fence, url, etag, last_modified FROM hub.manifest_claim($1)",
	    manifest_row, sizeof(struct manifest) },
	[PUT] = { "manifest_put", "SELECT hub.manifest_put($1, $2, $3, $4, $5) AS is_so",
	    answer_row, sizeof(struct answer) },
	[DONE] = { "manifest_done",
	    "SELECT hub.manifest_done($1, $2, $3, $4, $5, $6, $7, $8, $9) AS is_so",
	    answer_row, sizeof(struct answer) },
	{ 0 }
};
/* clang-format on */

int
manifest_claim(struct ctx *c, int64_t lease_s, struct manifest *out)
{
	return db_one(c, &manifest_sql[CLAIM], out, db_int(lease_s));
}

int
manifest_put(struct ctx *c, const struct manifest *m, bool is_first, const char *lines,
    int64_t lease_s, bool *is_ours_out)
{
	struct answer row;

	TRY(db_one(c, &manifest_sql[PUT], &row, db_int(m->id), db_int(m->fence), db_bool(is_first),
	    db_text(lines), db_int(lease_s)));
	*is_ours_out = row.is_so;
	return OK;
}

int
manifest_done(struct ctx *c, const struct manifest *m, const struct manifest_end *end)
{
	struct answer row;

	return db_one(c, &manifest_sql[DONE], &row, db_int(m->id), db_int(m->fence),
	    db_int(end->status), db_text(end->etag), db_text(end->last_modified),
	    db_int(end->bytes), db_text(end->error_class), db_text(end->error_text),
	    db_int(c->conf->schedule_s));
}
