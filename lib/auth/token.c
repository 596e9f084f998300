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
token_create(struct ctx *c, int64_t account_id, const char *description, int64_t scope,
    const char **text_out)
{
	const char *text = random_hex(c->mem, TOKEN_CHARS / 2);
	unsigned char hash[32];
	int64_t id;

	log_hide(text);
	token_hash(text, hash);
	TRY(token_add(c, account_id, hash, arena_strndup(c->mem, text, PREFIX_CHARS), description,
	    scope, &id));
	*text_out = text;
	return OK;
}
