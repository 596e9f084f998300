/* Keys are made by gpg, in a folder of their own, and gpg says what is true of them. */
#include "tests/unit/keys.h"
#include "tests/unit/unit.h"

#include "auth/armor.h"
#include "auth/openpgp.h"
#include "base/buf.h"
#include "base/proc.h"
#include "base/str.h"

#define ARMOR_MAX (1024 * 1024)
#define N_MUTATIONS 3000
#define SEED 20140513u

static struct ctx gpg_ctx = { .reason = "" };
static const char *gpg_home;

static const struct {
	const char *name, *parameters;
} made[] = {
	{ "rsa", "Key-Type: RSA\nKey-Length: 1024\nSubkey-Type: RSA\nSubkey-Length: 1024\n" },
	{ "dsa", "Key-Type: DSA\nKey-Length: 1024\nSubkey-Type: ELG-E\nSubkey-Length: 1024\n" },
	{ "ed25519",
	    "Key-Type: EDDSA\nKey-Curve: ed25519\nSubkey-Type: ECDH\nSubkey-Curve: cv25519\n" },
	{ "nistp256", "Key-Type: ECDSA\nKey-Curve: nistp256\n" },
	{ "brainpool", "Key-Type: ECDSA\nKey-Curve: brainpoolP256r1\n" },
};

/* ---- gpg */

/* The output of gpg with these words (divided by blanks) and input. */
static const char *
gpg(const char *words, const char *input)
{
	struct ctx *c = &gpg_ctx;
	const char *env[] = { arena_printf(c->mem, "GNUPGHOME=%s", gpg_home), NULL };
	const char *argv[32] = { "gpg", "--batch", "--quiet", "--no-tty", "--pinentry-mode",
		"loopback", "--passphrase", "", "--yes", "--armor" };
	size_t n, at = 10;
	char **more = str_split(c->mem, words, ' ', &n);
	struct proc_spec spec = { .argv = argv, .env = env, .limits = { .wall_ms = 60000 } };
	struct buf *out, *err;
	int status;

	for (size_t i = 0; i < n; i++)
		argv[at++] = more[i];
	assert_int_equal(
	    proc_run(c, &spec, input, strlen(input), ARMOR_MAX, &out, &err, &status), OK);
	if (status != 0)
		unit_fail("gpg %s: %s", words, err->data);
	return out->data;
}

static const char *
gpg_of(const char *command, const char *name)
{
	return gpg(arena_printf(gpg_ctx.mem, "%s %s@example.org", command, name), "");
}

static const char *
public_of(const char *name)
{
	return gpg_of("--export", name);
}

static const char *
secret_of(const char *name)
{
	return gpg_of("--export-secret-keys", name);
}

/* What gpg calls the primary key, in our spelling. */
static const char *
fingerprint_of(const char *name)
{
	const char *at = strstr(gpg_of("--with-colons --list-keys", name), "\nfpr:::::::::");

	assert_non_null(at);
	at += strlen("\nfpr:::::::::");
	return str_lower(gpg_ctx.mem, arena_strndup(gpg_ctx.mem, at, strcspn(at, ":")));
}

static void
make_key(const char *name, const char *parameters, const char *more)
{
	gpg("--generate-key",
	    arena_printf(gpg_ctx.mem, "%s%sName-Email: %s@example.org\n%%commit\n", parameters,
		more, name));
}

static int
make_keys(void **state)
{
	(void)state;
	gpg_ctx.mem = arena_new();
	gpg_home = unit_folder(&gpg_ctx);
	/* else it measures how slow a passphrase may be */
	assert_int_equal(path_write(&gpg_ctx, path_under(gpg_ctx.mem, gpg_home, "gpg-agent.conf"),
			     0600, "s2k-count 65536\n", strlen("s2k-count 65536\n")),
	    OK);
	for (size_t i = 0; i < N_OF(made); i++)
		make_key(made[i].name, made[i].parameters, "%no-protection\nExpire-Date: 0\n");
	make_key("passphrase", made[2].parameters, "Passphrase: canary\nExpire-Date: 0\n");
	return 0;
}

static int
remove_keys(void **state)
{
	struct ctx *c = &gpg_ctx;
	const char *argv[] = { "gpgconf", "--homedir", gpg_home, "--kill", "all", NULL };
	struct proc_spec spec = { .argv = argv, .limits = { .wall_ms = 60000 } };
	struct buf *out, *err;
	int status;

	(void)state;
	assert_int_equal(proc_run(c, &spec, "", 0, ARMOR_MAX, &out, &err, &status), OK);
	arena_free(c->mem);
	return status;
}

