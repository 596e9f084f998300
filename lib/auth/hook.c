#include "auth/hook.h"

#include <sodium.h>
#include <string.h>

#include "auth/seal.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "store/access.h"

#define ALGORITHM "sha256="
#define MAC_BYTES crypto_auth_hmacsha256_BYTES
#define FILE_MOST_BYTES 4096

/* ---- signatures */

bool
hook_is_signed(const char *signature, const char *secret, const void *bytes, size_t bytes_n)
{
	crypto_auth_hmacsha256_state state;
	unsigned char given[MAC_BYTES], mac[MAC_BYTES];
	const char *key = secret != NULL ? secret : "";

	if (!str_starts(signature, ALGORITHM) ||
	    !str_is_hex(signature + strlen(ALGORITHM), given, sizeof(given)))
		return false;
	crypto_auth_hmacsha256_init(&state, (const unsigned char *)key, strlen(key));
	crypto_auth_hmacsha256_update(&state, bytes, bytes_n);
	crypto_auth_hmacsha256_final(&state, mac);
	return sodium_memcmp(given, mac, sizeof(mac)) == 0 && secret != NULL;
}

/* In a time that says nothing of the secret, its length included. */
static bool
is_secret(const char *token, const char *secret)
{
	unsigned char given[crypto_hash_sha256_BYTES], good[crypto_hash_sha256_BYTES];
	const char *text = secret != NULL ? secret : "";

	crypto_hash_sha256(given, (const unsigned char *)token, strlen(token));
	crypto_hash_sha256(good, (const unsigned char *)text, strlen(text));
	return sodium_memcmp(given, good, sizeof(good)) == 0 && secret != NULL;
}

static bool
is_proven(const struct hook_notice *n, const char *secret)
{
	return n->signature != NULL ? hook_is_signed(n->signature, secret, n->body, n->body_bytes)
				    : is_secret(n->token, secret);
}

/* What the secret of a project is sealed for. */
static const char *
seal_context(struct ctx *c, int64_t project_id)
{
	return arena_printf(c->mem, "push:%lld", (long long)project_id);
}

int
hook_seal(struct ctx *c, int64_t project_id, const char *secret, const char **sealed_out)
{
	size_t len = strlen(secret);

	if (len < HOOK_SECRET_LEAST_BYTES || len > HOOK_SECRET_MOST_BYTES)
		return fail(c, E_INVALID, "a secret has %d to %d bytes", HOOK_SECRET_LEAST_BYTES,
		    HOOK_SECRET_MOST_BYTES);
	if (!str_is_printable(secret))
		return fail(c, E_INVALID, "a secret has no control characters");
	log_hide(secret);
	return seal_keep(c, seal_context(c, project_id), secret, sealed_out);
}

/* NULL: the hub has none. */
static int
hub_secret(struct ctx *c, const char **out)
{
	const char *path = c->conf->hub_push_secret;
	char *text;
	size_t len;

	*out = NULL;
	if (path[0] == '\0')
		return OK;
	if (path_read(c, path, FILE_MOST_BYTES, &text) != OK)
		return fail(c, E_INTERNAL, "hub.push_secret: %s", c->reason);
	len = strcspn(text, "\r\n");
	if (len < HOOK_SECRET_LEAST_BYTES)
		return fail(c, E_INTERNAL, "hub.push_secret: a secret has at least %d bytes",
		    HOOK_SECRET_LEAST_BYTES);
	text[len] = '\0';
	log_hide(text);
	*out = text;
	return OK;
}

static int
project_secret(struct ctx *c, const struct push_target *t, const char **out)
{
	*out = NULL;
	if (t->secret == NULL)
		return OK;
	return seal_show(c, seal_context(c, t->project.id), t->secret, out);
}

/* ---- who may */

/* 401, also for an account: it is not what it says it is. */
static int
wrong(struct ctx *c, const struct hook_notice *n)
{
	fail(c, E_DENIED, "the %s is wrong", n->signature != NULL ? "signature" : "token");
	c->http_status = 401;
	return E_DENIED;
}

static bool
is_open(const struct push_target *t)
{
	return t->project.id != 0 && t->project.default_access > 0;
}

/* What an account may, or nobody. Of a hidden project as of none. */
static struct hook_verdict
unsigned_verdict(struct ctx *c, const struct account *asker, const struct push_target *t)
{
	struct hook_verdict v = { .access = t->project.access, .is_known = t->project.access > 0 };

	if (!v.is_known) /* an account may make it; nobody is asked who he is */
		v.access = asker->id != 0 ? ACCESS_WRITE : ACCESS_READ;
	else if (c->conf->hub_anonymous_push && is_open(t) && t->secret == NULL &&
	    v.access < ACCESS_WRITE)
		v.access = ACCESS_WRITE;
	return v;
}

int
hook_judge(struct ctx *c, const struct account *asker, const struct push_target *t,
    const struct hook_notice *n, struct hook_verdict *out)
{
	const char *own, *hubs;

	*out = unsigned_verdict(c, asker, t);
	if (n->signature == NULL && (n->token == NULL || asker->id != 0))
		return OK;
	TRY(project_secret(c, t, &own));
	TRY(hub_secret(c, &hubs));
	if (!is_proven(n, own)) {
		if (!is_proven(n, hubs))
			return wrong(c, n);
		if (asker->id != 0 && !out->is_known)
			return OK; /* the account's own right to make one */
		if (!is_open(t) && !n->names_nothing)
			return fail(c, E_NOTFOUND, "not found");
	}
	out->is_known = !n->names_nothing;
	if (out->access < ACCESS_WRITE)
		out->access = ACCESS_WRITE;
	return OK;
}
