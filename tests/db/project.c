/* The verbs of lib/core on projects and accounts, as the web's role. */
#include <unistd.h>

#include "auth/seal.h"
#include "base/conf.h"
#include "base/str.h"
#include "core/account.h"
#include "core/project.h"
#include "git/init.h"
#include "store/queue.h"
#include "store/store.h"
#include "tests/db/harness.h"

static char folder[] = "/tmp/mirrorhub-project-XXXXXX";
static struct conf conf = { .net_schemes = "https http ssh git",
	.base_url = "http://hub.test",
	.data_dir = folder,
	.sync_objects = 1000,
	.sync_object_bytes = 1000000 };


enum { SEALED_OF, JOBS_OF, REMOVALS, LAST_EVENT, DUMP };

#define TEXT(sql) sql, text_row, sizeof(struct text)

static const struct db_stmt look_sql[] = {
	[SEALED_OF] = { "l_sealed",
	    TEXT("SELECT sealed_credentials AS text FROM hub.mirror m "
		 "JOIN hub.project p ON p.id = m.project_id WHERE p.path = $1") },
	[JOBS_OF] = { "l_jobs",
	    TEXT("SELECT coalesce(string_agg(j.state, ','), '') AS text FROM hub.job j "
		 "JOIN hub.project p ON p.id = j.project_id WHERE p.path = $1") },
	[REMOVALS] = { "l_removals",
	    TEXT("SELECT coalesce(string_agg(store_id::text, ','), '') AS text FROM hub.job "
		 "WHERE kind = 'remove_store'") },
	[LAST_EVENT] = { "l_event",
	    TEXT(
		"SELECT concat_ws('|', actor, action, object, detail, remote_addr, result) AS text "
		"FROM hub.event ORDER BY id DESC LIMIT 1") },
	[DUMP] = { "l_dump",
	    TEXT("SELECT string_agg(m::text || e::text, '') AS text FROM hub.mirror m, hub.event "
		 "e") },
	{ 0 }
};
static const struct db_stmt *const look_tables[] = { look_sql, NULL };

static const char *
look(struct ctx *mem, int which, const char *parameter)
{
	struct ctx *c = harness_open("mirrorhub_owner", look_tables);
	struct text row;
	const char *text;

	if (parameter != NULL)
		assert_ok(c, db_one(c, &look_sql[which], &row, db_text(parameter)));
	else
		assert_ok(c, db_one(c, &look_sql[which], &row));
	text = row.text != NULL ? arena_strdup(mem->mem, row.text) : NULL;
	harness_close(c);
	return text;
}

static const struct account bob = { .id = 1, .uname = "bob", .role = "user", .scope = 3 };
static const struct actor actor = { .account = &bob, .remote_addr = "192.0.2.1" };

static int64_t
mirror(struct ctx *c, const char *path, const char *url)
{
	const struct mirror_wish wish = { .path = path, .url = url };
	int64_t id;

	assert_ok(c, project_create_mirror(c, &actor, &wish, &id));
	return id;
}

static struct project
by_path(struct ctx *c, const char *path)
{
	const struct claim claim = {
		.kind = CLAIM_ACCOUNT, .account_id = 1, .password_version = 1
	};
	struct account account;
	struct project p;

	assert_ok(c, project_by_path(c, &claim, path, &account, &p));
	return p;
}

static void
a_mirror_is_made_queued_and_recorded(void **state)
{
	struct ctx *c = *state;
	int64_t id = mirror(c, NULL, "https://github.com/icyleaf/hpr.git");
	struct project p = by_path(c, "icyleaf-hpr");

	assert_int_equal(p.id, id);
	assert_int_equal(p.owner_account_id, 1);
	assert_int_equal(p.default_access, 1);
	assert_int_equal(p.access, 4);
	assert_true(p.is_mirror);
	assert_string_equal(p.url, "https://github.com/icyleaf/hpr.git");
	assert_string_equal(p.job_state, "queued");
	assert_int_equal(p.scheduled_at, 0);
	assert_string_equal(project_status(&p), "cloning");
	assert_string_equal(look(c, LAST_EVENT, NULL),
	    "bob|project.create|icyleaf-hpr|"
	    "mirror of https://github.com/icyleaf/hpr.git|192.0.2.1|ok");
	assert_null(look(c, SEALED_OF, "icyleaf-hpr"));
	assert_string_equal(project_clone_url(c, p.path), "http://hub.test/icyleaf-hpr.git");
}

