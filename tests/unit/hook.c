/* Signatures of push notices: checklists/security.md W-01. */
#include "tests/unit/unit.h"

#include "auth/hook.h"
#include "base/conf.h"

#define BODY "{\"repository\":{\"name\":\"x\"}}"
/* openssl dgst -sha256 -hmac 'a secret' */
#define MAC "9284c34e954eaabce7b8351c7368a2d0be38cc50a1d9409fb9e543acc9906446"
#define UPPER "9284C34E954EAABCE7B8351C7368A2D0BE38CC50A1D9409FB9E543ACC9906446"

static bool
is_signed(const char *signature, const char *secret, const char *body)
{
	return hook_is_signed(signature, secret, body, strlen(body));
}

static void
only_the_hmac_of_these_very_bytes_is_a_signature(void **state)
{
	(void)state;
	assert_true(is_signed("sha256=" MAC, "a secret", BODY));
	assert_true(is_signed("sha256=" UPPER, "a secret", BODY));
	assert_false(is_signed("sha256=" MAC, "a secreT", BODY));
	assert_false(is_signed("sha256=" MAC, "a secret", BODY " "));
	assert_false(is_signed("sha256=" MAC, "a secret", "{\"repository\": {\"name\":\"x\"}}"));
	assert_false(is_signed("sha256=" MAC, NULL, BODY));
}

static void
other_forms_are_none(void **state)
{
	static const char *const bad[] = { "", "sha256=", MAC, "SHA256=" MAC, "sha1=" MAC,
		"sha256=" MAC "0", "sha256= " MAC, "sha256=" MAC " ", "sha256=zz" };

	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_false(is_signed(bad[i], "a secret", BODY));
}

/* Nobody's signature is right for no secret: the HMAC with an empty key is none. */
static void
no_secret_is_not_an_empty_one(void **state)
{
	(void)state;
	/* openssl dgst -sha256 -hmac '' */
	assert_false(is_signed("sha256=23d85f918cb53be7659afadbe5e547a8adc538783f97f99f232214b2c9697253", NULL, BODY));
}

/* ---- who may, without a signature */

static struct conf conf = { .hub_push_secret = "" };
static const struct account nobody = { 0 };
static const struct account bob = { .id = 7, .uname = "bob", .role = "user", .scope = 3 };
static const struct hook_notice plain = { .body = BODY };

static struct hook_verdict
judged(struct ctx *c, const struct account *asker, const struct push_target *t)
{
	struct hook_verdict v;

	c->conf = &conf;
	assert_int_equal(hook_judge(c, asker, t, &plain, &v), OK);
	return v;
}

static void
an_account_has_its_own_right_and_nobody_is_asked_who_he_is(void **state)
{
	const struct push_target open = { .project = { .id = 1, .default_access = 1, .access = 1 } };
	const struct push_target own = { .project = { .id = 1, .access = 3 } };
	const struct push_target none = { 0 };
	struct ctx *c = *state;

	assert_int_equal(judged(c, &bob, &own).access, 3);
	assert_int_equal(judged(c, &bob, &open).access, 1);
	assert_true(judged(c, &bob, &open).is_known);
	assert_int_equal(judged(c, &nobody, &open).access, 1);
	assert_int_equal(judged(c, &nobody, &none).access, 1);
	/* whoever has an account may make one */
	assert_int_equal(judged(c, &bob, &none).access, 2);
	assert_false(judged(c, &bob, &none).is_known);
}

static void
a_hidden_project_is_like_none(void **state)
{
	const struct push_target hidden = { .project = { .id = 1 }, .secret = "2:x:y" };
	const struct push_target none = { 0 };
	struct ctx *c = *state;

	for (int i = 0; i < 2; i++) {
		const struct account *asker = i == 0 ? &nobody : &bob;
		struct hook_verdict a = judged(c, asker, &hidden), b = judged(c, asker, &none);

		assert_int_equal(a.access, b.access);
		assert_int_equal(a.is_known, b.is_known);
	}
}

static void
a_setting_lets_notices_of_open_mirrors_without_a_secret_in(void **state)
{
	const struct push_target open = { .project = { .id = 1, .default_access = 1, .access = 1 } };
	const struct push_target with_secret = { .project = { .id = 1, .default_access = 1,
						     .access = 1 },
		.secret = "2:x:y" };
	const struct push_target none = { 0 };
	struct ctx *c = *state;

	conf.hub_anonymous_push = true;
	assert_int_equal(judged(c, &nobody, &open).access, 2);
	assert_int_equal(judged(c, &nobody, &with_secret).access, 1);
	assert_int_equal(judged(c, &nobody, &none).access, 1);
	assert_int_equal(judged(c, &bob, &open).access, 2);
	conf.hub_anonymous_push = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_hmac_of_these_very_bytes_is_a_signature),
		cmocka_unit_test(other_forms_are_none),
		cmocka_unit_test(no_secret_is_not_an_empty_one),
		WITH_CTX(an_account_has_its_own_right_and_nobody_is_asked_who_he_is),
		WITH_CTX(a_hidden_project_is_like_none),
		WITH_CTX(a_setting_lets_notices_of_open_mirrors_without_a_secret_in),
	};

	return cmocka_run_group_tests_name("hook", tests, NULL, NULL);
}
