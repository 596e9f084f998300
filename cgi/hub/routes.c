#include <string.h>

#include "cgi/hub/hub.h"

#define SAYS(sentence)                                                                             \
	&(const struct hub_words)                                                                  \
	{                                                                                          \
		sentence, NULL                                                                     \
	}

/* A notice may be let in by its signature alone, so guests are heard also where they are not let in
 * otherwise. */
/* clang-format off */
static const struct route routes[] = {
	/* method  path                      who may      loaded        who answers      reads      */
	{ POST,    "/api/push",              PERM_PUSH,   LOAD_PUSH,    take_push,       NULL,      ROUTE_ANYONE,
	    SAYS("Tells the hub of a push to a repository, or of a repository.") },
	{ GET,     "/api",                   PERM_PUBLIC, LOAD_NONE,    show_hub_endpoints,  NULL,      0,
	    SAYS("This documentation; as JSON unless HTML is asked for.") },
	{ GET,     "/api/ping",              PERM_PUBLIC, LOAD_NONE,    show_hub_ping,       NULL,      ROUTE_ANYONE,
	    SAYS("Whether the hub answers.") },
	{ GET,     "/api/repos",             PERM_PUBLIC, LOAD_NONE,    list_hub_repos,      NULL,      0,
	    SAYS("All repositories that you may read, by name.") },
	{ POST,    "/api/repos",             PERM_PUSH,   LOAD_PUSH,    take_repository, NULL,      ROUTE_ANYONE,
	    SAYS("As POST /api/push; answers with the repository.") },
	{ GET,     "/api/repos/:path",       PERM_READ,   LOAD_PROJECT, show_hub_repo,       NULL,      0,
	    SAYS("One repository.") },
	{ POST,    "/api/repos/:path",       PERM_PUSH,   LOAD_PUSH,    take_repository, NULL,      ROUTE_ANYONE,
	    SAYS("As POST /api/repos, with the name in the address.") },
	{ PUT,     "/api/repos/:path",       PERM_PUSH,   LOAD_PUSH,    take_repository, NULL,      ROUTE_ANYONE,
	    SAYS("The same.") },
	{ DELETE,  "/api/repos/:path",       PERM_ADMIN,  LOAD_PROJECT, delete_hub_repo,     NULL,      0,
	    SAYS("Deletes a repository and its files.") },
	{ GET,     "/api/repos/:path/secret", PERM_ADMIN, LOAD_MIRROR,  show_push_secret,     NULL,      0,
	    SAYS("Whether notices for a repository may be signed.") },
	{ PUT,     "/api/repos/:path/secret", PERM_ADMIN, LOAD_MIRROR,  set_push_secret,      push_secret_in, 0,
	    SAYS("Sets the secret that signs them.") },
	{ DELETE,  "/api/repos/:path/secret", PERM_ADMIN, LOAD_MIRROR,  delete_push_secret,   NULL,      0,
	    SAYS("Takes it away.") },
	{ 0 }
};
/* clang-format on */

static bool
is_push(const struct req *r)
{
	return r->route != NULL && r->route->serve == take_push;
}

static const char *
message_of(struct req *r, int code)
{
	struct ctx *c = r->ctx;
	const bool is_notice = r->route != NULL && r->route->load == LOAD_PUSH;
	const char *name = NULL;

	if (code == E_INTERNAL)
		return r->status == 503 ? "Service unavailable" : "Internal error";
	if (r->status == 401 && !is_notice)
		return "Unauthorized";
	if (code != E_NOTFOUND || r->route == NULL || r->route->load == LOAD_NONE ||
	    r->project != NULL)
		return c->reason;
	if (!is_notice)
		name = req_param(r, "path");
	else if (name_of_notice(r, &name) != OK)
		return c->reason;
	return arena_printf(c->mem, "no such repo: '%s'", name);
}

/* {"success":false,"error":…}: of notices alone, and with no status of its own for anything that is
 * wrong with one (D-12, D-13). */
static void
refuse_push(struct req *r, const char *message)
{
	if (r->status == 409)
		r->status = 400;
	hub_shape_failure(r, message);
}

static void
refuse(struct req *r, int code)
{
	const char *message;

	if (r->status == 422)
		r->status = 400;
	message = message_of(r, code);
	if (is_push(r))
		refuse_push(r, message);
	else
		hub_shape_error(r, message);
}

const struct dialect hub_dialect = {
	.name = "hub",
	.realm = "Authorization Required",
	.type = "application/json",
	.routes = routes,
	.fail = refuse,
	.inputs = INPUT_FORM | INPUT_JSON | INPUT_BY_BYTE,
	.prefixes = (const char *const[]){ "/api", NULL },
	.body_bytes = PUSH_BODY_MOST_BYTES,
	.named = name_of_notice,
};
