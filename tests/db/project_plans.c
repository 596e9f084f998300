/* What ABF asks of projects uses the indexes made for it, with an owner of a hundred thousand. */
#include "store/account.h"
#include "store/project_full.h"
#include "store/store.h"
#include "tests/db/harness.h"

#define OWNED 100000

static const char large_sql[] =
    "SET LOCAL session_replication_role = replica;"
    "INSERT INTO hub.account (uname) SELECT 'u' || i FROM generate_series(1, 2000) i;"
    "INSERT INTO hub.account_email SELECT id, uname || '@h' FROM hub.account;"
    "INSERT INTO hub.token (account_id, hash, prefix)"
    " SELECT id, sha256(uname::bytea), 'abcdef' FROM hub.account;"
    "INSERT INTO hub.team (uname, owner_account_id)"
    " SELECT 't' || i, 1 + i % 2000 FROM generate_series(1, 500) i;"
    "INSERT INTO hub.team_member SELECT t.id, 1 + (t.id * k) % 2000, 1 + k % 3"
    " FROM hub.team t, generate_series(3, 7) k ON CONFLICT DO NOTHING;"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 120000);"
    "INSERT INTO hub.project (path, owner_account_id, default_access, store_id)"
    " SELECT 'u1/p' || i, 1, i % 2, i FROM generate_series(1, 100000) i;"
    "INSERT INTO hub.project (path, owner_account_id, owner_team_id, default_access, store_id)"
    " SELECT 'x/p' || i, CASE WHEN i % 2 = 0 THEN 2 + i % 1999 END,"
    " CASE WHEN i % 2 = 1 THEN 1 + i % 500 END, i % 2, 100000 + i"
    " FROM generate_series(1, 20000) i;"
    "INSERT INTO hub.project_grant (project_id, account_id, access)"
    " SELECT id, 1 + id % 2000, 1 FROM hub.project WHERE id % 3 = 0;"
    "INSERT INTO hub.project_grant (project_id, team_id, access)"
    " SELECT id, 1 + id % 500, 2 FROM hub.project WHERE id % 5 = 0;"
    "INSERT INTO hub.platform (name, description, platform_type, distrib_type, default_branch,"
    " owner_account_id) SELECT uname || '_personal', 'x', 'personal', 'mdv', 'x', id"
    " FROM hub.account;"
    "INSERT INTO hub.repository (platform_id, name, description)"
    " SELECT id, 'main', 'main' FROM hub.platform;"
    "INSERT INTO hub.repository_project"
    " SELECT r.id, r.platform_id, p.id, lower(p.name) FROM hub.project p"
    " JOIN hub.platform f ON f.owner_account_id = p.owner_account_id"
    " JOIN hub.repository r ON r.platform_id = f.id;"
    "INSERT INTO hub.project_statistic SELECT p.id, a.id, 1, 1 FROM hub.project p, hub.arch a"
    " WHERE p.id % 10 = 0;"
    "ANALYZE;"
    /* as VACUUM leaves it, which may not run in here */
    "UPDATE pg_class SET relallvisible = relpages WHERE relnamespace = 'hub'::regnamespace;";

struct plan_line {
	const char *text;
};

static const struct field plan_row[] = { FIELD_AS(plan_line, text, "QUERY PLAN"), { 0 } };

enum { BY_ID, BY_ID_TOKEN, BY_NAME, BY_NAME_ACCOUNT, MINE, ASK, ATTACHMENTS, STATISTICS, MEMBERS,
	DEL_MEMBER, SET_MEMBER, ATTACH, DETACH, FREE, COUNT_MINE, COUNT_MEMBERS, READABLE,
	N_PLANS };

#define PLAN(call) "EXPLAIN EXECUTE " call, plan_row, sizeof(struct plan_line)

static const struct db_stmt explain_sql[] = {
	[BY_ID] = { "x_by_id", PLAN("project_full_by_id(NULL)") },
	[BY_ID_TOKEN] = { "x_by_id_token", PLAN("project_full_by_id_and_token(NULL, NULL)") },
	[BY_NAME] = { "x_by_name", PLAN("project_full_by_name(NULL, NULL)") },
	[BY_NAME_ACCOUNT] = { "x_by_name_account",
	    PLAN("project_full_by_name_and_account(NULL, NULL, NULL, NULL)") },
	[MINE] = { "x_mine", PLAN("project_full_list(NULL, NULL, NULL, NULL)") },
	[ASK] = { "x_ask", PLAN("project_ask(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)") },
	[ATTACHMENTS] = { "x_attachments", PLAN("attachment_list(NULL, NULL, NULL, NULL)") },
	[STATISTICS] = { "x_statistics", PLAN("statistic_list(NULL, NULL)") },
	[MEMBERS] = { "x_members", PLAN("project_list_members(NULL, NULL, NULL)") },
	[DEL_MEMBER] = { "x_del_member", PLAN("project_del_member(NULL, NULL, NULL)") },
	[SET_MEMBER] = { "x_set_member", PLAN("project_set_member(NULL, NULL, NULL, NULL)") },
	[ATTACH] = { "x_attach", PLAN("project_attach_personal(NULL)") },
	[DETACH] = { "x_detach", PLAN("project_detach_personal(NULL)") },
	[FREE] = { "x_free", PLAN("project_free(NULL)") },
	[COUNT_MINE] = { "x_count_mine", PLAN("project_full_count(NULL)") },
	[COUNT_MEMBERS] = { "x_count_members", PLAN("project_count_members(NULL)") },
	[READABLE] = { "x_readable", PLAN("project_store_list_readable(NULL, NULL, NULL, NULL)") },
	{ 0 }
};
static const struct db_stmt *const tables[] = { account_sql, project_full_sql, project_change_sql,
	project_member_sql, statistic_sql, project_store_sql, explain_sql, NULL };