/* ---- what is a key */

static struct openpgp_key
read_ok(struct ctx *c, const char *armor)
{
	struct openpgp_key key = { 0 };

	if (openpgp_read(c, armor, &key) != OK)
		unit_fail("%s:\n%s", c->reason, armor);
	return key;
}

static void
assert_wrong(struct ctx *c, const char *armor)
{
	struct openpgp_key key = { 0 };

	assert_int_equal(openpgp_read(c, armor, &key), E_INVALID);
	assert_int_equal(key.kind, 0);
}

static void
assert_pair(struct ctx *c, const char *name)
{
	struct openpgp_key public_key = read_ok(c, public_of(name));
	struct openpgp_key secret_key = read_ok(c, secret_of(name));

	assert_int_equal(public_key.kind, OPENPGP_PUBLIC);
	assert_int_equal(secret_key.kind, OPENPGP_SECRET);
	assert_string_equal(public_key.fingerprint, fingerprint_of(name));
	assert_string_equal(secret_key.fingerprint, fingerprint_of(name));
	assert_false(public_key.has_passphrase);
	assert_false(secret_key.has_passphrase);
}

static void
keys_of_every_kind_are_read_as_gpg_reads_them(void **state)
{
	for (size_t i = 0; i < N_OF(made); i++)
		assert_pair(*state, made[i].name);
}

static void
a_passphrase_is_seen(void **state)
{
	struct ctx *c = *state;
	const char *secret = gpg_of("--passphrase canary --export-secret-keys", "passphrase");

	assert_true(read_ok(c, secret).has_passphrase);
	assert_string_equal(read_ok(c, secret).fingerprint, fingerprint_of("passphrase"));
	assert_false(read_ok(c, public_of("passphrase")).has_passphrase);
}

static void
more_names_and_subkeys_are_still_one_key(void **state)
{
	const char *fpr;

	make_key("many", made[2].parameters, "%no-protection\nExpire-Date: 0\n");
	fpr = fingerprint_of("many");
	gpg(arena_printf(gpg_ctx.mem, "--quick-add-uid %s second@example.org", fpr), "");
	gpg(arena_printf(gpg_ctx.mem, "--quick-add-key %s rsa1024 sign", fpr), "");
	assert_pair(*state, "many");
}

static void
an_expired_key_is_a_key(void **state)
{
	gpg("--faked-system-time 20200101T000000 --generate-key",
	    "Key-Type: EDDSA\nKey-Curve: ed25519\n%no-protection\nExpire-Date: 1d\n"
	    "Name-Email: expired@example.org\n%commit\n");
	assert_pair(*state, "expired");
}

static void
a_revoked_key_is_a_key(void **state)
{
	struct ctx *c = *state;
	char *revocation;
	const char *file;

	make_key("revoked", made[2].parameters, "%no-protection\nExpire-Date: 0\n");
	file = arena_printf(c->mem, "openpgp-revocs.d/%s.rev", fingerprint_of("revoked"));
	for (char *p = strrchr(file, '/'); *p != '.'; p++)
		*p = *p >= 'a' && *p <= 'f' ? (char)(*p - 'a' + 'A') : *p;
	assert_int_equal(path_read(c, path_under(c->mem, gpg_home, file), 65536, &revocation), OK);
	revocation = strstr(revocation, ":-----BEGIN"); /* the colon is against accidents */
	gpg("--import", revocation + 1);
	assert_pair(c, "revoked");
}

/* gpg writes a stub for a primary key that is kept elsewhere; the subkeys can sign. */
static void
a_secret_key_needs_one_secret_part(void **state)
{
	struct ctx *c = *state;
	struct openpgp_key key = read_ok(c, gpg_of("--export-secret-subkeys", "rsa"));

	assert_int_equal(key.kind, OPENPGP_SECRET);
	assert_string_equal(key.fingerprint, fingerprint_of("rsa"));
	assert_false(key.has_passphrase);
	gpg(arena_printf(c->mem,
		"--quick-generate-key --faked-system-time 20250101T000000 stub@example.org ed25519 "
		"sign never"),
	    "");
	assert_wrong(c, gpg_of("--export-secret-subkeys", "stub"));
}

/* RFC 9580, A.3 and A.4 */
static void
version_6_is_read_too(void **state)
{
	assert_string_equal(read_ok(*state, V6_PUBLIC_KEY).fingerprint, V6_FINGERPRINT);
	assert_string_equal(read_ok(*state, V6_SECRET_KEY).fingerprint, V6_FINGERPRINT);
	assert_int_equal(read_ok(*state, V6_PUBLIC_KEY).kind, OPENPGP_PUBLIC);
	assert_int_equal(read_ok(*state, V6_SECRET_KEY).kind, OPENPGP_SECRET);
	assert_false(read_ok(*state, V6_SECRET_KEY).has_passphrase);
}

