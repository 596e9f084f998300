/* The functions for people in psql (sql/admin.sql), and the rights of the roles (sql/roles.sql). */
#include "auth/password.h"
#include "auth/token.h"
#include "base/str.h"
#include "store/account.h"
#include "store/store.h"
#include "tests/db/harness.h"


enum {
	SYNC_NOW,
	PAUSE,
	RESUME,
	DELETE_PROJECT,
	CREATE_ACCOUNT,
	SET_PASSWORD,
	SET_ACTIVE,
	NEW_TOKEN,
	REVOKE_TOKEN,
	STATE_OF,
	JOB_OF,
	LAST_EVENT,
	REMOVALS,
	PASSWORD_OF,
	RUN_JOB,
};

#define TEXT(sql) sql, text_row, sizeof(struct text)

/* clang-format off */
static const struct db_stmt call_sql[] = {
	[SYNC_NOW] = { "t_sync_now", TEXT("SELECT admin.sync_now($1) AS text") },
	[PAUSE] = { "t_pause", TEXT("SELECT admin.pause($1) AS text") },
	[RESUME] = { "t_resume", TEXT("SELECT admin.resume($1) AS text") },
	[DELETE_PROJECT] = { "t_delete", TEXT("SELECT admin.delete_project($1) AS text") },
	[CREATE_ACCOUNT] = { "t_create", TEXT("SELECT admin.create_account($1, $2) AS text") },
	[SET_PASSWORD] = { "t_set_password", TEXT("SELECT admin.set_password($1, $2) AS text") },
	[SET_ACTIVE] = { "t_set_active", TEXT("SELECT admin.set_active($1, $2) AS text") },
	[NEW_TOKEN] = { "t_new_token", TEXT("SELECT admin.new_token($1, 'from a test', 1) AS text") },
	[REVOKE_TOKEN] = { "t_revoke", TEXT("SELECT admin.revoke_token($1) AS text") },
	[STATE_OF] = { "t_state_of", TEXT("SELECT state AS text FROM admin.mirrors WHERE path = $1") },
	[JOB_OF] = { "t_job_of", TEXT("SELECT concat_ws(' ', state, due, CASE WHEN again THEN 'again' END) "
		"AS text FROM admin.jobs WHERE path = $1") },
	[LAST_EVENT] = { "t_last_event", TEXT("SELECT concat_ws('|', action, object, detail) AS text "
		"FROM hub.event ORDER BY id DESC LIMIT 1") },
	[REMOVALS] = { "t_removals", TEXT("SELECT count(*)::text AS text FROM admin.jobs "
		"WHERE kind = 'remove_store'") },
	[PASSWORD_OF] = { "t_password_of", TEXT("SELECT password AS text FROM admin.accounts "
		"WHERE uname = $1") },
	[RUN_JOB] = { "t_run_job", "UPDATE hub.job SET state = 'running', lease_until = now() "
		"FROM hub.project p WHERE p.id = project_id AND p.path = $1", NULL, 0 },
	{ 0 }
};
/* clang-format on */
static const struct db_stmt *const tables[] = { call_sql, account_sql, NULL };

/* The answer of a statement with one parameter; "error: …" when it refuses. */
static const char *
ask(struct ctx *c, int which, const char *parameter)
{
	struct text row = { 0 };
	int code = parameter != NULL ? db_one(c, &call_sql[which], &row, db_text(parameter))
				     : db_one(c, &call_sql[which], &row);

	if (code == E_NOTFOUND)
		return "none";
	return code == OK ? row.text : arena_printf(c->mem, "error: %s", c->reason);
}

