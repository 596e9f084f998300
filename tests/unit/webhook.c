/* What a webhook may be, and what its deliveries say of themselves. */
#include <string.h>

#include "base/conf.h"
#include "core/webhook.h"
#include "core/webhook_sign.h"
#include "tests/unit/unit.h"

static struct conf conf = { .webhook_schemes = "https http" };

static void
addresses_of_webhooks_are_plain_and_of_allowed_schemes(void **state)
{
	static const char *const good[] = { "https://example.com/", "http://example.com",
		"https://example.com:8443/a/b?token=x&y=%20", "https://[2001:db8::1]/x" };
	static const char *const bad[] = { "ftp://example.com/x", "ssh://example.com/x",
		"git@example.com:x", "javascript:alert(1)", "https://u:p@example.com/",
		"https://u@example.com/", "https://example.com/#x", "https://example.com/a b",
		"https://example.com/\r\nHost: x", "https:///x", "//example.com/x", "",
		"https://example.com/\"x", "file:///etc/passwd", "https://-oX/" };
	struct ctx *c = *state;

	c->conf = &conf;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (webhook_check_url(c, good[i]) != OK)
			unit_fail("%s: %s", good[i], c->reason);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (webhook_check_url(c, bad[i]) != E_INVALID)
			unit_fail("%s is taken", bad[i]);
	conf.webhook_schemes = "https";
	assert_int_equal(webhook_check_url(c, "http://example.com/"), E_INVALID);
	assert_int_equal(webhook_check_url(c, "HTTPS://example.com/"), OK);
	conf.webhook_schemes = "https http";
}

static void
W12_headers_that_would_change_the_message_are_refused(void **state)
{
	static const char *const bad[] = { "Host: other", "content-length: 3", "X: a\x01 b",
		"X-Hub-Signature-256: sha256=00", "webhook-id: 1", "Transfer-Encoding: chunked",
		"no colon", "X:", "X: ", ": x", "X Y: z", "X: \xc3\xa4", "Proxy-Authorization: x",
		"X: a\rHost: b", "X\t: y", " X: y", "User-Agent: me" };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(bad); i++)
		if (webhook_clean_headers(c, bad[i]) != NULL)
			unit_fail("%s is taken", bad[i]);
	assert_string_equal(
	    webhook_clean_headers(c, "Authorization: Bearer x\r\nX-Room:   12\r\n"),
	    "Authorization: Bearer x\nX-Room: 12");
	assert_string_equal(webhook_clean_headers(c, ""), "");
	assert_null(webhook_clean_headers(
	    c, "A: 1\nB: 1\nC: 1\nD: 1\nE: 1\nF: 1\nG: 1\nH: 1\nI: 1\nJ: 1\nK: 1\nL: 1"));
}

static const char *
headers(struct ctx *c, const char *secret, const char *old_secret, const char *own)
{
	const struct webhook_message m = { .webhook_id = 7,
		.guid = "msg_p5jXN8AQM9LWM0D4loKWxJek",
		.event = "push",
		.attempt = 2,
		.at = 1614265330,
		.payload = "{\"test\": 2432232314}",
		.secret = secret,
		.old_secret = old_secret,
		.headers = own };

	return webhook_headers(c, &m);
}

/* The example of the specification of Standard Webhooks. */
static void
a_signature_is_that_of_standard_webhooks(void **state)
{
	const char *lines = headers(*state, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL, NULL);

	assert_non_null(strstr(lines, "\nwebhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\n"));
	assert_non_null(strstr(lines, "\nwebhook-timestamp: 1614265330\n"));
	assert_non_null(strstr(lines,
	    "\nwebhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

static void
without_a_secret_nothing_is_signed(void **state)
{
	const char *lines = headers(*state, NULL, NULL, "X-Token: abc");

	assert_null(strstr(lines, "ignature"));
	assert_non_null(strstr(lines, "\nX-Token: abc"));
	assert_non_null(strstr(lines, "\nX-Mirrorhub-Attempt: 2\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(addresses_of_webhooks_are_plain_and_of_allowed_schemes),
		WITH_CTX(W12_headers_that_would_change_the_message_are_refused),
		WITH_CTX(a_signature_is_that_of_standard_webhooks),
		WITH_CTX(without_a_secret_nothing_is_signed),
	};

	return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