/* ---- what is none */

static const char *
replaced(struct ctx *c, const char *text, const char *what, const char *by)
{
	const char *at = strstr(text, what);

	assert_non_null(at);
	return arena_printf(
	    c->mem, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
}

static const char *
armored(struct ctx *c, const void *bytes, size_t len)
{
	return arena_printf(c->mem,
	    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n%s\n-----END PGP PUBLIC KEY BLOCK-----\n",
	    str_base64(c->mem, bytes, len));
}

static void
the_armour_may_have_crlf_headers_and_words_around_it(void **state)
{
	struct ctx *c = *state;
	const char *armor = public_of("ed25519"), *crlf = replaced(c, armor, "-\n\n", "-\r\n\r\n");
	const char *sum = strstr(armor, "\n=");

	read_ok(c, crlf);
	read_ok(c, replaced(c, armor, "-\n\n", "-\nVersion: GnuPG v2\nComment:\n \n"));
	read_ok(c, arena_printf(c->mem, "pub  ed25519\n\n%s\nthat was it", armor));
	read_ok(c, replaced(c, armor, arena_strndup(c->mem, sum, 6), "")); /* RFC 9580 has no sum */
}

static void
a_broken_armour_is_wrong(void **state)
{
	struct ctx *c = *state;
	const char *armor = public_of("ed25519"), *sum = strstr(armor, "\n=") + 2;
	char *changed;

	assert_wrong(c, "");
	assert_wrong(c, "hello");
	assert_wrong(c, "-----BEGIN PGP PUBLIC KEY BLOCK-----");
	assert_wrong(
	    c, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n");
	assert_wrong(c, replaced(c, armor, "-\n\n", "-\n"));
	assert_wrong(c, replaced(c, armor, "-\n\n", "-\nno header\n\n"));
	assert_wrong(c, replaced(c, armor, "END PGP PUBLIC", "END PGP PRIVATE"));
	assert_wrong(c, replaced(c, armor, "-----BEGIN", " -----BEGIN"));
	for (int i = 0; i < 4; i++) {
		changed = arena_strdup(c->mem, armor);
		changed[sum - armor + i] = changed[sum - armor + i] == 'A' ? 'B' : 'A';
		assert_wrong(c, changed);
	}
	for (const char *end = strstr(armor, "-----END"); end >= armor; end--) /* cut anywhere */
		assert_wrong(c, arena_strndup(c->mem, armor, (size_t)(end - armor)));
}

static void
only_one_key_is_a_key(void **state)
{
	struct ctx *c = *state;
	const char *one = public_of("ed25519"), *other = public_of("rsa");

	assert_wrong(c, gpg("--export ed25519@example.org rsa@example.org", ""));
	assert_wrong(c, gpg("--export-secret-keys ed25519@example.org rsa@example.org", ""));
	assert_wrong(c, arena_printf(c->mem, "%s%s", one, other));
	assert_wrong(c, arena_printf(c->mem, "%s%s", one, secret_of("ed25519")));
}

static void
other_things_of_gpg_are_no_keys(void **state)
{
	struct ctx *c = *state;
	const char *clear = gpg("--clear-sign -u rsa@example.org", public_of("rsa"));
	const char *detached = gpg("--detach-sign -u rsa@example.org", "text");
	const char *message = gpg("--sign -u rsa@example.org", "text");
	const unsigned char *bytes;
	size_t len;

	assert_wrong(c, clear);
	assert_wrong(c, detached);
	assert_wrong(c, message);
	assert_wrong(c, gpg("--enarmor", public_of("rsa")));
	/* under a key's label */
	detached = replaced(c, detached, "BEGIN PGP SIGNATURE", "BEGIN PGP PUBLIC KEY BLOCK");
	detached = replaced(c, detached, "END PGP SIGNATURE", "END PGP PUBLIC KEY BLOCK");
	assert_int_equal(armor_read(c, detached, &bytes, &len), OK);
	assert_wrong(c, detached);
}

/* The label is nobody's proof: what is inside counts. */
static void
a_secret_key_under_the_label_of_a_public_one_is_secret(void **state)
{
	struct ctx *c = *state;
	const unsigned char *bytes;
	size_t len;

	assert_int_equal(armor_read(c, secret_of("rsa"), &bytes, &len), OK);
	assert_int_equal(read_ok(c, armored(c, bytes, len)).kind, OPENPGP_SECRET);
}

/* Whoever cuts between two packets behind the first signature has a shorter key. */
static void
a_key_cut_inside_a_packet_is_wrong(void **state)
{
	struct ctx *c = *state;
	const unsigned char *bytes;
	size_t len, n_read = 0;

	assert_int_equal(armor_read(c, public_of("ed25519"), &bytes, &len), OK);
	for (size_t i = 0; i < len; i++) {
		struct openpgp_key key;

		n_read += openpgp_read(c, armored(c, bytes, i), &key) == OK;
	}
	assert_int_equal(n_read, 2); /* key, name, signature; the same with the subkey */
}

static void
a_changed_secret_is_wrong(void **state)
{
	struct ctx *c = *state;
	const unsigned char *bytes;
	unsigned char *changed;
	size_t len, body;

	assert_int_equal(armor_read(c, secret_of("ed25519"), &bytes, &len), OK);
	body = 2 + (size_t)bytes[1]; /* a short packet in the old format */
	for (size_t i = body - 34; i < body; i++) { /* the number and its sum */
		changed = (unsigned char *)arena_strndup(c->mem, (const char *)bytes, len);
		memcpy(changed, bytes, len);
		changed[i] ^= 1;
		assert_wrong(c, armored(c, changed, len));
	}
}

static uint32_t
next_number(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Some bytes changed, some cut out; never more than was there. */
static size_t
mutate(uint32_t *seed, unsigned char *bytes, size_t len)
{
	for (uint32_t n = 1 + next_number(seed) % 4; n > 0; n--) {
		size_t at = next_number(seed) % len, cut = next_number(seed) % 8;

		if (next_number(seed) % 3 != 0 || at + cut >= len) {
			bytes[at] = (unsigned char)next_number(seed);
		} else {
			memmove(bytes + at, bytes + at + cut, len - at - cut);
			len -= cut;
		}
	}
	return len;
}

static void
whatever_comes_is_a_key_or_wrong(void **state)
{
	struct ctx turn = { .mem = arena_new(), .reason = "" };
	const char *armors[] = { public_of("ed25519"), secret_of("ed25519"), public_of("rsa"),
		secret_of("rsa"), secret_of("dsa"), secret_of("nistp256") };
	uint32_t seed = SEED;

	(void)state;
	for (size_t i = 0; i < N_OF(armors) * N_MUTATIONS; i++) {
		const char *armor = armors[i % N_OF(armors)];
		const unsigned char *bytes;
		unsigned char *changed;
		struct openpgp_key key;
		size_t len;
		int code;

		assert_int_equal(armor_read(&turn, armor, &bytes, &len), OK);
		changed = arena_alloc(turn.mem, len);
		memcpy(changed, bytes, len);
		code = openpgp_read(
		    &turn, armored(&turn, changed, mutate(&seed, changed, len)), &key);
		if (code == OK && strlen(key.fingerprint) != 40 && strlen(key.fingerprint) != 64)
			unit_fail("mutation %zu of seed %u", i, SEED);
		assert_true(code == OK || code == E_INVALID);
		changed = (unsigned char *)arena_strdup(turn.mem, armor);
		len = mutate(&seed, changed, strlen(armor));
		changed[len] = '\0';
		code = openpgp_read(&turn, (char *)changed, &key);
		assert_true(code == OK || code == E_INVALID);
		arena_reset(turn.mem);
	}
	arena_free(turn.mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(keys_of_every_kind_are_read_as_gpg_reads_them),
		WITH_CTX(a_passphrase_is_seen),
		WITH_CTX(more_names_and_subkeys_are_still_one_key),
		WITH_CTX(an_expired_key_is_a_key),
		WITH_CTX(a_revoked_key_is_a_key),
		WITH_CTX(a_secret_key_needs_one_secret_part),
		WITH_CTX(version_6_is_read_too),
		WITH_CTX(the_armour_may_have_crlf_headers_and_words_around_it),
		WITH_CTX(a_broken_armour_is_wrong),
		WITH_CTX(only_one_key_is_a_key),
		WITH_CTX(other_things_of_gpg_are_no_keys),
		WITH_CTX(a_secret_key_under_the_label_of_a_public_one_is_secret),
		WITH_CTX(a_key_cut_inside_a_packet_is_wrong),
		WITH_CTX(a_changed_secret_is_wrong),
		WITH_CTX(whatever_comes_is_a_key_or_wrong),
	};

	return cmocka_run_group_tests_name("openpgp", tests, make_keys, remove_keys);
}
