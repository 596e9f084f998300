/* Log-ins against a real database: what is remembered, counted, refused, rehashed. */
#include <time.h>

#include "auth/password.h"
#include "auth/shared.h"
#include "auth/token.h"
#include "auth/who.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "store/failure.h"
#include "store/store.h"
#include "tests/db/harness.h"

#define RIGHT "correct horse"

/* bcrypt, cost 4, of RIGHT */
#define OLD_HASH "$2b$04$R.n0.C/7VH1s44Okc2t.vOuAZ6CsPig1GmzVoWA9mBt.zVloKBubK"

static char folder[] = "/tmp/mirrorhub-who-XXXXXX";
static struct conf conf = { .run_dir = folder,
	.auth_cache_s = 60,
	.auth_hash_slots = 2,
	.auth_fails_account = 10,
	.auth_fails_account_s = 600,
	.auth_fails_network = 30,
	.auth_fails_network_s = 180 };

enum { EVENTS, HASH_OF };

static const struct db_stmt own_sql[] = {
	[EVENTS] = { "own_events",
	    "SELECT count(*) AS n FROM hub.event WHERE action = 'login' AND result = 'denied' "
	    "AND object = $1 AND remote_addr <> ''",
	    number_row, sizeof(struct number) },
	[HASH_OF] = { "own_hash_of",
	    "SELECT password_hash AS text FROM hub.account WHERE uname = $1", text_row,
	    sizeof(struct text) },
	{ 0 }
};
static const struct db_stmt *const own_tables[] = { own_sql, NULL };

static int
log_in(struct ctx *c, const char *uname, const char *password, const char *addr, struct claim *out)
{
	const char *pair = arena_printf(c->mem, "%s:%s", uname, password);

	return who_claim(
	    c, arena_printf(c->mem, "Basic %s", str_base64(c->mem, pair, strlen(pair))), addr, out);
}

/* The status that a log-in is answered with; 200 for a good one. */
static int
status_of(struct ctx *c, const char *uname, const char *password, const char *addr)
{
	struct claim claim;
	int code = log_in(c, uname, password, addr, &claim);

	if (code == E_DENIED)
		return c->http_status == 429 ? 429 : 401;
	assert_ok(c, code);
	assert_int_equal(claim.kind, CLAIM_ACCOUNT);
	return 200;
}

static void
age_failures(int seconds)
{
	char sql[100];

	snprintf(
	    sql, sizeof(sql), "UPDATE hub.auth_failure SET at = at - interval '%d s'", seconds);
	harness_sql(sql);
}

/* However long it took to come here. */
static void
fail_just_now(void)
{
	harness_sql("UPDATE hub.auth_failure SET at = now()"
		    " WHERE at = (SELECT max(at) FROM hub.auth_failure)");
}

static int64_t
events_of(const char *uname)
{
	struct ctx *c = harness_open("mirrorhub_owner", own_tables);
	struct number row;

	assert_ok(c, db_one(c, &own_sql[EVENTS], &row, db_text(uname)));
	harness_close(c);
	return row.n;
}

static const char *
hash_of(struct ctx *mem, const char *uname)
{
	struct ctx *c = harness_open("mirrorhub_owner", own_tables);
	struct text row;
	const char *hash;

	assert_ok(c, db_one(c, &own_sql[HASH_OF], &row, db_text(uname)));
	hash = arena_strdup(mem->mem, row.text);
	harness_close(c);
	return hash;
}

static void
a_right_password_becomes_a_claim_that_holds(void **state)
{
	struct ctx *c = *state;
	struct claim claim;
	struct account account;
	int64_t before;

	assert_ok(c, log_in(c, "Alice", RIGHT, "192.0.2.1", &claim));
	assert_ok(c, account_by_claim(c, &claim, &account));
	assert_string_equal(account.uname, "alice");
	assert_int_equal(account.scope, 3);
	assert_false(account.is_admin);
	/* the second time it is remembered, in any case of the name: no statement at all */
	before = db_statements(c->db);
	assert_ok(c, log_in(c, "aLICE", RIGHT, "198.51.100.1", &claim));
	assert_int_equal(db_statements(c->db), before);
	assert_int_equal(claim.account_id, account.id);
}

