/* Sealed values: stored credentials that the web can write and only the sync program can read
 * (libsodium's sealed boxes: public key to seal, secret key to open). The context (which row and
 * field) is inside, so that a value moved to another row does not open. */
#ifndef AUTH_SEAL_H
#define AUTH_SEAL_H

#include "base/ctx.h"

/* Makes a new pair of key files, 0400 and 0444. E_CONFLICT when one exists. */
must_check int seal_create_keys(struct ctx *c);

/* "1:<key id>:<base64>". E_INTERNAL when the public key file cannot be read. */
must_check int seal_close(
    struct ctx *c, const char *context, const char *secret, const char **sealed_out);

/* E_INTERNAL, always with the same sentence, for a wrong key, another context, or damage. */
must_check int seal_open(
    struct ctx *c, const char *context, const char *sealed, const char **secret_out);

#endif
