/* Push notices in the database: what is at a path for whom, numbers of notices, secrets and the
 * signatures made with them. */
#include <sodium.h>
#include <unistd.h>

#include "auth/hook.h"
#include "auth/seal.h"
#include "base/conf.h"
#include "base/str.h"
#include "core/notice.h"
#include "core/project.h"
#include "store/store.h"
#include "tests/db/harness.h"

static char folder[] = "/tmp/mirrorhub-push-XXXXXX";
static struct conf conf = { .net_schemes = "https", .data_dir = folder, .hub_push_secret = "" };

static const struct account bob = { .id = 1, .uname = "bob", .role = "user", .scope = 3 };
static const struct account nobody = { .uname = "" };
static const struct actor actor = { .account = &bob, .remote_addr = "192.0.2.1" };

#define URL "https://unreachable.invalid/o/r.git"
#define BODY "{}"

static int64_t
mirror(struct ctx *c, const char *path, bool is_private)
{
	const struct mirror_wish wish = { .path = path, .url = URL, .is_private = is_private };
	int64_t id;

	assert_ok(c, project_create_mirror(c, &actor, &wish, &id));
	return id;
}

/* account_id 0: nobody. */
static struct push_target
target_of(struct ctx *c, int64_t account_id, const char *path)
{
	const struct claim claim = { .kind = account_id != 0 ? CLAIM_ACCOUNT : CLAIM_NOBODY,
		.account_id = account_id,
		.password_version = 1 };
	struct push_target t;
	struct account account;

	assert_ok(c, push_target_by_path(c, &claim, path, &account, &t));
	assert_int_equal(account.id, account_id);
	return t;
}

static void
what_is_at_a_path_is_told_with_what_the_asker_may(void **state)
{
	struct ctx *c = *state;
	int64_t open = mirror(c, "open", false), hidden = mirror(c, "hidden", true);

	assert_int_equal(target_of(c, 1, "OPEN").project.id, open);
	assert_int_equal(target_of(c, 1, "open").project.access, 4);
	assert_int_equal(target_of(c, 2, "open").project.access, 1);
	assert_int_equal(target_of(c, 0, "open").project.access, 1);
	assert_string_equal(target_of(c, 0, "open").project.url, URL);
	assert_int_equal(target_of(c, 2, "hidden").project.id, hidden);
	assert_int_equal(target_of(c, 2, "hidden").project.access, 0);
	assert_int_equal(target_of(c, 0, "hidden").project.access, 0);
	for (int64_t who = 0; who <= 2; who++) {
		assert_int_equal(target_of(c, who, "none").project.id, 0);
		assert_int_equal(target_of(c, who, "none").project.access, 0);
		assert_int_equal(target_of(c, who, "").project.id, 0);
	}
}

static void
a_claim_that_does_not_hold_is_refused_whatever_is_there(void **state)
{
	const struct claim old = { .kind = CLAIM_ACCOUNT, .account_id = 1, .password_version = 7 };
	const struct claim token = { .kind = CLAIM_TOKEN };
	struct ctx *c = *state;
	struct push_target t;
	struct account account;

	assert_code(c, push_target_by_path(c, &old, "open", &account, &t), E_DENIED);
	assert_code(c, push_target_by_path(c, &old, "none", &account, &t), E_DENIED);
	assert_code(c, push_target_by_path(c, &token, "open", &account, &t), E_DENIED);
}

static void
a_number_counts_once_for_its_project_and_for_a_day(void **state)
{
	struct ctx *c = *state;
	int64_t a = mirror(c, "numbered-a", false), b = mirror(c, "numbered-b", false);
	bool is_new;

	assert_ok(c, push_note_delivery(c, a, "one", &is_new));
	assert_true(is_new);
	assert_ok(c, push_note_delivery(c, a, "one", &is_new));
	assert_false(is_new);
	assert_ok(c, push_note_delivery(c, b, "one", &is_new));
	assert_true(is_new);
	harness_sql("UPDATE hub.push_delivery SET at = at - interval '25 hours'");
	assert_ok(c, push_note_delivery(c, a, "two", &is_new));
	assert_true(is_new);
	assert_ok(c, push_note_delivery(c, a, "one", &is_new));
	assert_true(is_new);
}

