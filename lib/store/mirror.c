#include "store/mirror.h"

#include "store/store.h"

enum { MIRROR_ADD };

const struct db_stmt mirror_sql[] = {
	[MIRROR_ADD] = { "mirror_add",
	    "INSERT INTO hub.mirror (project_id, url, sealed_credentials) VALUES ($1, $2, $3)",
	    NULL, 0 },
	{ 0 }
};

int
mirror_add(struct ctx *c, const struct mirror_new *row)
{
	return db_do(c, &mirror_sql[MIRROR_ADD], NULL, db_int(row->project_id), db_text(row->url),
	    db_text(row->sealed_credentials));
}
