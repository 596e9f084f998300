/* Who may what on `project p`, in statements: the rule is hub.project_access of sql/migrations, for
 * one project (project.c) and for lists and counts (project.c, queue.c). */
#ifndef STORE_ACCESS_RULE_H
#define STORE_ACCESS_RULE_H

/* clang-format off */
#define RULE(asker, is_admin)                                                                      \
	"hub.project_access(" asker ", " is_admin ", p.id, p.owner_account_id, p.owner_team_id, "  \
	"p.default_access)"

/* The rule in lists: only his own projects and those the asker has something to do with need it, and
 * what those are is asked once. $1 asker, $2 is he an administrator. */
#define WITH_TOUCHED                                                                               \
	"WITH touched AS MATERIALIZED ("                                                           \
	"SELECT t.id FROM hub.projects_touched($1) t (id) WHERE $1 <> 0 AND NOT $2) "
#define LIST_RULE                                                                                  \
	"CASE WHEN $2 THEN 4 WHEN $1 = 0 THEN least(p.default_access::smallint, 1) "               \
	"WHEN p.owner_account_id = $1 OR p.id IN (SELECT id FROM touched) "                        \
	"THEN " RULE("$1", "$2") " ELSE p.default_access::smallint END"

/* clang-format on */

#endif
