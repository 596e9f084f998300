#include "core/account.h"

#include <string.h>

#include "auth/password.h"
#include "auth/token.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/name.h"
#include "db/db.h"
#include "store/user.h"

#define UNAME_MOST_BYTES 100
#define TEXT_MOST_BYTES 255

/* What the first administrator is called by habit: reserved for whoever runs the hub. */
static bool
is_habitual(const char *uname)
{
	return str_is_equal_nocase(uname, "admin") || str_is_equal_nocase(uname, "root");
}

int
account_check_uname(struct ctx *c, const char *uname)
{
	size_t len = strlen(uname);

	if (len < 1 || len > UNAME_MOST_BYTES)
		return fail(c, E_INVALID, "a user name has 1 to %d characters", UNAME_MOST_BYTES);
	if (strspn(uname, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
	    len)
		return fail(c, E_INVALID, "a user name has only letters, digits and . _ -");
	if (uname[0] == '.' || uname[0] == '-')
		return fail(c, E_INVALID, "a user name begins with a letter, a digit or _");
	if (uname[strspn(uname, "0123456789")] == '\0')
		return fail(c, E_INVALID, "a user name is not all digits");
	if (name_is_reserved_uname(uname) && !is_habitual(uname))
		return fail(c, E_INVALID, "the user name %s is reserved", uname);
	return OK;
}

int
account_check_email(struct ctx *c, const char *email)
{
	size_t len = strlen(email);
	const char *at = strchr(email, '@');

	if (len > TEXT_MOST_BYTES || !str_is_utf8(email, len) || !str_is_printable(email) ||
	    at == NULL || at == email || at[1] == '\0' || strchr(at + 1, '@') != NULL ||
	    strpbrk(email, " <>,;") != NULL)
		return fail(c, E_INVALID, "an e-mail address is name@host");
	return OK;
}

int
account_check_role(struct ctx *c, const char *role)
{
	static const char *const roles[] = { "user", "admin", "system", "tester" };

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i], role) == 0)
			return OK;
	return fail(c, E_INVALID, "a role is user, admin, system or tester");
}

int
account_taken(struct ctx *c, int code)
{
	if (code != E_CONFLICT)
		return code;
	if (strcmp(db_constraint(c->db), "account_email_key") == 0)
		return fault(c, "email", FAULT_TAKEN, 0);
	if (db_constraint(c->db)[0] != '\0') /* also <uname>_personal */
		return fault(c, "uname", FAULT_TAKEN, 0);
	return code;
}

int
account_check_other_emails(struct ctx *c, int64_t id, const char *email)
{
	bool is_taken;

	if (email == NULL || email[0] == '\0')
		return OK;
	TRY(user_has_other_email(c, id, email, &is_taken));
	return is_taken ? fault(c, "email", FAULT_TAKEN, 0) : OK;
}

int
account_create(struct ctx *c, const struct actor *who, const char *uname, const char *email,
    const char *role, const char *password, int64_t *id_out)
{
	struct account_new row = { .uname = uname, .email = email, .role = role };
	const char *hash = "";
	int code;

	TRY(account_check_uname(c, uname));
	if (email[0] != '\0')
		TRY(account_check_email(c, email));
	TRY(account_check_role(c, role));
	if (password != NULL) {
		TRY(password_check(c, password));
		TRY(password_hash(c, password, &hash));
	}
	row.password_hash = hash;
	code = account_add(c, &row, id_out);
	if (code == E_CONFLICT)
		return fail(c, E_CONFLICT, "the user name or the e-mail address is taken");
	TRY(code);
	return actor_record(c, who, "account.create", uname, role);
}

static int
id_of(struct ctx *c, const char *uname, int64_t *out)
{
	int code = account_id_by_uname(c, uname, out);

	return code == E_NOTFOUND ? fail(c, E_NOTFOUND, "there is no account %s", uname) : code;
}

int
account_change_password(
    struct ctx *c, const struct actor *who, const char *uname, const char *password)
{
	const char *hash;
	int64_t id;

	TRY(id_of(c, uname, &id));
	TRY(password_check(c, password));
	TRY(password_hash(c, password, &hash));
	TRY(account_set_password(c, id, hash));
	return actor_record(c, who, "account.password", uname, "");
}

int
account_create_token(struct ctx *c, const struct actor *who, const char *uname,
    const char *description, int64_t scope, const char **text_out)
{
	int64_t id;

	if (strlen(description) > TEXT_MOST_BYTES)
		return fail(c, E_INVALID, "a description has at most %d bytes", TEXT_MOST_BYTES);
	if (scope < 1 || scope > 3)
		return fail(c, E_INVALID, "a scope is 1 (read), 2 (write) or 3 (admin)");
	TRY(id_of(c, uname, &id));
	TRY(token_create(
	    c, id, &(struct token_wish){ .description = description, .scope = scope }, text_out));
	return actor_record(c, who, "token.create", uname, description);
}