static struct hook_notice
signed_by(struct ctx *c, const char *secret)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state s;

	crypto_auth_hmacsha256_init(&s, (const unsigned char *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(&s, (const unsigned char *)BODY, strlen(BODY));
	crypto_auth_hmacsha256_final(&s, mac);
	return (struct hook_notice){ .body = BODY,
		.body_bytes = strlen(BODY),
		.signature = arena_printf(c->mem, "sha256=%s", str_hex(c->mem, mac, sizeof(mac))) };
}

static void
a_secret_is_sealed_for_its_mirror_and_opens_it_to_whoever_signs(void **state)
{
	struct ctx *c = *state;
	int64_t id = mirror(c, "signed", true);
	struct project p = target_of(c, 1, "signed").project;
	const struct hook_notice right = signed_by(c, "the right one"),
				 wrong = signed_by(c, "a wrong one");
	struct hook_verdict v;
	struct push_target t;
	bool is_set;

	assert_ok(c, push_has_secret(c, id, &is_set));
	assert_false(is_set);
	t = target_of(c, 0, "signed");
	assert_code(c, hook_judge(c, &nobody, &t, &right, &v), E_DENIED);
	assert_ok(c, notice_set_secret(c, &actor, &p, "the right one"));
	assert_ok(c, push_has_secret(c, id, &is_set));
	assert_true(is_set);
	t = target_of(c, 0, "signed");
	assert_null(strstr(t.secret, "right"));
	assert_ok(c, hook_judge(c, &nobody, &t, &right, &v));
	assert_true(v.is_known);
	assert_int_equal(v.access, 2);
	assert_code(c, hook_judge(c, &nobody, &t, &wrong, &v), E_DENIED);
	assert_int_equal(c->http_status, 401);
	assert_ok(c, notice_set_secret(c, &actor, &p, NULL));
	t = target_of(c, 0, "signed");
	assert_code(c, hook_judge(c, &nobody, &t, &right, &v), E_DENIED);
}

static void
the_hubs_secret_is_for_what_everyone_may_read(void **state)
{
	struct ctx *c = *state;
	const struct hook_notice notice = signed_by(c, "of the whole hub");
	struct hook_notice ping = notice;
	struct push_target open, hidden, none;
	struct hook_verdict v;

	mirror(c, "hubs-open", false);
	mirror(c, "hubs-hidden", true);
	open = target_of(c, 0, "hubs-open");
	hidden = target_of(c, 0, "hubs-hidden");
	none = target_of(c, 0, "hubs-none");
	assert_code(c, hook_judge(c, &nobody, &open, &notice, &v), E_DENIED);
	conf.hub_push_secret = path_under(c->mem, folder, "push.secret");
	assert_ok(c, path_write(c, conf.hub_push_secret, 0400, "of the whole hub\n", 17));
	assert_ok(c, hook_judge(c, &nobody, &open, &notice, &v));
	assert_int_equal(v.access, 2);
	assert_code(c, hook_judge(c, &nobody, &hidden, &notice, &v), E_NOTFOUND);
	assert_code(c, hook_judge(c, &nobody, &none, &notice, &v), E_NOTFOUND);
	ping.names_nothing = true;
	assert_ok(c, hook_judge(c, &nobody, &none, &ping, &v));
	assert_false(v.is_known);
	/* what an account may make it may make also so */
	assert_ok(c, hook_judge(c, &bob, &none, &notice, &v));
	assert_int_equal(v.access, 2);
	assert_false(v.is_known);
	conf.hub_push_secret = path_under(c->mem, folder, "no such file");
	assert_code(c, hook_judge(c, &nobody, &open, &notice, &v), E_INTERNAL);
	conf.hub_push_secret = "";
}

static void
a_secret_has_some_length_and_no_control_characters(void **state)
{
	struct ctx *c = *state;
	struct project p = { .id = mirror(c, "lengths", false), .path = "lengths" };
	char *long_one = arena_alloc(c->mem, HOOK_SECRET_MOST_BYTES + 2);

	memset(long_one, 'x', HOOK_SECRET_MOST_BYTES + 1);
	assert_code(c, notice_set_secret(c, &actor, &p, "1234567"), E_INVALID);
	assert_code(c, notice_set_secret(c, &actor, &p, long_one), E_INVALID);
	assert_code(c, notice_set_secret(c, &actor, &p, "with\nnewline"), E_INVALID);
	assert_ok(c, notice_set_secret(c, &actor, &p, "12345678"));
	p.id += 1000000;
	assert_code(c, notice_set_secret(c, &actor, &p, "12345678"), E_NOTFOUND);
}

static void
all_that_one_may_read_is_listed_mirror_or_not(void **state)
{
	struct ctx *c = *state;
	struct project *rows;
	size_t n, n_plain = 0;

	harness_sql("WITH s AS (INSERT INTO hub.store DEFAULT VALUES RETURNING id) "
		    "INSERT INTO hub.project (path, owner_account_id, store_id) "
		    "SELECT 'bob/plain', 1, id FROM s");
	assert_ok(c, project_list_all(c, &nobody, 1000, 0, &rows, &n));
	assert_true(n > 2);
	for (size_t i = 0; i < n; i++) {
		n_plain += !rows[i].is_mirror;
		assert_true(rows[i].access == 1);
		assert_true(i == 0 || strcmp(rows[i - 1].path, rows[i].path) < 0);
	}
	assert_int_equal(n_plain, 1);
}

/* ---- */

static int
arrange(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	harness_sql("INSERT INTO hub.account (uname) VALUES ('bob'), ('olga')");
	return 0;
}

static int
tidy(void **state)
{
	(void)state;
	unit_remove_folder(folder);
	return 0;
}

static void
make_key(struct ctx *c)
{
	conf.seal_web_key = path_under(c->mem, folder, "web.key");
	if (!path_is_file(conf.seal_web_key))
		assert_ok(c, seal_create_web_key(c));
}

static struct harness web = { "mirrorhub_web", store_web_tables, &conf, make_key };

#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(what_is_at_a_path_is_told_with_what_the_asker_may),
		CONNECTED(a_claim_that_does_not_hold_is_refused_whatever_is_there),
		CONNECTED(a_number_counts_once_for_its_project_and_for_a_day),
		CONNECTED(a_secret_is_sealed_for_its_mirror_and_opens_it_to_whoever_signs),
		CONNECTED(the_hubs_secret_is_for_what_everyone_may_read),
		CONNECTED(a_secret_has_some_length_and_no_control_characters),
		CONNECTED(all_that_one_may_read_is_listed_mirror_or_not),
	};

	return cmocka_run_group_tests_name("push", tests, arrange, tidy);
}
