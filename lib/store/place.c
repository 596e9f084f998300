#include "store/place.h"

#include <assert.h>

#include "base/buf.h"
#include "base/js.h"
#include "store/store.h"

#define LIST_MAX_BYTES (256 * 1024)

static const struct field place_row[] = { FIELD(place, id), FIELD(place, platform_id),
	FIELD(place, name), { 0 } };

enum { PLACE_LIST, PLACE_LIST_UNKNOWN };

/* clang-format off */
const struct db_stmt place_sql[] = {
	[PLACE_LIST] = { "place_list",
	    "SELECT r.id, r.platform_id, r.name FROM hub.repository r "
	    "JOIN hub.platform p ON p.id = r.platform_id AND p.platform_type = 'main' "
	    "WHERE r.id > $1 ORDER BY r.id LIMIT $2",
	    place_row, sizeof(struct place) },
	[PLACE_LIST_UNKNOWN] = { "place_list_unknown",
	    "SELECT w.id, w.platform_id, w.name "
	    "FROM jsonb_to_recordset($1) w (id bigint, platform_id bigint, name text) "
	    "WHERE CASE WHEN w.name IS NULL "
	    "THEN NOT EXISTS (SELECT FROM hub.platform p WHERE p.id = w.platform_id) "
	    "ELSE NOT EXISTS (SELECT FROM hub.repository r "
	    "WHERE r.platform_id = w.platform_id AND r.name = w.name) END LIMIT $2",
	    place_row, sizeof(struct place) },
	{ 0 }
};
/* clang-format on */

int
place_list(struct ctx *c, int64_t above_id, struct place **rows_out, size_t *n_out)
{
	return db_all(
	    c, &place_sql[PLACE_LIST], rows_out, n_out, db_int(above_id), db_int(PLACES_MAX));
}

int
place_list_unknown(
    struct ctx *c, const struct place *places, size_t n, struct place **rows_out, size_t *n_out)
{
	struct buf *list = buf_new(c->mem, LIST_MAX_BYTES);

	assert(n <= PLACES_MAX);
	js_list(list, place_row, places, n, sizeof(*places));
	assert(!list->full); /* the names are those of repositories: 100 bytes at most */
	return db_all(c, &place_sql[PLACE_LIST_UNKNOWN], rows_out, n_out, db_text(list->data),
	    db_int(PLACES_MAX));
}
