/* Users in both profiles (contract 2.2, 3.1). */
#include <string.h>

#include "base/js.h"
#include "cgi/rhodecode/rhodecode.h"
#include "core/level.h"
#include "store/user.h"

/* ---- user-S */

struct user_s {
	int64_t id;
	const char *username, *firstname, *lastname, *email;
	bool active, admin;
	const char *ldap; /* there is no directory: always null */
};

static const struct field user_s_json[] = {
	FIELD(user_s, id),
	FIELD(user_s, username),
	FIELD(user_s, firstname),
	FIELD(user_s, lastname),
	FIELD(user_s, email),
	FIELD(user_s, active),
	FIELD(user_s, admin),
	FIELD(user_s, ldap),
	{ 0 },
};

static void
open_s(struct req *r, const struct user *u)
{
	const struct user_s row = { .id = u->id,
		.username = u->uname,
		.firstname = u->first_name,
		.lastname = u->last_name,
		.email = u->email,
		.active = u->is_active,
		.admin = u->is_admin };

	buf_char(r->out, '{');
	rhodecode_members(r, user_s_json, &row);
}

/* ---- user-M */

static const struct field user_m_json[] = {
	FIELD_AS(user, id, "user_id"),
	FIELD_AS(user, uname, "username"),
	FIELD_AS(user, first_name, "firstname"),
	FIELD_AS(user, last_name, "lastname"),
	FIELD(user, email),
	FIELD_AS(user, is_active, "active"),
	FIELD_AS(user, is_admin, "admin"),
	{ 0 },
};

/* The main one in front; more_emails is a list of texts already. */
static void
add_emails(struct req *r, const struct user *u)
{
	bool has_main = u->email[0] != '\0', has_more = strcmp(u->more_emails, "[]") != 0;

	buf_text(r->out, ",\"emails\":[");
	if (has_main)
		js_text(r->out, u->email);
	if (has_main && has_more)
		buf_char(r->out, ',');
	buf_text(r->out, u->more_emails + 1); /* its end is ours */
}

static void
open_m(struct req *r, const struct user *u)
{
	buf_char(r->out, '{');
	rhodecode_members(r, user_m_json, u);
	add_emails(r, u);
}

/* ---- both */

void
rhodecode_user_open(struct req *r, const struct user *u)
{
	if (r->call->profile == RPC_S)
		open_s(r, u);
	else
		open_m(r, u);
}

void
rhodecode_user(struct req *r, const struct user *u)
{
	rhodecode_user_open(r, u);
	buf_char(r->out, '}');
}

void
rhodecode_users(struct req *r, const struct user *rows, size_t n)
{
	buf_char(r->out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		rhodecode_user(r, &rows[i]);
	}
	buf_char(r->out, ']');
}

/* ---- levels and rights */

struct grantee
rhodecode_grantee(const struct req *r, const struct team *team)
{
	if (team != NULL)
		return (struct grantee){ GRANTEE_TEAM, team->id, team->uname };
	if (r->person != NULL)
		return (struct grantee){ GRANTEE_ACCOUNT, r->person->id, r->person->uname };
	return (struct grantee){ GRANTEE_EVERYONE, 0, "default" };
}

const char *
rhodecode_grantee_kind(const struct grantee *g)
{
	return g->kind == GRANTEE_TEAM ? "user group" : "user";
}

static void
add_rights(struct req *r, const char *kind, const struct user_rights *rights)
{
	buf_char(r->out, '{');
	for (size_t i = 0; i < rights->n; i++) {
		if (i > 0)
			buf_char(r->out, ',');
		js_text(r->out, rights->rows[i].name);
		buf_printf(r->out, ":\"%s.%s\"", kind, level_word(rights->rows[i].access));
	}
	buf_char(r->out, '}');
}

void
rhodecode_permissions(struct req *r, const struct user *u, const struct user_rights *projects,
    const struct user_rights *folders, const struct user_rights *teams)
{
	buf_text(r->out, ",\"permissions\":{\"global\":[");
	if (u->is_admin)
		buf_text(r->out, "\"hg.admin\",");
	buf_printf(r->out, "\"hg.create.%s\",", u->may_create_at_top ? "repository" : "none");
	buf_text(r->out, "\"hg.fork.repository\",\"hg.usergroup.create.true\"],\"repositories\":");
	add_rights(r, "repository", projects);
	buf_text(r->out, ",\"repositories_groups\":");
	add_rights(r, "group", folders);
	buf_text(r->out, ",\"user_groups\":");
	add_rights(r, "usergroup", teams);
	buf_char(r->out, '}');
}
