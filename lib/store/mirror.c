#include "store/mirror.h"

#include "store/mirror_fields.h"
#include "store/store.h"

static const struct field mirror_row[] = { MIRROR_FIELDS(mirror, ), { 0 } };

enum { MIRROR_BY_PROJECT, MIRROR_ADD };

const struct db_stmt mirror_sql[] = { [MIRROR_BY_PROJECT] = { "mirror_by_project",
					  "SELECT " MIRROR_COLUMNS " FROM hub.mirror m " MIRROR_JOB
					  "WHERE m.project_id = $1",
					  mirror_row, sizeof(struct mirror) },
	[MIRROR_ADD] = { "mirror_add",
	    "INSERT INTO hub.mirror (project_id, url, sealed_credentials) VALUES ($1, $2, $3)",
	    NULL, 0 },
	{ 0 } };

int
mirror_by_project(struct ctx *c, int64_t project_id, struct mirror *out)
{
	return db_one(c, &mirror_sql[MIRROR_BY_PROJECT], out, db_int(project_id));
}

int
mirror_add(struct ctx *c, const struct mirror_new *row)
{
	return db_do(c, &mirror_sql[MIRROR_ADD], NULL, db_int(row->project_id), db_text(row->url),
	    db_text(row->sealed_credentials));
}
