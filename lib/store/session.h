/* Sessions of people who have signed in to the pages. How long one lasts is hub.session_holds of
 * sql/migrations; that it ends with its account's password is a trigger beside it. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"

/* What a session is made from; the texts are cut to what a row takes. */
struct session_new {
	const unsigned char *hash; /* SHA-256 of its text */
	const char *remote_addr;
	const char *user_agent;
};

/* For an account whose password was just right (CLAIM_ACCOUNT). E_DENIED: the claim holds no more.
 * uname_out: whose it is. */
must_check int session_add(struct ctx *c, const struct claim *claim, const struct session_new *row,
    const char **uname_out);

/* Ends what an account has beyond its `most` newest sessions. */
must_check int session_trim(struct ctx *c, int64_t account_id, int64_t most);

struct session {
	int64_t id;
	int64_t created_at, seen_at;
	const char *remote_addr;
	const char *user_agent;
};

/* Those of the account that hold, seen last comes first. */
must_check int session_list(
    struct ctx *c, int64_t account_id, int64_t limit, struct session **rows_out, size_t *n_out);

/* One of the account's own. E_NOTFOUND: it has none with that number. */
must_check int session_del(struct ctx *c, int64_t account_id, int64_t id);

/* All of the account but `id` (0: really all); *n_out says how many. */
must_check int session_del_others(struct ctx *c, int64_t account_id, int64_t id, int64_t *n_out);

must_check int session_touch(struct ctx *c, int64_t id);

/* Removes those that hold no more. For the janitor. */
must_check int session_clean(struct ctx *c);

#endif
