/* Reads grokmirror's manifest, a JSON object with a member for each repository, as it comes: of the
 * whole only the paths and fingerprints are kept, so that a list of any length takes the same room.
 * What is no JSON, too deep or too long is refused; what is in it besides is passed over. */
#ifndef SYNC_MANIFEST_SCAN_H
#define SYNC_MANIFEST_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

#define MANIFEST_DEPTH_MAX 8
#define MANIFEST_TEXT_MAX 1200	    /* bytes of a path; longer texts are passed over */
#define MANIFEST_ENTRIES_MAX 500000 /* members */

struct manifest_scan {
	/* A repository with a fingerprint, 40 hex digits. path: any bytes but NUL. Any code but OK
	 * ends the reading. */
	int (*found)(void *payload, const char *path, const char *fingerprint);
	void *payload;
	/* manifest_scan.c's own */
	int state, depth;
	bool is_object[MANIFEST_DEPTH_MAX];
	bool is_key, is_long, is_wanted;
	int n_hex;
	unsigned unit, high; /* of \u, and the first half of a pair */
	size_t len, n_entries, n_literal;
	char text[MANIFEST_TEXT_MAX + 8];
	char path[MANIFEST_TEXT_MAX + 8];
	char fingerprint[41];
};

/* found and payload are set; all else 0. E_INVALID: this is no such list. */
must_check int manifest_scan(struct ctx *c, struct manifest_scan *s, const char *bytes, size_t len);

/* E_INVALID: the list breaks off. */
must_check int manifest_scan_end(struct ctx *c, const struct manifest_scan *s);

#endif
