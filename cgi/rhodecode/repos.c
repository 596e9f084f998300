/* Repositories: lists, one, making, pulling (contract 2.3). */
#include <string.h>

#include "base/fault.h"
#include "base/js.h"
#include "cgi/rhodecode/repo.h"
#include "core/project.h"
#include "core/repo.h"
#include "git/branches.h"
#include "store/project_full.h"

/* ---- lists */

int
list_repos(struct req *r)
{
	struct repo *rows;
	size_t n;

	TRY(repo_list(r->ctx, &r->account, &rows, &n));
	rhodecode_repos(r, rows, n);
	return OK;
}

/* ---- one */

struct get_repo {
	const struct rpc_ref *repoid;
	const bool *with_revision_names, *with_pullrequests;
};

const struct rpc_arg get_repo_s_in[] = {
	RPC_ARG_AS(get_repo, repoid, "name", RPC_NEED, "repo_name", "repo", "repoid"), { 0 }
};
const struct rpc_arg get_repo_m_in[] = {
	RPC_ARG(get_repo, repoid, RPC_NEED, "repo", "name", "repo_name"),
	RPC_ARG(get_repo, with_revision_names, 0),
	RPC_ARG(get_repo, with_pullrequests, 0),
	{ 0 },
};

static int
open_repo(struct req *r)
{
	struct repo row;
	struct repo_member *members;
	size_t n;

	TRY(rhodecode_repo_now(r, &row));
	TRY(repo_list_members(r->ctx, row.id, &members, &n));
	TRY(rhodecode_repo_open(r, &row));
	rhodecode_repo_members(r, &row, members, n);
	return OK;
}

int
show_repo_s(struct req *r)
{
	TRY(open_repo(r));
	rhodecode_end(r);
	return OK;
}

static void
add_tips(struct req *r, const char *name, const struct git_tip *tips, size_t n, bool is_tag)
{
	const char *before = "";

	rhodecode_member(r, name);
	buf_char(r->out, '{');
	for (size_t i = 0; i < n; i++) {
		if (tips[i].is_tag != is_tag)
			continue;
		buf_text(r->out, before);
		js_text(r->out, tips[i].name);
		buf_printf(r->out, ":\"%s\"", tips[i].commit);
		before = ",";
	}
	buf_char(r->out, '}');
}

static int
add_revision_names(struct req *r)
{
	struct git_tip *tips;
	size_t n;

	TRY(project_list_tips(r->ctx, r->project, &tips, &n));
	add_tips(r, "tags", tips, n, true);
	add_tips(r, "branches", tips, n, false);
	buf_text(r->out, ",\"bookmarks\":{}");
	return OK;
}

int
show_repo_m(struct req *r)
{
	const struct get_repo *in = r->in;

	TRY(open_repo(r));
	buf_text(r->out, ",\"followers\":[]");
	if (rhodecode_bool(in->with_revision_names, false))
		TRY(add_revision_names(r));
	if (rhodecode_bool(in->with_pullrequests, false))
		buf_text(r->out, ",\"pull_requests\":[]");
	rhodecode_end(r);
	return OK;
}

int
list_repo_refs(struct req *r)
{
	struct git_tip *tips;
	size_t n;

	TRY(project_list_tips(r->ctx, r->project, &tips, &n));
	buf_text(r->out, "{\"branches_closed\":{},\"bookmarks\":{}");
	add_tips(r, "branches", tips, n, false);
	add_tips(r, "tags", tips, n, true);
	rhodecode_end(r);
	return OK;
}

/* ---- pull */

struct pull {
	const struct rpc_ref *repo;
	const char *clone_uri; /* M */
};

const struct rpc_arg pull_s_in[] = { RPC_ARG(pull, repo, RPC_NEED, "repo_name", "repoid"), { 0 } };
const struct rpc_arg pull_m_in[] = {
	RPC_ARG_AS(pull, repo, "repoid", RPC_NEED, "repo", "name", "repo_name"),
	RPC_ARG(pull, clone_uri, 0, "remote_uri"),
	{ 0 },
};