static void
wrong_unknown_and_disabled_read_alike_and_are_told(void **state)
{
	struct ctx *c = *state;
	static const char *const unames[] = { "alice", "nobody-here", "disabled", "banned",
		"nohash" };

	for (size_t i = 0; i < N_OF(unames); i++) {
		int64_t before = db_statements(c->db), events = events_of(unames[i]);
		struct claim claim;

		assert_code(c, log_in(c, unames[i], "wrong horse", "192.0.2.1", &claim), E_DENIED);
		assert_string_equal(c->reason, ACCOUNT_WRONG);
		assert_int_equal(c->http_status, 0);
		assert_int_equal(c->retry_after_s, 0);
		assert_int_equal(db_statements(c->db) - before, 5);
		assert_int_equal(events_of(unames[i]) - events, 1);
	}
	assert_int_equal(status_of(c, "disabled", RIGHT, "192.0.2.1"), 401);
	assert_int_equal(status_of(c, "banned", RIGHT, "192.0.2.1"), 401);
	assert_int_equal(status_of(c, "nohash", "", "192.0.2.1"), 401);
}

/* Processor time, not time: others on the machine count only by what they take of its caches, so
 * the least of a few is the right one. */
static double
cpu_of_failure(struct ctx *c, const char *uname)
{
	double least = 0;

	for (int i = 0; i < 5; i++) {
		clock_t began = clock(), took;

		assert_int_equal(status_of(c, uname, "wrong horse", "192.0.2.1"), 401);
		took = clock() - began;
		least = i == 0 || (double)took < least ? (double)took : least;
	}
	return least;
}

static void
an_unknown_account_costs_a_hash_too(void **state)
{
	struct ctx *c = *state;
	static const char *const unames[] = { "nobody-here", "disabled", "banned", "nohash",
		"nobody@example.org" };
	double known;

	harness_sql("DELETE FROM hub.auth_failure");
	known = cpu_of_failure(c, "alice");
	for (size_t i = 0; i < N_OF(unames); i++)
		assert_true(cpu_of_failure(c, unames[i]) > known / 2);
	harness_sql("DELETE FROM hub.auth_failure");
}

static void
a_new_password_voids_what_is_remembered(void **state)
{
	struct ctx *c = *state;
	struct claim claim;
	struct account account;

	assert_ok(c, log_in(c, "changer", RIGHT, "192.0.2.1", &claim));
	harness_sql(
	    "UPDATE hub.account SET password_version = password_version + 1, password_hash = ''"
	    " WHERE uname = 'changer'");
	assert_ok(c, log_in(c, "changer", RIGHT, "192.0.2.1", &claim)); /* remembered, but: */
	assert_code(c, account_by_claim(c, &claim, &account), E_DENIED);
}

static void
an_imported_hash_is_made_new_once(void **state)
{
	struct ctx *c = *state;
	const char *hash;
	bool needs_rehash;

	assert_int_equal(status_of(c, "imported", "wrong horse", "192.0.2.1"), 401);
	assert_string_equal(hash_of(c, "imported"), OLD_HASH);
	assert_int_equal(status_of(c, "imported", RIGHT, "192.0.2.1"), 200);
	hash = hash_of(c, "imported");
	assert_true(str_starts(hash, "$argon2id$v=19$m=19456,t=2,p=1$"));
	assert_true(password_is_right(hash, RIGHT, &needs_rehash));
	/* whoever was slower had the old hash in hand: nothing happens */
	assert_ok(c,
	    account_rehash(c,
		&(struct account_password){
		    .id = 1, .password_hash = OLD_HASH, .password_version = 1 },
		"$2b$other"));
	assert_string_equal(hash_of(c, "imported"), hash);
}