static const char *const uses[N_PLANS][3] = {
	[BY_ID] = { "project_pkey" },
	[BY_ID_TOKEN] = { "token_hash_key", "project_pkey" },
	[BY_NAME] = { "project_path_key", "project_name_length", "project_pkey" },
	[BY_NAME_ACCOUNT] = { "project_path_key", "project_name_length", "project_pkey" },
	[MINE] = { "Index Only Scan using project_owner_account", "project_pkey" },
	[ASK] = { "project_path_key", "project_name_length", "project_owner_account" },
	[ATTACHMENTS] = { "repository_project_by_project", "platform_pkey" },
	[STATISTICS] = { "project_statistic_pkey" },
	[MEMBERS] = { "project_grant_account", "project_grant_team", "project_pkey" },
	[DEL_MEMBER] = { "project_grant_account", "project_grant_team" },
	[SET_MEMBER] = { "project_grant_account", "project_grant_team" },
	[ATTACH] = { "project_pkey", "platform_personal_account", "repository_project_by_project" },
	[DETACH] = { "project_pkey", "platform_personal_account", "repository_project_by_project" },
	[FREE] = { "project_parent", "project_alias" },
	[COUNT_MINE] = { "Index Only Scan using project_owner_account" },
	[COUNT_MEMBERS] = { "project_grant_account", "project_grant_team", "project_pkey" },
	[READABLE] = { "Index Scan using project_path on project" },
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

static bool
is_good(const char *plan, int which)
{
	if (strstr(plan, "Seq Scan on project ") != NULL ||
	    strstr(plan, "Seq Scan on project_grant") != NULL ||
	    strstr(plan, "Seq Scan on repository_project") != NULL)
		return false;
	for (size_t i = 0; i < N_OF(uses[which]) && uses[which][i] != NULL; i++)
		if (strstr(plan, uses[which][i]) == NULL)
			return false;
	return true;
}

static void
each_statement_uses_its_indexes(void **state)
{
	struct ctx *c = *state;
	int n_bad = 0;

	assert_ok(c, db_script(c, "SET plan_cache_mode = force_generic_plan"));
	for (int which = 0; which < N_PLANS; which++) {
		const char *plan = plan_of(c, which);

		if (!is_good(plan, which)) {
			print_error("%s:\n%s\n", explain_sql[which].name, plan);
			n_bad++;
		}
	}
	assert_int_equal(n_bad, 0);
}

/* The pages of everything one belongs to are in order, without a gap, and each project once. */
static void
a_list_of_a_hundred_thousand_is_read_page_by_page(void **state)
{
	struct ctx *c = *state;
	const struct account asker = { .id = 1, .uname = "u1" };
	struct project_full *first, *next, *far;
	int64_t total;
	size_t n;

	assert_ok(c, project_full_list(c, &asker, 100, 0, &first, &n));
	assert_int_equal(n, 100);
	for (size_t i = 1; i < n; i++)
		assert_true(first[i].base.id > first[i - 1].base.id);
	assert_ok(c, project_full_list(c, &asker, 100, 100, &next, &n));
	assert_true(next[0].base.id > first[99].base.id);
	assert_ok(c, project_full_list(c, &asker, 100, OWNED - 50, &far, &n));
	assert_true(n >= 50 && far[0].base.id > OWNED - 51);
	assert_ok(c, project_full_list(c, &asker, 100, 10 * OWNED, &far, &n));
	assert_int_equal(n, 0);
	assert_ok(c, project_full_count(c, &asker, &total));
	assert_ok(c, project_full_list(c, &asker, 100, total - 1, &far, &n));
	assert_int_equal(n, 1);
}

static struct harness web = { "mirrorhub_web", tables, NULL, NULL };

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HARNESS(each_statement_uses_its_indexes, web),
		WITH_HARNESS(a_list_of_a_hundred_thousand_is_read_page_by_page, web),
	};

	harness_sql(large_sql);
	return cmocka_run_group_tests_name("project_plans", tests, NULL, NULL);
}
