#include "core/sign_in.h"

#include "auth/who.h"
#include "base/fault.h"
#include "db/db.h"

static int
check_given(struct ctx *c, const char *uname, const char *password)
{
	struct faults *f = faults_new(c->mem);

	if (uname == NULL || uname[0] == '\0')
		faults_add(f, "uname", FAULT_BLANK, 0);
	if (password == NULL || password[0] == '\0')
		faults_add(f, "password", FAULT_BLANK, 0);
	return faults_end(c, f);
}

static int
check_password(struct ctx *c, const struct session_place *place, const char *uname,
    const char *password, struct claim *out)
{
	int code = who_claim_typed(c, uname, password, place->remote_addr, out);

	if (code != E_DENIED || c->http_status != 0)
		return code;
	if (out->is_locked)
		return fail(c, E_DENIED, "this account is locked: ask who runs this hub");
	return fail(c, E_DENIED, "this name and password do not belong together");
}

int
sign_in(struct ctx *c, const struct account *before, const struct session_place *place,
    const char *uname, const char *password, const char **text_out)
{
	struct claim claim;

	TRY(check_given(c, uname, password));
	TRY(check_password(c, place, uname, password, &claim));
	TRY(db_begin(c, DB_WRITE));
	TRY(sign_out(c, before, place->remote_addr));
	TRY(session_begin(c, &claim, place, text_out));
	return db_commit(c);
}

int
sign_out(struct ctx *c, const struct account *account, const char *remote_addr)
{
	int code;

	if (account->session_id == 0)
		return OK;
	code = session_end(c, account, account->session_id, remote_addr);
	return code == E_NOTFOUND ? OK : code; /* it has just ended otherwise */
}
