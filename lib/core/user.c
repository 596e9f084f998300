#include "core/user.h"

#include <string.h>

#include "auth/password.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "core/account.h"
#include "core/name.h"
#include "core/rule.h"

#define TEXT_MOST 255
#define DETAIL_MAX_BYTES 200
#define PASSWORD_RANDOM_BYTES 12

static bool
is_none(const char *text)
{
	return text == NULL || text[0] == '\0';
}

/* ---- what is wrong */

static void
check_uname(struct ctx *c, const char *uname, struct faults *f)
{
	if (is_none(uname))
		faults_add(f, "uname", FAULT_BLANK, 0);
	else if (account_check_uname(c, uname) != OK)
		faults_add(f, "uname", FAULT_INVALID, 0);
}

static void
check_text(const char *field, const char *text, const char *forbidden, struct faults *f)
{
	if (is_none(text))
		return;
	if (!str_is_printable(text) || strpbrk(text, forbidden) != NULL)
		faults_add(f, field, FAULT_INVALID, 0);
	if (str_characters(text) > TEXT_MOST)
		faults_add(f, field, FAULT_TOO_LONG, TEXT_MOST);
}

static void
check_password(struct ctx *c, const char *password, struct faults *f)
{
	if (!is_none(password) && password_check(c, password) != OK)
		faults_add(f, "password", FAULT_INVALID, 0);
}

static int
hash_of(struct ctx *c, const char *password, const char **out)
{
	*out = password;
	return is_none(password) ? OK : password_hash(c, password, out);
}

static bool
is_role(const char *role)
{
	static const char *const roles[] = { "user", "tester", "admin", "banned" };

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (role != NULL && strcmp(role, roles[i]) == 0)
			return true;
	return false;
}

/* ---- the verbs */

int
user_create(struct ctx *c, const struct actor *who, const struct user_wish *wish, int64_t *id_out)
{
	struct account_new row = { .uname = wish->uname,
		.first_name = wish->first_name,
		.last_name = wish->last_name,
		.role = wish->is_admin ? "admin" : "user" };
	struct faults *f = faults_new(c->mem);
	const bool no = false;

	if (wish->role != NULL)
		row.role = wish->role;
	if (!is_role(row.role) || strcmp(row.role, "banned") == 0)
		faults_add(f, "role", FAULT_NOT_INCLUDED, 0);
	check_uname(c, wish->uname, f);
	check_text("email", wish->email, " <>,;", f);
	check_text("first_name", wish->first_name, "", f);
	check_text("last_name", wish->last_name, "", f);
	check_password(c, wish->password, f);
	TRY(faults_end(c, f));
	if (wish->email != NULL)
		row.email = str_lower(c->mem, wish->email);
	TRY(hash_of(c, wish->password, &row.password_hash));
	if (row.password_hash == NULL)
		row.password_hash = "";
	TRY(account_taken(c, account_add(c, &row, id_out)));
	TRY(account_check_other_emails(c, *id_out, row.email));
	if (!wish->is_active)
		TRY(user_set(c, *id_out, &(struct user_fields){ .is_active = &no }));
	return actor_record(c, who, "account.create", row.uname, row.role);
}

/* Someone must be left who can let the others in. Counted whatever the account is, because it may
 * have been made an administrator since it was read. */
static int
check_last_admin(struct ctx *c, const struct user *u)
{
	int64_t n;

	TRY(user_count_other_admins(c, u->id, &n));
	if (n > 0)
		return OK;
	return fail(c, E_CONFLICT, "%s is the only administrator of the hub", u->uname);
}

static int
check_change(struct ctx *c, const struct user *u, const struct user_change *change)
{
	struct faults *f = faults_new(c->mem);

	if (change->uname != NULL)
		check_uname(c, change->uname, f);
	check_text("email", change->email, " <>,;", f);
	check_text("first_name", change->first_name, "", f);
	check_text("last_name", change->last_name, "", f);
	check_password(c, change->password, f);
	TRY(faults_end(c, f));
	if ((change->is_admin != NULL && !*change->is_admin) ||
	    (change->is_active != NULL && !*change->is_active))
		return check_last_admin(c, u);
	return OK;
}

/* The role that the flag asks for; NULL: the one it has. */
static const char *
role_for(const struct user *u, const bool *is_admin)
{
	if (is_admin == NULL || *is_admin == u->is_admin || strcmp(u->role, "banned") == 0)
		return NULL;
	return *is_admin ? "admin" : "user";
}

/* What has changed, for the audit trail: names of fields alone. */
static const char *
detail_of(struct ctx *c, const struct user_fields *row)
{
	const struct {
		const char *name;
		bool is_set;
	} parts[] = {
		{ "uname", row->uname != NULL },
		{ "email", row->email != NULL },
		{ "name", row->first_name != NULL || row->last_name != NULL },
		{ "password", row->password_hash != NULL },
		{ "role", row->role != NULL },
		{ "active", row->is_active != NULL },
	};
	struct buf *b = buf_new(c->mem, DETAIL_MAX_BYTES);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].is_set)
			buf_printf(b, "%s%s", b->len > 0 ? " " : "", parts[i].name);
	return b->data;
}

int
user_update(
    struct ctx *c, const struct actor *who, const struct user *u, const struct user_change *change)
{
	struct user_fields row = { .first_name = change->first_name,
		.last_name = change->last_name,
		.role = role_for(u, change->is_admin),
		.is_active = change->is_active };

	TRY(check_change(c, u, change));
	if (change->uname != NULL && strcmp(change->uname, u->uname) != 0)
		row.uname = change->uname;
	if (change->email != NULL)
		row.email = str_lower(c->mem, change->email);
	TRY(hash_of(c, change->password, &row.password_hash));
	TRY(account_taken(c, user_set(c, u->id, &row)));
	TRY(account_check_other_emails(c, u->id, row.email));
	return actor_record(c, who, "account.update", u->uname, detail_of(c, &row));
}

int
user_create_random(
    struct ctx *c, const struct actor *who, const struct user_wish *wish, const char **password_out)
{
	struct user_wish row = *wish;
	int64_t id;

	row.password = random_hex(c->mem, PASSWORD_RANDOM_BYTES);
	log_hide(row.password);
	TRY(user_create(c, who, &row, &id));
	*password_out = row.password;
	return OK;
}

int
user_set_role(struct ctx *c, const struct actor *who, const struct user *u, const char *role)
{
	const struct user_fields row = { .role = role };
	bool is_ban = is_role(role) && strcmp(role, "banned") == 0;

	if (!is_role(role))
		return fault(c, "role", FAULT_NOT_INCLUDED, 0);
	if (u->id == who->account->id)
		return fail(c, E_CONFLICT, "nobody changes the role of his own account");
	if (strcmp(role, "admin") != 0)
		TRY(check_last_admin(c, u));
	TRY(user_set(c, u->id, &row));
	return actor_record(c, who, is_ban ? "account.ban" : "account.role", u->uname,
	    arena_printf(c->mem, "%s, was %s", role, u->role));
}

int
user_delete(struct ctx *c, const struct actor *who, const struct user *u)
{
	bool owns;

	TRY(check_last_admin(c, u));
	TRY(user_lock_owner(c, u->id, &owns));
	if (owns)
		return fail(c, E_CONFLICT, "%s owns projects, teams or platforms", u->uname);
	TRY(user_del(c, u->id));
	return actor_record(c, who, "account.delete", u->uname, "");
}
