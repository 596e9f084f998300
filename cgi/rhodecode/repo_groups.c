#include <string.h>

#include "base/js.h"
#include "base/str.h"
#include "cgi/rhodecode/rhodecode.h"
#include "core/folder.h"
#include "core/level.h"
#include "core/name.h"
#include "store/person.h"

/* As many as a list has; more are refused, not cut. */
#define GROUPS_MOST 10000
#define MEMBERS_MOST 10000

/* ---- repogroup-M (contract 3.1) */

struct group_m {
	int64_t id;
	const char *path, *description, *parent, *owner;
};

static const struct field group_json[] = {
	FIELD_AS(group_m, id, "group_id"),
	FIELD_AS(group_m, path, "group_name"),
	FIELD_AS(group_m, description, "group_description"),
	FIELD_AS(group_m, parent, "parent_group"),
	FIELD(group_m, owner),
	{ 0 },
};

/* Lines of paths as a list of texts. */
static void
add_projects(struct req *r, const char *lines)
{
	const char *line = lines;

	rhodecode_member(r, "repositories");
	buf_char(r->out, '[');
	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		if (line != lines)
			buf_char(r->out, ',');
		js_text(r->out, arena_strndup(r->ctx->mem, line, len));
		line += len + (line[len] == '\n');
	}
	buf_char(r->out, ']');
}

/* Leaves the last brace to the caller. */
static void
open_group(struct req *r, const struct folder *f)
{
	const char *above = folder_above(r->ctx, f->path);
	const struct group_m row = { .id = f->id,
		.path = f->path,
		.description = f->description,
		.parent = above[0] != '\0' ? above : NULL,
		.owner = f->owner_uname };

	buf_char(r->out, '{');
	rhodecode_members(r, group_json, &row);
	add_projects(r, f->projects);
}

static void
add_member(struct req *r, const char *name, bool is_team, int64_t access)
{
	buf_text(r->out, "{\"name\":");
	js_text(r->out, name);
	buf_printf(r->out, ",\"type\":\"%s\",\"permission\":\"group.%s\"}",
	    is_team ? "user_group" : "user", level_word(access));
}

/* Everyone is the user `default`, in front. */
static int
add_members(struct req *r, const struct folder *f)
{
	struct folder_member *rows;
	size_t n;

	TRY(folder_list_members(r->ctx, f->id, MEMBERS_MOST + 1, &rows, &n));
	if (n > MEMBERS_MOST)
		return fail(r->ctx, E_INTERNAL, "a list of more than %d rows", MEMBERS_MOST);
	rhodecode_member(r, "members");
	buf_char(r->out, '[');
	add_member(r, "default", false, f->default_access);
	for (size_t i = 0; i < n; i++) {
		buf_char(r->out, ',');
		add_member(r, rows[i].uname, rows[i].is_team, rows[i].access);
	}
	buf_char(r->out, ']');
	return OK;
}

/* ---- get_repo_group, get_repo_groups */

struct repo_group_ref {
	const struct rpc_ref *repogroupid;
};

const struct rpc_arg repo_group_in[] = { RPC_ARG(repo_group_ref, repogroupid, RPC_NEED), { 0 } };

int
show_repo_group(struct req *r)
{
	open_group(r, r->folder);
	TRY(add_members(r, r->folder));
	buf_char(r->out, '}');
	return OK;
}

int
list_repo_groups(struct req *r)
{
	struct folder *rows;
	size_t n;

	TRY(folder_list(r->ctx, &r->account, GROUPS_MOST + 1, &rows, &n));
	if (n > GROUPS_MOST)
		return fail(r->ctx, E_INTERNAL, "a list of more than %d rows", GROUPS_MOST);
	buf_char(r->out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		open_group(r, &rows[i]);
		buf_char(r->out, '}');
	}
	buf_char(r->out, ']');
	return OK;
}

/* ---- create, update, delete */

