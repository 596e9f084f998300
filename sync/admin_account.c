#include <stdio.h>
#include <string.h>

#include "auth/password.h"
#include "base/path.h"
#include "base/random.h"
#include "core/account.h"
#include "db/db.h"
#include "sync/admin.h"

#define PASSWORD_RANDOM_BYTES 12
#define TOKEN_SCOPE_ALL 3

/* Whoever may run this command may do everything; the audit trail has it without a name. */
static const struct account hub = { .uname = "", .role = "admin", .is_admin = true, .scope = 3 };
static const struct actor command = { .account = &hub, .remote_addr = "" };

/* The first line of the file; or, without one, a random password. */
static int
choose_password(struct ctx *c, const char *file, const char **out)
{
	char *text;

	if (file == NULL) {
		*out = random_hex(c->mem, PASSWORD_RANDOM_BYTES);
		return OK;
	}
	TRY(path_read(c, file, PASSWORD_MOST_BYTES + 2, &text));
	text[strcspn(text, "\r\n")] = '\0';
	*out = text;
	return OK;
}

int
admin_create_account(struct ctx *c, const struct admin_args *args)
{
	const char *role = args->role != NULL ? args->role : "user";
	const char *email = args->email != NULL ? args->email : "";
	const char *password;
	int64_t id;

	TRY(choose_password(c, args->password_file, &password));
	TRY(admin_open_db(c));
	TRY(db_begin(c, DB_WRITE));
	TRY(account_create(c, &command, args->word, email, role, password, &id));
	TRY(db_commit(c));
	fprintf(stderr, "account %s (%s) is made%s\n", args->word, role,
	    args->password_file == NULL ? "; its password is shown this once:" : "");
	if (args->password_file == NULL)
		printf("%s\n", password);
	return OK;
}

int
admin_new_token(struct ctx *c, const struct admin_args *args)
{
	const char *token;

	TRY(admin_open_db(c));
	TRY(db_begin(c, DB_WRITE));
	TRY(account_create_token(
	    c, &command, args->word, "made by mirrorhub new-token", TOKEN_SCOPE_ALL, &token));
	TRY(db_commit(c));
	fprintf(stderr, "the token is shown this once:\n");
	printf("%s\n", token);
	return OK;
}