static void
ten_failures_for_an_account_close_it_to_whoever_failed(void **state)
{
	struct ctx *c = *state;

	for (int i = 0; i < 10; i++)
		assert_int_equal(
		    status_of(c, "victim", "wrong horse", arena_printf(c->mem, "10.0.%d.1", i)),
		    401);
	/* from one that failed before: never, however right */
	assert_int_equal(status_of(c, "victim", RIGHT, "10.0.3.99"), 429);
	assert_in_range(c->retry_after_s, 500, 600);
	/* from a new one: only after a pause, at any guess */
	fail_just_now();
	assert_int_equal(status_of(c, "victim", RIGHT, "10.0.20.1"), 429);
	assert_in_range(c->retry_after_s, 1, 5);
	/* others are not held up */
	assert_int_equal(status_of(c, "alice", RIGHT, "10.0.3.99"), 200);
	age_failures(6);
	assert_int_equal(status_of(c, "victim", "wrong horse", "10.0.21.1"), 429);
	assert_in_range(c->retry_after_s, 500, 600);
	fail_just_now();
	assert_int_equal(status_of(c, "victim", RIGHT, "10.0.22.1"), 429); /* that one counted */
	age_failures(6);
	assert_int_equal(status_of(c, "victim", RIGHT, "10.0.22.1"), 200);
	assert_int_equal(status_of(c, "victim", RIGHT, "10.0.3.99"), 429);
	assert_int_equal(status_of(c, "victim", RIGHT, "10.0.21.1"), 429);
}

static void
what_is_remembered_answers_no_guesses(void **state)
{
	struct ctx *c = *state;

	/* victim is remembered by now; networks that wait do not profit, the others do */
	for (int i = 0; i < 5; i++)
		assert_int_equal(status_of(c, "victim", RIGHT, "10.0.3.99"), 429);
	age_failures(-3); /* the pause of new networks is on again */
	assert_int_equal(status_of(c, "victim", RIGHT, "10.0.30.1"), 200);
	assert_int_equal(status_of(c, "victim", "wrong horse", "10.0.30.1"), 429);
	assert_int_equal(status_of(c, "victim", RIGHT, "10.0.30.1"), 429);
	age_failures(601);
	assert_int_equal(status_of(c, "victim", "wrong horse", "10.0.3.99"), 401);
}

static void
thirty_failures_from_a_network_close_it(void **state)
{
	struct ctx *c = *state;

	harness_sql("DELETE FROM hub.auth_failure");
	for (int i = 0; i < 30; i++)
		assert_int_equal(status_of(c, arena_printf(c->mem, "stranger-%d", i), "wrong horse",
				     arena_printf(c->mem, "2001:db8:0:%x::1", i)),
		    401);
	assert_int_equal(status_of(c, "stranger-30", RIGHT, "2001:db8:0:30::1"), 429);
	assert_int_equal(status_of(c, "alice", RIGHT, "2001:db8:0:ff::2"), 429);
	assert_in_range(c->retry_after_s, 100, 180);
	assert_int_equal(status_of(c, "alice", RIGHT, "2001:db8:0:100::2"), 200);
	age_failures(181);
	assert_int_equal(status_of(c, "alice", RIGHT, "2001:db8:0:ff::2"), 200);
}

static void
what_can_be_no_account_is_not_counted(void **state)
{
	struct ctx *c = *state;
	struct failures f;

	harness_sql("DELETE FROM hub.auth_failure");
	assert_int_equal(status_of(c, "with blank", "x", "192.0.2.1"), 401);
	assert_int_equal(status_of(c, "caf\xc3\xa9", "x", "192.0.2.1"), 401);
	assert_int_equal(status_of(c, arena_printf(c->mem, "%0101d", 7), "x", "192.0.2.1"), 401);
	assert_int_equal(
	    status_of(c, "alice", arena_printf(c->mem, "%01025d", 7), "192.0.2.1"), 401);
	assert_ok(c, failures_by(c, "alice", "192.0.2.0/24", 600, 180, &f));
	assert_int_equal(f.network, 0);
	assert_int_equal(f.account, 0);
}

static void
an_e_mail_names_its_account(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const char *email, *uname; /* NULL: nobody */
	} rows[] = {
		{ "mary@example.org", "mary" },
		{ "MARY@Example.ORG", "mary" },
		{ "m@home.example", "mary" },
		{ "both@example.org", NULL },	/* of two accounts */
		{ "mike@example.org", "mike" }, /* his own, though mary has it as a further one */
		{ "nobody@example.org", NULL },
		{ "mary@example.org ", NULL },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct claim claim;
		struct account account;
		int code = log_in(c, rows[i].email, RIGHT, "203.0.113.1", &claim);

		assert_true(claim.is_given);
		assert_code(c, code, rows[i].uname != NULL ? OK : E_DENIED);
		if (rows[i].uname == NULL)
			continue;
		assert_ok(c, account_by_claim(c, &claim, &account));
		assert_string_equal(account.uname, rows[i].uname);
	}
}

