/* Who is asking: from an Authorization header to a claim that the database then confirms. */
#ifndef AUTH_WHO_H
#define AUTH_WHO_H

#include "store/account.h"

/* Reads an Authorization header (NULL: nobody). Basic (RFC 7617) with an account and its password, or with a token
 * as either part; Bearer with a token. A password is checked here: first in the cache of shared
 * memory, then by its hash, behind the limits.
 * E_DENIED: wrong, malformed, or unknown, all alike (also in time); http_status 429 and
 * retry_after_s when the limit of failures is reached. A passing E_INTERNAL (503) when no hash
 * slot gets free within a second. */
must_check int who_claim(struct ctx *c, const char *authorization, const char *remote_addr,
    struct claim *out);

/* Opens what all processes share (cache, slots) under conf->run_dir. Once per process. */
must_check int who_open(struct ctx *c);

#endif
