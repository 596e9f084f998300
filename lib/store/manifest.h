/* Lists of repositories that upstreams publish (grokmirror's manifests), as sync reads them. The
 * rules are in SQL (sql/migrations/019): what a list says is as here is left alone, the rest is
 * due.
 */
#ifndef STORE_MANIFEST_H
#define STORE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct manifest {
	int64_t id, fence;
	const char *url;
	const char *etag, *last_modified; /* of the one that was believed last; "" none */
};

/* The one that is due longest, for lease_s. E_NOTFOUND: none is. */
must_check int manifest_claim(struct ctx *c, int64_t lease_s, struct manifest *out);

/* Some of its entries, lines "<40 hex digits> <path>"; with is_first those of an earlier reading
 * are forgotten. *is_ours_out: it still is, and stays so for lease_s more. */
must_check int manifest_put(struct ctx *c, const struct manifest *m, bool is_first,
    const char *lines, int64_t lease_s, bool *is_ours_out);

struct manifest_end {
	int64_t status; /* 200: all of it was put; 304: as before; else there is an error */
	const char *etag, *last_modified;
	int64_t bytes;
	const char *error_class, *error_text;
};

/* Compares it with the mirrors here, unless it lost too many entries to be believed. Safe to
 * repeat; changes nothing when the manifest is another's by now. */
must_check int manifest_done(
    struct ctx *c, const struct manifest *m, const struct manifest_end *end);

#endif