static void
failures_by_e_mail_are_counted_for_its_account(void **state)
{
	struct ctx *c = *state;

	harness_sql("DELETE FROM hub.auth_failure");
	for (int i = 0; i < 10; i++)
		assert_int_equal(status_of(c, i % 2 ? "mike" : "Mike@example.org", "wrong horse",
				     "203.0.113.77"),
		    401);
	assert_int_equal(status_of(c, "mike", "wrong horse", "203.0.113.77"), 429);
	assert_int_equal(status_of(c, "mike", RIGHT, "203.0.113.77"), 429);
	/* not by what is remembered either (an_e_mail_names_its_account) */
	assert_int_equal(status_of(c, "mike@example.org", RIGHT, "203.0.113.77"), 429);
	assert_int_equal(events_of("mike"), 10);
	harness_sql("DELETE FROM hub.auth_failure");
}

static void
a_banned_account_is_known_by_its_right_credentials(void **state)
{
	struct ctx *c = *state;
	struct claim claim;
	const char *token;
	unsigned char hash[32];
	int64_t id;
	bool is_locked;

	assert_code(c, log_in(c, "banned", "wrong horse", "192.0.2.1", &claim), E_DENIED);
	assert_false(claim.is_locked);
	assert_code(c, log_in(c, "banned", RIGHT, "192.0.2.1", &claim), E_DENIED);
	assert_true(claim.is_locked);
	assert_code(c, log_in(c, "disabled", RIGHT, "192.0.2.1", &claim), E_DENIED);
	assert_false(claim.is_locked);
	assert_ok(c, account_id_by_uname(c, "banned", &id));
	assert_ok(c, token_create(c, id, &(struct token_wish){ "x", 3, 0 }, &token));
	token_hash(token, hash);
	assert_ok(c, token_is_locked(c, hash, &is_locked));
	assert_true(is_locked);
	harness_sql("UPDATE hub.account SET active = false WHERE uname = 'banned'");
	assert_ok(c, token_is_locked(c, hash, &is_locked));
	assert_false(is_locked);
	assert_code(c, log_in(c, "banned", RIGHT, "192.0.2.1", &claim), E_DENIED);
	assert_false(claim.is_locked);
	harness_sql("UPDATE hub.account SET active = true WHERE uname = 'banned'");
}

static void
old_failures_are_cleaned(void **state)
{
	struct ctx *c = *state;
	struct failures f;

	assert_ok(c, failure_add(c, "alice", "192.0.2.0/24"));
	age_failures(100);
	assert_ok(c, failure_add(c, "alice", "192.0.2.0/24"));
	assert_ok(c, failures_by(c, "alice", "192.0.2.0/24", 600, 180, &f));
	assert_int_equal(f.account, 2);
	assert_int_equal(f.pair, 2);
	assert_in_range(f.account_oldest_s, 99, 160);
	assert_in_range(f.account_newest_s, 0, 60);
	assert_ok(c, failure_clean(c, 50));
	assert_ok(c, failures_by(c, "alice", "192.0.2.0/24", 600, 180, &f));
	assert_int_equal(f.account, 1);
}

static void
without_a_free_slot_it_is_a_passing_failure(void **state)
{
	struct ctx *c = *state, *other = harness_open("mirrorhub_web", store_web_tables);
	struct claim claim;
	int *locks[2];
	int64_t began_us;

	/* flock is by open file, so one process can hold it against itself */
	other->conf = &conf;
	for (int i = 0; i < 2; i++)
		assert_ok(other,
		    path_lock(other,
			path_under(other->mem, folder, i == 0 ? "auth.slot.0" : "auth.slot.1"), 0,
			&locks[i]));
	began_us = clock_mono_us();
	assert_code(c, log_in(c, "alice", "another horse", "192.0.2.77", &claim), E_INTERNAL);
	assert_true(c->retry_after_s > 0);
	assert_true(clock_mono_us() - began_us >= 1000000);
	path_unlock(other, locks[1]);
	assert_int_equal(status_of(c, "alice", "another horse", "192.0.2.77"), 401);
	harness_close(other);
}

