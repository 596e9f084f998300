/* What a repository's packages are signed with: a pair of OpenPGP keys. The secret one is given out
 * again to the machines that sign, so it is sealed for the web, and for its repository alone. */
#ifndef CORE_SIGNATURE_H
#define CORE_SIGNATURE_H

#include "core/actor.h"
#include "store/repository.h"

#define SIGNATURE_KEY_MAX 10000 /* characters of each key, armour included */

/* Both as ASCII armour. */
struct signature_keys {
	const char *public_key, *secret_key;
};

/* ABF's R11. E_INVALID with the faults of the fields public and secret, in its order: FAULT_BLANK,
 * FAULT_TOO_LONG, FAULT_INVALID (no key), FAULT_WRONG_KIND (the other kind of key), and for secret
 * FAULT_MISMATCH (another key's), FAULT_LOCKED (a passphrase). fingerprint_out: "AB:CD:…". */
must_check int signature_check(
    struct ctx *c, const struct signature_keys *keys, const char **fingerprint_out);

/* Takes the keys in place of older ones, if signature_check has nothing against them. E_DENIED: the
 * repository is not one of a main platform. E_NOTFOUND: it was deleted meanwhile. */
must_check int signature_set(struct ctx *c, const struct actor *who,
    const struct repository *repository, const struct signature_keys *keys);

/* The keys, the secret one opened; both "" when none are set. E_INTERNAL when it does not open. */
must_check int signature_by_repository(
    struct ctx *c, int64_t repository_id, struct signature_keys *out);

/* The public key alone, with the line ends of Unix; "" when none is set. */
must_check int signature_public_key(struct ctx *c, int64_t repository_id, const char **out);

#endif
