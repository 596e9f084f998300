#include "core/own.h"

#include <string.h>

#include "auth/password.h"
#include "auth/token.h"
#include "auth/who.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/level.h"
#include "core/rule.h"
#include "db/db.h"
#include "store/token.h"

#define DESCRIPTION_MOST 255
#define FULL_SCOPE 3

static int
check_scope(struct ctx *c, const struct actor *who)
{
	if (who->account->scope >= FULL_SCOPE)
		return OK;
	return fail(c, E_DENIED, "a token of this scope changes nothing of its account");
}

/* ---- tokens */

static int64_t
scope_of(const char *word)
{
	static const char *const words[] = { [1] = "read", [2] = "write", [3] = "admin" };

	for (int64_t i = 1; i <= FULL_SCOPE; i++)
		if (word != NULL && strcmp(word, words[i]) == 0)
			return i;
	return 0;
}

static int
check_wish(struct ctx *c, const struct own_token_wish *wish, struct token_wish *out)
{
	struct faults *f = faults_new(c->mem);

	out->description = wish->description;
	out->scope = scope_of(wish->scope);
	if (rule_is_blank(wish->description))
		faults_add(f, "description", FAULT_BLANK, 0);
	else if (!str_is_printable(wish->description))
		faults_add(f, "description", FAULT_INVALID, 0);
	else
		rule_length(f, "description", wish->description, DESCRIPTION_MOST);
	if (out->scope == 0)
		faults_add(f, "scope", FAULT_NOT_INCLUDED, 0);
	if (wish->days != NULL && wish->days[0] != '\0' &&
	    (!str_is_int(wish->days, &out->days) || out->days < 1 || out->days > OWN_DAYS_MOST))
		faults_add(f, "days", FAULT_INVALID, 0);
	return faults_end(c, f);
}

static int
check_count(struct ctx *c, const struct actor *who)
{
	struct token *rows;
	size_t n;

	TRY(token_list(c, who->account->id, OWN_TOKENS_MOST, &rows, &n));
	if (n < OWN_TOKENS_MOST)
		return OK;
	return fail(
	    c, E_CONFLICT, "an account has %d tokens at most: delete some", OWN_TOKENS_MOST);
}

int
own_create_token(struct ctx *c, const struct actor *who, const struct own_token_wish *wish,
    const char **text_out)
{
	struct token_wish row = { 0 };

	TRY(check_scope(c, who));
	TRY(check_wish(c, wish, &row));
	TRY(check_count(c, who));
	TRY(token_create(c, who->account->id, &row, text_out));
	return actor_record(c, who, "token.create", who->account->uname, row.description);
}

int
own_delete_token(struct ctx *c, const struct actor *who, int64_t id)
{
	const char *description;

	TRY(check_scope(c, who));
	TRY(token_del(c, who->account->id, id, &description));
	return actor_record(c, who, "token.delete", who->account->uname, description);
}

/* ---- sessions */

int
own_end_session(struct ctx *c, const struct actor *who, int64_t id)
{
	TRY(check_scope(c, who));
	return session_end(c, who->account, id, who->remote_addr);
}

int
own_end_other_sessions(struct ctx *c, const struct actor *who)
{
	TRY(check_scope(c, who));
	return session_end_others(c, who->account, who->account->session_id, who->remote_addr);
}

/* ---- the password */

static void
check_new(struct ctx *c, const struct own_password_wish *wish, struct faults *f)
{
	if (wish->new == NULL || wish->new[0] == '\0')
		faults_add(f, "new", FAULT_BLANK, 0);
	else if (strlen(wish->new) < PASSWORD_LEAST_BYTES)
		faults_add(f, "new", FAULT_TOO_SHORT, PASSWORD_LEAST_BYTES);
	else if (strlen(wish->new) > PASSWORD_MOST_BYTES)
		faults_add(f, "new", FAULT_TOO_LONG, PASSWORD_MOST_BYTES);
	else if (password_check(c, wish->new) != OK)
		faults_add(f, "new", FAULT_INVALID, 0);
	else if (wish->old != NULL && strcmp(wish->new, wish->old) == 0)
		faults_add(f, "new", FAULT_REFUSED, 0);
	else if (wish->repeated == NULL || strcmp(wish->new, wish->repeated) != 0)
		faults_add(f, "repeated", FAULT_MISMATCH, 0);
}

static int
check_old(struct ctx *c, const struct actor *who, const char *old)
{
	struct claim claim;
	int code = who_claim_typed(c, who->account->uname, old, who->remote_addr, &claim);

	if (code == E_DENIED && c->http_status == 0)
		return fault(c, "old", FAULT_INVALID, 0);
	return code;
}

/* A session by the new password, where there was one by the old one. */
static int
begin_anew(struct ctx *c, const struct actor *who, const struct session_place *place,
    const char **text_out)
{
	const struct claim claim = { .kind = CLAIM_ACCOUNT,
		.account_id = who->account->id,
		.password_version = who->account->password_version + 1 };

	*text_out = NULL;
	return who->account->session_id != 0 ? session_begin(c, &claim, place, text_out) : OK;
}

int
own_change_password(struct ctx *c, const struct actor *who, const struct own_password_wish *wish,
    const struct session_place *place, const char **text_out)
{
	struct faults *f = faults_new(c->mem);
	const char *hash;

	TRY(check_scope(c, who));
	if (wish->old == NULL || wish->old[0] == '\0')
		faults_add(f, "old", FAULT_BLANK, 0);
	check_new(c, wish, f);
	TRY(faults_end(c, f));
	TRY(check_old(c, who, wish->old));
	TRY(password_hash(c, wish->new, &hash));
	TRY(db_begin(c, DB_WRITE));
	TRY(account_set_password(c, who->account->id, hash));
	TRY(actor_record(c, who, "account.password", who->account->uname, "by itself"));
	TRY(begin_anew(c, who, place, text_out));
	return db_commit(c);
}