static bool
has_left(void *payload)
{
	return req_is_abandoned(payload);
}

/* Another source than the one it has is not asked: what it has would be lost with the next sync. */
static int
pull(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct pull *in = r->in;

	if (in->clone_uri != NULL && strcmp(in->clone_uri, r->project->url) != 0)
		return fail(r->ctx, E_INVALID, "it is pulled from its own upstream alone");
	return project_pull(r->ctx, &who, r->project, has_left, r);
}

int
pull_repo_s(struct req *r)
{
	const struct pull *in = r->in;

	TRY(pull(r));
	js_text(r->out, arena_printf(r->ctx->mem, "Pulled from %s", in->repo->text));
	return OK;
}

int
pull_repo_m(struct req *r)
{
	const struct pull *in = r->in;

	TRY(pull(r));
	rhodecode_msg(r, "Pulled from `%s`", in->repo->text);
	rhodecode_member(r, "repository");
	js_text(r->out, r->project->path);
	rhodecode_end(r);
	return OK;
}

/* ---- create_repo */

/* As above. */
struct create_repo {
	const char *landing_rev;
	const bool *enable_statistics, *enable_downloads, *copy_permissions;
	const char *repo_name;
	const struct rpc_ref *owner;
	const char *repo_type, *description;
	const bool *private;
	const char *clone_uri;
};

const struct rpc_arg create_repo_s_in[] = {
	RPC_ARG_AS(create_repo, repo_name, "name", RPC_NEED, "repo_name"),
	RPC_ARG_AS(create_repo, owner, "owner_name", RPC_NEED, "owner"),
	RPC_ARG(create_repo, description, 0),
	RPC_ARG(create_repo, repo_type, 0),
	RPC_ARG(create_repo, private, 0),
	RPC_ARG(create_repo, clone_uri, 0),
	{ 0 },
};
const struct rpc_arg create_repo_m_in[] = {
	RPC_ARG(create_repo, repo_name, RPC_NEED, "name"),
	RPC_ARG(create_repo, owner, 0, "owner_name"),
	RPC_ARG(create_repo, repo_type, 0),
	RPC_ARG(create_repo, description, 0),
	RPC_ARG(create_repo, private, 0),
	RPC_ARG(create_repo, clone_uri, 0),
	RPC_ARG(create_repo, landing_rev, 0),
	RPC_ARG(create_repo, enable_statistics, 0),
	RPC_ARG(create_repo, enable_downloads, 0),
	RPC_ARG(create_repo, copy_permissions, 0),
	{ 0 },
};

static int
create(struct req *r, const char *exists)
{
	const struct create_repo *in = r->in;
	const struct actor who = req_actor(r);
	const struct sync_wait waits = { .is_abandoned = has_left, .payload = r };
	const struct repo_wish wish = { .path = in->repo_name,
		.type = in->repo_type,
		.owner_account_id = r->call->owner != NULL ? r->call->owner->id : 0,
		.description = in->description,
		.url = in->clone_uri,
		.landing = in->landing_rev,
		.is_private = rhodecode_bool(in->private, false),
		.copies_grants = rhodecode_bool(in->copy_permissions, false) };
	int64_t id;
	int code = repo_create(r->ctx, &who, &wish, &waits, &id);

	if (rhodecode_is_fault(r, "path", FAULT_TAKEN))
		return rhodecode_say(r, code, exists, in->repo_name);
	return rhodecode_say_place(r, code, in->repo_name);
}

/* Its result is null. */
int
create_repo_s(struct req *r)
{
	return create(r, "repo %s already exist");
}

int
create_repo_m(struct req *r)
{
	const struct create_repo *in = r->in;

	TRY(create(r, "repo `%s` already exist"));
	rhodecode_msg(r, "Created new repository `%s`", in->repo_name);
	buf_text(r->out, ",\"success\":true");
	rhodecode_end(r);
	return OK;
}
