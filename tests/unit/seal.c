#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "auth/seal.h"
#include "base/conf.h"
#include "base/str.h"

/* New keys in a folder of their own. */
static struct conf *
with_keys(struct ctx *c)
{
	struct conf *conf = arena_new_of(c->mem, struct conf);
	const char *folder = unit_folder(c);

	conf->seal_public_key = path_under(c->mem, folder, "seal.pub");
	conf->seal_secret_key = path_under(c->mem, folder, "seal.key");
	c->conf = conf;
	assert_int_equal(seal_create_keys(c), OK);
	return conf;
}

static int
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
key_files_are_made_once_and_closed(void **state)
{
	struct ctx *c = *state;
	struct conf *conf = with_keys(c);

	assert_int_equal(mode_of(conf->seal_secret_key), 0400);
	assert_int_equal(mode_of(conf->seal_public_key), 0444);
	assert_int_equal(seal_create_keys(c), E_CONFLICT);
	assert_int_equal(unlink(conf->seal_public_key), 0);
	assert_int_equal(seal_create_keys(c), E_CONFLICT);
}

static void
what_was_sealed_opens_in_its_context(void **state)
{
	struct ctx *c = *state;
	const char *sealed, *again, *secret;

	with_keys(c);
	assert_int_equal(seal_close(c, "mirror:7", "me:p@w:d", &sealed), OK);
	assert_int_equal(seal_close(c, "mirror:7", "me:p@w:d", &again), OK);
	assert_string_not_equal(sealed, again);
	assert_true(str_starts(sealed, "1:"));
	assert_null(strstr(sealed, "me:p"));
	assert_int_equal(seal_open(c, "mirror:7", sealed, &secret), OK);
	assert_string_equal(secret, "me:p@w:d");
	assert_int_equal(seal_close(c, "mirror:7", "", &sealed), OK);
	assert_int_equal(seal_open(c, "mirror:7", sealed, &secret), OK);
	assert_string_equal(secret, "");
}

static void
nothing_else_opens_and_every_reason_reads_alike(void **state)
{
	struct ctx *c = *state;
	const char *sealed, *secret = "untouched", *reason;
	char *changed;
	size_t len;

	with_keys(c);
	assert_int_equal(seal_close(c, "mirror:7", "me:pw", &sealed), OK);
	assert_int_equal(seal_open(c, "mirror:8", sealed, &secret), E_INTERNAL);
	reason = c->reason;
	assert_int_equal(seal_open(c, "mirror:77", sealed, &secret), E_INTERNAL);
	assert_string_equal(c->reason, reason);
	assert_int_equal(seal_open(c, "mirror:", sealed, &secret), E_INTERNAL);
	assert_string_equal(c->reason, reason);
	len = strlen(sealed);
	for (size_t i = 0; i < len; i++) { /* one character changed, anywhere */
		changed = arena_strdup(c->mem, sealed);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		assert_int_equal(seal_open(c, "mirror:7", changed, &secret), E_INTERNAL);
		assert_string_equal(c->reason, reason);
	}
	for (size_t i = 0; i < len; i++) {
		changed = arena_strndup(c->mem, sealed, i);
		assert_int_equal(seal_open(c, "mirror:7", changed, &secret), E_INTERNAL);
		assert_string_equal(c->reason, reason);
	}
	with_keys(c); /* another pair */
	assert_int_equal(seal_open(c, "mirror:7", sealed, &secret), E_INTERNAL);
	assert_string_equal(c->reason, reason);
	assert_string_equal(secret, "untouched");
}

static void
the_web_needs_the_public_key_only(void **state)
{
	struct ctx *c = *state;
	struct conf *conf = with_keys(c);
	const char *sealed, *secret;

	assert_int_equal(unlink(conf->seal_secret_key), 0);
	assert_int_equal(seal_close(c, "mirror:7", "me:pw", &sealed), OK);
	assert_int_equal(seal_open(c, "mirror:7", sealed, &secret), E_INTERNAL);
}

/* ---- what the web opens again */

