/* Repositories that are there: update, fork, delete, forget what is kept (contract 3.4). */
#include <string.h>

#include "base/fault.h"
#include "base/js.h"
#include "cgi/rhodecode/repo.h"
#include "core/folder.h"
#include "core/project_fork.h"
#include "core/repo.h"
#include "store/folder.h"

static int64_t
owner_id(const struct req *r)
{
	return r->call->owner != NULL ? r->call->owner->id : 0;
}

static void
say_success(struct req *r)
{
	buf_text(r->out, ",\"success\":true");
	rhodecode_end(r);
}

/* ---- update_repo */

struct update_repo {
	const struct rpc_ref *repoid;
	const char *name;
	const struct rpc_ref *owner;
	const struct rpc_ref *group;
	const char *description;
	const bool *private;
	const char *clone_uri, *landing_rev;
	const bool *enable_statistics, *enable_downloads;
};

const struct rpc_arg update_repo_in[] = {
	RPC_ARG(update_repo, repoid, RPC_NEED, "repo", "repo_name"),
	RPC_ARG(update_repo, name, 0),
	RPC_ARG(update_repo, owner, 0, "owner_name"),
	RPC_ARG(update_repo, group, 0),
	RPC_ARG(update_repo, description, 0),
	RPC_ARG(update_repo, private, 0),
	RPC_ARG(update_repo, clone_uri, 0),
	RPC_ARG(update_repo, landing_rev, 0),
	RPC_ARG(update_repo, enable_statistics, 0),
	RPC_ARG(update_repo, enable_downloads, 0),
	{ 0 },
};

/* Where it is to be: "" is the top. */
static const char *
folder_path(const struct req *r)
{
	return r->call->parent != NULL ? r->call->parent->path : "";
}

int
update_repo(struct req *r)
{
	const struct update_repo *in = r->in;
	const struct actor who = req_actor(r);
	const char *folder = in->group != NULL ? folder_path(r) : NULL;
	const struct repo_change change = { .name = in->name,
		.folder = folder,
		.owner_account_id = owner_id(r),
		.description = in->description,
		.is_private = in->private,
		.url = in->clone_uri,
		.landing = in->landing_rev };
	const char *path;
	struct repo row;

	TRY(rhodecode_say_move(r, repo_update(r->ctx, &who, r->project_full, &change, &path),
	    folder != NULL ? folder : folder_above(r->ctx, r->project->path)));
	TRY(rhodecode_repo_now(r, &row));
	rhodecode_msg(r, "updated repo ID:%lld %s", (long long)row.id, row.path);
	rhodecode_member(r, "repository");
	TRY(rhodecode_repo_open(r, &row));
	buf_char(r->out, '}');
	rhodecode_end(r);
	return OK;
}

/* ---- fork_repo */

struct fork_repo {
	const struct rpc_ref *repoid;
	const char *fork_name;
	const struct rpc_ref *owner;
	const char *description;
	const bool *copy_permissions, *private;
	const char *landing_rev;
};

const struct rpc_arg fork_repo_in[] = {
	RPC_ARG(fork_repo, repoid, RPC_NEED, "repo", "repo_name"),
	RPC_ARG(fork_repo, fork_name, RPC_NEED),
	RPC_ARG(fork_repo, owner, 0, "owner_name"),
	RPC_ARG(fork_repo, description, 0),
	RPC_ARG(fork_repo, copy_permissions, 0),
	RPC_ARG(fork_repo, private, 0),
	RPC_ARG(fork_repo, landing_rev, 0),
	{ 0 },
};

int
fork_repo(struct req *r)
{
	const struct fork_repo *in = r->in;
	const struct actor who = req_actor(r);
	const struct fork_wish wish = { .owner_account_id = owner_id(r),
		.path = in->fork_name,
		.description = in->description,
		.landing = in->landing_rev,
		.is_private = rhodecode_bool(in->private, false),
		.copies_grants = rhodecode_bool(in->copy_permissions, false) };
	bool is_fork = false;
	int64_t id;
	int code = project_fork_at(r->ctx, &who, r->project_full, &wish, &is_fork, &id);

	if (rhodecode_is_fault(r, "path", FAULT_TAKEN))
		return rhodecode_say(r, code,
		    is_fork ? "fork `%s` already exist" : "repo `%s` already exist", in->fork_name);
	TRY(rhodecode_say_place(r, code, in->fork_name));
	rhodecode_msg(r, "Created fork of `%s` as `%s`", r->project->path, in->fork_name);
	say_success(r);
	return OK;
}

/* ---- delete_repo */

struct delete_repo {
	const struct rpc_ref *repoid;
	const char *forks;
};

const struct rpc_arg delete_repo_in[] = {
	RPC_ARG(delete_repo, repoid, RPC_NEED, "repo", "repo_name"),
	RPC_ARG(delete_repo, forks, 0),
	{ 0 },
};

static int
forks_of(struct req *r, const char *text, enum repo_forks *out)
{
	*out = REPO_FORKS_REFUSE;
	if (text == NULL || text[0] == '\0')
		return OK;
	*out = strcmp(text, "detach") == 0 ? REPO_FORKS_DETACH : REPO_FORKS_DELETE;
	if (*out == REPO_FORKS_DELETE && strcmp(text, "delete") != 0)
		return fail(r->ctx, E_INVALID, "forks is detach or delete");
	return OK;
}

int
delete_repo(struct req *r)
{
	const struct delete_repo *in = r->in;
	const struct actor who = req_actor(r);
	enum repo_forks mode;
	const char *more = "";
	size_t n;
	int code;

	TRY(forks_of(r, in->forks, &mode));
	code = repo_delete(r->ctx, &who, r->project, mode, &n);
	if (rhodecode_is_fault(r, "forks", FAULT_FIXED))
		return rhodecode_say(r, code, "Cannot delete `%s` it still contains attached forks",
		    r->project->path);
	TRY(code);
	if (n > 0)
		more = arena_printf(r->ctx->mem, " %s %zu forks",
		    mode == REPO_FORKS_DETACH ? "Detached" : "Deleted", n);
	rhodecode_msg(r, "Deleted repository `%s`%s", r->project->path, more);
	say_success(r);
	return OK;
}

/* ---- invalidate_cache */

struct one_repo {
	const struct rpc_ref *repoid;
};

const struct rpc_arg repo_in[] = { RPC_ARG(one_repo, repoid, RPC_NEED, "repo", "repo_name"),
	{ 0 } };

int
invalidate_repo(struct req *r)
{
	const struct one_repo *in = r->in;
	const struct actor who = req_actor(r);

	TRY(repo_forget_kept(r->ctx, &who, r->project));
	rhodecode_msg(r, "Cache for repository `%s` was invalidated", in->repoid->text);
	rhodecode_member(r, "repository");
	js_text(r->out, r->project->path);
	rhodecode_end(r);
	return OK;
}
