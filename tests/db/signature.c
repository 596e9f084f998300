/* A repository's signing keys, as the web's role: what is wrong with them, and where they end up. */
#include "auth/seal.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/signature.h"
#include "store/key_pair.h"
#include "store/store.h"
#include "tests/db/harness.h"
#include "tests/unit/keys.h"

#define REPOSITORY 1
#define OTHER 2
#define NAME "cooker/main"
#define GROUPS                                                                                     \
	"CB:18:6C:4F:06:09:A6:97:E4:D5:2D:FA:6C:72:2B:0C:1F:1E:27:C1:8A:56:70:8F:65:25:EC:27:BA:"  \
	"D9:AC:C9"

static char folder[] = "/tmp/mirrorhub-signature-XXXXXX";
static struct conf conf;

static const struct account bob = { .id = 1, .uname = "bob", .role = "user", .scope = 3 };
static const struct actor actor = { .account = &bob, .remote_addr = "192.0.2.1" };
static const struct signature_keys pair = { V6_PUBLIC_KEY, V6_SECRET_KEY };

static const struct repository main_repository = {
	.id = REPOSITORY, .name = "main", .platform_name = "cooker", .platform_type = "main"
};
static const struct repository other_repository = {
	.id = OTHER, .name = "contrib", .platform_name = "cooker", .platform_type = "main"
};


enum { LAST_EVENT, DUMP };

static const struct db_stmt look_sql[] = {
	[LAST_EVENT] = { "l_event",
	    "SELECT concat_ws('|', actor, action, object, detail, remote_addr, result) AS text "
	    "FROM hub.event ORDER BY id DESC LIMIT 1",
	    text_row, sizeof(struct text) },
	[DUMP] = { "l_dump",
	    "SELECT concat((SELECT string_agg(k::text, '') FROM hub.key_pair k), "
	    "(SELECT string_agg(e::text, '') FROM hub.event e)) AS text",
	    text_row, sizeof(struct text) },
	{ 0 }
};
static const struct db_stmt *const look_tables[] = { look_sql, NULL };

static const char *
look(struct ctx *mem, int which)
{
	struct ctx *c = harness_open("mirrorhub_owner", look_tables);
	struct text row;
	const char *text;

	assert_ok(c, db_one(c, &look_sql[which], &row));
	text = arena_strdup(mem->mem, row.text);
	harness_close(c);
	return text;
}

/* ---- */

static void
a_good_pair_has_a_fingerprint_in_groups(void **state)
{
	struct ctx *c = *state;
	const char *fingerprint;

	assert_ok(c, signature_check(c, &pair, &fingerprint));
	assert_string_equal(fingerprint, GROUPS);
}

/* As "secret_key blank 0, …"; the kinds by number. */
static const char *
faults_text(struct ctx *c)
{
	static const char *const words[] = { [FAULT_BLANK] = "blank", [FAULT_INVALID] = "wrong",
		[FAULT_TOO_LONG] = "long", [FAULT_WRONG_KIND] = "kind" };
	const char *text = "";

	for (size_t i = 0; i < c->faults->n; i++)
		text = arena_printf(c->mem, "%s%s%.3s %s", text, i == 0 ? "" : ", ",
		    c->faults->rows[i].field, words[c->faults->rows[i].kind]);
	return text;
}

static const char *
with_words_before(struct ctx *c, const char *word, size_t n, const char *key)
{
	struct buf *text = buf_new(c->mem, 65536);

	while (n-- > 0)
		buf_text(text, word);
	buf_text(text, "\n");
	buf_text(text, key);
	return text->data;
}

