#include "core/project_member.h"

#include "base/fault.h"
#include "core/rule.h"
#include "db/db.h"
#include "store/project_member.h"
#include "store/statistic.h"

#define DURATION_MAX_S 1000000000

static int
find(struct ctx *c, const struct whom *whom, struct member *out)
{
	int code = member_by_id(c, whom->is_team, whom->id, out);

	return code == E_NOTFOUND ? fail(c, E_INVALID, "no such account or team") : code;
}

static bool
is_owner(const struct project *p, const struct whom *whom)
{
	return whom->id == (whom->is_team ? p->owner_team_id : p->owner_account_id);
}

static int
record(struct ctx *c, const struct actor *who, const struct project *p, const char *action,
    const struct member *member, const char *more)
{
	return actor_record(c, who, action, p->path,
	    arena_printf(
		c->mem, "%s %s%s", member->is_team ? "team" : "account", member->uname, more));
}

int
project_admit(struct ctx *c, const struct actor *who, const struct project *p,
    const struct whom *whom, const char *role)
{
	struct member member;
	int64_t access;
	bool is_new;

	if (role == NULL || role[0] == '\0')
		role = "reader";
	TRY(find(c, whom, &member));
	TRY(rule_role(c, role, &access));
	if (is_owner(p, whom))
		return OK;
	TRY(project_add_member(c, p->id, &member, access, &is_new));
	if (!is_new)
		return OK;
	return record(
	    c, who, p, "project.add_member", &member, arena_printf(c->mem, " as %s", role));
}

static int
not_the_owner(struct ctx *c, const struct project *p, const struct whom *whom)
{
	return is_owner(p, whom) ? fail(c, E_INVALID, "the owner keeps all rights") : OK;
}

int
project_dismiss(
    struct ctx *c, const struct actor *who, const struct project *p, const struct whom *whom)
{
	struct member member;
	bool was_one;

	TRY(find(c, whom, &member));
	TRY(not_the_owner(c, p, whom));
	TRY(project_del_member(c, p->id, &member, &was_one));
	if (!was_one)
		return OK;
	return record(c, who, p, "project.remove_member", &member, "");
}

int
project_promote(struct ctx *c, const struct actor *who, const struct project *p,
    const struct whom *whom, const char *role)
{
	struct member member;
	int64_t access;
	int code;

	TRY(find(c, whom, &member));
	TRY(rule_role(c, role, &access));
	TRY(not_the_owner(c, p, whom));
	code = project_set_member(c, p->id, &member, access);
	if (code == E_NOTFOUND)
		return fail(c, E_INVALID, "%s is no member of %s", member.uname, p->path);
	TRY(code);
	return record(
	    c, who, p, "project.update_member", &member, arena_printf(c->mem, " to %s", role));
}

int
project_add_build(
    struct ctx *c, const struct actor *who, const struct project *p, const struct build *build)
{
	int code;

	if (build->duration_s < 0 || build->duration_s > DURATION_MAX_S)
		return fault(c, "duration", FAULT_INVALID, 0);
	if (!build->is_success)
		return OK;
	code = statistic_add(c, p->id, build->arch_id, build->duration_s);
	if (code == E_CONFLICT &&
	    strcmp(db_constraint(c->db), "project_statistic_arch_id_fkey") == 0)
		return fault(c, "arch", FAULT_UNKNOWN, 0);
	TRY(code);
	return actor_record(c, who, "project.build", p->path,
	    arena_printf(c->mem, "%lld s", (long long)build->duration_s));
}
