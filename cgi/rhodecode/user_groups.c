#include "base/js.h"
#include "cgi/rhodecode/rhodecode.h"
#include "core/level.h"
#include "core/user_group.h"
#include "store/person.h"
#include "store/user.h"

/* As many as a list has; more are refused, not cut. */
#define GROUPS_MOST 10000

/* ---- group-S, usergroup-M (contract 2.2, 3.1) */

static const struct field group_s_json[] = {
	FIELD(team, id),
	FIELD_AS(team, uname, "name"),
	FIELD_AS(team, is_active, "active"),
	{ 0 },
};

struct group_m {
	int64_t id;
	const char *name, *description;
	bool active;
	const char *owner;
};

static const struct field group_m_json[] = {
	FIELD_AS(group_m, id, "users_group_id"),
	FIELD_AS(group_m, name, "group_name"),
	FIELD_AS(group_m, description, "group_description"),
	FIELD(group_m, active),
	FIELD(group_m, owner),
	{ 0 },
};

static void
add_fields(struct req *r, const struct team *t)
{
	const struct group_m m = { .id = t->id,
		.name = t->uname,
		.description = t->description != NULL ? t->description : "",
		.active = t->is_active,
		.owner = t->owner_uname };

	if (r->call->profile == RPC_S)
		rhodecode_members(r, group_s_json, t);
	else
		rhodecode_members(r, group_m_json, &m);
}

static int
add_group(struct req *r, const struct team *t)
{
	struct user *members;
	size_t n;

	TRY(user_list_of_team(r->ctx, t->id, &members, &n));
	buf_char(r->out, '{');
	add_fields(r, t);
	rhodecode_member(r, "members");
	rhodecode_users(r, members, n);
	buf_char(r->out, '}');
	return OK;
}

/* ---- get_user_group, get_user_groups */

struct group_ref {
	const struct rpc_ref *usergroupid;
};

const struct rpc_arg get_group_s_in[] = { RPC_ARG_AS(group_ref, usergroupid, "group_name", RPC_NEED,
					      "usersgroupid", "usergroupid"),
	{ 0 } };
const struct rpc_arg get_group_m_in[] = {
	RPC_ARG(group_ref, usergroupid, RPC_NEED, "usersgroupid", "group_name"), { 0 }
};

int
show_user_group(struct req *r)
{
	return add_group(r, r->team);
}

int
list_user_groups(struct req *r)
{
	struct team *rows;
	size_t n;

	TRY(user_group_list(r->ctx, &r->account, GROUPS_MOST + 1, &rows, &n));
	if (n > GROUPS_MOST)
		return fail(r->ctx, E_INTERNAL, "a list of more than %d rows", GROUPS_MOST);
	buf_char(r->out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		TRY(add_group(r, &rows[i]));
	}
	buf_char(r->out, ']');
	return OK;
}

/* ---- create_user_group */

struct create_group {
	const char *group_name, *description;
	const bool *active;
	const struct rpc_ref *owner;
};

const struct rpc_arg create_group_s_in[] = {
	RPC_ARG_AS(create_group, group_name, "name", RPC_NEED, "group_name"),
	RPC_ARG(create_group, active, 0),
	{ 0 },
};
const struct rpc_arg create_group_m_in[] = {
	RPC_ARG(create_group, group_name, RPC_NEED, "name"),
	RPC_ARG(create_group, description, 0),
	RPC_ARG(create_group, owner, 0, "owner_name"),
	RPC_ARG(create_group, active, 0),
	{ 0 },
};

static int
create(struct req *r, const char *exists, int64_t *id_out)
{
	const struct create_group *in = r->in;
	const struct actor who = req_actor(r);
	const struct user_group_wish wish = { .uname = in->group_name,
		.description = in->description,
		.owner_account_id = r->call->owner != NULL ? r->call->owner->id : 0,
		.is_active = rhodecode_bool(in->active, true) };
	int code = user_group_create(r->ctx, &who, &wish, id_out);

	if (rhodecode_is_fault(r, "uname", FAULT_TAKEN))
		return rhodecode_say(r, code, exists, in->group_name);
	if (rhodecode_is_fault(r, "owner", FAULT_REFUSED))
		return rpc_say(r, code, "Only Kallithea admin can specify `owner` param");
	return code;
}

