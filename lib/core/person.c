#include "core/person.h"

#include <string.h>

#include "auth/password.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/account.h"
#include "core/name.h"
#include "core/rule.h"

#define BLANKS " \t\r\n"

static const char *
trimmed(struct ctx *c, const char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		len--;
	return arena_strndup(c->mem, text, len);
}

/* ---- what is wrong */

void
person_check_uname(
    struct ctx *c, const char *uname, size_t most, const char *field, struct faults *f)
{
	if (rule_is_blank(uname)) {
		faults_add(f, field, FAULT_BLANK, 0);
		faults_add(f, field, FAULT_INVALID, 0);
		return;
	}
	if (name_is_reserved_uname(uname))
		faults_add(f, field, FAULT_RESERVED, 0);
	else if (uname[strspn(uname, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0' ||
	    (strlen(uname) <= most && account_check_uname(c, uname) != OK))
		faults_add(f, field, FAULT_INVALID, 0);
	if (str_characters(uname) > most)
		faults_add(f, field, FAULT_TOO_LONG, (int64_t)most);
}

static void
check_text(const char *text, const char *field, int64_t most, const char *allowed, struct faults *f)
{
	if (text == NULL)
		return;
	for (const char *s = text; *s != '\0'; s++)
		if (((unsigned char)*s < 0x20 || *s == 0x7f) && strchr(allowed, *s) == NULL) {
			faults_add(f, field, FAULT_INVALID, 0);
			break;
		}
	rule_length(f, field, text, most);
}

static void
check_email(struct ctx *c, const char *email, struct faults *f)
{
	if (rule_is_blank(email))
		faults_add(f, "email", FAULT_BLANK, 0);
	else if (account_check_email(c, email) != OK)
		faults_add(f, "email", FAULT_INVALID, 0);
}

static void
check_password(struct ctx *c, const char *password, struct faults *f)
{
	if (password == NULL || password[0] == '\0')
		faults_add(f, "password", FAULT_BLANK, 0);
	else if (strlen(password) < PASSWORD_LEAST_BYTES)
		faults_add(f, "password", FAULT_TOO_SHORT, PASSWORD_LEAST_BYTES);
	else if (strlen(password) > PASSWORD_MOST_BYTES)
		faults_add(f, "password", FAULT_TOO_LONG, PASSWORD_MOST_BYTES);
	else if (password_check(c, password) != OK)
		faults_add(f, "password", FAULT_INVALID, 0);
}

/* ---- the verbs */

static void
split_name(struct ctx *c, const char *name, const char **first_out, const char **last_out)
{
	size_t len;

	name = trimmed(c, name);
	len = strcspn(name, " ");
	*first_out = arena_strndup(c->mem, name, len);
	*last_out = name[len] != '\0' ? name + len + 1 : "";
}

/* As it is kept: ABF trims it and has no capitals in it. */
static const char *
plain_email(struct ctx *c, const char *email)
{
	return str_lower(c->mem, trimmed(c, email));
}

int
person_create(
    struct ctx *c, const struct actor *who, const struct person_wish *wish, int64_t *id_out)
{
	struct account_new row = { .uname = wish->uname,
		.role = rule_is_blank(wish->role) ? "user" : wish->role };
	struct faults *f = faults_new(c->mem);

	if (wish->email != NULL)
		row.email = plain_email(c, wish->email);
	person_check_uname(c, wish->uname, PERSON_UNAME_MOST, "uname", f);
	check_email(c, row.email, f);
	check_password(c, wish->password, f);
	check_text(wish->name, "name", PERSON_NAME_MOST, "", f);
	if (account_check_role(c, row.role) != OK)
		faults_add(f, "role", FAULT_NOT_INCLUDED, 0);
	TRY(faults_end(c, f));
	if (wish->name != NULL)
		split_name(c, wish->name, &row.first_name, &row.last_name);
	TRY(password_hash(c, wish->password, &row.password_hash));
	TRY(account_taken(c, account_add(c, &row, id_out)));
	TRY(account_check_other_emails(c, *id_out, row.email));
	return actor_record(c, who, "account.create", row.uname, row.role);
}

static int
check_change(struct ctx *c, const struct person_change *change, const char *email)
{
	struct faults *f = faults_new(c->mem);

	if (email != NULL)
		check_email(c, email, f);
	check_text(change->name, "name", PERSON_NAME_MOST, "", f);
	if (change->language != NULL && strcmp(change->language, "en") != 0 &&
	    strcmp(change->language, "ru") != 0)
		faults_add(f, "language", FAULT_NOT_INCLUDED, 0);
	check_text(change->professional_experience, "professional_experience",
	    PERSON_EXPERIENCE_MOST, BLANKS, f);
	check_text(change->site, "site", PERSON_TEXT_MOST, "", f);
	check_text(change->company, "company", PERSON_TEXT_MOST, "", f);
	check_text(change->location, "location", PERSON_TEXT_MOST, "", f);
	return faults_end(c, f);
}

int
person_update(struct ctx *c, const struct actor *who, const struct person_change *change)
{
	const struct account *self = who->account;
	struct person_texts row = { .language = change->language,
		.professional_experience = change->professional_experience,
		.site = change->site,
		.company = change->company,
		.location = change->location };

	if (change->email != NULL)
		row.email = plain_email(c, change->email);
	TRY(check_change(c, change, row.email));
	if (change->name != NULL)
		split_name(c, change->name, &row.first_name, &row.last_name);
	TRY(account_taken(c, person_set_texts(c, self->id, &row)));
	TRY(account_check_other_emails(c, self->id, row.email));
	return actor_record(
	    c, who, "account.update", self->uname, row.email != NULL ? "email" : "");
}

int
person_want_notifiers(struct ctx *c, const struct actor *who, const struct notifiers *wanted)
{
	TRY(person_set_notifiers(c, who->account->id, wanted));
	return actor_record(c, who, "account.notifiers", who->account->uname, "");
}
