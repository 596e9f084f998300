#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "core/webhook.h"
#include "db/db.h"
#include "sync/admin.h"

static const struct account hub = { .uname = "", .role = "admin", .is_admin = true, .scope = 3 };
static const struct actor command = { .account = &hub, .remote_addr = "" };

/* A file, because arguments can be seen by everyone on the machine. */
int
admin_webhook_secret(struct ctx *c, const struct admin_args *args)
{
	int64_t id;
	char *text;

	if (!str_is_int(args->word, &id))
		return fail(c, E_INVALID, "a webhook is named by its number");
	if (args->secret_file == NULL)
		return fail(c, E_INVALID, "the secret comes from --secret-file FILE");
	TRY(path_read(c, args->secret_file, WEBHOOK_SECRET_MOST + 2, &text));
	text[strcspn(text, "\r\n")] = '\0';
	TRY(admin_open_db(c));
	TRY(db_begin(c, DB_WRITE));
	TRY(webhook_change_secret(c, &command, id, text));
	TRY(db_commit(c));
	fprintf(stderr, "webhook %lld has it; the one before signs too for a day\n", (long long)id);
	return OK;
}