static void
a_mirror_is_paused_and_resumed(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(ask(c, SYNC_NOW, "Alpha"), "queued"); /* in any case */
	assert_string_equal(ask(c, LAST_EVENT, NULL), "sync.request|Alpha|psql as mirrorhub_owner");
	assert_string_equal(ask(c, JOB_OF, "alpha"), "queued now");
	assert_string_equal(ask(c, PAUSE, "alpha"), "paused");
	assert_string_equal(ask(c, LAST_EVENT, NULL), "mirror.pause|alpha|psql as mirrorhub_owner");
	assert_string_equal(ask(c, JOB_OF, "alpha"), "none");
	assert_string_equal(ask(c, STATE_OF, "alpha"), "paused");
	assert_string_equal(ask(c, PAUSE, "alpha"), "it was paused already");
	assert_string_equal(ask(c, SYNC_NOW, "alpha"), "error: the mirror alpha is paused");
	assert_string_equal(ask(c, JOB_OF, "alpha"), "none");
	assert_string_equal(ask(c, RESUME, "alpha"), "resumed, and queued");
	assert_string_equal(ask(c, JOB_OF, "alpha"), "queued now");
	assert_string_equal(ask(c, RESUME, "alpha"), "it was not paused");
}

static void
a_running_sync_outlives_a_pause_and_is_followed_by_one_more(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_do(c, &call_sql[RUN_JOB], NULL, db_text("alpha")));
	assert_string_equal(ask(c, SYNC_NOW, "alpha"), "it is running, and will run once more");
	assert_string_equal(ask(c, JOB_OF, "alpha"), "running again");
	assert_string_equal(
	    ask(c, PAUSE, "alpha"), "paused; the sync that is running comes to its end");
	assert_string_equal(ask(c, JOB_OF, "alpha"), "running again");
	assert_string_equal(ask(c, RESUME, "alpha"), "resumed, and queued");
	assert_string_equal(ask(c, JOB_OF, "alpha"), "running again");
}

static void
what_is_missing_or_no_mirror_is_refused(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(ask(c, SYNC_NOW, "nothing"), "error: there is no mirror nothing");
	assert_string_equal(ask(c, PAUSE, "plain"), "error: there is no mirror plain");
	assert_string_equal(ask(c, RESUME, "plain"), "error: there is no mirror plain");
	assert_string_equal(
	    ask(c, DELETE_PROJECT, "nothing"), "error: there is no project nothing");
	assert_string_equal(ask(c, NEW_TOKEN, "nobody"), "error: there is no account nobody");
	assert_string_equal(
	    ask(c, REVOKE_TOKEN, "000000"), "error: there is no token that begins with 000000");
}

static void
a_deleted_project_leaves_its_folder_to_sync(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(ask(c, DELETE_PROJECT, "beta"), "deleted");
	assert_string_equal(ask(c, STATE_OF, "beta"), "none");
	assert_string_equal(ask(c, REMOVALS, NULL), "1");
	assert_string_equal(ask(c, DELETE_PROJECT, "beta"), "error: there is no project beta");
}

static void
an_account_made_in_psql_logs_in(void **state)
{
	struct ctx *c = *state;
	struct account_password row;
	struct text text;
	bool needs_rehash;
	const char *shown;

	assert_ok(c,
	    db_one(c, &call_sql[CREATE_ACCOUNT], &text, db_text("bob"), db_text("correct horse")));
	assert_string_equal(text.text, "created");
	assert_ok(c, account_password_by_uname(c, "BOB", &row));
	assert_true(password_is_right(row.password_hash, "correct horse", &needs_rehash));
	assert_true(needs_rehash);
	assert_string_equal(ask(c, PASSWORD_OF, "bob"), "to be rehashed");
	assert_code(
	    c, db_one(c, &call_sql[CREATE_ACCOUNT], &text, db_text("Bob"), db_null()), E_CONFLICT);
	assert_code(c,
	    db_one(c, &call_sql[CREATE_ACCOUNT], &text, db_text("short"), db_text("1234567")),
	    E_INVALID);
	assert_code(c, db_one(c, &call_sql[CREATE_ACCOUNT], &text, db_text("no good"), db_null()),
	    E_INVALID);
	assert_ok(c, db_one(c, &call_sql[SET_PASSWORD], &text, db_text("bob"), db_null()));
	shown = strrchr(text.text, ' ') + 1;
	assert_int_equal(strlen(shown), 24);
	assert_ok(c, account_password_by_uname(c, "bob", &row));
	assert_int_equal(row.password_version, 2);
	assert_true(password_is_right(row.password_hash, shown, &needs_rehash));
	assert_false(password_is_right(row.password_hash, "correct horse", &needs_rehash));
	assert_ok(c, db_one(c, &call_sql[SET_ACTIVE], &text, db_text("bob"), db_bool(false)));
	assert_code(c, account_password_by_uname(c, "bob", &row), E_NOTFOUND);
	assert_ok(c, db_one(c, &call_sql[SET_ACTIVE], &text, db_text("bob"), db_bool(true)));
}

