#include "auth/openpgp.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#include "auth/armor.h"
#include "base/str.h"

/* Packet types (RFC 9580, 5) */
enum {
	TAG_SIGNATURE = 2,
	TAG_SECRET_KEY = 5,
	TAG_PUBLIC_KEY = 6,
	TAG_SECRET_SUBKEY = 7,
	TAG_TRUST = 12,
	TAG_USER_ID = 13,
	TAG_PUBLIC_SUBKEY = 14,
	TAG_USER_ATTRIBUTE = 17,
	TAG_PADDING = 21,
	TAG_OPTIONAL = 40, /* from here on: what one does not know may be skipped */
};

#define S2K_NONE 0
#define S2K_AEAD 253
#define S2K_GNU 101 /* gpg's: the secret part is not here (doc/DETAILS of GnuPG) */

/* Bytes that are not read yet. Reading too much sets `broken` and gives zeros: read many times,
 * test once. */
struct bytes {
	const unsigned char *at;
	size_t left;
	bool broken;
};

/* What is known while the packets of one key are read. */
struct reading {
	struct openpgp_key key;
	unsigned version;
	struct bytes public_part; /* of the primary key */
	unsigned n_user_ids, n_signatures, n_secrets;
};

static struct bytes
take(struct bytes *from, size_t len)
{
	struct bytes taken = { .at = from->at, .left = len };

	if (len > from->left) {
		from->broken = taken.broken = true;
		from->left = taken.left = 0;
		return taken;
	}
	from->at += len;
	from->left -= len;
	return taken;
}

/* A number of n bytes, highest first. */
static uint32_t
take_number(struct bytes *from, unsigned n)
{
	struct bytes taken = take(from, n);
	uint32_t number = 0;

	for (size_t i = 0; i < taken.left; i++)
		number = number << 8 | taken.at[i];
	return number;
}

/* ---- the packet around a packet's body (RFC 9580, 4.2) */

/* Lengths in parts are for data, not for keys: broken, as with gpg. */
static uint32_t
take_new_length(struct bytes *from)
{
	uint32_t first = take_number(from, 1);

	if (first < 192)
		return first;
	if (first < 224)
		return ((first - 192) << 8) + take_number(from, 1) + 192;
	if (first < 255)
		from->broken = true;
	return take_number(from, 4);
}

static struct bytes
take_packet(struct bytes *from, unsigned *tag_out)
{
	uint32_t head = take_number(from, 1), len;

	if (head & 0x40) {
		*tag_out = head & 0x3f;
		len = take_new_length(from);
	} else {
		*tag_out = (head >> 2) & 0x0f;
		from->broken |= (head & 3) == 3; /* "to the end of the file" */
		len = take_number(from, 1u << (head & 3));
	}
	from->broken |= !(head & 0x80);
	return take(from, from->broken ? 0 : len);
}

/* ---- key material (RFC 9580, 5.5.5) */

/* clang-format off */
static const struct material {
	unsigned algorithm;
	bool leads;			/* may be a primary key: it can sign */
	bool has_curve;			/* begins with the name of a curve */
	bool has_kdf;			/* its public part ends with ECDH's parameters */
	unsigned public_mpis, secret_mpis;
	unsigned public_bytes, secret_bytes; /* instead of numbers */
} materials[] = {
	/*          leads  curve  kdf    numbers  bytes */
	{  1,       true,  false, false, 2, 4,    0,  0 },	/* RSA */
	{  2,       false, false, false, 2, 4,    0,  0 },	/* RSA, encrypt only */
	{  3,       true,  false, false, 2, 4,    0,  0 },	/* RSA, sign only */
	{ 16,       false, false, false, 3, 1,    0,  0 },	/* ElGamal */
	{ 17,       true,  false, false, 4, 1,    0,  0 },	/* DSA */
	{ 18,       false, true,  true,  1, 1,    0,  0 },	/* ECDH */
	{ 19,       true,  true,  false, 1, 1,    0,  0 },	/* ECDSA */
	{ 22,       true,  true,  false, 1, 1,    0,  0 },	/* EdDSA as gpg has it */
	{ 25,       false, false, false, 0, 0,   32, 32 },	/* X25519 */
	{ 26,       false, false, false, 0, 0,   56, 56 },	/* X448 */
	{ 27,       true,  false, false, 0, 0,   32, 32 },	/* Ed25519 */
	{ 28,       true,  false, false, 0, 0,   57, 57 },	/* Ed448 */
};
/* clang-format on */

static const struct material *
material_by_algorithm(unsigned algorithm)
{
	for (size_t i = 0; i < sizeof(materials) / sizeof(materials[0]); i++)
		if (materials[i].algorithm == algorithm)
			return &materials[i];
	return NULL;
}

/* Numbers, each with its length in bits before it, and no more bits set than that. */
static void
take_mpis(struct bytes *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t n_bits = take_number(from, 2);
		struct bytes number = take(from, (n_bits + 7) / 8);

		from->broken |= n_bits == 0;
		if (number.left > 0 && n_bits % 8 != 0)
			from->broken |= number.at[0] >> n_bits % 8 != 0;
	}
}

static void
take_sized(struct bytes *from)
{
	uint32_t len = take_number(from, 1);

	from->broken |= len == 0;
	take(from, len);
}

static void
take_public(struct bytes *from, const struct material *m)
{
	if (m->has_curve)
		take_sized(from);
	take_mpis(from, m->public_mpis);
	take(from, m->public_bytes);
	if (m->has_kdf)
		take_sized(from);
}