int
create_group_s(struct req *r)
{
	const struct create_group *in = r->in;
	int64_t id;

	TRY(create(r, "users group %s already exist", &id));
	buf_printf(r->out, "{\"id\":%lld,\"msg\":", (long long)id);
	js_text(r->out, arena_printf(r->ctx->mem, "created new users group %s", in->group_name));
	buf_char(r->out, '}');
	return OK;
}

static int
create_m(struct req *r, const char *member)
{
	struct team row;
	int64_t id;

	TRY(create(r, "user group `%s` already exist", &id));
	TRY(team_by_id(r->ctx, &r->account, id, &row));
	rhodecode_msg(r, "created new user group `%s`", row.uname);
	rhodecode_member(r, member);
	TRY(add_group(r, &row));
	rhodecode_end(r);
	return OK;
}

int
create_users_group(struct req *r)
{
	return create_m(r, "users_group");
}

int
create_user_group(struct req *r)
{
	return create_m(r, "user_group");
}

/* ---- update_user_group, delete_user_group */

struct update_group {
	const struct rpc_ref *usergroupid;
	const char *group_name, *description;
	const struct rpc_ref *owner;
	const bool *active;
};

const struct rpc_arg update_user_group_in[] = {
	RPC_ARG(update_group, usergroupid, RPC_NEED, "usersgroupid"),
	RPC_ARG(update_group, group_name, 0),
	RPC_ARG(update_group, description, 0),
	RPC_ARG(update_group, owner, 0),
	RPC_ARG(update_group, active, 0),
	{ 0 },
};

int
update_user_group(struct req *r)
{
	const struct update_group *in = r->in;
	const struct actor who = req_actor(r);
	const struct user_group_values change = { .uname = in->group_name,
		.description = in->description,
		.owner_account_id = r->call->owner != NULL ? r->call->owner->id : 0,
		.is_active = in->active };
	struct team now;

	TRY(user_group_update(r->ctx, &who, r->team, &change));
	TRY(team_by_id(r->ctx, &r->account, r->team->id, &now));
	rhodecode_msg(r, "updated user group ID:%lld %s", (long long)now.id, now.uname);
	rhodecode_member(r, "user_group");
	TRY(add_group(r, &now));
	rhodecode_end(r);
	return OK;
}

int
delete_user_group(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct team *t = r->team;
	const char *uses;
	int code;

	rpc_failed(r, "failed to delete user group ID:%lld %s", (long long)t->id, t->uname);
	code = user_group_delete(r->ctx, &who, t, &uses);
	if (code == E_CONFLICT && uses[0] != '\0')
		return rpc_say(r, code, "User Group assigned to %s", uses);
	TRY(code);
	rhodecode_msg(r, "deleted user group ID:%lld %s", (long long)t->id, t->uname);
	rhodecode_member(r, "user_group");
	js_text(r->out, NULL);
	rhodecode_end(r);
	return OK;
}

/* ---- members */

struct group_member {
	const struct rpc_ref *usergroupid, *userid;
};

const struct rpc_arg group_member_s_in[] = {
	RPC_ARG_AS(
	    group_member, usergroupid, "group_name", RPC_NEED, "usersgroupid", "usergroupid"),
	RPC_ARG_AS(group_member, userid, "user_name", RPC_NEED, "username", "userid"),
	{ 0 },
};
const struct rpc_arg group_member_m_in[] = {
	RPC_ARG(group_member, usergroupid, RPC_NEED, "usersgroupid", "group_name"),
	RPC_ARG(group_member, userid, RPC_NEED, "username", "user_name"),
	{ 0 },
};

