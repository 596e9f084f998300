#include "auth/session.h"

#include <sodium.h>
#include <string.h>

#include "auth/token.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "store/event.h"
#include "store/session.h"

#define SECRET_BYTES 32
#define SECRET_CHARS (2 * SECRET_BYTES)
#define TEXT_CHARS (1 + SECRET_CHARS)
#define FORM_BYTES 32

/* ---- the text of a cookie */

static const char kinds[] = { [SESSION_BEFORE] = 'p', [SESSION_SIGNED_IN] = 's' };

enum session_kind
session_kind_of(const char *text)
{
	if (text == NULL || strlen(text) != TEXT_CHARS ||
	    strspn(text + 1, "0123456789abcdef") != SECRET_CHARS)
		return SESSION_NONE;
	for (enum session_kind k = SESSION_BEFORE; k <= SESSION_SIGNED_IN; k++)
		if (text[0] == kinds[k])
			return k;
	return SESSION_NONE;
}

static const char *
new_text(struct ctx *c, enum session_kind kind)
{
	const char *secret = random_hex(c->mem, SECRET_BYTES);

	log_hide(secret);
	return arena_printf(c->mem, "%c%s", kinds[kind], secret);
}

const char *
session_before(struct ctx *c)
{
	return new_text(c, SESSION_BEFORE);
}

void
session_claim(const char *text, struct claim *out)
{
	enum session_kind kind = session_kind_of(text);

	*out = (struct claim){ .kind = CLAIM_NOBODY };
	if (kind == SESSION_NONE)
		return;
	log_hide(text + 1);
	if (kind == SESSION_BEFORE)
		return;
	token_hash(text, out->hash);
	out->kind = CLAIM_SESSION;
}

/* ---- forms */

/* A hash of what and more, keyed by the cookie: by its hash, for it is longer than a key may be. */
static void
keyed(const char *text, const char *what, const char *more, unsigned char out[FORM_BYTES])
{
	unsigned char key[crypto_generichash_KEYBYTES];
	crypto_generichash_state state;

	crypto_generichash(key, sizeof(key), (const unsigned char *)text, strlen(text), NULL, 0);
	crypto_generichash_init(&state, key, sizeof(key), FORM_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)what, strlen(what) + 1);
	crypto_generichash_update(&state, (const unsigned char *)more, strlen(more));
	crypto_generichash_final(&state, out, FORM_BYTES);
}

static void
mask(unsigned char *bytes, const unsigned char *with)
{
	for (size_t i = 0; i < FORM_BYTES; i++)
		bytes[i] ^= with[i];
}

const char *
session_form_token(struct arena *mem, const char *text, const char *place)
{
	unsigned char token[2 * FORM_BYTES]; /* a mask, and the masked hash */

	keyed(text, "mask", place, token);
	keyed(text, "form", "", token + FORM_BYTES);
	mask(token + FORM_BYTES, token);
	return str_hex(mem, token, sizeof(token));
}

bool
session_is_form_token(const char *text, const char *token)
{
	unsigned char given[2 * FORM_BYTES], right[FORM_BYTES];

	if (text == NULL || token == NULL || !str_is_hex(token, given, sizeof(given)))
		return false;
	keyed(text, "form", "", right);
	mask(given + FORM_BYTES, given);
	return sodium_memcmp(given + FORM_BYTES, right, FORM_BYTES) == 0;
}

/* ---- in the database */

static int
record(struct ctx *c, const char *uname, const char *action, const char *detail,
    const char *remote_addr)
{
	return event_add(c,
	    &(struct event){ .actor = uname,
		.action = action,
		.object = uname,
		.detail = detail,
		.remote_addr = remote_addr });
}

int
session_begin(struct ctx *c, const struct claim *claim, const struct session_place *place,
    const char **text_out)
{
	const char *text = new_text(c, SESSION_SIGNED_IN), *uname;
	unsigned char hash[32];
	const struct session_new row = { .hash = hash,
		.remote_addr = place->remote_addr,
		.user_agent = place->user_agent != NULL ? place->user_agent : "" };

	token_hash(text, hash);
	TRY(session_add(c, claim, &row, &uname));
	TRY(session_trim(c, claim->account_id, SESSIONS_MOST));
	TRY(record(c, uname, "session.create", "", place->remote_addr));
	*text_out = text;
	return OK;
}

int
session_end(struct ctx *c, const struct account *account, int64_t id, const char *remote_addr)
{
	TRY(session_del(c, account->id, id));
	return record(c, account->uname, "session.end",
	    id == account->session_id ? "its own" : "another of its account", remote_addr);
}

int
session_end_others(
    struct ctx *c, const struct account *account, int64_t but_id, const char *remote_addr)
{
	int64_t n;

	TRY(session_del_others(c, account->id, but_id, &n));
	if (n == 0)
		return OK;
	return record(c, account->uname, "session.end", arena_printf(c->mem, "%lld", (long long)n),
	    remote_addr);
}
