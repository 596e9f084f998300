/* Passwords: libsodium's argon2id (19 MiB, t=2); crypt(3) formats are verified for imports. */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include <stdbool.h>

#include "base/ctx.h"

#define PASSWORD_LEAST_BYTES 8
#define PASSWORD_MOST_BYTES 1024

/* UTF-8 without control characters (RFC 7617 section 2), but for the tab, which people do type. */
bool password_is_text(const char *s);

/* E_INVALID with a sentence: too short, too long, not UTF-8, or well known. */
must_check int password_check(struct ctx *c, const char *password);

must_check int password_hash(struct ctx *c, const char *password, const char **out);

/* A form that password_is_right can judge: argon2id, or crypt(3)'s $2a$, $2b$, $2y$, $y$, $6$. */
bool password_is_known(const char *hash);

/* "" and unknown formats fit nothing. needs_rehash_out: right, but not with today's parameters. */
bool password_is_right(const char *hash, const char *password, bool *needs_rehash_out);

/* Spends the time of one check, for unknown accounts. */
void password_dummy(const char *password);

#endif
