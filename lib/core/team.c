#include "core/team.h"

#include "base/fault.h"
#include "core/person.h"
#include "core/platform_tree.h"
#include "core/rule.h"
#include "db/db.h"
#include "store/member.h"
#include "store/project.h"
#include "store/project_change.h"

#define PROJECTS_AT_ONCE 500
#define PROJECTS_MOST (2 * PROJECTS_PER_OWNER)
#define PLATFORMS_MOST 10000

/* ---- make, change */

int
team_create(struct ctx *c, const struct actor *who, const struct team_wish *wish, int64_t *id_out)
{
	struct faults *f = faults_new(c->mem);
	int code;

	person_check_uname(c, wish->uname, TEAM_UNAME_MOST, "uname", f);
	rule_length(f, "description", wish->description, TEAM_DESCRIPTION_MOST);
	TRY(faults_end(c, f));
	code = team_add(c, wish->uname, who->account->id, wish->description, id_out);
	if (code == E_CONFLICT && db_constraint(c->db)[0] != '\0') /* also <uname>_personal */
		return fault(c, "uname", FAULT_TAKEN, 0);
	TRY(code);
	return actor_record(c, who, "team.create", wish->uname, "");
}

int
team_update(
    struct ctx *c, const struct actor *who, const struct team *t, const struct team_change *change)
{
	struct faults *f = faults_new(c->mem);

	rule_length(f, "description", change->description, TEAM_DESCRIPTION_MOST);
	rule_length(f, "default_branch", change->default_branch, TEAM_BRANCH_MOST);
	TRY(faults_end(c, f));
	TRY(team_set_texts(c, t->id, change->description, change->default_branch));
	return actor_record(c, who, "team.update", t->uname, "");
}

/* ---- delete */

/* As project_delete has it, but the rows go last and many at once: whoever deletes the first one
 * holds the hub's counters (sql/migrations/001_init.sql) until he commits, and everybody else who
 * makes or deletes a project waits for him. */
static int
delete_projects(struct ctx *c, const struct actor *who, const struct team *t)
{
	struct project *rows;
	size_t n;
	int64_t n_gone;

	TRY(team_list_projects(c, t->id, PROJECTS_MOST, &rows, &n));
	if (n == PROJECTS_MOST)
		return fail(c, E_INVALID, "a team of that many projects has to be emptied first");
	for (size_t i = 0; i < n; i++) {
		int code = project_free(c, rows[i].id);

		if (code == E_NOTFOUND) /* somebody has just deleted it */
			continue;
		TRY(code);
		TRY(actor_record(c, who, "project.delete", rows[i].path, ""));
	}
	do
		TRY(team_del_projects(c, t->id, PROJECTS_AT_ONCE, &n_gone));
	while (n_gone > 0);
	return OK;
}

int
team_delete(struct ctx *c, const struct actor *who, const struct team *t)
{
	struct team_platform *platforms;
	size_t n;

	TRY(db_begin(c, DB_WRITE));
	TRY(team_lock(c, t->id)); /* or a project could come while they go */
	TRY(delete_projects(c, who, t));
	TRY(team_list_platforms(c, t->id, PLATFORMS_MOST, &platforms, &n));
	TRY(team_del(c, t->id));
	TRY(actor_record(c, who, "team.delete", t->uname, ""));
	TRY(db_commit(c));
	for (size_t i = 0; i < n; i++)
		TRY(platform_tree_remove_all(c, platforms[i].id));
	return OK;
}

/* ---- members */

static int
account_of(struct ctx *c, int64_t id, struct member *out)
{
	int code = member_by_id(c, false, id, out);

	return code == E_NOTFOUND ? fail(c, E_INVALID, "no such account") : code;
}

int
team_admit(struct ctx *c, const struct actor *who, const struct team *t, int64_t account_id,
    const char *role)
{
	struct member member;
	int64_t level;
	bool is_new;

	TRY(rule_role(c, rule_is_blank(role) ? "admin" : role, &level));
	TRY(account_of(c, account_id, &member));
	if (member.id == t->owner_account_id)
		return OK;
	TRY(team_add_member(c, t->id, member.id, level, &is_new));
	if (!is_new)
		return OK;
	return actor_record(c, who, "team.add_member", t->uname, member.uname);
}

int
team_dismiss(struct ctx *c, const struct actor *who, const struct team *t, int64_t account_id)
{
	struct member member;

	TRY(account_of(c, account_id, &member));
	if (member.id == t->owner_account_id)
		return fail(c, E_INVALID, "the owner is a member for good");
	TRY(team_del_member(c, t->id, member.id));
	return actor_record(c, who, "team.remove_member", t->uname, member.uname);
}

int
team_promote(struct ctx *c, const struct actor *who, const struct team *t, int64_t account_id,
    const char *role)
{
	struct member member;
	int64_t level;
	int code;

	TRY(rule_role(c, role, &level));
	TRY(account_of(c, account_id, &member));
	if (member.id == t->owner_account_id)
		return fail(c, E_INVALID, "the owner is a member for good");
	code = team_set_role(c, t->id, member.id, level);
	if (code == E_NOTFOUND)
		return fail(c, E_INVALID, "no such member");
	TRY(code);
	return actor_record(c, who, "team.update_member", t->uname,
	    arena_printf(c->mem, "%s: %s", member.uname, role));
}
