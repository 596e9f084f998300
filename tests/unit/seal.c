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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(key_files_are_made_once_and_closed),
		WITH_CTX(what_was_sealed_opens_in_its_context),
		WITH_CTX(nothing_else_opens_and_every_reason_reads_alike),
		WITH_CTX(the_web_needs_the_public_key_only),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