static struct conf *
with_web_key(struct ctx *c)
{
	struct conf *conf = arena_new_of(c->mem, struct conf);

	conf->seal_web_key = path_under(c->mem, unit_folder(c), "web.key");
	c->conf = conf;
	assert_int_equal(seal_create_web_key(c), OK);
	return conf;
}

static void
the_webs_key_is_made_once_and_closed(void **state)
{
	struct ctx *c = *state;
	struct conf *conf = with_web_key(c);

	assert_int_equal(mode_of(conf->seal_web_key), 0400);
	assert_int_equal(seal_create_web_key(c), E_CONFLICT);
}

static void
what_was_kept_is_shown_in_its_context(void **state)
{
	struct ctx *c = *state;
	const char *sealed, *again, *secret;

	with_web_key(c);
	assert_int_equal(seal_keep(c, "key_pair:7", "a secret key", &sealed), OK);
	assert_int_equal(seal_keep(c, "key_pair:7", "a secret key", &again), OK);
	assert_string_not_equal(sealed, again);
	assert_true(str_starts(sealed, "2:"));
	assert_null(strstr(sealed, "secret"));
	assert_int_equal(seal_show(c, "key_pair:7", sealed, &secret), OK);
	assert_string_equal(secret, "a secret key");
	assert_int_equal(seal_keep(c, "key_pair:7", "", &sealed), OK);
	assert_int_equal(seal_show(c, "key_pair:7", sealed, &secret), OK);
	assert_string_equal(secret, "");
}

static void
nothing_else_is_shown_and_every_reason_reads_alike(void **state)
{
	static const char *const contexts[] = { "key_pair:8", "key_pair:77", "key_pair:", "" };
	struct ctx *c = *state;
	const char *sealed, *secret = "untouched", *reason = "a sealed value does not open";
	char *changed;

	with_web_key(c);
	assert_int_equal(seal_keep(c, "key_pair:7", "a secret key", &sealed), OK);
	for (size_t i = 0; i < N_OF(contexts); i++) {
		assert_int_equal(seal_show(c, contexts[i], sealed, &secret), E_INTERNAL);
		assert_string_equal(c->reason, reason);
	}
	for (size_t i = 0; i < strlen(sealed); i++) {
		changed = arena_strdup(c->mem, sealed);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		assert_int_equal(seal_show(c, "key_pair:7", changed, &secret), E_INTERNAL);
		assert_string_equal(c->reason, reason);
		changed[i] = '\0';
		assert_int_equal(seal_show(c, "key_pair:7", changed, &secret), E_INTERNAL);
		assert_string_equal(c->reason, reason);
	}
	with_web_key(c); /* another one */
	assert_int_equal(seal_show(c, "key_pair:7", sealed, &secret), E_INTERNAL);
	assert_string_equal(c->reason, reason);
	assert_string_equal(secret, "untouched");
}

/* The two kinds are told apart, even with the same bytes as keys. */
static void
one_kind_does_not_open_as_the_other(void **state)
{
	struct ctx *c = *state;
	struct conf *conf = with_keys(c);
	const char *sealed, *secret;

	conf->seal_web_key = conf->seal_secret_key;
	assert_int_equal(seal_close(c, "x", "a secret key", &sealed), OK);
	assert_int_equal(seal_show(c, "x", sealed, &secret), E_INTERNAL);
	assert_int_equal(seal_keep(c, "x", "a secret key", &sealed), OK);
	assert_int_equal(seal_open(c, "x", sealed, &secret), E_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(key_files_are_made_once_and_closed),
		WITH_CTX(what_was_sealed_opens_in_its_context),
		WITH_CTX(nothing_else_opens_and_every_reason_reads_alike),
		WITH_CTX(the_web_needs_the_public_key_only),
		WITH_CTX(the_webs_key_is_made_once_and_closed),
		WITH_CTX(what_was_kept_is_shown_in_its_context),
		WITH_CTX(nothing_else_is_shown_and_every_reason_reads_alike),
		WITH_CTX(one_kind_does_not_open_as_the_other),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
