/* The statements that a large hub runs most use the indexes made for them. */
#include "store/store.h"
#include "tests/db/harness.h"

/* Large enough that reading it all would be the wrong plan. */
static const char large_sql[] =
    "SET LOCAL session_replication_role = replica;" /* no triggers: the counters do not matter here
						     */
    "INSERT INTO hub.account (uname) SELECT 'u' || i FROM generate_series(1, 20000) i;"
    "UPDATE hub.account SET email = uname || '@example.org';"
    "INSERT INTO hub.account_email SELECT id, 'x' || email FROM hub.account;"
    "INSERT INTO hub.token (account_id, hash, prefix)"
    " SELECT id, sha256(uname::bytea), 'abcdef' FROM hub.account;"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 100000);"
    "INSERT INTO hub.project (path, owner_account_id, default_access, is_mirror, store_id)"
    " SELECT 'p-' || left(md5(i::text), 12), 1 + i % 20000, (i % 10 <> 0)::integer, i <= 20000, i"
    " FROM generate_series(1, 100000) i;"
    "INSERT INTO hub.mirror (project_id, url) SELECT id, 'https://h/' || path FROM hub.project"
    " WHERE is_mirror;"
    "INSERT INTO hub.job (kind, project_id, state, run_at)"
    " SELECT 'sync', id, 'scheduled', now() FROM hub.project WHERE is_mirror;"
    "INSERT INTO hub.project_grant (project_id, account_id, access)"
    " SELECT id, 1 + id % 20000, 1 FROM hub.project WHERE id % 3 = 0;"
    "INSERT INTO hub.team (uname, owner_account_id)"
    " SELECT 't-' || md5(i::text), 1 + i % 20000 FROM generate_series(1, 1000) i;"
    "INSERT INTO hub.team_member SELECT t.id, 1 + (t.id * 7 + i) % 20000, 1 + i % 3"
    " FROM hub.team t, generate_series(1, 20) i;"
    "UPDATE hub.project SET owner_account_id = NULL, owner_team_id = 1 + id % 1000"
    " WHERE id % 4 = 0;"
    "INSERT INTO hub.platform (name, description, platform_type, distrib_type, default_branch,"
    " owner_account_id, owner_team_id, is_hidden)"
    " SELECT uname || '_personal', 'x', 'personal', 'mdv', 'x', account_id, team_id,"
    " coalesce(account_id, 0) % 10 = 1 FROM (SELECT uname, id AS account_id, NULL::bigint AS team_id"
    " FROM hub.account UNION ALL SELECT uname, NULL, id FROM hub.team) x;"
    "INSERT INTO hub.platform (name, description, distrib_type, default_branch, is_hidden,"
    " owner_account_id) SELECT 'main' || i, 'd', 'mdv', 'b', i % 4 = 0, i"
    " FROM generate_series(1, 200) i;"
    "INSERT INTO hub.repository (platform_id, name, description) SELECT id, n, 'd'"
    " FROM hub.platform, unnest(ARRAY['main', 'contrib']) n;"
    "INSERT INTO hub.platform_grant (platform_id, account_id, access)"
    " SELECT id, 1 + (id * 7) % 20000, 3 FROM hub.platform;"
    "INSERT INTO hub.platform_grant (platform_id, team_id, access)"
    " SELECT id, 1 + id % 1000, 3 FROM hub.platform;"
    "INSERT INTO hub.repository_grant (repository_id, account_id)"
    " SELECT id, 1 + id % 20000 FROM hub.repository;"
    "INSERT INTO hub.repository_grant (repository_id, team_id)"
    " SELECT id, 1 + id % 1000 FROM hub.repository;"
    "INSERT INTO hub.repository_project (repository_id, platform_id, project_id, name_key)"
    " SELECT r.id, r.platform_id, p.id, lower(p.name) FROM hub.repository r, hub.project p"
    " WHERE r.id % 10000 = 1 AND p.id % 5 = 0;"
    "INSERT INTO hub.auth_failure (key) SELECT 'account:u' || i FROM generate_series(1, 20000) i;"
    "ANALYZE;"
    /* as VACUUM leaves it, which may not run in here */
    "UPDATE pg_class SET relallvisible = relpages WHERE relnamespace = 'hub'::regnamespace;";

struct plan_line {
	const char *text;
};

static const struct field plan_row[] = { FIELD_AS(plan_line, text, "QUERY PLAN"), { 0 } };

