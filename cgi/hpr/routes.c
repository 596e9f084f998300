#include "cgi/hpr/hpr.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* The seed spells the word wrongly everywhere, scripts spell it right: both do the same (D-01). */
#define TYPO "/repositores"
#define WORD "/repositories"

/* Lists are public: what is in them is what the asker may read. */
/* clang-format off */
#define REPOSITORIES(P)                                                                                    \
	/* method  path                  who may      loaded       who answers          reads */           \
	{ GET,     P,                    PERM_PUBLIC, LOAD_NONE,   list_repositories,   NULL,      0 },    \
	{ POST,    P,                    PERM_USER,   LOAD_NONE,   create_repository,   create_in, ROUTE_NO_TX }, \
	{ GET,     P "/search",          PERM_PUBLIC, LOAD_NONE,   search_repositories, NULL,      0 },    \
	{ GET,     P "/search/:text",    PERM_PUBLIC, LOAD_NONE,   search_repositories, NULL,      0 },    \
	{ GET,     P "/:path",           PERM_READ,   LOAD_MIRROR, show_repository,     NULL,      0 },    \
	{ PUT,     P "/:path",           PERM_WRITE,  LOAD_MIRROR, update_repository,   NULL,      0 },    \
	{ DELETE,  P "/:path",           PERM_ADMIN,  LOAD_MIRROR, delete_repository,   NULL,      0 },    \
	{ GET,     P "/:path/status",    PERM_READ,   LOAD_MIRROR, show_status,         NULL,      0 }

static const struct route routes[] = {
	{ GET,     "/",                      PERM_PUBLIC, LOAD_NONE, show_welcome,   NULL, ROUTE_NOT_HTML },
	REPOSITORIES(TYPO),
	REPOSITORIES(WORD),
	{ GET,     "/info",                  PERM_PUBLIC, LOAD_NONE, show_info,      NULL, ROUTE_READ_TX },
	{ GET,     "/info/scheduled",        PERM_PUBLIC, LOAD_NONE, list_scheduled, NULL, 0 },
	{ GET,     "/info/busy",             PERM_PUBLIC, LOAD_NONE, list_busy,      NULL, 0 },
	{ GET,     "/info/retry_failtures",  PERM_PUBLIC, LOAD_NONE, list_retries,   NULL, 0 },
	{ 0 }
};
/* clang-format on */

static const char *
message_of(struct req *r, int code)
{
	struct ctx *c = r->ctx;

	if (code == E_INTERNAL)
		return r->status == 503 ? "Service unavailable" : "Internal error";
	if (code == E_NOTFOUND && r->route != NULL && r->route->load != LOAD_NONE)
		return arena_printf(c->mem, "Not found repository: %s", req_param(r, "path"));
	if (code == E_NOTFOUND)
		return "Not found.";
	/* a body that cannot be read at all, as against one with a wrong value in it */
	if (code == E_INVALID && (c->http_status == 400 || c->http_status == 415) &&
	    r->route != NULL && r->route->in != NULL)
		return "Invalid body";
	return c->reason;
}

static bool
is_typo(const struct req *r)
{
	size_t n = strlen(TYPO);

	return strncmp(r->path, TYPO, n) == 0 && strchr("/", r->path[n]) != NULL;
}

static void
ask_who(struct req *r)
{
	r->type = "text/plain; charset=utf-8";
	buf_text(r->out,
	    "Could not verify your access level for that URL.\n"
	    "You have to login with proper credentials");
}

static void
refuse(struct req *r, int code)
{
	const char *message = message_of(r, code);

	if (r->status == 422)
		r->status = 400; /* hpr knows no other word for "wrong input" */
	if (r->status == 401) {
		ask_who(r);
		return;
	}
	if (req_is_changing(r))
		res_header_text(r, "X-Hub-Message", message);
	if (req_is_changing(r) && r->method != PATCH && is_typo(r))
		buf_text(r->out, "false"); /* D-02 */
	else
		shape_message(r, message);
}

const struct dialect hpr_dialect = {
	.name = "hpr",
	.realm = "Login Required",
	.type = "application/json",
	.routes = routes,
	.fail = refuse,
	.prefixes = (const char *const[]){ TYPO, WORD, "/info", NULL },
	.inputs =
	    INPUT_FORM | INPUT_MULTIPART | INPUT_JSON | INPUT_IGNORE_UNKNOWN | INPUT_BOOL_AS_TEXT,
};