int
add_member_s(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t number;
	bool is_new;

	TRY(user_group_admit(r->ctx, &who, r->team, r->person->id, &number, &is_new));
	buf_printf(
	    r->out, "{\"id\":%lld,\"msg\":\"created new users group member\"}", (long long)number);
	return OK;
}

static int
say_success(struct req *r, bool is_success, const char *msg)
{
	buf_printf(r->out, "{\"success\":%s,\"msg\":", is_success ? "true" : "false");
	js_text(r->out, msg);
	buf_char(r->out, '}');
	return OK;
}

int
add_member_m(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t number;
	bool is_new;

	TRY(user_group_admit(r->ctx, &who, r->team, r->person->id, &number, &is_new));
	if (!is_new)
		return say_success(r, false, "User is already in that group");
	return say_success(r, true,
	    arena_printf(r->ctx->mem, "added member `%s` to user group `%s`", r->person->uname,
		r->team->uname));
}

int
remove_member_m(struct req *r)
{
	const struct actor who = req_actor(r);
	bool was_member;

	TRY(user_group_dismiss(r->ctx, &who, r->team, r->person->id, &was_member));
	if (!was_member)
		return say_success(r, false, "User wasn't in group");
	return say_success(r, true,
	    arena_printf(r->ctx->mem, "removed member `%s` from user group `%s`", r->person->uname,
		r->team->uname));
}

/* ---- who may what on it: calls of RhodeCode's later versions */

struct group_grant {
	const struct rpc_ref *usergroupid, *userid, *sourceusergroupid;
	const char *perm;
};

const struct rpc_arg group_grant_user_in[] = {
	RPC_ARG(group_grant, usergroupid, RPC_NEED),
	RPC_ARG(group_grant, userid, RPC_NEED),
	RPC_ARG(group_grant, perm, RPC_NEED),
	{ 0 },
};
const struct rpc_arg group_revoke_user_in[] = {
	RPC_ARG(group_grant, usergroupid, RPC_NEED),
	RPC_ARG(group_grant, userid, RPC_NEED),
	{ 0 },
};
const struct rpc_arg group_grant_group_in[] = {
	RPC_ARG(group_grant, usergroupid, RPC_NEED),
	RPC_ARG(group_grant, sourceusergroupid, RPC_NEED),
	RPC_ARG(group_grant, perm, RPC_NEED),
	{ 0 },
};
const struct rpc_arg group_revoke_group_in[] = {
	RPC_ARG(group_grant, usergroupid, RPC_NEED),
	RPC_ARG(group_grant, sourceusergroupid, RPC_NEED),
	{ 0 },
};

static int
give(struct req *r, const char *done, struct user_group_grant *grant)
{
	const struct actor who = req_actor(r);
	const char *grantee = grant->to.uname, *kind = rhodecode_grantee_kind(&grant->to);

	rpc_failed(r, "failed to edit permission for %s: `%s` in user group: `%s`", kind, grantee,
	    r->team->uname);
	TRY(user_group_give(r->ctx, &who, r->team, grant));
	rhodecode_msg(
	    r, "%s for %s: `%s` in user group: `%s`", done, kind, grantee, r->team->uname);
	rhodecode_member(r, "success");
	buf_text(r->out, "true");
	rhodecode_end(r);
	return OK;
}

int
grant_on_user_group(struct req *r)
{
	const struct group_grant *in = r->in;
	struct user_group_grant grant = { .to = rhodecode_grantee(r, r->call->other_team) };

	TRY(rhodecode_perm(r, "usergroup", in->perm, &grant.access));
	return give(r,
	    arena_printf(r->ctx->mem, "Granted perm: `usergroup.%s`", level_word(grant.access)),
	    &grant);
}

int
revoke_on_user_group(struct req *r)
{
	struct user_group_grant grant = { .to = rhodecode_grantee(r, r->call->other_team),
		.is_revoked = true };

	return give(r, "Revoked perm", &grant);
}