static void
a_token_made_in_psql_is_one_of_ours(void **state)
{
	struct ctx *c = *state;
	struct claim claim = { .kind = CLAIM_TOKEN };
	struct account account;
	const char *text = ask(c, NEW_TOKEN, "bob");

	assert_true(token_is_wellformed(text));
	token_hash(text, claim.hash);
	assert_ok(c, account_by_claim(c, &claim, &account));
	assert_string_equal(account.uname, "bob");
	assert_int_equal(account.scope, 1);
	assert_string_equal(
	    ask(c, REVOKE_TOKEN, arena_strndup(c->mem, text, 6)), "revoked, it was bob's");
	assert_code(c, account_by_claim(c, &claim, &account), E_DENIED);
}

/* ---- the roles: each line has to be refused */

static const char *const web_may_not[] = {
	"CREATE TABLE hub.x (i integer)",
	"CREATE TABLE public.x (i integer)",
	"CREATE TEMPORARY TABLE x (i integer)",
	"CREATE SCHEMA x",
	"DROP TABLE hub.event",
	"ALTER TABLE hub.project ADD COLUMN x integer",
	"TRUNCATE hub.event",
	"TRUNCATE hub.job",
	"SELECT sealed_credentials FROM hub.mirror",
	"SELECT detail FROM hub.event",
	"DELETE FROM hub.event",
	"UPDATE hub.event SET detail = ''",
	"UPDATE hub.account SET created_at = now()",
	"UPDATE hub.token SET scope = 3",
	"UPDATE hub.token SET account_id = 1",
	"UPDATE hub.counter SET n = 0",
	"SELECT admin.new_token('bob')",
	"SELECT path FROM admin.mirrors",
	"SELECT hub.job_claim('[]', 1, 'all', 1, 1, 2, 10, 16)",
	"SELECT nextval('hub.fence_seq')",
	"SET ROLE mirrorhub_owner",
	"SET SESSION AUTHORIZATION mirrorhub_owner",
	"ALTER ROLE mirrorhub_web SUPERUSER",
	"COPY hub.queue TO '/tmp/x'",
	"COPY hub.queue TO PROGRAM 'true'",
	"CREATE FUNCTION hub.x() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
};

static const char *const sync_may_not_rows[] = {
	"SELECT id FROM hub.account",
	"SELECT password_hash FROM hub.account",
	"SELECT id FROM hub.token",
	"SELECT id FROM hub.project_grant",
	"SELECT detail FROM hub.event",
	"UPDATE hub.event SET detail = ''",
	"DELETE FROM hub.event",
	"INSERT INTO hub.account (uname) VALUES ('x')",
	"UPDATE hub.project SET path = 'x'",
	"DELETE FROM hub.project",
	"UPDATE hub.mirror SET url = 'x'",
	"UPDATE hub.mirror SET sealed_credentials = NULL",
	"TRUNCATE hub.run",
	"CREATE TABLE hub.x (i integer)",
	"CREATE TEMPORARY TABLE x (i integer)",
	"SELECT admin.sync_now('alpha')",
	"SET ROLE mirrorhub_owner",
	"SELECT hub.project_access(1, true, 1, 1, 1, 1::smallint)",
};

static void
refused(const char *role, const char *const *scripts, size_t n)
{
	static const struct db_stmt *const none[] = { NULL };
	struct ctx *c = harness_open(role, none);
	int n_bad = 0;

	for (size_t i = 0; i < n; i++)
		if (db_script(c, scripts[i]) == OK || strstr(c->reason, "42501") == NULL) {
			print_error("%s: %s: %s\n", role, scripts[i], c->reason);
			n_bad++;
		}
	harness_close(c);
	assert_int_equal(n_bad, 0);
}