static void
credentials_are_sealed_for_this_mirror_alone(void **state)
{
	struct ctx *c = *state;
	int64_t id = mirror(c, "sealed", "https://me:s3cr%3At-pw@h.test/a/b.git");
	const char *sealed = look(c, SEALED_OF, "sealed"), *secret, *dump;

	assert_string_equal(by_path(c, "sealed").url, "https://h.test/a/b.git");
	assert_ok(c, seal_open(c, project_seal_context(c, id), sealed, &secret));
	assert_string_equal(secret, "me:s3cr:t-pw");
	assert_code(c, seal_open(c, project_seal_context(c, id + 1), sealed, &secret), E_INTERNAL);
	dump = look(c, DUMP, NULL);
	assert_null(strstr(dump, "s3cr"));
}

static void
a_refused_wish_leaves_nothing(void **state)
{
	struct ctx *c = *state;
	static const struct {
		struct mirror_wish wish;
		int code;
	} rows[] = {
		{ { "x1", "ftp://h/a", false }, E_INVALID },
		{ { "x2", "file:///etc", false }, E_INVALID },
		{ { "x3", "", false }, E_INVALID },
		{ { "../x", "https://h/a", false }, E_INVALID },
		{ { "search", "https://h/a", false }, E_INVALID },
		{ { NULL, "https://h/", false }, E_INVALID },
		{ { "ICYLEAF-hpr", "https://h/a", false }, E_CONFLICT },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		int64_t id = -1;

		assert_ok(c, db_begin(c, DB_WRITE));
		assert_code(c, project_create_mirror(c, &actor, &rows[i].wish, &id), rows[i].code);
		db_rollback(c);
		assert_int_equal(id, -1);
	}
	assert_string_equal(look(c, LAST_EVENT, NULL),
	    "bob|project.create|sealed|mirror of https://h.test/a/b.git|192.0.2.1|ok");
}

static void
without_sync_nothing_is_queued_until_asked(void **state)
{
	struct ctx *c = *state;
	const struct mirror_wish wish = {
		.path = "quiet", .url = "git@h.test:a/b.git", .without_sync = true
	};
	struct project p;
	int64_t id;

	assert_ok(c, project_create_mirror(c, &actor, &wish, &id));
	assert_string_equal(look(c, JOBS_OF, "quiet"), "");
	p = by_path(c, "quiet");
	assert_string_equal(project_status(&p), "idle");
	for (int i = 0; i < 5; i++)
		assert_ok(c, project_sync(c, &actor, &p));
	assert_string_equal(look(c, JOBS_OF, "quiet"), "queued");
	assert_string_equal(look(c, LAST_EVENT, NULL), "bob|sync.request|quiet||192.0.2.1|ok");
}

static void
a_paused_mirror_and_a_plain_project_do_not_sync(void **state)
{
	struct ctx *c = *state;
	struct project p = by_path(c, "quiet");

	p.is_paused = true;
	assert_code(c, project_sync(c, &actor, &p), E_CONFLICT);
	p.is_mirror = false;
	assert_code(c, project_sync(c, &actor, &p), E_INVALID);
}

static void
a_plain_project_has_its_empty_store_at_once(void **state)
{
	struct ctx *c = *state;
	struct project p;
	int64_t id;

	assert_ok(c, git_init(c));
	assert_ok(c, project_create_plain(c, &actor, "bob/tools", 0, &id));
	p = by_path(c, "bob/tools");
	assert_false(p.is_mirror);
	assert_int_equal(p.default_access, 0);
	assert_true(path_is_dir(project_store_dir(c, p.store_id)));
	assert_true(path_is_file(path_under(c->mem, project_store_dir(c, p.store_id), "HEAD")));
	assert_string_equal(project_store_dir(c, 1234567),
	    arena_printf(c->mem, "%s/repos/1234/1234567.git", folder));
	assert_string_equal(
	    project_store_lock(c, 7), arena_printf(c->mem, "%s/repos/0/7.lock", folder));
	assert_string_equal(
	    look(c, LAST_EVENT, NULL), "bob|project.create|bob/tools||192.0.2.1|ok");
}

