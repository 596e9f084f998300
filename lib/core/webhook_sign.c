#include "core/webhook_sign.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define LINES_MAX_BYTES (16 * 1024)
#define STANDARD_PREFIX "whsec_"

struct mac {
	unsigned char bytes[crypto_auth_hmacsha256_BYTES];
};

static struct mac
mac_of(const void *key, size_t key_len, const char *head, const char *body)
{
	crypto_auth_hmacsha256_state state;
	struct mac mac;

	crypto_auth_hmacsha256_init(&state, key, key_len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, strlen(head));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
	crypto_auth_hmacsha256_final(&state, mac.bytes);
	return mac;
}

static void
add_hub_signature(struct ctx *c, struct buf *b, const char *name, const struct webhook_message *m,
    const char *secret)
{
	struct mac mac = mac_of(secret, strlen(secret), "", m->payload);

	buf_printf(b, "\n%s: sha256=%s", name, str_hex(c->mem, mac.bytes, sizeof(mac.bytes)));
}

/* A secret in the form of Standard Webhooks is base64 of the key; any other is the key itself. */
static void
add_standard_signature(
    struct ctx *c, struct buf *b, const struct webhook_message *m, const char *secret)
{
	const char *head = arena_printf(c->mem, "%s.%lld.", m->guid, (long long)m->at);
	const char *key = secret;
	size_t len = strlen(secret);
	struct mac mac;

	if (str_starts(secret, STANDARD_PREFIX) &&
	    str_unbase64(c->mem, secret + strlen(STANDARD_PREFIX), &len) != NULL)
		key = str_unbase64(c->mem, secret + strlen(STANDARD_PREFIX), &len);
	else
		len = strlen(secret);
	mac = mac_of(key, len, head, m->payload);
	buf_printf(b, " v1,%s", str_base64(c->mem, mac.bytes, sizeof(mac.bytes)));
}

static void
add_signatures(struct ctx *c, struct buf *b, const struct webhook_message *m)
{
	if (m->secret != NULL)
		add_hub_signature(c, b, "X-Hub-Signature-256", m, m->secret);
	if (m->old_secret != NULL)
		add_hub_signature(c, b, "X-Hub-Signature-256-Old", m, m->old_secret);
	if (m->secret == NULL && m->old_secret == NULL)
		return;
	buf_text(b, "\nwebhook-signature:");
	if (m->secret != NULL)
		add_standard_signature(c, b, m, m->secret);
	if (m->old_secret != NULL)
		add_standard_signature(c, b, m, m->old_secret);
}

const char *
webhook_headers(struct ctx *c, const struct webhook_message *m)
{
	struct buf *b = buf_new(c->mem, LINES_MAX_BYTES);

	buf_text(b, "User-Agent: mirrorhub-webhook");
	buf_printf(b, "\nX-GitHub-Event: %s\nX-GitHub-Delivery: %s", m->event, m->guid);
	buf_printf(b, "\nX-GitHub-Hook-ID: %lld", (long long)m->webhook_id);
	buf_printf(b, "\nX-Mirrorhub-Attempt: %lld", (long long)m->attempt);
	buf_printf(b, "\nwebhook-id: %s\nwebhook-timestamp: %lld", m->guid, (long long)m->at);
	add_signatures(c, b, m);
	if (m->headers != NULL && m->headers[0] != '\0')
		buf_printf(b, "\n%s", m->headers);
	return b->data;
}
