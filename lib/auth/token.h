/* Tokens: 40 characters [0-9a-f] (the RhodeCode form), stored as their SHA-256. */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

#define TOKEN_CHARS 40

bool token_is_wellformed(const char *text);
void token_hash(const char *text, unsigned char hash_out[32]);

struct token_wish {
	const char *description;
	int64_t scope; /* the most it allows: 1 read, 2 write, 3 admin */
	int64_t days;  /* until it expires; 0: never */
};

/* A new token for the account; its text is shown once and never stored. */
must_check int token_create(
    struct ctx *c, int64_t account_id, const struct token_wish *wish, const char **text_out);

#endif