static void
every_fault_is_told_key_by_key(void **state)
{
	struct ctx *c = *state;
	const char *longer = with_words_before(c, "x", SIGNATURE_KEY_MAX, V6_SECRET_KEY);
	/* characters count, not bytes */
	const char *umlauts = with_words_before(c, "\xc3\xbc", 9000, V6_SECRET_KEY);
	const struct {
		const char *public_key, *secret_key, *faults;
	} rows[] = {
		{ NULL, NULL, "sec blank, sec wrong, pub blank, pub wrong" },
		{ "", " \r\n", "sec blank, sec wrong, pub blank, pub wrong" },
		{ V6_PUBLIC_KEY, "", "sec blank, sec wrong" },
		{ "", V6_SECRET_KEY, "pub blank, pub wrong" },
		{ "x", "", "sec blank, sec wrong, pub wrong" },
		{ "", "x", "pub blank, pub wrong, sec wrong" },
		{ "x", "y", "pub wrong, sec wrong" },
		{ V6_SECRET_KEY, V6_PUBLIC_KEY, "pub kind, sec kind" },
		{ V6_SECRET_KEY, V6_SECRET_KEY, "pub kind" },
		{ V6_PUBLIC_KEY, V6_PUBLIC_KEY, "sec kind" },
		{ V6_PUBLIC_KEY, longer, "sec long" },
		{ longer, V6_SECRET_KEY, "pub long, pub kind" },
		{ "x", longer, "sec long, pub wrong" },
		{ V6_PUBLIC_KEY, umlauts, NULL },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct signature_keys keys = { rows[i].public_key, rows[i].secret_key };
		const char *fingerprint = NULL;

		if (rows[i].faults == NULL) {
			assert_ok(c, signature_check(c, &keys, &fingerprint));
			continue;
		}
		assert_int_equal(signature_check(c, &keys, &fingerprint), E_INVALID);
		assert_string_equal(faults_text(c), rows[i].faults);
		assert_null(fingerprint);
	}
}

static void
the_keys_come_back_as_they_were_given(void **state)
{
	struct ctx *c = *state;
	struct signature_keys got;
	const char *public_key;

	assert_ok(c, signature_by_repository(c, REPOSITORY, &got));
	assert_string_equal(got.public_key, "");
	assert_string_equal(got.secret_key, "");
	assert_ok(c, signature_public_key(c, REPOSITORY, &public_key));
	assert_string_equal(public_key, "");
	assert_ok(c, signature_set(c, &actor, &main_repository, &pair));
	assert_ok(c, signature_by_repository(c, REPOSITORY, &got));
	assert_string_equal(got.public_key, V6_PUBLIC_KEY);
	assert_string_equal(got.secret_key, V6_SECRET_KEY);
	assert_string_equal(look(c, LAST_EVENT),
	    "bob|repository.sign|" NAME "|key " GROUPS "|192.0.2.1|ok");
	assert_ok(c, signature_by_repository(c, OTHER, &got));
	assert_string_equal(got.secret_key, "");
}

static void
the_public_key_alone_has_the_line_ends_of_unix(void **state)
{
	struct ctx *c = *state;
	struct signature_keys crlf = pair;
	struct buf *text = buf_new(c->mem, 65536);
	const char *public_key;

	for (const char *s = V6_PUBLIC_KEY; *s != '\0'; s++)
		buf_printf(text, *s == '\n' ? "\r%c" : "%c", *s);
	crlf.public_key = text->data;
	assert_ok(c, signature_set(c, &actor, &main_repository, &crlf));
	assert_ok(c, signature_public_key(c, REPOSITORY, &public_key));
	assert_string_equal(public_key, V6_PUBLIC_KEY);
}

static void
wrong_keys_leave_the_old_ones(void **state)
{
	struct ctx *c = *state;
	const struct signature_keys wrong = { V6_PUBLIC_KEY, V6_PUBLIC_KEY };
	struct signature_keys got;

	assert_ok(c, signature_set(c, &actor, &main_repository, &pair));
	assert_code(c, signature_set(c, &actor, &main_repository, &wrong), E_INVALID);
	assert_ok(c, signature_by_repository(c, REPOSITORY, &got));
	assert_string_equal(got.secret_key, V6_SECRET_KEY);
}

