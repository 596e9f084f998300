#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "core/target.h"
#include "db/db.h"
#include "sync/admin.h"

static const struct account hub = { .uname = "", .role = "admin", .is_admin = true, .scope = 3 };
static const struct actor command = { .account = &hub, .remote_addr = "" };

/* A file, because arguments can be seen by everyone on the machine. */
static int
change(struct ctx *c, const struct admin_args *args, bool is_token)
{
	int64_t id;
	char *text;

	if (!str_is_int(args->word, &id))
		return fail(c, E_INVALID, "a target is named by its number");
	if (args->secret_file == NULL)
		return fail(c, E_INVALID, "the secret comes from --secret-file FILE");
	TRY(path_read(c, args->secret_file, TARGET_SECRET_MOST + 2, &text));
	text[strcspn(text, "\r\n")] = '\0';
	TRY(admin_open_db(c));
	TRY(db_begin(c, DB_WRITE));
	TRY(target_change_secret(c, &command, id, is_token, text));
	TRY(db_commit(c));
	fprintf(stderr, "target %lld has it, and is pushed to now\n", (long long)id);
	return OK;
}

int
admin_target_secret(struct ctx *c, const struct admin_args *args)
{
	return change(c, args, false);
}

int
admin_target_token(struct ctx *c, const struct admin_args *args)
{
	return change(c, args, true);
}