static void
a_token_is_confirmed_by_the_database(void **state)
{
	struct ctx *c = *state;
	struct claim claim;
	struct account account;
	const char *text, *other;
	int64_t id;

	assert_ok(c, account_id_by_uname(c, "alice", &id));
	assert_ok(c, token_create(c, id, &(struct token_wish){ "test", 2, 0 }, &text));
	assert_ok(c, token_create(c, id, &(struct token_wish){ "test", 2, 0 }, &other));
	assert_string_not_equal(text, other);
	assert_true(token_is_wellformed(text));
	assert_ok(c, who_claim(c, arena_printf(c->mem, "Bearer %s", text), "192.0.2.1", &claim));
	assert_ok(c, account_by_claim(c, &claim, &account));
	assert_string_equal(account.uname, "alice");
	assert_int_equal(account.scope, 2);
	assert_true(account.token_is_stale);
	assert_ok(c, token_touch(c, account.token_id));
	assert_ok(c, account_by_claim(c, &claim, &account));
	assert_false(account.token_is_stale);
	harness_sql("UPDATE hub.token SET expires_at = now()");
	assert_code(c, account_by_claim(c, &claim, &account), E_DENIED);
}

/* ---- */

static int
arrange(void **state)
{
	struct ctx c = { .mem = arena_new(), .reason = "" };
	const char *hash;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_ok(&c, password_hash(&c, RIGHT, &hash));
	harness_sql(arena_printf(c.mem,
	    "INSERT INTO hub.account (uname, password_hash) VALUES ('imported', '" OLD_HASH "');"
	    "INSERT INTO hub.account (uname, password_hash) SELECT u, '%s'"
	    " FROM unnest(ARRAY['alice', 'disabled', 'banned', 'changer', 'victim']) u;"
	    "INSERT INTO hub.account (uname) VALUES ('nohash');"
	    "INSERT INTO hub.account (uname, email, password_hash)"
	    " SELECT u, initcap(u) || '@example.org', '%s' FROM unnest(ARRAY['mary', 'mike']) u;"
	    "INSERT INTO hub.account_email (account_id, email) SELECT id, e FROM hub.account,"
	    " unnest(ARRAY['M@home.example', 'mike@example.org', 'both@example.org']) e"
	    " WHERE uname = 'mary';"
	    "INSERT INTO hub.account_email (account_id, email) SELECT id, 'Both@example.org'"
	    " FROM hub.account WHERE uname = 'mike';"
	    "UPDATE hub.account SET active = false WHERE uname = 'disabled';"
	    "UPDATE hub.account SET role = 'banned' WHERE uname = 'banned'",
	    hash, hash));
	arena_free(c.mem);
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
open_who(struct ctx *c)
{
	assert_ok(c, who_open(c));
}

static struct harness web = { "mirrorhub_web", store_web_tables, &conf, open_who };

#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(a_right_password_becomes_a_claim_that_holds),
		CONNECTED(wrong_unknown_and_disabled_read_alike_and_are_told),
		CONNECTED(an_unknown_account_costs_a_hash_too),
		CONNECTED(a_new_password_voids_what_is_remembered),
		CONNECTED(an_imported_hash_is_made_new_once),
		CONNECTED(ten_failures_for_an_account_close_it_to_whoever_failed),
		CONNECTED(what_is_remembered_answers_no_guesses),
		CONNECTED(thirty_failures_from_a_network_close_it),
		CONNECTED(what_can_be_no_account_is_not_counted),
		CONNECTED(an_e_mail_names_its_account),
		CONNECTED(failures_by_e_mail_are_counted_for_its_account),
		CONNECTED(a_banned_account_is_known_by_its_right_credentials),
		CONNECTED(old_failures_are_cleaned),
		CONNECTED(without_a_free_slot_it_is_a_passing_failure),
		CONNECTED(a_token_is_confirmed_by_the_database),
	};

	return cmocka_run_group_tests_name("who", tests, arrange, tidy);
}
