#include "tests/unit/unit.h"

#include "auth/common_passwords.h"
#include "auth/password.h"

/* clang-format off */
static const struct {
	const char *password;
	bool is_good;
} check_rows[] = {
	{ "correct horse", true }, { "with:colon:s", true }, { " blank at both ends ", true },
	{ "\xf0\x9f\x98\x80\xf0\x9f\x98\x80 smile", true }, { "caf\xc3\xa9-password", true },
	{ "tab\tin it", true }, { "quote'\"\\$%&", true },
	{ "", false }, { "short", false }, { "1234567", false }, { "12345678", false },
	{ "PassWord1", false }, { "aaaaaaaaaa", false }, { "qwertyuiop", false },
	{ "line\nbreak in it", false }, { "bell\a in it", false }, { "del\x7f in it", false },
	{ "bad utf-8 \xff\xfe", false }, { "half \xc3", false },
	/* it would be taken for a token */
	{ "0123456789abcdef0123456789abcdef01234567", false },
};

/* Made by crypt(3) (mkpasswd, pgcrypto's crypt with 'bf', htpasswd -B) for "correct horse". */
static const char *const crypt_rows[] = {
	"$2b$04$R.n0.C/7VH1s44Okc2t.vOuAZ6CsPig1GmzVoWA9mBt.zVloKBubK",
	"$2a$04$A8m58TWv0MOIjUFEWtMEne2XMsn.vIo4Ct7ZB.cjED5FrkMY9LGH6",
	"$2y$04$vqScUrjhPI/JfDOsWt1UcuIP3SfgO01netzmERrFFu3npBK9Te2ZS",
	"$y$j75$Mwkgt3gOaErD0VPutgtZ4/$tr2CziITC.ieCBNgaq37MJnF50cIWUT0D2N.HDycwn4",
	"$6$rounds=1000$Mb8NFgUmHVqfulcJ$K0K/yvpAHCeaY3zRZIS9KJhoRkhLCA65QksbHps9dkJh/ru"
	"9eb4nAD/wkW0I2KT8QQ4HMNNY78hpD8NE5qlK7.",
};

/* Fit nothing, and take no memory either. */
static const char *const broken_rows[] = { "", "x", "*", "!", "plain text", "correct horse", "$6$",
	"$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$$", "$unknown$abc$def", "{SHA}x", "$1$abc$def",
	"$argon2id$v=19$m=4000000000,t=99,p=1$YWJjZGVmZ2g$YWJj",
	"$argon2id$v=19$m=1048576,t=2,p=1$YWJjZGVmZ2hpamtsbW5vcA$YWJjZGVmZ2hpamtsbW5vcA",
	"$argon2i$v=19$m=64,t=3,p=1$YWJjZGVmZ2hpamtsbW5vcA$YWJjZGVmZ2hpamtsbW5vcA" };
/* clang-format on */

static void
weak_and_malformed_passwords_are_refused(void **state)
{
	struct ctx *c = *state;
	int n_bad = 0;

	for (size_t i = 0; i < N_OF(check_rows); i++)
		if (password_check(c, check_rows[i].password) !=
		    (check_rows[i].is_good ? OK : E_INVALID)) {
			print_error("%s: %s\n", check_rows[i].password, c->reason);
			n_bad++;
		}
	assert_int_equal(n_bad, 0);
}

static void
lengths_are_counted_in_bytes(void **state)
{
	struct ctx *c = *state;
	char *text = arena_alloc(c->mem, PASSWORD_MOST_BYTES + 2);

	memset(text, 'x', PASSWORD_MOST_BYTES);
	assert_int_equal(password_check(c, text), OK);
	text[PASSWORD_MOST_BYTES] = 'x';
	assert_int_equal(password_check(c, text), E_INVALID);
}

static void
common_passwords_are_sorted_and_lower_case(void **state)
{
	(void)state;
	assert_true(N_OF(common_passwords) >= 3000);
	for (size_t i = 0; i < N_OF(common_passwords); i++) {
		assert_true(strlen(common_passwords[i]) >= PASSWORD_LEAST_BYTES);
		assert_true(i == 0 || strcmp(common_passwords[i - 1], common_passwords[i]) < 0);
		for (const char *p = common_passwords[i]; *p != '\0'; p++)
			assert_false(*p >= 'A' && *p <= 'Z');
	}
}

static void
a_hash_fits_its_password_alone(void **state)
{
	struct ctx *c = *state;
	static const char *const others[] = { "correct hors", "correct horse ", "Correct horse", "",
		" correct horse" };
	const char *hash, *again;
	bool needs_rehash = true;

	assert_int_equal(password_hash(c, "correct horse", &hash), OK);
	assert_int_equal(password_hash(c, "correct horse", &again), OK);
	assert_string_not_equal(hash, again); /* salted */
	assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
	assert_true(password_is_right(hash, "correct horse", &needs_rehash));
	assert_false(needs_rehash);
	for (size_t i = 0; i < N_OF(others); i++)
		assert_false(password_is_right(hash, others[i], &needs_rehash));
}

static void
imported_hashes_are_right_and_want_a_new_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(crypt_rows); i++) {
		bool needs_rehash = false;

		assert_true(password_is_known(crypt_rows[i]));
		assert_true(password_is_right(crypt_rows[i], "correct horse", &needs_rehash));
		assert_true(needs_rehash);
		assert_false(password_is_right(crypt_rows[i], "correct hors", &needs_rehash));
		assert_false(needs_rehash);
	}
}

static void
old_parameters_want_a_new_hash(void **state)
{
	static const char hash[] =
	    "$argon2id$v=19$m=8192,t=1,p=1$t"
	    "V4gHLPBCD4xHy61OGDdVw$HszUppUeLI2pUdnqnzfyCgWofa7y5o0qE3FkVb2Dqoo";
	bool needs_rehash = false;

	(void)state;
	assert_true(password_is_right(hash, "correct horse", &needs_rehash));
	assert_true(needs_rehash);
}

static void
broken_hashes_fit_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(broken_rows); i++) {
		bool needs_rehash;

		assert_false(password_is_right(broken_rows[i], "correct horse", &needs_rehash));
		assert_false(password_is_right(broken_rows[i], "", &needs_rehash));
		assert_false(password_is_right(broken_rows[i], broken_rows[i], &needs_rehash));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(weak_and_malformed_passwords_are_refused),
		WITH_CTX(lengths_are_counted_in_bytes),
		cmocka_unit_test(common_passwords_are_sorted_and_lower_case),
		WITH_CTX(a_hash_fits_its_password_alone),
		cmocka_unit_test(imported_hashes_are_right_and_want_a_new_one),
		cmocka_unit_test(old_parameters_want_a_new_hash),
		cmocka_unit_test(broken_hashes_fit_nothing),
	};

	return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
