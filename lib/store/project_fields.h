/* The columns of projects: the row that every dialect shows (project.c), the card of lists, and all
 * that ABF shows (project_full.c). */
#ifndef STORE_PROJECT_FIELDS_H
#define STORE_PROJECT_FIELDS_H

#include "db/db.h"

/* clang-format off */
/* Who asks, from a sub-select `a` of account_fields.h. */
#define ASKED_COLUMNS                                                                              \
	"a.asker_id, a.asker_uname, a.asker_role, a.asker_is_admin, "                              \
	"a.asker_password_version, a.asker_scope, a.asker_token_id, a.asker_token_is_stale, "       \
	"a.asker_session_id, a.asker_session_is_stale, "

/* Without a project (by_path), or without a mirror or job, the numbers are 0 and the texts "". */
#define PROJECT_COLUMNS                                                                            \
	"coalesce(p.id, 0) AS id, p.path, p.description, "                                         \
	"coalesce(p.owner_account_id, 0) AS owner_account_id, "                                    \
	"coalesce(p.owner_team_id, 0) AS owner_team_id, "                                          \
	"coalesce(p.default_access::smallint, 0) AS default_access, "                              \
	"coalesce(p.store_id, 0) AS store_id, "                                                    \
	"coalesce(" DB_SECONDS("p.created_at") ", 0) AS created_at, "                              \
	"coalesce(" DB_SECONDS("p.updated_at") ", 0) AS updated_at, "                              \
	"coalesce(p.is_mirror, false) AS is_mirror, "                                              \
	"coalesce(m.url, '') AS url, "                                                             \
	"coalesce((SELECT t.shown_url FROM hub.target t WHERE t.project_id = p.id AND t.of_hub), " \
	"m.mirror_url) AS mirror_url, coalesce(m.paused, false) AS is_paused, "                    \
	"coalesce(m.latest_version, '') AS latest_version, "                                       \
	"coalesce(" DB_SECONDS("m.last_success_at") ", 0) AS last_success_at, "                    \
	"coalesce(m.failures, 0) AS failures, coalesce(m.error_class, '') AS error_class, "        \
	"coalesce(m.error_text, '') AS error_text, coalesce(j.state, '') AS job_state, "           \
	"coalesce(j.again, false) AS is_wanted_again, "                                            \
	"coalesce(j.state IN ('queued', 'running') OR j.state = 'retry' AND j.run_at <= now(), "   \
	"false) AS is_job_active, "                                                                \
	"EXISTS (SELECT FROM hub.target t JOIN hub.job q ON q.target_id = t.id "                   \
	"WHERE t.project_id = p.id AND q.state IN ('queued', 'running')) AS is_pushed_on, "        \
	/* a queued job is wanted now (run_at is -infinity), a running one has no plan yet */      \
	"CASE WHEN j.state IN ('scheduled', 'retry', 'dead') "                                     \
	"THEN " DB_SECONDS("j.run_at") " ELSE 0 END AS scheduled_at, "

#define PROJECT_FROM                                                                               \
	"hub.project p "                                                                           \
	"LEFT JOIN hub.mirror m ON m.project_id = p.id "                                           \
	"LEFT JOIN hub.job j ON j.project_id = p.id AND j.kind = 'sync'"

/* Paths are ASCII: "C" keeps other letters from folding into them (the Kelvin sign into k). */
#define HAS_PATH(n) "lower(p.path) = lower(" n " COLLATE \"C\")"

/* in: nothing, or the member of T that is the struct project, with its dot. */
#define PROJECT_FIELDS(T, in)                                                                      \
	FIELD_AS(T, in id, "id"),                                                                  \
	FIELD_AS(T, in path, "path"),                                                              \
	FIELD_AS(T, in description, "description"),                                                \
	FIELD_AS(T, in owner_account_id, "owner_account_id"),                                      \
	FIELD_AS(T, in owner_team_id, "owner_team_id"),                                            \
	FIELD_AS(T, in default_access, "default_access"),                                          \
	FIELD_AS(T, in store_id, "store_id"),                                                      \
	FIELD_AS(T, in created_at, "created_at"),                                                  \
	FIELD_AS(T, in updated_at, "updated_at"),                                                  \
	FIELD_AS(T, in is_mirror, "is_mirror"),                                                    \
	FIELD_AS(T, in url, "url"),                                                                \
	FIELD_AS(T, in mirror_url, "mirror_url"),                                                  \
	FIELD_AS(T, in is_paused, "is_paused"),                                                    \
	FIELD_AS(T, in latest_version, "latest_version"),                                          \
	FIELD_AS(T, in last_success_at, "last_success_at"),                                        \
	FIELD_AS(T, in failures, "failures"),                                                      \
	FIELD_AS(T, in error_class, "error_class"),                                                \
	FIELD_AS(T, in error_text, "error_text"),                                                  \
	FIELD_AS(T, in job_state, "job_state"),                                                    \
	FIELD_AS(T, in is_wanted_again, "is_wanted_again"),                                        \
	FIELD_AS(T, in is_job_active, "is_job_active"),                                            \
	FIELD_AS(T, in is_pushed_on, "is_pushed_on"),                                              \
	FIELD_AS(T, in scheduled_at, "scheduled_at"),                                              \
	FIELD_AS(T, in access, "access")

/* ---- the card: what a list shows of a project (struct project_card). For any statement on
 * `hub.project p`: "SELECT " CARD_COLUMNS " … FROM hub.project p" CARD_JOINS " WHERE …", with
 * CARD_FIELDS(T, in) in its table of fields. CARD_COLUMNS has no comma behind. */

#define CARD_COLUMNS                                                                               \
	"p.id AS card_id, p.path AS card_path, p.name AS card_name, "                              \
	"coalesce(po.uname, pt.uname) AS card_owner, p.default_access = 0 AS card_is_hidden, "     \
	"pm.id AS card_maintainer_id, pm.uname AS card_maintainer_uname, "                         \
	"nullif(btrim(pm.first_name || ' ' || pm.last_name), '') AS card_maintainer_name, "         \
	"nullif(pm.email, '') AS card_maintainer_email"

#define CARD_JOINS                                                                                 \
	" LEFT JOIN hub.account po ON po.id = p.owner_account_id "                                 \
	"LEFT JOIN hub.team pt ON pt.id = p.owner_team_id "                                        \
	"LEFT JOIN hub.account pm ON pm.id = p.maintainer_id "

/* in: nothing, or the member of T that is the struct project_card, with its dot. */
#define CARD_FIELDS(T, in)                                                                         \
	FIELD_AS(T, in id, "card_id"),                                                             \
	FIELD_AS(T, in path, "card_path"),                                                         \
	FIELD_AS(T, in name, "card_name"),                                                         \
	FIELD_AS(T, in owner_uname, "card_owner"),                                                 \
	FIELD_AS(T, in is_hidden, "card_is_hidden"),                                               \
	FIELD_AS(T, in maintainer_id, "card_maintainer_id"),                                       \
	FIELD_AS(T, in maintainer_uname, "card_maintainer_uname"),                                 \
	FIELD_AS(T, in maintainer_name, "card_maintainer_name"),                                   \
	FIELD_AS(T, in maintainer_email, "card_maintainer_email")
/* clang-format on */

#endif
