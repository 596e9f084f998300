#include <string.h>

#include "cgi/hub/hub.h"

/* The last column, words, is what the documentation says of a row (docs.c). A notice may be let in
 * by its signature alone, so guests are heard also where they are not let in otherwise. */
/* clang-format off */
static const struct route routes[] = {
	/* method, path, who may, what is loaded, who answers, what it reads, flags */
	{ POST,   "/api/push",                       PERM_PUSH,   LOAD_PUSH,    take_push, NULL, ROUTE_ANYONE,
	    "Tells the hub of a push to a repository, or of a repository." },
	{ GET,    "/api",                            PERM_PUBLIC, LOAD_NONE,    show_hub_endpoints, NULL, ROUTE_NOT_HTML,
	    "This documentation; as JSON unless HTML is asked for." },
	{ GET,    "/api/ping",                       PERM_PUBLIC, LOAD_NONE,    show_hub_ping, NULL, ROUTE_ANYONE,
	    "Whether the hub answers." },
	{ GET,    "/api/repos",                      PERM_PUBLIC, LOAD_NONE,    list_hub_repos, NULL, 0,
	    "All repositories that you may read, by name." },
	{ POST,   "/api/repos",                      PERM_PUSH,   LOAD_PUSH,    take_repository, NULL, ROUTE_ANYONE,
	    "As POST /api/push; answers with the repository." },
	{ GET,    "/api/repos/:path",                PERM_READ,   LOAD_PROJECT, show_hub_repo, NULL, 0,
	    "One repository." },
	{ POST,   "/api/repos/:path",                PERM_PUSH,   LOAD_PUSH,    take_repository, NULL, ROUTE_ANYONE,
	    "As POST /api/repos, with the name in the address." },
	{ PUT,    "/api/repos/:path",                PERM_PUSH,   LOAD_PUSH,    take_repository, NULL, ROUTE_ANYONE,
	    "The same." },
	{ DELETE, "/api/repos/:path",                PERM_ADMIN,  LOAD_PROJECT, delete_hub_repo, NULL, 0,
	    "Deletes a repository and its files." },
	{ GET,    "/api/repos/:path/secret",         PERM_ADMIN,  LOAD_MIRROR,  show_push_secret, NULL, 0,
	    "Whether a secret for signed notices is set." },
	{ PUT,    "/api/repos/:path/secret",         PERM_ADMIN,  LOAD_MIRROR,  set_push_secret, push_secret_in, 0,
	    "Sets the secret that notices for a repository are signed with." },
	{ DELETE, "/api/repos/:path/secret",         PERM_ADMIN,  LOAD_MIRROR,  delete_push_secret, NULL, 0,
	    "Takes it away." },
	{ GET,    "/api/repos/:path/targets",        PERM_ADMIN,  LOAD_PROJECT, list_hub_targets, NULL, 0,
	    "Where a repository is pushed on to." },
	{ POST,   "/api/repos/:path/targets",        PERM_ADMIN,  LOAD_PROJECT, create_hub_target, hub_target_in, 0,
	    "One more place; its first push begins at once." },
	{ GET,    "/api/repos/:path/targets/:id",    PERM_ADMIN,  LOAD_PROJECT, show_hub_target, NULL, 0,
	    "One of them, with the refs that are not as they should be there." },
	{ PUT,    "/api/repos/:path/targets/:id",    PERM_ADMIN,  LOAD_PROJECT, edit_hub_target, hub_target_in, 0,
	    "Changes it; secrets that are not sent stay." },
	{ DELETE, "/api/repos/:path/targets/:id",    PERM_ADMIN,  LOAD_PROJECT, delete_hub_target, NULL, 0,
	    "Pushes there no more; what lies there stays." },
	{ POST,   "/api/repos/:path/targets/:id/push", PERM_ADMIN, LOAD_PROJECT, push_hub_target, hub_target_push_in, 0,
	    "Pushes now; with overwrite also over what others put there." },
	{ GET,    "/api/repos/:path/held",           PERM_READ,   LOAD_MIRROR,  show_held, NULL, 0,
	    "What of a mirror's upstream waits for approval, and why." },
	{ POST,   "/api/repos/:path/approve",        PERM_ADMIN,  LOAD_MIRROR,  approve_held, held_in, 0,
	    "Publishes it with the next sync, which is asked for." },
	{ POST,   "/api/repos/:path/reject",         PERM_ADMIN,  LOAD_MIRROR,  reject_held, held_in, 0,
	    "Passes it over until the upstream has something else." },
	{ GET,    "/api/repos/:path/options",        PERM_ADMIN,  LOAD_MIRROR,  show_options, NULL, 0,
	    "What of its upstream a mirror takes over, and how." },
	{ PUT,    "/api/repos/:path/options",        PERM_ADMIN,  LOAD_MIRROR,  set_options, options_in, 0,
	    "Changes that; what is not sent stays." },
	{ GET,    "/api/repos/:path/kept",           PERM_ADMIN,  LOAD_MIRROR,  list_kept, NULL, 0,
	    "Where refs of a mirror were before they were forced, moved or deleted." },
	{ POST,   "/api/repos/:path/kept",           PERM_ADMIN,  LOAD_MIRROR,  restore_kept, kept_in, 0,
	    "Publishes one of them again, as a ref of the mirror's own." },
	{ DELETE, "/api/repos/:path/restored/*rest", PERM_ADMIN,  LOAD_MIRROR,  let_go_restored, NULL, 0,
	    "Takes such a ref away again." },
	{ GET,    "/api/repos/:path/refs",           PERM_READ,   LOAD_PROJECT, list_hub_refs, NULL, 0,
	    "Its branches and tags, the highest name first." },
	{ GET,    "/api/repos/:path/refs/:ref",      PERM_READ,   LOAD_PROJECT, show_hub_refs, NULL, 0,
	    "The root of a branch, tag or commit." },
	{ GET,    "/api/repos/:path/refs/:ref/*rest", PERM_READ,   LOAD_PROJECT, show_hub_refs, NULL, 0,
	    "A folder or file in it." },
	{ GET,    "/api/repos/:path/ref/:ref",       PERM_READ,   LOAD_PROJECT, show_hub_ref, NULL, 0,
	    "The root, in the words of the first clients." },
	{ GET,    "/api/repos/:path/ref/:ref/*rest", PERM_READ,   LOAD_PROJECT, show_hub_ref, NULL, 0,
	    "A folder or file, in the same words." },
	{ GET,    "/api/repos/:path/commit/:ref",    PERM_READ,   LOAD_PROJECT, show_hub_commit, NULL, 0,
	    "One commit: by its id, the beginning of it, a branch or a tag." },
	{ GET,    "/api/repos/:path/commits/:ref",   PERM_READ,   LOAD_PROJECT, list_hub_commits, NULL, 0,
	    "The commits behind a branch, tag or commit, the newest first." },
	{ GET,    "/api/commit/:id",                 PERM_PUBLIC, LOAD_NONE,    find_hub_commit, NULL, 0,
	    "A commit by its id or the beginning of it, in any repository." },
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
