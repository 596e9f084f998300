#include "store/store.h"

const struct db_stmt *const store_web_tables[] = { account_sql, failure_sql, project_sql,
	project_full_sql, project_change_sql, project_member_sql, statistic_sql, mirror_sql,
	guard_sql, event_sql, queue_sql, arch_sql, key_pair_sql, platform_sql, repository_sql,
	package_sql, member_sql, place_sql, person_sql, team_sql, search_sql, user_sql,
	project_store_sql, repo_sql, front_sql, run_sql, folder_sql, user_group_sql, session_sql,
	token_sql, overview_sql, push_sql, webhook_sql, target_sql, metrics_sql, listing_sql,
	forge_sql, push_intent_sql, push_intent_work_sql, host_view_sql, NULL };

const struct db_stmt *const store_sync_tables[] = { job_sql, probe_sql, host_sql, event_sql,
	failure_sql, place_sql, arch_sql, session_clean_sql, outbox_sql, watch_sql, audit_sql,
	manifest_sql, forge_work_sql, target_work_sql, push_intent_work_sql, NULL };

/* The mirrorhub command makes accounts and tokens, and looks after the queue. */
const struct db_stmt *const store_admin_tables[] = { account_sql, failure_sql, project_sql,
	project_change_sql, mirror_sql, event_sql, queue_sql, job_sql, probe_sql, host_sql,
	place_sql, arch_sql, session_clean_sql, outbox_sql, webhook_sql, target_sql, health_sql,
	NULL };
