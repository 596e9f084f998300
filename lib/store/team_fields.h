/* The columns of struct team, for team.c and user_group.c. */
#ifndef STORE_TEAM_FIELDS_H
#define STORE_TEAM_FIELDS_H

/* clang-format off */
/* Behind WITH_TOUCHED: $1 asker, $2 is he an administrator. */
#define TEAM_COLUMNS                                                                               \
	"SELECT t.id, t.uname, nullif(t.description, '') AS description, "                         \
	"nullif(t.default_branch, '') AS default_branch, t.owner_account_id, "                     \
	"a.uname AS owner_uname, "                                                                 \
	"nullif(trim(a.first_name || ' ' || a.last_name), '') AS owner_name, "                     \
	"t.active AS is_active, "                                                                  \
	/* members see all of them: then no rule is asked */                                       \
	"CASE WHEN t.owner_account_id = $1 OR t.active AND EXISTS (SELECT FROM hub.team_member m " \
	"WHERE m.team_id = t.id AND m.account_id = $1) "                                           \
	"THEN (SELECT count(*) FROM hub.project p WHERE p.owner_team_id = t.id) "                  \
	"ELSE (SELECT count(*) FROM hub.project p WHERE p.owner_team_id = t.id "                   \
	"AND " LIST_RULE " > 0) END AS own_projects_count, "                                       \
	DB_SECONDS("t.created_at") " AS created_at, " DB_SECONDS("t.updated_at") " AS updated_at, " \
	"hub.team_access($1, $2, t.id, t.owner_account_id) AS access "                             \
	"FROM hub.team t JOIN hub.account a ON a.id = t.owner_account_id "

#define TEAM_FIELDS                                                                                \
	FIELD(team, id), FIELD(team, uname), FIELD(team, description),                             \
	FIELD(team, default_branch), FIELD(team, owner_account_id), FIELD(team, owner_uname),      \
	FIELD(team, owner_name), FIELD(team, is_active), FIELD(team, own_projects_count),          \
	FIELD(team, created_at), FIELD(team, updated_at), FIELD(team, access)
/* clang-format on */

#endif