/* Without a passphrase: the material, in version 4 the sum of its bytes, and nothing else. */
static void
take_open_secret(struct bytes *from, const struct material *m, unsigned version)
{
	const unsigned char *start = from->at;
	uint32_t sum = 0;

	take_mpis(from, m->secret_mpis);
	take(from, m->secret_bytes);
	for (const unsigned char *p = start; p < from->at; p++)
		sum += *p;
	if (version == 4)
		from->broken |= take_number(from, 2) != (sum & 0xffff);
	from->broken |= from->left != 0;
}

/* "GNU" and how it is missing, in the place of a way to make a key from a passphrase. */
static bool
is_elsewhere(struct bytes from, uint32_t usage)
{
	take_number(&from, 1); /* the cipher */
	if (usage < S2K_AEAD || take_number(&from, 1) != S2K_GNU)
		return false;
	take_number(&from, 1); /* the hash */
	return from.left > 3 && memcmp(from.at, "GNU", 3) == 0;
}

static void
take_secret(struct reading *r, struct bytes *from, const struct material *m)
{
	uint32_t usage = take_number(from, 1);

	if (r->version == 4 && is_elsewhere(*from, usage))
		return;
	r->n_secrets++;
	if (usage == S2K_NONE)
		take_open_secret(from, m, r->version);
	else
		r->key.has_passphrase = true;
	from->broken |= from->left == 0 && usage != S2K_NONE;
}

/* One key or subkey; false when it is none. A subkey is of its primary key's version. */
static bool
read_key(struct reading *r, unsigned tag, struct bytes body)
{
	bool is_primary = tag == TAG_SECRET_KEY || tag == TAG_PUBLIC_KEY;
	struct bytes whole = body;
	unsigned version = take_number(&body, 1);
	const struct material *m;
	uint32_t material_len;
	size_t before;

	take_number(&body, 4); /* when it was made */
	m = material_by_algorithm(take_number(&body, 1));
	if ((version != 4 && version != 6) || m == NULL || (is_primary && !m->leads))
		return false;
	if (is_primary)
		r->version = version;
	material_len = version == 6 ? take_number(&body, 4) : 0;
	before = body.left;
	take_public(&body, m);
	body.broken |= version == 6 && before - body.left != material_len;
	if (is_primary)
		r->public_part = take(&whole, (size_t)(body.at - whole.at));
	if (!body.broken && (tag == TAG_SECRET_KEY || tag == TAG_SECRET_SUBKEY))
		take_secret(r, &body, m);
	else
		body.broken |= body.left != 0;
	return !body.broken && version == r->version;
}

/* ---- one key with all that belongs to it (RFC 9580, 10.1 and 10.2) */

/* What may follow the primary key; a second one may not. */
static bool
read_follower(struct reading *r, unsigned tag, struct bytes body)
{
	switch (tag) {
	case TAG_SECRET_SUBKEY:
		return r->key.kind == OPENPGP_SECRET && read_key(r, tag, body);
	case TAG_PUBLIC_SUBKEY:
		return r->key.kind == OPENPGP_PUBLIC && read_key(r, tag, body);
	case TAG_USER_ID:
		r->n_user_ids++;
		return true;
	case TAG_SIGNATURE:
		r->n_signatures++;
		return body.left > 0;
	case TAG_USER_ATTRIBUTE:
	case TAG_TRUST:
	case TAG_PADDING:
		return true;
	}
	return tag >= TAG_OPTIONAL;
}

static bool
read_packets(struct reading *r, struct bytes from)
{
	unsigned tag;
	struct bytes body = take_packet(&from, &tag);

	if (from.broken || (tag != TAG_SECRET_KEY && tag != TAG_PUBLIC_KEY))
		return false;
	r->key.kind = tag == TAG_SECRET_KEY ? OPENPGP_SECRET : OPENPGP_PUBLIC;
	if (!read_key(r, tag, body))
		return false;
	while (from.left > 0) {
		body = take_packet(&from, &tag);
		if (from.broken || !read_follower(r, tag, body))
			return false;
	}
	return true;
}

/* RFC 9580, 5.5.4: the hash of a mark, the length of the public part, and the public part. */
static int
hash_key(struct ctx *c, const struct reading *r, const char **fingerprint_out)
{
	const char *hash = r->version == 4 ? "SHA1" : "SHA256";
	size_t len = r->public_part.left, at = 0, digest_len;
	unsigned char *text = arena_alloc(c->mem, 5 + len), digest[EVP_MAX_MD_SIZE];

	text[at++] = r->version == 4 ? 0x99 : 0x9b;
	for (int shift = r->version == 4 ? 8 : 24; shift >= 0; shift -= 8)
		text[at++] = (unsigned char)(len >> shift);
	memcpy(text + at, r->public_part.at, len);
	if (!EVP_Q_digest(NULL, hash, NULL, text, at + len, digest, &digest_len))
		return fail(c, E_INTERNAL, "libcrypto has no %s", hash);
	*fingerprint_out = str_hex(c->mem, digest, digest_len);
	return OK;
}

int
openpgp_read(struct ctx *c, const char *text, struct openpgp_key *out)
{
	struct reading r = { .key = { .kind = 0 } };
	struct bytes all = { .broken = false };

	TRY(armor_read(c, text, &all.at, &all.left));
	if (!read_packets(&r, all))
		return fail(c, E_INVALID, "this armour holds something else than one key");
	/* a version 6 key may do without a user id */
	if (r.n_signatures == 0 || (r.n_user_ids == 0 && r.version == 4))
		return fail(c, E_INVALID, "a key comes with its user id and signature");
	if (r.key.kind == OPENPGP_SECRET && r.n_secrets == 0)
		return fail(c, E_INVALID, "the secret parts of this key are elsewhere");
	TRY(hash_key(c, &r, &r.key.fingerprint));
	*out = r.key;
	return OK;
}
