/* Every table of named statements, for db_open and for the schema test. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "db/db.h"

extern const struct db_stmt account_sql[];
extern const struct db_stmt failure_sql[];
extern const struct db_stmt arch_sql[];
extern const struct db_stmt key_pair_sql[];
extern const struct db_stmt search_sql[];
extern const struct db_stmt user_sql[];
extern const struct db_stmt project_store_sql[];
extern const struct db_stmt person_sql[];
extern const struct db_stmt session_sql[];
extern const struct db_stmt token_sql[];
extern const struct db_stmt overview_sql[];
extern const struct db_stmt session_clean_sql[]; /* what sync does with them */
extern const struct db_stmt team_sql[];
extern const struct db_stmt folder_sql[];
extern const struct db_stmt user_group_sql[];
extern const struct db_stmt member_sql[];
extern const struct db_stmt platform_sql[];
extern const struct db_stmt repository_sql[];
extern const struct db_stmt project_sql[];
extern const struct db_stmt project_full_sql[];
extern const struct db_stmt project_change_sql[];
extern const struct db_stmt project_member_sql[];
extern const struct db_stmt statistic_sql[];
extern const struct db_stmt repo_sql[];
extern const struct db_stmt mirror_sql[];
extern const struct db_stmt guard_sql[];
extern const struct db_stmt front_sql[];
extern const struct db_stmt run_sql[];
extern const struct db_stmt event_sql[];
extern const struct db_stmt push_sql[];
extern const struct db_stmt push_intent_sql[];
extern const struct db_stmt push_intent_work_sql[]; /* what whoever finds one does with it */
extern const struct db_stmt package_sql[];
extern const struct db_stmt listing_sql[];
extern const struct db_stmt manifest_sql[]; /* what sync does with those of others */
extern const struct db_stmt metrics_sql[];
extern const struct db_stmt watch_sql[]; /* what sync does for them */
extern const struct db_stmt queue_sql[]; /* what the web asks of the queue: requests, /info */
extern const struct db_stmt place_sql[];
extern const struct db_stmt outbox_sql[];
extern const struct db_stmt webhook_sql[];
extern const struct db_stmt target_sql[];
extern const struct db_stmt target_work_sql[]; /* what sync does with them */
extern const struct db_stmt job_sql[];	       /* what sync does with it: claim, renew, finish */
extern const struct db_stmt forge_sql[];
extern const struct db_stmt forge_work_sql[]; /* what sync does at forges */
extern const struct db_stmt health_sql[];     /* what `mirrorhub check` asks */
extern const struct db_stmt audit_sql[];      /* looking after stores */
extern const struct db_stmt probe_sql[];
extern const struct db_stmt host_sql[];
extern const struct db_stmt host_view_sql[]; /* what administrators see of them */

/* NULL-ended. What each program prepares: its database role may not run the others'. */
extern const struct db_stmt *const store_web_tables[];
extern const struct db_stmt *const store_sync_tables[];
extern const struct db_stmt *const store_admin_tables[];

#endif
