/* The statements that a large hub runs most use the indexes made for them. */
#include "store/store.h"
#include "tests/db/harness.h"

/* Large enough that reading it all would be the wrong plan. */
static const char large_sql[] =
    "SET LOCAL session_replication_role = replica;" /* no triggers: the counters do not matter here
						     */
    "INSERT INTO hub.account (uname) SELECT 'u' || i FROM generate_series(1, 2000) i;"
    "UPDATE hub.account SET email = uname || '@example.org';"
    "INSERT INTO hub.account_email SELECT id, 'x' || email FROM hub.account;"
    "INSERT INTO hub.token (account_id, hash, prefix)"
    " SELECT id, sha256(uname::bytea), 'abcdef' FROM hub.account;"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 20000);"
    "INSERT INTO hub.project (path, owner_account_id, default_access, is_mirror, store_id)"
    " SELECT 'p-' || md5(i::text), 1 + i % 2000, (i % 10 <> 0)::integer, true, i"
    " FROM generate_series(1, 20000) i;"
    "INSERT INTO hub.mirror (project_id, url) SELECT id, 'https://h/' || path FROM hub.project;"
    "INSERT INTO hub.job (kind, project_id, state, run_at)"
    " SELECT 'sync', id, 'scheduled', now() FROM hub.project;"
    "INSERT INTO hub.project_grant (project_id, account_id, access)"
    " SELECT id, 1 + id % 2000, 1 FROM hub.project WHERE id % 3 = 0;"
    "INSERT INTO hub.auth_failure (key) SELECT 'account:u' || i FROM generate_series(1, 20000) i;"
    "ANALYZE;"
    /* as VACUUM leaves it, which may not run in here */
    "UPDATE pg_class SET relallvisible = relpages WHERE relnamespace = 'hub'::regnamespace;";

struct plan_line {
	const char *text;
};

static const struct field plan_row[] = { FIELD_AS(plan_line, text, "QUERY PLAN"), { 0 } };

enum { BY_PATH, BY_TOKEN, BY_ACCOUNT, LIST, PATHS, COUNT, BUSY, PASSWORD, EMAIL, FAILURES, N_PLANS };

#define PLAN(call) "EXPLAIN EXECUTE " call, plan_row, sizeof(struct plan_line)

static const struct db_stmt explain_sql[] = { [BY_PATH] = { "x_by_path",
						  PLAN("project_by_path(NULL)") },
	[BY_TOKEN] = { "x_by_token", PLAN("project_by_path_and_token(NULL, NULL)") },
	[BY_ACCOUNT] = { "x_by_account", PLAN("project_by_path_and_account(NULL, NULL, NULL)") },
	[LIST] = { "x_list", PLAN("project_list_mirrors(NULL, NULL, NULL, NULL)") },
	[PATHS] = { "x_paths", PLAN("project_list_mirror_paths(NULL, NULL, NULL)") },
	[COUNT] = { "x_count", PLAN("project_count_mirrors(NULL, NULL)") },
	[BUSY] = { "x_busy", PLAN("queue_list_running(NULL, NULL, NULL)") },
	[PASSWORD] = { "x_password", PLAN("account_password(NULL)") },
	[EMAIL] = { "x_email", PLAN("account_uname_by_email(NULL)") },
	[FAILURES] = { "x_failures", PLAN("failures_by(NULL, NULL, NULL, NULL)") },
	{ 0 } };
static const struct db_stmt *const tables[] = { account_sql, failure_sql, project_sql, queue_sql,
	explain_sql, NULL };

static const char *const uses[N_PLANS][4] = {
	[BY_PATH] = { "project_path_key", "mirror_pkey", "job_one_per_project" },
	[BY_TOKEN] = { "token_hash_key", "project_path_key", "mirror_pkey", "job_one_per_project" },
	[BY_ACCOUNT] = { "account_pkey", "project_path_key", "mirror_pkey", "job_one_per_project" },
	[LIST] = { "Index Only Scan using project_mirror_path", "project_pkey", "mirror_pkey",
	    "job_one_per_project" },
	[PATHS] = { "Index Only Scan using project_mirror_path" },
	[COUNT] = { "project_pkey" },
	[BUSY] = { "job_running", "project_pkey" },
	[PASSWORD] = { "account_uname_key" },
	[EMAIL] = { "account_email_key", "account_email_lower", "account_pkey" },
	[FAILURES] = { "auth_failure_key" },
};

static const char *
plan_of(struct ctx *c, int which)
{
	struct plan_line *lines;
	char *plan = arena_strdup(c->mem, "");
	size_t n;

	assert_ok(c, db_all(c, &explain_sql[which], &lines, &n));
	for (size_t i = 0; i < n; i++)
		plan = arena_printf(c->mem, "%s%s\n", plan, lines[i].text);
	return plan;
}

/* The plan that a prepared statement comes to after some runs: without looking at the parameters.
 */
static void
each_statement_uses_its_indexes(void **state)
{
	struct ctx *c = harness_open("mirrorhub_web", tables);
	int n_bad = 0;

	(void)state;
	assert_ok(c, db_script(c, "SET plan_cache_mode = force_generic_plan"));
	for (int which = 0; which < N_PLANS; which++) {
		const char *plan = plan_of(c, which);
		bool is_good = strstr(plan, "Seq Scan on project") == NULL &&
		    strstr(plan, "Seq Scan on mirror") == NULL &&
		    strstr(plan, "Seq Scan on job") == NULL;

		for (size_t i = 0; i < N_OF(uses[which]) && uses[which][i] != NULL; i++)
			is_good = is_good && strstr(plan, uses[which][i]) != NULL;
		if (!is_good) {
			print_error("%s:\n%s\n", explain_sql[which].name, plan);
			n_bad++;
		}
	}
	harness_close(c);
	assert_int_equal(n_bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_statement_uses_its_indexes),
	};

	harness_sql(large_sql);
	return cmocka_run_group_tests_name("plans", tests, NULL, NULL);
}