enum { BY_PATH, BY_TOKEN, BY_ACCOUNT, LIST, LIST_ALL, PUSH_TARGET, PATHS, COUNT, BUSY, PASSWORD, EMAIL, FAILURES,
	PERSON_BY_ID, PERSON_BY_UNAME, TEAM_BY_ID, TEAM_LIST_OF, TEAM_MEMBERS,
	FIND_PEOPLE, FIND_PEOPLE_SHORT, FIND_TEAMS, FIND_TEAMS_SHORT, FIND_PROJECTS,
	FIND_PROJECTS_SHORT, FIND_PLATFORMS, FIND_PLATFORMS_SHORT, PLATFORM, PLATFORM_NAME,
	PLATFORMS_MINE, PLATFORMS_FOR_BUILD, PLATFORM_MEMBERS, REPOSITORY, REPOSITORY_CARDS,
	REPOSITORY_PROJECTS, COUNT_TEAMS, COUNT_TEAM_MEMBERS, COUNT_PLATFORMS, COUNT_FOR_BUILD,
	COUNT_PLATFORM_MEMBERS, COUNT_ATTACHED, N_PLANS };

#define SEARCH(name) PLAN(name "(NULL, NULL, NULL, NULL, NULL)")
#define PLAN(call) "EXPLAIN EXECUTE " call, plan_row, sizeof(struct plan_line)

static const struct db_stmt explain_sql[] = { [BY_PATH] = { "x_by_path",
						  PLAN("project_by_path(NULL)") },
	[BY_TOKEN] = { "x_by_token", PLAN("project_by_path_and_token(NULL, NULL)") },
	[BY_ACCOUNT] = { "x_by_account", PLAN("project_by_path_and_account(NULL, NULL, NULL)") },
	[LIST] = { "x_list", PLAN("project_list_mirrors(NULL, NULL, NULL, NULL)") },
	[LIST_ALL] = { "x_list_all", PLAN("project_list_all(NULL, NULL, NULL, NULL)") },
	[PUSH_TARGET] = { "x_push_target", PLAN("push_target_and_account(NULL, NULL, NULL)") },
	[PATHS] = { "x_paths", PLAN("project_list_mirror_paths(NULL, NULL, NULL)") },
	[COUNT] = { "x_count", PLAN("project_count_mirrors(NULL, NULL)") },
	[BUSY] = { "x_busy", PLAN("queue_list_running(NULL, NULL, NULL)") },
	[PASSWORD] = { "x_password", PLAN("account_password(NULL)") },
	[EMAIL] = { "x_email", PLAN("account_uname_by_email(NULL)") },
	[FAILURES] = { "x_failures", PLAN("failures_by(NULL, NULL, NULL, NULL)") },
	[PERSON_BY_ID] = { "x_person_id", PLAN("person_by_id(NULL, NULL, NULL)") },
	[PERSON_BY_UNAME] = { "x_person_uname", PLAN("person_by_uname(NULL, NULL, NULL)") },
	[TEAM_BY_ID] = { "x_team", PLAN("team_by_id(NULL, NULL, NULL)") },
	[TEAM_LIST_OF] = { "x_teams", PLAN("team_list_of(NULL, NULL, NULL, NULL)") },
	[TEAM_MEMBERS] = { "x_members", PLAN("team_list_members(NULL, NULL, NULL, NULL)") },
	[FIND_PEOPLE] = { "x_find_people", SEARCH("search_people") },
	[FIND_PEOPLE_SHORT] = { "x_find_people_short", SEARCH("search_people_short") },
	[FIND_TEAMS] = { "x_find_teams", SEARCH("search_teams") },
	[FIND_TEAMS_SHORT] = { "x_find_teams_short", SEARCH("search_teams_short") },
	[FIND_PROJECTS] = { "x_find_projects", SEARCH("search_projects") },
	[FIND_PROJECTS_SHORT] = { "x_find_projects_short", SEARCH("search_projects_short") },
	[FIND_PLATFORMS] = { "x_find_platforms", SEARCH("search_platforms") },
	[FIND_PLATFORMS_SHORT] = { "x_find_platforms_short", SEARCH("search_platforms_short") },
	[PLATFORM] = { "x_platform", PLAN("platform_by_id(NULL, NULL, NULL)") },
	[PLATFORM_NAME] = { "x_platform_name", PLAN("platform_by_name(NULL, NULL, NULL)") },
	[PLATFORMS_MINE] = { "x_platforms_mine",
	    PLAN("platform_list_related(NULL, NULL, NULL, NULL, NULL)") },
	[PLATFORMS_FOR_BUILD] = { "x_platforms_for_build",
	    PLAN("platform_list_for_build(NULL, NULL, NULL, NULL)") },
	[PLATFORM_MEMBERS] = { "x_platform_members", PLAN("platform_list_members(NULL, NULL, NULL)") },
	[REPOSITORY] = { "x_repository", PLAN("repository_by_id(NULL, NULL, NULL)") },
	[REPOSITORY_CARDS] = { "x_repository_cards", PLAN("repository_list_cards(NULL, NULL)") },
	[REPOSITORY_PROJECTS] = { "x_repository_projects",
	    PLAN("repository_list_projects(NULL, NULL, NULL, NULL, NULL, NULL)") },
	[COUNT_TEAMS] = { "x_count_teams", PLAN("team_count_of(NULL)") },
	[COUNT_TEAM_MEMBERS] = { "x_count_members", PLAN("team_count_members(NULL, NULL)") },
	[COUNT_PLATFORMS] = { "x_count_platforms", PLAN("platform_count_related(NULL, NULL, NULL)") },
	[COUNT_FOR_BUILD] = { "x_count_for_build", PLAN("platform_count_for_build(NULL, NULL)") },
	[COUNT_PLATFORM_MEMBERS] = { "x_count_platform_members",
	    PLAN("platform_count_members(NULL)") },
	[COUNT_ATTACHED] = { "x_count_attached",
	    PLAN("repository_count_projects(NULL, NULL, NULL, NULL)") },
	{ 0 } };