static void
a_deleted_project_is_gone_and_its_store_is_handed_on(void **state)
{
	struct ctx *c = *state;
	const struct claim nobody = { .kind = CLAIM_NOBODY };
	struct project p = by_path(c, "quiet"), gone;
	struct account account;

	assert_ok(c, project_delete(c, &actor, &p));
	assert_code(c, project_by_path(c, &nobody, "quiet", &account, &gone), E_NOTFOUND);
	assert_string_equal(
	    look(c, REMOVALS, NULL), arena_printf(c->mem, "%lld", (long long)p.store_id));
	assert_string_equal(look(c, LAST_EVENT, NULL), "bob|project.delete|quiet||192.0.2.1|ok");
	assert_code(c, project_delete(c, &actor, &p), E_NOTFOUND);
	(void)mirror(c, "Quiet", "https://h.test/again"); /* the name is free at once */
	assert_true(by_path(c, "quiet").store_id != p.store_id);
}

static void
the_status_follows_the_live_job(void **state)
{
	static const struct {
		const char *job_state;
		bool is_pushed_on;
		int64_t last_success_at;
		const char *status;
	} rows[] = {
		{ "", false, 0, "idle" },
		{ "queued", false, 0, "cloning" },
		{ "running", false, 0, "cloning" },
		{ "running", true, 0, "cloning" },
		{ "retry", false, 0, "idle" },
		{ "dead", false, 0, "idle" },
		{ "queued", false, 9, "idle" },
		{ "running", false, 9, "fetching" },
		{ "running", true, 9, "fetching" },
		{ "scheduled", true, 9, "pushing" },
		{ "scheduled", false, 9, "idle" },
		{ "retry", true, 9, "pushing" },
		{ "retry", false, 9, "idle" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct project p = { .job_state = rows[i].job_state,
			.is_pushed_on = rows[i].is_pushed_on,
			.last_success_at = rows[i].last_success_at };

		assert_string_equal(project_status(&p), rows[i].status);
	}
}

static void
the_queue_is_counted_and_listed_for_who_may_see(void **state)
{
	struct ctx *c = *state;
	const struct account nobody = { 0 }, first = { .id = 1 }, second = { .id = 2 },
			     root = { .id = 3, .is_admin = true };
	struct queue_stats stats;
	struct queue_job *rows;
	size_t n;

	harness_sql(
	    "UPDATE hub.project SET default_access = 0, owner_account_id = 2"
	    " WHERE path = 'sealed';"
	    "UPDATE hub.job SET state = 'retry', run_at = to_timestamp(2000000000), attempts = 2"
	    " WHERE project_id = (SELECT id FROM hub.project WHERE path = 'sealed');"
	    "UPDATE hub.counter SET n = 12, wall_us = 34 WHERE name = 'retries_cycles'");
	assert_ok(c, queue_stats(c, &nobody, &stats));
	assert_int_equal(stats.retry, 0);
	assert_ok(c, queue_stats(c, &first, &stats));
	assert_int_equal(stats.retry, 0);
	assert_int_equal(stats.queued, 3);
	assert_ok(c, queue_stats(c, &root, &stats));
	assert_int_equal(stats.retry, 1);
	assert_ok(c, queue_stats(c, &second, &stats));
	assert_int_equal(stats.retry, 1);
	assert_int_equal(stats.queued, 3); /* two mirrors, and the store to remove */
	assert_int_equal(stats.queued_default, 3);
	assert_int_equal(stats.queues, 1);
	assert_int_equal(stats.dead + stats.scheduled + stats.running + stats.workers, 0);
	assert_int_equal(stats.retries_cycles, 12);
	assert_int_equal(stats.retries_wall_us, 34);
	assert_ok(c, queue_list(c, &first, QUEUE_RETRY, 100, &rows, &n));
	assert_int_equal(n, 0);
	assert_ok(c, queue_list(c, &second, QUEUE_RETRY, 100, &rows, &n));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].path, "sealed");
	assert_int_equal(rows[0].run_at, 2000000000);
	assert_int_equal(rows[0].attempts, 2);
	assert_ok(c, queue_list(c, &second, QUEUE_SCHEDULED, 100, &rows, &n));
	assert_int_equal(n, 0);
}

