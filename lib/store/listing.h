/* What the list of this hub's repositories (grokmirror's manifest) says of each. */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

#define LISTING_PAGE 1000

struct listing_row {
	const char *path, *description, *owner;
	int64_t store_id;
	const char *head; /* the branch that HEAD names */
	int64_t generation, modified_at;
	const char *fingerprint; /* 40 hex digits; "" not known, or there are no refs */
	bool is_known;		 /* the fingerprint is of this generation */
};

/* Open projects with a path behind that one ("": from the first), by path in byte order, at most
 * LISTING_PAGE. */
must_check int listing_page(
    struct ctx *c, const char *behind_path, struct listing_row **rows_out, size_t *n_out);

/* A number that rises with whatever the list shows, at the latest when others can see it. */
must_check int listing_number(struct ctx *c, int64_t *out);

/* Notes the fingerprint of a store (20 bytes; NULL: it has no refs), unless it has another
 * generation by now. */
must_check int listing_set_fingerprint(
    struct ctx *c, int64_t store_id, int64_t generation, const unsigned char *fingerprint);

/* The same for the generation that it has now. */
must_check int listing_note_fingerprint(
    struct ctx *c, int64_t store_id, const unsigned char *fingerprint);

#endif
