/* Who may what on a repository (contract 2.3, 3.4). */
#include <string.h>

#include "cgi/rhodecode/repo.h"
#include "core/level.h"
#include "core/repo_member.h"

struct grant {
	const struct rpc_ref *repoid, *userid, *usergroupid;
	const char *perm;
};

#define PERM_S RPC_ARG(grant, perm, RPC_NEED | RPC_NULLABLE)
#define REPO_M RPC_ARG(grant, repoid, RPC_NEED, "repo", "name", "repo_name")
#define USER_M RPC_ARG(grant, userid, RPC_NEED, "user_name", "username")
#define TEAM_M RPC_ARG(grant, usergroupid, RPC_NEED, "usersgroupid", "group_name")
#define PERM_M RPC_ARG(grant, perm, RPC_NEED)

const struct rpc_arg set_user_s_in[] = { RPC_ARG_AS(grant, repoid, "repo_name", RPC_NEED, "repo",
					     "repoid"),
	RPC_ARG_AS(grant, userid, "user_name", RPC_NEED, "username", "userid"), PERM_S, { 0 } };
const struct rpc_arg set_group_s_in[] = { RPC_ARG_AS(grant, repoid, "repo_name", RPC_NEED, "repo",
					      "repoid"),
	RPC_ARG_AS(grant, usergroupid, "group_name", RPC_NEED, "usergroupid"), PERM_S, { 0 } };
const struct rpc_arg grant_user_in[] = { REPO_M, USER_M, PERM_M, { 0 } };
const struct rpc_arg revoke_user_in[] = { REPO_M, USER_M, { 0 } };
const struct rpc_arg grant_group_in[] = { REPO_M, TEAM_M, PERM_M, { 0 } };
const struct rpc_arg revoke_group_in[] = { REPO_M, TEAM_M, { 0 } };

static int
give(struct req *r, const struct grantee *to, int64_t access)
{
	const struct actor who = req_actor(r);

	return repo_give(r->ctx, &who, r->project, to, access);
}

static int
take(struct req *r, const struct grantee *from)
{
	const struct actor who = req_actor(r);

	return repo_take(r->ctx, &who, r->project, from);
}

/* ---- profile S: null, and what a command line sends for it, takes away. The result is null. */

static bool
is_nothing(const char *perm)
{
	return perm == NULL || perm[0] == '\0' || strcmp(perm, "None") == 0;
}

int
set_repo_member(struct req *r)
{
	const struct grant *in = r->in;
	const struct grantee g = rhodecode_grantee(r, r->team);

	int64_t access;

	if (is_nothing(in->perm))
		return take(r, &g);
	if (level_parse("repository", in->perm, &access) != LEVEL_FITS)
		return fail(r->ctx, E_INVALID, "no permission on a repository");
	return give(r, &g, access);
}

/* ---- profile M */

static void
say(struct req *r, const char *done, const struct grantee *g)
{
	rhodecode_msg(r, "%s for %s: `%s` in repo: `%s`", done, rhodecode_grantee_kind(g), g->uname,
	    r->project->path);
	buf_text(r->out, ",\"success\":true");
	rhodecode_end(r);
}

int
grant_repo(struct req *r)
{
	const struct grant *in = r->in;
	const struct grantee g = rhodecode_grantee(r, r->team);
	int64_t access;

	TRY(rhodecode_perm(r, "repository", in->perm, &access));
	TRY(give(r, &g, access));
	say(r, arena_printf(r->ctx->mem, "Granted perm: `%s`", in->perm), &g);
	return OK;
}

int
revoke_repo(struct req *r)
{
	const struct grantee g = rhodecode_grantee(r, r->team);

	TRY(take(r, &g));
	say(r, "Revoked perm", &g);
	return OK;
}