static void
the_web_may_not(void **state)
{
	(void)state;
	refused("mirrorhub_web", web_may_not, N_OF(web_may_not));
}

static void
sync_may_not(void **state)
{
	(void)state;
	refused("mirrorhub_sync", sync_may_not_rows, N_OF(sync_may_not_rows));
}

enum { SETTING, UNPINNED };

static const struct db_stmt catalog_sql[] = {
	[SETTING] = { "t_setting", TEXT("SELECT replace(current_setting($1), ' ', '') AS text") },
	[UNPINNED] = { "t_unpinned",
	    TEXT("SELECT coalesce(string_agg(p.oid::regprocedure::text, ', '), '') "
		 "AS text FROM pg_proc p WHERE (p.prosecdef OR p.pronamespace = "
		 "'admin'::regnamespace) "
		 "AND p.pronamespace IN ('hub'::regnamespace, 'admin'::regnamespace) "
		 "AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c') "
		 "AND NOT coalesce(array_to_string(p.proconfig, ',') LIKE "
		 "'%search_path=%pg_temp%', false)") },
	{ 0 }
};
static const struct db_stmt *const catalog_tables[] = { catalog_sql, NULL };

static void
sessions_have_their_limits(void **state)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "search_path", "hub,pg_temp" },
		{ "statement_timeout", "5s" },
		{ "lock_timeout", "2s" },
		{ "idle_in_transaction_session_timeout", "10s" },
	};
	struct ctx *c = harness_open("mirrorhub_web", catalog_tables);
	struct text row;

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_ok(c, db_one(c, &catalog_sql[SETTING], &row, db_text(rows[i].name)));
		assert_string_equal(row.text, rows[i].value);
	}
	harness_close(c);
}

static void
functions_with_rights_pin_their_search_path(void **state)
{
	struct ctx *c = harness_open("mirrorhub_owner", catalog_tables);
	struct text row;

	(void)state;
	assert_ok(c, db_one(c, &catalog_sql[UNPINNED], &row));
	assert_string_equal(row.text, "");
	harness_close(c);
}

/* ---- */

/* What migrate runs each time: it has to bear that. And rights on a database do not come with its
 * template. */
static void
run_as_owner(const char *file)
{
	struct ctx *c = harness_open("mirrorhub_owner", tables);
	char *sql;

	assert_ok(c, path_read(c, file, 1024 * 1024, &sql));
	assert_ok(c, db_script(c, sql));
	harness_close(c);
}

static int
arrange(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		run_as_owner("sql/roles.sql");
		run_as_owner("sql/admin.sql");
	}
	harness_sql("INSERT INTO hub.account (uname) VALUES ('olga');"
		    "INSERT INTO hub.store (size_bytes) VALUES (0), (0), (0);"
		    "INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id) VALUES"
		    " ('alpha', 1, true, 1), ('beta', 1, true, 2), ('plain', 1, false, 3);"
		    "INSERT INTO hub.mirror (project_id, url) VALUES (1, 'https://h/a'), (2, "
		    "'https://h/b')");
	return 0;
}

static struct harness owner = { "mirrorhub_owner", tables, NULL, NULL };

#define CONNECTED(test) WITH_HARNESS(test, owner)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(a_mirror_is_paused_and_resumed),
		CONNECTED(a_running_sync_outlives_a_pause_and_is_followed_by_one_more),
		CONNECTED(what_is_missing_or_no_mirror_is_refused),
		CONNECTED(a_deleted_project_leaves_its_folder_to_sync),
		CONNECTED(an_account_made_in_psql_logs_in),
		CONNECTED(a_token_made_in_psql_is_one_of_ours),
		cmocka_unit_test(the_web_may_not),
		cmocka_unit_test(sync_may_not),
		cmocka_unit_test(sessions_have_their_limits),
		cmocka_unit_test(functions_with_rights_pin_their_search_path),
	};

	return cmocka_run_group_tests_name("admin", tests, arrange, NULL);
}
