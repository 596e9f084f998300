/* The tokens of an account, as its owner sees them: never their text. */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct token {
	int64_t id;
	const char *prefix; /* the first characters, to tell tokens apart */
	const char *description;
	int64_t scope; /* 1 read, 2 write, 3 admin */
	int64_t created_at;
	int64_t expires_at;   /* 0: never */
	int64_t last_used_at; /* 0: never */
};

/* The newest first, also those that have expired. */
must_check int token_list(
    struct ctx *c, int64_t account_id, int64_t limit, struct token **rows_out, size_t *n_out);

/* One of the account's own. E_NOTFOUND. description_out: what it was called. */
must_check int token_del(
    struct ctx *c, int64_t account_id, int64_t id, const char **description_out);

#endif