static const struct db_stmt *const tables[] = { account_sql, failure_sql, project_sql, queue_sql,
	person_sql, team_sql, search_sql, platform_sql, repository_sql, push_sql,
	explain_sql, NULL };

static const char *const uses[N_PLANS][4] = {
	[BY_PATH] = { "project_path_key", "mirror_pkey", "job_one_per_project" },
	[BY_TOKEN] = { "token_hash_key", "project_path_key", "mirror_pkey", "job_one_per_project" },
	[BY_ACCOUNT] = { "account_pkey", "project_path_key", "mirror_pkey", "job_one_per_project" },
	[LIST] = { "Index Only Scan using project_mirror_path", "project_pkey", "mirror_pkey",
	    "job_one_per_project" },
	[LIST_ALL] = { "using project_path on", "project_pkey", "mirror_pkey", "job_one_per_project" },
	[PUSH_TARGET] = { "account_pkey", "project_path_key", "mirror_pkey", "job_one_per_project" },
	[PATHS] = { "Index Only Scan using project_mirror_path" },
	[COUNT] = { "project_pkey" },
	[BUSY] = { "job_running", "project_pkey" },
	[PASSWORD] = { "account_uname_key" },
	[EMAIL] = { "account_email_key", "account_email_lower", "account_pkey" },
	[FAILURES] = { "auth_failure_key" },
	[PERSON_BY_ID] = { "account_pkey", "project_owner_account" },
	[PERSON_BY_UNAME] = { "account_uname_key", "project_owner_account" },
	[TEAM_BY_ID] = { "team_pkey", "project_owner_team", "account_pkey" },
	[TEAM_LIST_OF] = { "team_member_account", "team_owner", "team_pkey", "project_owner_team" },
	[TEAM_MEMBERS] = { "team_member_pkey", "account_pkey" },
	[FIND_PEOPLE] = { "account_uname_trgm" },
	[FIND_PEOPLE_SHORT] = { "account_uname_length" },
	[FIND_TEAMS] = { NULL }, /* a thousand narrow rows: reading them all is right */
	[FIND_TEAMS_SHORT] = { "team_uname_length" },
	[FIND_PROJECTS] = { "project_name_trgm", "project_pkey" },
	[FIND_PROJECTS_SHORT] = { "project_name_length", "project_pkey" },
	[FIND_PLATFORMS] = { "platform_name_trgm" },
	[FIND_PLATFORMS_SHORT] = { "platform_name_key" },
	[PLATFORM] = { "platform_pkey", "account_pkey", "team_pkey" },
	[PLATFORM_NAME] = { "platform_name_key" },
	[PLATFORMS_MINE] = { "platform_owner_account", "platform_owner_team",
	    "platform_grant_by_account", "platform_grant_by_team" },
	[PLATFORMS_FOR_BUILD] = { "platform_main_name", "repository_name_key", "platform_pkey" },
	[PLATFORM_MEMBERS] = { "platform_pkey", "platform_grant" },
	[REPOSITORY] = { "Index Scan using repository_", "platform_pkey" },
	[REPOSITORY_CARDS] = { "repository_name_key" },
	[REPOSITORY_PROJECTS] = { "repository_project_by_name", "project_pkey" },
	[COUNT_TEAMS] = { "team_member_account", "team_owner" },
	[COUNT_TEAM_MEMBERS] = { "team_member_pkey" },
	[COUNT_PLATFORMS] = { "platform_owner_account", "platform_owner_team",
	    "platform_grant_by_account", "platform_grant_by_team" },
	[COUNT_FOR_BUILD] = { "platform_main_name", "repository_name_key" },
	[COUNT_PLATFORM_MEMBERS] = { "platform_pkey", "platform_grant" },
	[COUNT_ATTACHED] = { "repository_project_", "project_pkey" },
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
		    strstr(plan, "Seq Scan on job") == NULL &&
		    strstr(plan, "Seq Scan on platform") == NULL &&
		    strstr(plan, "Seq Scan on repository") == NULL;

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
