#include "auth/token.h"

#include <sodium.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"
#include "store/account.h"

#define PREFIX_CHARS 6

bool
token_is_wellformed(const char *text)
{
	return strlen(text) == TOKEN_CHARS && strspn(text, "0123456789abcdef") == TOKEN_CHARS;
}

void
token_hash(const char *text, unsigned char hash_out[32])
{
	crypto_hash_sha256(hash_out, (const unsigned char *)text, strlen(text));
}

int
token_create(
    struct ctx *c, int64_t account_id, const struct token_wish *wish, const char **text_out)
{
	const char *text = random_hex(c->mem, TOKEN_CHARS / 2);
	unsigned char hash[32];
	const struct token_new row = { .hash = hash,
		.prefix = arena_strndup(c->mem, text, PREFIX_CHARS),
		.description = wish->description,
		.scope = wish->scope,
		.days = wish->days };

	log_hide(text);
	token_hash(text, hash);
	TRY(token_add(c, account_id, &row));
	*text_out = text;
	return OK;
}