static void
a_sync_of_a_mirror_that_is_gone_is_about_nothing(void **state)
{
	struct ctx *c = *state;
	struct project p;

	mirror(c, "brief", "https://h.test/a/brief");
	p = by_path(c, "brief");
	harness_sql("DELETE FROM hub.project WHERE path = 'brief'");
	assert_code(c, project_sync(c, &actor, &p), E_NOTFOUND);
	assert_string_equal(look(c, LAST_EVENT, NULL),
	    "bob|project.create|brief|mirror of https://h.test/a/brief|192.0.2.1|ok");
}

static void
a_mirror_paused_since_it_was_found_is_there_and_stays_paused(void **state)
{
	struct ctx *c = *state;
	struct project p;

	mirror(c, "pausing", "https://h.test/a/pausing");
	p = by_path(c, "pausing");
	harness_sql("DELETE FROM hub.job; UPDATE hub.mirror SET paused = true");
	assert_ok(c, project_sync(c, &actor, &p));
	assert_string_equal(look(c, JOBS_OF, "pausing"), "");
}

static void
accounts_are_checked_made_and_recorded(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const char *uname, *email, *role, *password;
		int code;
	} rows[] = {
		{ "eve", "", "user", "correct horse", OK },
		{ "EVE", "", "user", "correct horse", E_CONFLICT },
		{ "eva", "eva@h.test", "user", NULL, OK },
		{ "evi", "EVA@h.test", "user", NULL, E_CONFLICT },
		{ "x y", "", "user", NULL, E_INVALID },
		{ "evo", "no address", "user", NULL, E_INVALID },
		{ "evo", "", "banned", NULL, E_INVALID },
		{ "evo", "", "root", NULL, E_INVALID },
		{ "evo", "", "user", "short", E_INVALID },
	};
	struct account_password row;
	const char *token;

	for (size_t i = 0; i < N_OF(rows); i++) {
		int64_t id;

		assert_code(c,
		    account_create(c, &actor, rows[i].uname, rows[i].email, rows[i].role,
			rows[i].password, &id),
		    rows[i].code);
	}
	assert_string_equal(look(c, LAST_EVENT, NULL), "bob|account.create|eva|user|192.0.2.1|ok");
	assert_ok(c, account_change_password(c, &actor, "eva", "another horse"));
	assert_ok(c, account_password_by_uname(c, "eva", &row));
	assert_int_equal(row.password_version, 2);
	assert_string_equal(look(c, LAST_EVENT, NULL), "bob|account.password|eva||192.0.2.1|ok");
	assert_code(c, account_change_password(c, &actor, "nobody", "another horse"), E_NOTFOUND);
	assert_ok(c, account_create_token(c, &actor, "eva", "ci", 1, &token));
	assert_string_equal(look(c, LAST_EVENT, NULL), "bob|token.create|eva|ci|192.0.2.1|ok");
	assert_code(c, account_create_token(c, &actor, "eva", "ci", 4, &token), E_INVALID);
	assert_code(c, account_create_token(c, &actor, "nobody", "ci", 1, &token), E_NOTFOUND);
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
make_keys(struct ctx *c)
{
	conf.seal_public_key = path_under(c->mem, folder, "seal.pub");
	conf.seal_secret_key = path_under(c->mem, folder, "seal.key");
	if (!path_is_file(conf.seal_public_key))
		assert_ok(c, seal_create_keys(c));
}

static struct harness web = { "mirrorhub_web", store_web_tables, &conf, make_keys };

#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(a_mirror_is_made_queued_and_recorded),
		CONNECTED(credentials_are_sealed_for_this_mirror_alone),
		CONNECTED(a_refused_wish_leaves_nothing),
		CONNECTED(without_sync_nothing_is_queued_until_asked),
		CONNECTED(a_paused_mirror_and_a_plain_project_do_not_sync),
		CONNECTED(a_plain_project_has_its_empty_store_at_once),
		CONNECTED(a_deleted_project_is_gone_and_its_store_is_handed_on),
		cmocka_unit_test(the_status_follows_the_live_job),
		CONNECTED(the_queue_is_counted_and_listed_for_who_may_see),
		CONNECTED(a_sync_of_a_mirror_that_is_gone_is_about_nothing),
		CONNECTED(a_mirror_paused_since_it_was_found_is_there_and_stays_paused),
		CONNECTED(accounts_are_checked_made_and_recorded),
	};

	return cmocka_run_group_tests_name("project", tests, arrange, tidy);
}
