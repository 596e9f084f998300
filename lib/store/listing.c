#include "store/listing.h"

#include "store/store.h"
#include "store/total.h"

#define FINGERPRINT_BYTES 20

static const struct field listing_fields[] = { FIELD(listing_row, path),
	FIELD(listing_row, description), FIELD(listing_row, owner), FIELD(listing_row, store_id),
	FIELD(listing_row, head), FIELD(listing_row, generation), FIELD(listing_row, modified_at),
	FIELD(listing_row, fingerprint), FIELD(listing_row, is_known), { 0 } };

enum { PAGE, NUMBER, SET, NOTE };

/* clang-format off */
const struct db_stmt listing_sql[] = {
	[PAGE] = { "listing_page",
	    "WITH page AS MATERIALIZED (SELECT p.path, p.description, p.owner_account_id, "
	    "p.owner_team_id, p.store_id FROM hub.project p "
	    "WHERE p.path > $1 COLLATE \"C\" AND p.default_access > 0 ORDER BY p.path LIMIT $2) "
	    "SELECT p.path, p.description, coalesce(a.uname, t.uname, '') AS owner, p.store_id, "
	    "s.head, s.generation, " DB_SECONDS("s.changed_at") " AS modified_at, "
	    "coalesce(encode(s.listed_fingerprint, 'hex'), '') AS fingerprint, "
	    "s.listed_generation = s.generation AS is_known FROM page p "
	    "JOIN hub.store s ON s.id = p.store_id "
	    "LEFT JOIN hub.account a ON a.id = p.owner_account_id "
	    "LEFT JOIN hub.team t ON t.id = p.owner_team_id ORDER BY p.path",
	    listing_fields, sizeof(struct listing_row) },
	[NUMBER] = { "listing_number", "SELECT last_value AS n FROM hub.listing_seq", TOTAL },
	[SET] = { "listing_set_fingerprint",
	    "UPDATE hub.store SET listed_fingerprint = $3, listed_generation = $2 "
	    "WHERE id = $1 AND generation = $2",
	    NULL, 0 },
	[NOTE] = { "listing_note",
	    "UPDATE hub.store SET listed_fingerprint = $2, listed_generation = generation "
	    "WHERE id = $1",
	    NULL, 0 },
	{ 0 }
};
/* clang-format on */

int
listing_page(struct ctx *c, const char *behind_path, struct listing_row **rows_out, size_t *n_out)
{
	return db_all(
	    c, &listing_sql[PAGE], rows_out, n_out, db_text(behind_path), db_int(LISTING_PAGE));
}

int
listing_number(struct ctx *c, int64_t *out)
{
	return total_of(c, &listing_sql[NUMBER], out);
}

int
listing_set_fingerprint(
    struct ctx *c, int64_t store_id, int64_t generation, const unsigned char *fingerprint)
{
	return db_do(c, &listing_sql[SET], NULL, db_int(store_id), db_int(generation),
	    fingerprint != NULL ? db_bytes(fingerprint, FINGERPRINT_BYTES) : db_null());
}

int
listing_note_fingerprint(struct ctx *c, int64_t store_id, const unsigned char *fingerprint)
{
	return db_do(c, &listing_sql[NOTE], NULL, db_int(store_id),
	    fingerprint != NULL ? db_bytes(fingerprint, FINGERPRINT_BYTES) : db_null());
}
