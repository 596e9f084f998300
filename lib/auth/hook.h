/* What lets a push notice in that asks for the sync of a project: an account, or the signature of
 * its sender, who has none (contracts/hpr-and-hub.md B7, checklists/security.md W-01 and W-03).
 *
 * A signature is "sha256=" and the HMAC-SHA-256, in hex, of the body's bytes as they came, as
 * X-Hub-Signature-256 has it. Made with the secret of a project it stands for the right to have
 * that project synced, and for nothing else: it makes no mirror and shows nothing. Made with the
 * hub's own secret (hub.push_secret) it is that right on all that everyone may read. A wrong one is
 * refused like a wrong password, whether there is such a project or not.
 *
 * GitLab signs nothing: it sends the secret itself (X-Gitlab-Token). That stands for the same, for
 * whoever has no account and has signed nothing; behind TLS it is as good. */
#ifndef AUTH_HOOK_H
#define AUTH_HOOK_H

#include <stdbool.h>

#include "store/push.h"

struct hook_notice {
	const char *signature; /* NULL: not signed */
	const char *token;     /* NULL: none */
	const void *body;
	size_t body_bytes;
	bool names_nothing; /* the ping of a hook that is of no repository */
};

struct hook_verdict {
	int64_t access; /* for PERM_PUSH */
	bool is_known;	/* the project is there for the asker; else he may make it, with access 2 */
};

/* E_DENIED with http_status 401: the signature or the token is wrong. E_NOTFOUND: it is the hub's,
 * and what is named is not there, or not for everyone. */
must_check int hook_judge(struct ctx *c, const struct account *asker, const struct push_target *t,
    const struct hook_notice *notice, struct hook_verdict *out);

/* Whether secret made the signature of these bytes; in constant time. secret NULL: false, as
 * slowly. */
bool hook_is_signed(const char *signature, const char *secret, const void *bytes, size_t bytes_n);

#define HOOK_SECRET_LEAST_BYTES 8
#define HOOK_SECRET_MOST_BYTES 200

/* Seals a secret for its project. E_INVALID: its length, or it is not printable text. */
must_check int hook_seal(
    struct ctx *c, int64_t project_id, const char *secret, const char **sealed_out);

#endif
