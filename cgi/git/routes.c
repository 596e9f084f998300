#include "cgi/git/git.h"

#include <ctype.h>

#include "base/buf.h"
#include "cgi/git/handlers.h"

#define TEXT "text/plain; charset=utf-8"
#define ANY (ROUTE_STREAM | ROUTE_ASK_FIRST)

/* clang-format off */
static const struct route routes[] = {
	/* method  path                                           who may      what is loaded  who answers  input  flags */
	{ GET,  "/*path.git/info/refs?service=git-upload-pack",   PERM_READ,   LOAD_CLONE,   show_refs_to_fetch, NULL, ANY },
	{ POST, "/*path.git/git-upload-pack",                     PERM_READ,   LOAD_CLONE,   serve_fetch,        NULL, ANY | ROUTE_READS },
	{ GET,  "/*path.git/info/refs?service=git-receive-pack",  PERM_WRITE,  LOAD_CLONE,   show_refs_to_push,  NULL, ANY },
	{ POST, "/*path.git/git-receive-pack",                    PERM_WRITE,  LOAD_CLONE,   serve_push,         NULL, ANY | ROUTE_NO_TX },
	{ GET,  "/manifest.js.gz",                                PERM_PUBLIC, LOAD_NONE,    show_manifest,      NULL, ROUTE_STREAM },
	{ .path = NULL },
};
/* clang-format on */

/* What a person reads behind "remote: ". These statuses have one sentence each, so that it tells
 * nothing about what is hidden; the others show the reason. */
static const struct {
	int status;
	const char *sentence;
} sentences[] = {
	{ 401, "please log in: your name and password, or a token as the password" },
	{ 404, "there is no such repository, or you may not see it" },
	{ 405, "only git clone, fetch and push are served here" },
};

static const char *
sentence_for(const struct req *r, int code)
{
	if (code == E_INTERNAL && r->ctx->retry_after_s > 0)
		return "the hub is busy or being restarted, please try again in a moment";
	if (code == E_INTERNAL)
		return "the hub failed to answer, its log knows more";
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (sentences[i].status == r->status)
			return sentences[i].sentence;
	return r->ctx->reason;
}

static void
say_no(struct req *r, int code)
{
	const char *sentence = sentence_for(r, code);

	set_type(r, TEXT);
	buf_clear(r->out);
	buf_char(r->out, (char)toupper((unsigned char)sentence[0]));
	buf_text(r->out, sentence + 1);
	buf_text(r->out, ".\n");
	if (code == E_INTERNAL)
		buf_printf(r->out, "The request was %s.\n", r->id);
}

const struct dialect git_dialect = {
	.name = "git",
	.realm = "Mirrorhub",
	.type = TEXT,
	.routes = routes,
	.fail = say_no,
};
