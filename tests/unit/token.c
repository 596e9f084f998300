#include "tests/unit/unit.h"

#include "auth/token.h"
#include "base/str.h"

static void
a_token_is_40_lower_case_hex_digits(void **state)
{
	static const char *const bad[] = { "", "0", "0123456789abcdef0123456789abcdef0123456",
		"0123456789abcdef0123456789abcdef012345678",
		"0123456789ABCDEF0123456789abcdef01234567",
		" 123456789abcdef0123456789abcdef01234567",
		"0123456789abcdef0123456789abcdef0123456g" };

	(void)state;
	assert_true(token_is_wellformed("0123456789abcdef0123456789abcdef01234567"));
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_false(token_is_wellformed(bad[i]));
}

static void
its_hash_is_sha256_as_psql_makes_it(void **state)
{
	struct ctx *c = *state;
	unsigned char hash[32];

	/* select encode(sha256('0123…67'), 'hex') */
	token_hash("0123456789abcdef0123456789abcdef01234567", hash);
	assert_string_equal(str_hex(c->mem, hash, sizeof(hash)),
	    "deb87fabd17715bb31ad4cf4ffb9494eeb15f8d33d85b031a301c64ab3417eaa");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_40_lower_case_hex_digits),
		WITH_CTX(its_hash_is_sha256_as_psql_makes_it),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
