#include <string.h>

#include "base/fault.h"
#include "base/js.h"
#include "cgi/rhodecode/rhodecode.h"
#include "core/user.h"

/* ---- who is there */

int
list_users(struct req *r)
{
	struct user *rows;
	size_t n;

	TRY(user_list(r->ctx, &rows, &n));
	rhodecode_users(r, rows, n);
	return OK;
}

struct get_user {
	const struct rpc_ref *userid;
};

const struct rpc_arg get_user_s_in[] = {
	RPC_ARG_AS(get_user, userid, "username", RPC_NEED, "userid", "user_name"), { 0 }
};
const struct rpc_arg get_user_m_in[] = { RPC_ARG(get_user, userid, 0, "username"), { 0 } };

int
show_user_s(struct req *r)
{
	struct user row;

	TRY(user_by_id(r->ctx, r->person->id, &row));
	rhodecode_user(r, &row);
	return OK;
}

int
show_user_m(struct req *r)
{
	struct user row;
	struct user_rights projects, folders, teams;

	TRY(user_by_id(r->ctx, r->person->id, &row));
	TRY(user_list_projects(r->ctx, &row, &projects));
	TRY(user_list_folders(r->ctx, &row, &folders));
	TRY(user_list_teams(r->ctx, &row, &teams));
	rhodecode_user_open(r, &row);
	rhodecode_permissions(r, &row, &projects, &folders, &teams);
	buf_char(r->out, '}');
	return OK;
}

/* ---- create_user */

struct create_user {
	const char *username, *password, *firstname, *lastname, *email, *name;
	const bool *active, *admin;
	/* there is no directory to look these up in: whoever sends them gets a plain account */
	const char *extern_type, *extern_name;
};

/* The seed's later call; its earlier one had `name` for the first name, and no defaults. */
const struct rpc_arg create_user_s_in[] = {
	RPC_ARG(create_user, username, RPC_NEED),
	RPC_ARG(create_user, password, RPC_NEED | RPC_NULLABLE | RPC_HIDE),
	RPC_ARG(create_user, firstname, RPC_NEED, "name"),
	RPC_ARG(create_user, lastname, RPC_NEED),
	RPC_ARG(create_user, email, RPC_NEED),
	RPC_ARG(create_user, active, 0),
	RPC_ARG(create_user, admin, 0),
	RPC_ARG(create_user, name, 0),
	RPC_ARG_AS(create_user, extern_name, "ldap_dn", 0, "extern_name"),
	RPC_ARG(create_user, extern_type, 0),
	{ 0 },
};

const struct rpc_arg create_user_m_in[] = {
	RPC_ARG(create_user, username, RPC_NEED),
	RPC_ARG(create_user, email, RPC_NEED),
	RPC_ARG(create_user, password, RPC_HIDE),
	RPC_ARG(create_user, firstname, 0),
	RPC_ARG(create_user, lastname, 0),
	RPC_ARG(create_user, active, 0),
	RPC_ARG(create_user, admin, 0),
	RPC_ARG(create_user, extern_type, 0),
	RPC_ARG(create_user, extern_name, 0, "ldap_dn"),
	{ 0 },
};

static bool
is_taken(const struct req *r, int code, const char *field)
{
	const struct faults *f = r->ctx->faults;

	return code == E_CONFLICT && f != NULL && f->n > 0 && f->rows[0].kind == FAULT_TAKEN &&
	    strcmp(f->rows[0].field, field) == 0;
}

static int
create(struct req *r, const char *user_exists, const char *email_exists, int64_t *id_out)
{
	const struct create_user *in = r->in;
	const struct actor who = req_actor(r);
	const struct user_wish wish = { .uname = in->username,
		.email = in->email,
		.first_name = in->firstname,
		.last_name = in->lastname,
		.password = in->password,
		.is_active = rhodecode_bool(in->active, true),
		.is_admin = rhodecode_bool(in->admin, false) };
	int code = user_create(r->ctx, &who, &wish, id_out);

	if (is_taken(r, code, "uname"))
		return rhodecode_say(r, code, user_exists, in->username);
	if (is_taken(r, code, "email"))
		return rhodecode_say(r, code, email_exists, in->email);
	return code;
}

int
create_user_s(struct req *r)
{
	const struct create_user *in = r->in;
	int64_t id;

	TRY(create(r, "user %s already exist", "email %s already exist", &id));
	if (in->name != NULL) {
		buf_printf(r->out, "{\"id\":%lld,\"msg\":", (long long)id);
		js_text(r->out, arena_printf(r->ctx->mem, "created new user %s", in->username));
	} else {
		rhodecode_msg(r, "created new user %s", in->username);
	}
	rhodecode_end(r);
	return OK;
}

/* {"msg":…,"user":…}, as it is now. */
static int
say_user(struct req *r, const char *msg, int64_t id)
{
	struct user row;

	TRY(user_by_id(r->ctx, id, &row));
	rhodecode_msg(r, "%s", msg);
	rhodecode_member(r, "user");
	rhodecode_user(r, &row);
	rhodecode_end(r);
	return OK;
}

int
create_user_m(struct req *r)
{
	const struct create_user *in = r->in;
	int64_t id;

	TRY(create(r, "user `%s` already exist", "email `%s` already exist", &id));
	return say_user(r, arena_printf(r->ctx->mem, "created new user `%s`", in->username), id);
}

/* ---- update_user, delete_user */

struct update_user {
	const struct rpc_ref *userid;
	const char *username, *email, *password, *firstname, *lastname;
	const bool *active, *admin;
	const char *extern_type, *extern_name;
};

const struct rpc_arg update_user_m_in[] = {
	RPC_ARG(update_user, userid, RPC_NEED),
	RPC_ARG(update_user, username, 0),
	RPC_ARG(update_user, email, 0),
	RPC_ARG(update_user, password, RPC_HIDE),
	RPC_ARG(update_user, firstname, 0),
	RPC_ARG(update_user, lastname, 0),
	RPC_ARG(update_user, active, 0),
	RPC_ARG(update_user, admin, 0),
	RPC_ARG(update_user, extern_type, 0),
	RPC_ARG(update_user, extern_name, 0, "ldap_dn"),
	{ 0 },
};

static const char *
about(struct req *r, const char *done, const struct user *u)
{
	return arena_printf(r->ctx->mem, "%s user ID:%lld %s", done, (long long)u->id, u->uname);
}

int
update_user_m(struct req *r)
{
	const struct update_user *in = r->in;
	const struct actor who = req_actor(r);
	const struct user_change change = { .uname = in->username,
		.email = in->email,
		.first_name = in->firstname,
		.last_name = in->lastname,
		.password = in->password,
		.is_active = in->active,
		.is_admin = in->admin };
	struct user row;

	TRY(user_by_id(r->ctx, r->person->id, &row));
	TRY(user_update(r->ctx, &who, &row, &change));
	TRY(user_by_id(r->ctx, row.id, &row)); /* the text has the name it has now */
	return say_user(r, about(r, "updated", &row), row.id);
}

const struct rpc_arg delete_user_m_in[] = { RPC_ARG(get_user, userid, RPC_NEED, "username"),
	{ 0 } };

int
delete_user_m(struct req *r)
{
	const struct actor who = req_actor(r);
	struct user row;

	TRY(user_by_id(r->ctx, r->person->id, &row));
	rpc_failed(r, "%s", about(r, "failed to delete", &row));
	TRY(user_delete(r->ctx, &who, &row));
	rhodecode_msg(r, "%s", about(r, "deleted", &row));
	rhodecode_member(r, "user");
	js_text(r->out, NULL);
	rhodecode_end(r);
	return OK;
}
