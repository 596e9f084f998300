/* Just enough of OpenPGP (RFC 9580, and RFC 4880 before it) to say what a key is: public or secret,
 * its fingerprint, whether a passphrase protects it. Reads packets itself (docs/decisions.md says
 * why) and judges their form only: no signature is checked, nor whether the key has expired or was
 * revoked. Versions 4 and 6; version 3 has been forbidden for long, 5 was never in a standard. */
#ifndef AUTH_OPENPGP_H
#define AUTH_OPENPGP_H

#include <stdbool.h>

#include "base/ctx.h"

enum openpgp_kind { OPENPGP_PUBLIC = 1, OPENPGP_SECRET };

struct openpgp_key {
	enum openpgp_kind kind;
	const char
	    *fingerprint;    /* of the primary key: 40 (version 4) or 64 hex digits, lower case */
	bool has_passphrase; /* for one of its secret parts at least */
};

/* E_INVALID unless text holds exactly one key in ASCII armour, with its user ids, signatures and
 * subkeys. Of a secret key at least one secret part is there (gpg writes keys without, for those
 * that live elsewhere), and what no passphrase protects has the right checksum. */
must_check int openpgp_read(struct ctx *c, const char *text, struct openpgp_key *out);

#endif
