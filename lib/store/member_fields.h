/* The columns of struct member, for lists of members (platform.c, …). */
#ifndef STORE_MEMBER_FIELDS_H
#define STORE_MEMBER_FIELDS_H

/* clang-format off */
/* From `account a` and `team t`, of which one is NULL. */
#define MEMBER_COLUMNS                                                                             \
	"coalesce(a.id, t.id) AS id, t.id IS NOT NULL AS is_team, "                                \
	"coalesce(a.uname, t.uname) AS uname, CASE WHEN t.id IS NOT NULL THEN t.uname "            \
	"ELSE nullif(btrim(a.first_name || ' ' || a.last_name), '') END AS name "

/* The rows of "(SELECT account_id, team_id …) m". */
#define MEMBER_JOINS                                                                               \
	" LEFT JOIN hub.account a ON a.id = m.account_id LEFT JOIN hub.team t ON t.id = m.team_id "

#define MEMBER_FIELDS                                                                              \
	FIELD(member, id), FIELD(member, is_team), FIELD(member, uname), FIELD(member, name)

/* The two columns of a table of grants, one of them NULL. */
#define MEMBER_PARAMS(is_team, id)                                                                 \
	(is_team) ? db_null() : db_int(id), (is_team) ? db_int(id) : db_null()
/* clang-format on */

#endif