/* {"msg":…,"repo_group":…}, as it is now. */
static int
say_group(struct req *r, const char *msg, const struct folder *f)
{
	rhodecode_msg(r, "%s", msg);
	rhodecode_member(r, "repo_group");
	open_group(r, f);
	buf_text(r->out, "}}");
	return OK;
}

static const char *
path_in(struct req *r, const char *above, const char *name)
{
	return above[0] != '\0' ? arena_printf(r->ctx->mem, "%s/%s", above, name) : name;
}

struct create_repo_group {
	const char *group_name, *description;
	const struct rpc_ref *owner, *parent;
	const bool *copy_permissions;
};

const struct rpc_arg create_repo_group_in[] = {
	RPC_ARG(create_repo_group, group_name, RPC_NEED),
	RPC_ARG(create_repo_group, description, 0),
	RPC_ARG(create_repo_group, owner, 0, "owner_name"),
	RPC_ARG(create_repo_group, parent, 0),
	RPC_ARG(create_repo_group, copy_permissions, 0),
	{ 0 },
};

int
create_repo_group(struct req *r)
{
	const struct create_repo_group *in = r->in;
	const struct folder *parent = r->call->parent;
	const struct actor who = req_actor(r);
	const struct folder_wish wish = { .path = path_in(r, parent != NULL ? parent->path : "",
					      in->group_name),
		.description = in->description,
		.owner_account_id = r->call->owner != NULL ? r->call->owner->id : 0,
		.copies_grants = rhodecode_bool(in->copy_permissions, false) };
	struct folder made;
	int64_t id;
	int code = folder_create(r->ctx, &who, &wish, &id);

	if (rhodecode_is_fault(r, "path", FAULT_TAKEN))
		return rhodecode_say(r, code, "repo group `%s` already exist", in->group_name);
	TRY(code);
	TRY(folder_by_id(r->ctx, &r->account, id, &made));
	return say_group(
	    r, arena_printf(r->ctx->mem, "created new repo group `%s`", in->group_name), &made);
}

struct update_repo_group {
	const struct rpc_ref *repogroupid;
	const char *group_name, *description;
	const struct rpc_ref *owner, *parent;
};

const struct rpc_arg update_repo_group_in[] = {
	RPC_ARG(update_repo_group, repogroupid, RPC_NEED),
	RPC_ARG(update_repo_group, group_name, 0),
	RPC_ARG(update_repo_group, description, 0),
	RPC_ARG(update_repo_group, owner, 0),
	RPC_ARG(update_repo_group, parent, 0),
	{ 0 },
};

/* Where it is to be. */
static const char *
new_path(struct req *r)
{
	const struct update_repo_group *in = r->in;
	const char *above = folder_above(r->ctx, r->folder->path);

	if (in->parent != NULL)
		above = r->call->parent != NULL ? r->call->parent->path : "";
	return path_in(r, above, in->group_name != NULL ? in->group_name : r->folder->name);
}

int
update_repo_group(struct req *r)
{
	const struct update_repo_group *in = r->in;
	const struct actor who = req_actor(r);
	const struct folder_change change = { .path = new_path(r),
		.description = in->description,
		.owner_account_id = r->call->owner != NULL ? r->call->owner->id : 0 };
	struct folder now;

	if (in->group_name != NULL)
		TRY(name_check(r->ctx, in->group_name)); /* the last part alone */
	TRY(folder_update(r->ctx, &who, r->folder, &change));
	TRY(folder_by_id(r->ctx, &r->account, r->folder->id, &now));
	return say_group(r,
	    arena_printf(
		r->ctx->mem, "updated repository group ID:%lld %s", (long long)now.id, now.path),
	    &now);
}

int
delete_repo_group(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct folder *f = r->folder;

	rpc_failed(r, "failed to delete repo group ID:%lld %s", (long long)f->id, f->path);
	TRY(folder_delete(r->ctx, &who, f));
	rhodecode_msg(r, "deleted repo group ID:%lld %s", (long long)f->id, f->path);
	rhodecode_member(r, "repo_group");
	js_text(r->out, NULL);
	rhodecode_end(r);
	return OK;
}