static void
another_pair_takes_the_place_of_the_first(void **state)
{
	struct ctx *c = *state;
	struct key_pair first, second;

	assert_ok(c, signature_set(c, &actor, &main_repository, &pair));
	assert_ok(c, key_pair_by_repository(c, REPOSITORY, &first));
	assert_ok(c, signature_set(c, &actor, &main_repository, &pair));
	assert_ok(c, key_pair_by_repository(c, REPOSITORY, &second));
	assert_string_not_equal(first.sealed_secret, second.sealed_secret);
	assert_string_equal(first.fingerprint, GROUPS);
}

static void
the_database_holds_no_secret(void **state)
{
	struct ctx *c = *state;
	const char *dump;

	assert_non_null(strstr(V6_SECRET_KEY, "exK+cH6"));
	assert_ok(c, signature_set(c, &actor, &main_repository, &pair));
	dump = look(c, DUMP);
	assert_non_null(strstr(dump, GROUPS));
	assert_null(strstr(dump, "exK+cH6"));
	assert_null(strstr(dump, "PRIVATE"));
}

static void
a_secret_in_another_repositorys_row_does_not_open(void **state)
{
	struct ctx *c = *state;
	struct signature_keys got;

	assert_ok(c, signature_set(c, &actor, &main_repository, &pair));
	assert_ok(c, signature_set(c, &actor, &other_repository, &pair));
	harness_sql("UPDATE hub.key_pair SET sealed_secret = (SELECT sealed_secret "
		    "FROM hub.key_pair WHERE repository_id = 2) WHERE repository_id = 1");
	assert_code(c, signature_by_repository(c, REPOSITORY, &got), E_INTERNAL);
	assert_string_equal(c->reason, "a sealed value does not open");
}

static void
a_repository_that_is_gone_is_missing(void **state)
{
	struct ctx *c = *state;
	struct repository gone = main_repository;

	gone.id = 999999;
	assert_code(c, signature_set(c, &actor, &gone, &pair), E_NOTFOUND);
}

static void
only_main_platforms_are_signed(void **state)
{
	struct ctx *c = *state;
	struct repository personal = main_repository;
	const struct signature_keys none = { NULL, NULL };

	personal.platform_type = "personal";
	assert_code(c, signature_set(c, &actor, &personal, &pair), E_DENIED);
	assert_code(c, signature_set(c, &actor, &personal, &none), E_DENIED);
}

/* ---- */

static int
arrange(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	/* each has a personal platform with the repository main: 1 and 2, whose rows will do */
	harness_sql("INSERT INTO hub.account (uname) VALUES ('bob'); "
		    "INSERT INTO hub.account (uname) VALUES ('olga')");
	return 0;
}

static int
tidy(void **state)
{
	(void)state;
	unit_remove_folder(folder);
	return 0;
}

static int
open_ctx(void **state)
{
	struct ctx *c = harness_open("mirrorhub_web", store_web_tables);

	harness_sql("DELETE FROM hub.key_pair");
	c->conf = &conf;
	conf.seal_web_key = path_under(c->mem, folder, "web.key");
	if (!path_is_file(conf.seal_web_key))
		assert_ok(c, seal_create_web_key(c));
	*state = c;
	return 0;
}

static int
close_ctx(void **state)
{
	harness_close(*state);
	return 0;
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, open_ctx, close_ctx)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(a_good_pair_has_a_fingerprint_in_groups),
		WITH_DB(every_fault_is_told_key_by_key),
		WITH_DB(the_keys_come_back_as_they_were_given),
		WITH_DB(the_public_key_alone_has_the_line_ends_of_unix),
		WITH_DB(wrong_keys_leave_the_old_ones),
		WITH_DB(another_pair_takes_the_place_of_the_first),
		WITH_DB(the_database_holds_no_secret),
		WITH_DB(a_secret_in_another_repositorys_row_does_not_open),
		WITH_DB(a_repository_that_is_gone_is_missing),
		WITH_DB(only_main_platforms_are_signed),
	};

	return cmocka_run_group_tests_name("signature", tests, arrange, tidy);
}
