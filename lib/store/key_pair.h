/* The keys that a repository's packages are signed with: one pair each, or none. */
#ifndef STORE_KEY_PAIR_H
#define STORE_KEY_PAIR_H

#include <stdint.h>

#include "base/ctx.h"

struct key_pair {
	const char *public_key;	   /* as it was given: ASCII armour */
	const char *sealed_secret; /* by seal_keep, for this repository */
	const char *fingerprint;   /* of both: "AB:CD:…" */
};

/* In place of an older one. E_CONFLICT: the repository was deleted meanwhile. */
must_check int key_pair_set(
    struct ctx *c, int64_t repository_id, const struct key_pair *row, int64_t account_id);

/* E_NOTFOUND: none is set, or no such repository. */
must_check int key_pair_by_repository(struct ctx *c, int64_t repository_id, struct key_pair *out);

#endif
