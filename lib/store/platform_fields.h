/* What statements on platforms (platform.c) and their repositories (repository.c) have in common.
 */
#ifndef STORE_PLATFORM_FIELDS_H
#define STORE_PLATFORM_FIELDS_H

/* clang-format off */
/* Who may what on `platform p`: the rule is in sql/migrations, for look-ups and lists alike. */
#define PLATFORM_ACCESS(asker, is_admin)                                                           \
	"hub.platform_access(" asker ", " is_admin ", p.id, p.owner_account_id, p.owner_team_id, " \
	"p.is_hidden)"

/* The name of an account, NULL when it has none; a team's is its uname. */
#define OWNER_NAME(account, team)                                                                  \
	"CASE WHEN " team ".id IS NOT NULL THEN " team ".uname ELSE "                              \
	"nullif(btrim(" account ".first_name || ' ' || " account ".last_name), '') END"
/* clang-format on */

#endif
