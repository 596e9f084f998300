/* ASCII armour around OpenPGP keys (RFC 9580, 6.2). */
#ifndef AUTH_ARMOR_H
#define AUTH_ARMOR_H

#include <stddef.h>

#include "base/ctx.h"

/* The bytes inside the one armour of a key that text holds; what stands around it is ignored, as
 * gpg does. E_INVALID: no armour, another kind (a message, a signature), a second one behind it,
 * broken base64, or a checksum (RFC 4880, 6.1; it may be missing) that is wrong. */
must_check int armor_read(
    struct ctx *c, const char *text, const unsigned char **bytes_out, size_t *len_out);

#endif