/* ---- who may what */

struct repo_group_grant {
	const struct rpc_ref *repogroupid, *userid, *usergroupid;
	const char *perm, *apply_to_children;
};

const struct rpc_arg repo_group_grant_user_in[] = {
	RPC_ARG(repo_group_grant, repogroupid, RPC_NEED),
	RPC_ARG(repo_group_grant, userid, RPC_NEED),
	RPC_ARG(repo_group_grant, perm, RPC_NEED),
	RPC_ARG(repo_group_grant, apply_to_children, 0),
	{ 0 },
};
const struct rpc_arg repo_group_revoke_user_in[] = {
	RPC_ARG(repo_group_grant, repogroupid, RPC_NEED),
	RPC_ARG(repo_group_grant, userid, RPC_NEED),
	RPC_ARG(repo_group_grant, apply_to_children, 0),
	{ 0 },
};
const struct rpc_arg repo_group_grant_group_in[] = {
	RPC_ARG(repo_group_grant, repogroupid, RPC_NEED),
	RPC_ARG(repo_group_grant, usergroupid, RPC_NEED, "usersgroupid"),
	RPC_ARG(repo_group_grant, perm, RPC_NEED),
	RPC_ARG(repo_group_grant, apply_to_children, 0),
	{ 0 },
};
const struct rpc_arg repo_group_revoke_group_in[] = {
	RPC_ARG(repo_group_grant, repogroupid, RPC_NEED),
	RPC_ARG(repo_group_grant, usergroupid, RPC_NEED, "usersgroupid"),
	RPC_ARG(repo_group_grant, apply_to_children, 0),
	{ 0 },
};

static const char *const reaches[] = { [FOLDER_ALONE] = "none",
	[FOLDER_PROJECTS] = "repos",
	[FOLDER_FOLDERS] = "groups",
	[FOLDER_ALL] = "all" };

static int
reach_of(struct req *r, enum folder_reach *out)
{
	const struct repo_group_grant *in = r->in;

	*out = FOLDER_ALONE;
	if (in->apply_to_children == NULL)
		return OK;
	for (size_t i = FOLDER_ALONE; i <= FOLDER_ALL; i++)
		if (strcmp(reaches[i], in->apply_to_children) == 0) {
			*out = (enum folder_reach)i;
			return OK;
		}
	return fail(r->ctx, E_INVALID, "apply_to_children is none, repos, groups or all");
}

static int
give(struct req *r, const char *done, struct folder_grant *grant)
{
	const struct actor who = req_actor(r);
	const char *grantee = grant->to.uname, *kind = rhodecode_grantee_kind(&grant->to);

	rpc_failed(r, "failed to edit permission for %s: `%s` in repo group: `%s`", kind, grantee,
	    r->folder->name);
	TRY(reach_of(r, &grant->reach));
	TRY(folder_give(r->ctx, &who, r->folder, grant));
	rhodecode_msg(r, "%s (recursive:%s) for %s: `%s` in repo group: `%s`", done,
	    reaches[grant->reach], kind, grantee, r->folder->name);
	rhodecode_member(r, "success");
	buf_text(r->out, "true");
	rhodecode_end(r);
	return OK;
}

int
grant_on_repo_group(struct req *r)
{
	const struct repo_group_grant *in = r->in;
	struct folder_grant grant = { .to = rhodecode_grantee(r, r->team) };

	TRY(rhodecode_perm(r, "group", in->perm, &grant.access));
	return give(r,
	    arena_printf(r->ctx->mem, "Granted perm: `group.%s`", level_word(grant.access)),
	    &grant);
}

int
revoke_on_repo_group(struct req *r)
{
	struct folder_grant grant = { .to = rhodecode_grantee(r, r->team), .is_revoked = true };

	return give(r, "Revoked perm", &grant);
}
