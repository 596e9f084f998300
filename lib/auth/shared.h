/* What all processes of this machine remember together, in one small file under conf->run_dir:
 * passwords that were right a moment ago, and who has been told to wait. No secret is in it, only
 * keyed hashes, and it may vanish at any time: then passwords are hashed again. */
#ifndef AUTH_SHARED_H
#define AUTH_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

/* Maps the file, makes it when it is missing. Once per process; the mapping lives as long as it.
 * Without it nothing is remembered. */
must_check int shared_open(struct ctx *c);

/* For conf->auth_cache_s after shared_keep: whose password this is, in which version. */
bool shared_recall(struct ctx *c, const char *uname, const char *password, int64_t *account_id_out,
    int64_t *password_version_out);
void shared_keep(struct ctx *c, const char *uname, const char *password, int64_t account_id,
    int64_t password_version);

/* For `seconds` after shared_delay of the same text. */
bool shared_is_delayed(const char *who);
void shared_delay(const char *who, int64_t seconds);

#endif
