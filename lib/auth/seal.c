#include "auth/seal.h"

#include <sodium.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"

#define KEY_BYTES crypto_box_PUBLICKEYBYTES
#define KEY_FILE_BYTES (2 * KEY_BYTES + 2)
#define ID_BYTES 4

/* The first part of what is sealed: how. */
#define BOX "1"
#define KEPT "2"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

_Static_assert(crypto_box_SECRETKEYBYTES == KEY_BYTES &&
	crypto_aead_xchacha20poly1305_ietf_KEYBYTES == KEY_BYTES,
    "all keys have one size");

/* Names a key in what was sealed with it: four bytes of a hash, which tell nothing of it. */
static const char *
key_id(struct ctx *c, const unsigned char key[KEY_BYTES])
{
	unsigned char hash[crypto_generichash_BYTES_MIN];

	crypto_generichash(hash, sizeof(hash), key, KEY_BYTES, NULL, 0);
	return str_hex(c->mem, hash, ID_BYTES);
}

static int
read_key(struct ctx *c, const char *path, unsigned char key_out[KEY_BYTES])
{
	char *text;

	if (path_read(c, path, KEY_FILE_BYTES, &text) != OK)
		return fail(c, E_INTERNAL, "key file %s: %s", path, c->reason);
	text[strcspn(text, "\n")] = '\0';
	if (!str_is_hex(text, key_out, KEY_BYTES))
		return fail(
		    c, E_INTERNAL, "key file %s: a key is %d hex digits", path, 2 * (int)KEY_BYTES);
	return OK;
}

static int
write_key(struct ctx *c, const char *path, mode_t mode, const unsigned char key[KEY_BYTES])
{
	const char *text = arena_printf(c->mem, "%s\n", str_hex(c->mem, key, KEY_BYTES));

	return path_write(c, path, mode, text, strlen(text));
}

int
seal_create_keys(struct ctx *c)
{
	unsigned char public_key[KEY_BYTES], secret_key[KEY_BYTES];
	int code;

	/* a lost key loses every credential sealed with it: never over an old one */
	if (path_is_file(c->conf->seal_public_key) || path_is_file(c->conf->seal_secret_key))
		return fail(c, E_CONFLICT, "there is a key in %s or %s already",
		    c->conf->seal_public_key, c->conf->seal_secret_key);
	crypto_box_keypair(public_key, secret_key);
	code = write_key(c, c->conf->seal_secret_key, 0400, secret_key);
	sodium_memzero(secret_key, sizeof(secret_key));
	TRY(code);
	return write_key(c, c->conf->seal_public_key, 0444, public_key);
}

int
seal_create_web_key(struct ctx *c)
{
	unsigned char key[KEY_BYTES];
	int code;

	if (path_is_file(c->conf->seal_web_key))
		return fail(c, E_CONFLICT, "there is a key in %s already", c->conf->seal_web_key);
	crypto_aead_xchacha20poly1305_ietf_keygen(key);
	code = write_key(c, c->conf->seal_web_key, 0400, key);
	sodium_memzero(key, sizeof(key));
	return code;
}

static const char *
wrap(struct ctx *c, const char *how, const char *id, const unsigned char *bytes, size_t len)
{
	return arena_printf(c->mem, "%s:%s:%s", how, id, str_base64(c->mem, bytes, len));
}

int
seal_close(struct ctx *c, const char *context, const char *secret, const char **sealed_out)
{
	/* the context, its NUL, the secret */
	size_t context_bytes = strlen(context) + 1, len = context_bytes + strlen(secret);
	unsigned char key[KEY_BYTES], *plain, *box;

	TRY(read_key(c, c->conf->seal_public_key, key));
	plain = arena_alloc(c->mem, len);
	memcpy(plain, context, context_bytes);
	memcpy(plain + context_bytes, secret, len - context_bytes);
	box = arena_alloc(c->mem, len + crypto_box_SEALBYTES);
	if (crypto_box_seal(box, plain, len, key) != 0)
		return fail(c, E_INTERNAL, "the public key cannot seal");
	*sealed_out = wrap(c, BOX, key_id(c, key), box, len + crypto_box_SEALBYTES);
	return OK;
}

static int
cannot_open(struct ctx *c)
{
	return fail(c, E_INTERNAL, "a sealed value does not open");
}

/* The bytes of what wrap made, if it was made so and with this key. */
static const unsigned char *
unwrap(struct ctx *c, const char *how, const char *id, const char *sealed, size_t *len_out)
{
	const char *head = arena_printf(c->mem, "%s:%s:", how, id);

	if (!str_starts(sealed, head))
		return NULL;
	return (const unsigned char *)str_unbase64(c->mem, sealed + strlen(head), len_out);
}

int
seal_open(struct ctx *c, const char *context, const char *sealed, const char **secret_out)
{
	size_t context_bytes = strlen(context) + 1, len = 0;
	unsigned char secret_key[KEY_BYTES], public_key[KEY_BYTES];
	const unsigned char *box;
	char *plain;
	int bad;

	TRY(read_key(c, c->conf->seal_secret_key, secret_key));
	crypto_scalarmult_base(public_key, secret_key);
	box = unwrap(c, BOX, key_id(c, public_key), sealed, &len);
	if (box == NULL || len < crypto_box_SEALBYTES + context_bytes) {
		sodium_memzero(secret_key, sizeof(secret_key));
		return cannot_open(c);
	}
	plain = arena_alloc(c->mem, len - crypto_box_SEALBYTES + 1);
	bad = crypto_box_seal_open((unsigned char *)plain, box, len, public_key, secret_key);
	sodium_memzero(secret_key, sizeof(secret_key));
	if (bad != 0 || memcmp(plain, context, context_bytes) != 0)
		return cannot_open(c);
	*secret_out = plain + context_bytes;
	log_hide(*secret_out);
	return OK;
}

int
seal_keep(struct ctx *c, const char *context, const char *secret, const char **sealed_out)
{
	size_t len = strlen(secret);
	unsigned char key[KEY_BYTES], *box = arena_alloc(c->mem, NONCE_BYTES + len + TAG_BYTES);
	const char *id;

	TRY(read_key(c, c->conf->seal_web_key, key));
	randombytes_buf(box, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE_BYTES, NULL,
	    (const unsigned char *)secret, len, (const unsigned char *)context, strlen(context),
	    NULL, box, key);
	id = key_id(c, key);
	sodium_memzero(key, sizeof(key));
	*sealed_out = wrap(c, KEPT, id, box, NONCE_BYTES + len + TAG_BYTES);
	return OK;
}

int
seal_show(struct ctx *c, const char *context, const char *sealed, const char **secret_out)
{
	unsigned char key[KEY_BYTES];
	const unsigned char *box;
	char *plain = NULL;
	size_t len = 0;
	int bad = -1;

	TRY(read_key(c, c->conf->seal_web_key, key));
	box = unwrap(c, KEPT, key_id(c, key), sealed, &len);
	if (box != NULL && len >= NONCE_BYTES + TAG_BYTES) {
		plain = arena_alloc(c->mem, len - NONCE_BYTES - TAG_BYTES + 1);
		bad = crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)plain, NULL, NULL,
		    box + NONCE_BYTES, len - NONCE_BYTES, (const unsigned char *)context,
		    strlen(context), box, key);
	}
	sodium_memzero(key, sizeof(key));
	if (bad != 0)
		return cannot_open(c);
	*secret_out = plain;
	log_hide(*secret_out);
	return OK;
}
