/* Sealed values: secrets that the database keeps and cannot read. The context (which row and field)
 * is part of each, so that a value moved to another row does not open.
 *
 * Two kinds, by who may open them again. seal_close: only the sync program (libsodium's sealed
 * boxes: a public key to seal, a secret key to open). seal_keep: the web too (XChaCha20-Poly1305
 * with one key file), for what a person or program with the right to it asks back. */
#ifndef AUTH_SEAL_H
#define AUTH_SEAL_H

#include "base/ctx.h"

/* Makes the pair of key files for seal_close, 0400 and 0444. E_CONFLICT when one exists. */
must_check int seal_create_keys(struct ctx *c);

/* Makes the key file for seal_keep, 0400. E_CONFLICT when it exists. */
must_check int seal_create_web_key(struct ctx *c);

/* "1:<key id>:<base64>". E_INTERNAL when the public key file cannot be read. */
must_check int seal_close(
    struct ctx *c, const char *context, const char *secret, const char **sealed_out);

/* E_INTERNAL, always with the same sentence, for a wrong key, another context, or damage. */
must_check int seal_open(
    struct ctx *c, const char *context, const char *sealed, const char **secret_out);

/* "2:<key id>:<base64>". E_INTERNAL when the key file cannot be read. */
must_check int seal_keep(
    struct ctx *c, const char *context, const char *secret, const char **sealed_out);

/* As seal_open, for what seal_keep made. */
must_check int seal_show(
    struct ctx *c, const char *context, const char *sealed, const char **secret_out);

#endif
