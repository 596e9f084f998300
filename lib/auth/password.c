#include "auth/password.h"

#include <crypt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/common_passwords.h"
#include "auth/token.h"
#include "base/str.h"

/* OWASP's second choice; 23 ms on the machine of checklists/security.md 1.3. */
#define OPS 2
#define MEM_BYTES ((size_t)19 * 1024 * 1024)

/* Of nobody, with today's parameters. */
#define DUMMY_HASH                                                                                 \
	"$argon2id$v=19$m=19456,t=2,p=1$"                                                          \
	"AkVozbOWPZTDgJw0x6/kaw$3I9SVGI7rX+/hY67vE+/CEd6ViNa9QhGghGjyWFrTIk"

/* A longer row of one character is not what everybody tries first. */
#define LONG_BYTES 32

/* A stored hash may not ask for more than this: libsodium's "moderate". */
#define MEM_MOST_KIB 262144
#define OPS_MOST 10

static int
compare(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool
is_common(const char *lower)
{
	static const size_t n = sizeof(common_passwords) / sizeof(common_passwords[0]);

	if (strlen(lower) < LONG_BYTES &&
	    strspn(lower, (char[]){ lower[0], '\0' }) == strlen(lower))
		return true; /* one character, again and again */
	return bsearch(lower, common_passwords, n, sizeof(common_passwords[0]), compare) != NULL;
}

bool
password_is_text(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return false;
	return str_is_utf8(s, len);
}

int
password_check(struct ctx *c, const char *password)
{
	size_t len = strlen(password);

	if (len < PASSWORD_LEAST_BYTES || len > PASSWORD_MOST_BYTES)
		return fail(c, E_INVALID, "a password has %d to %d bytes", PASSWORD_LEAST_BYTES,
		    PASSWORD_MOST_BYTES);
	if (!password_is_text(password))
		return fail(c, E_INVALID, "a password is UTF-8 without control characters");
	if (token_is_wellformed(password)) /* in a Basic header it would be taken for one */
		return fail(c, E_INVALID, "a password does not look like a token");
	if (is_common(str_lower(c->mem, password)))
		return fail(c, E_INVALID, "this password is among those that everybody tries");
	return OK;
}

int
password_hash(struct ctx *c, const char *password, const char **out)
{
	char *hash = arena_alloc(c->mem, crypto_pwhash_STRBYTES);

	if (sodium_init() < 0 ||
	    crypto_pwhash_str_alg(hash, password, strlen(password), OPS, MEM_BYTES,
		crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fail(c, E_INTERNAL, "no memory to hash a password");
	*out = hash;
	return OK;
}

static bool
is_argon2_right(const char *hash, const char *password, bool *needs_rehash_out)
{
	if (crypto_pwhash_str_verify(hash, password, strlen(password)) != 0)
		return false;
	*needs_rehash_out = crypto_pwhash_str_needs_rehash(hash, OPS, MEM_BYTES) != 0;
	return true;
}

static bool
is_crypt_right(const char *hash, const char *password, bool *needs_rehash_out)
{
	struct crypt_data data = { 0 };
	const char *made = crypt_r(password, hash, &data);
	bool is_right = made != NULL && made[0] == '$' && str_is_same_secret(made, hash);

	sodium_memzero(&data, sizeof(data));
	if (is_right)
		*needs_rehash_out = true;
	return is_right;
}

/* Whoever can write a hash must not be able to have any amount of memory spent on it. */
static bool
is_argon2_affordable(const char *hash)
{
	unsigned long version, mem_kib, ops;

	return sscanf(hash, "$argon2id$v=%9lu$m=%9lu,t=%9lu,", &version, &mem_kib, &ops) == 3 &&
	    mem_kib <= MEM_MOST_KIB && ops <= OPS_MOST;
}

bool
password_is_known(const char *hash)
{
	static const char *const prefixes[] = { "$2a$", "$2b$", "$2y$", "$y$", "$6$" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_starts(hash, prefixes[i]))
			return true;
	return str_starts(hash, "$argon2id$") && is_argon2_affordable(hash);
}

bool
password_is_right(const char *hash, const char *password, bool *needs_rehash_out)
{
	*needs_rehash_out = false;
	if (strlen(password) > PASSWORD_MOST_BYTES || !password_is_known(hash))
		return false;
	if (sodium_init() < 0) /* it picks the fast argon2 of this processor; once */
		return false;
	if (str_starts(hash, "$argon2id$"))
		return is_argon2_right(hash, password, needs_rehash_out);
	return is_crypt_right(hash, password, needs_rehash_out);
}

void
password_dummy(const char *password)
{
	bool needs_rehash;

	(void)password_is_right(DUMMY_HASH, password, &needs_rehash); /* only its time is wanted */
}
