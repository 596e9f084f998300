#include "core/repo_member.h"

#include "core/level.h"
#include "store/repo.h"

static int
record(struct ctx *c, const struct actor *who, const struct project *p, const char *action,
    const struct grantee *g, const char *more)
{
	static const char *const kinds[] = { [GRANTEE_EVERYONE] = "everyone",
		[GRANTEE_ACCOUNT] = "account ",
		[GRANTEE_TEAM] = "team " };

	return actor_record(c, who, action, p->path,
	    arena_printf(c->mem, "%s%s%s", kinds[g->kind],
		g->kind == GRANTEE_EVERYONE ? "" : g->uname, more));
}

int
repo_give(struct ctx *c, const struct actor *who, const struct project *p, const struct grantee *to,
    int64_t access)
{
	if (to->kind == GRANTEE_EVERYONE && access > ACCESS_WRITE)
		return fail(c, E_INVALID, "not everyone may look after a repository");
	if (to->kind == GRANTEE_EVERYONE)
		TRY(repo_set_default(c, p->id, access));
	else
		TRY(repo_set_grant(c, p->id, to->kind == GRANTEE_TEAM, to->id, access));
	return record(
	    c, who, p, "project.grant", to, arena_printf(c->mem, ": %s", level_word(access)));
}

int
repo_take(
    struct ctx *c, const struct actor *who, const struct project *p, const struct grantee *from)
{
	bool was_there = true;

	if (from->kind == GRANTEE_EVERYONE)
		TRY(repo_set_default(c, p->id, ACCESS_NONE));
	else
		TRY(repo_del_grant(c, p->id, from->kind == GRANTEE_TEAM, from->id, &was_there));
	return was_there ? record(c, who, p, "project.revoke", from, "") : OK;
}
