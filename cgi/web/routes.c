#include "cgi/web/web.h"

#include <string.h>

#include "base/str.h"
#include "cgi/hub/hub.h"
#include "cgi/hpr/hpr.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "web/html.h"
#include "web/match.h"

static const struct web_words sign_in_words = { .again = web_sign_in_again };
static const struct web_words own_words = { .again = web_own };
static const struct web_words accounts_words = { .again = web_admin_accounts };
static const struct web_words targets_words = { .again = web_targets };
static const struct web_words target_words = { .again = web_target };
static const struct web_words hooks_words = { .again = web_hooks };
static const struct web_words hook_words = { .again = web_hook };
static const struct web_words new_words = { .again = web_new };
static const struct web_words kept_words = { .again = web_kept };
static const struct web_words options_words = { .again = web_options_form };
static const struct web_words edit_words = { .again = web_edit_form };
static const struct web_words logout_words = { .is_challenge = true };

/* clang-format off */
static const struct route routes[] = {
	/* method path           who may      loaded        who answers          reads  flags */
	{ GET,    "/",           PERM_PUBLIC, LOAD_NONE,    web_front,          NULL,  ROUTE_HTML },
	{ GET,    "/api",        PERM_PUBLIC, LOAD_NONE,    show_hub_docs,      NULL,  ROUTE_HTML },
	{ GET,    "/login",      PERM_PUBLIC, LOAD_NONE,    web_sign_in_form,   NULL,  ROUTE_ANYONE },
	{ POST,   "/login",      PERM_PUBLIC, LOAD_NONE,    web_sign_in,        web_sign_in_in,
	    ROUTE_SIGN_IN, &sign_in_words },
	{ POST,   "/-/sign-out", PERM_USER,   LOAD_NONE,    web_sign_out,       NULL,  0 },
	{ GET,    "/-/tokens",   PERM_USER,   LOAD_NONE,    web_own,            NULL,  0 },
	{ POST,   "/-/tokens",   PERM_USER,   LOAD_NONE,    web_create_token,   web_token_in, 0,
	    &own_words },
	{ POST,   "/-/tokens/:id/delete", PERM_USER, LOAD_NONE, web_delete_token, NULL, 0 },
	{ POST,   "/-/sessions/:id/end",  PERM_USER, LOAD_NONE, web_end_session,  NULL, 0 },
	{ POST,   "/-/sessions/end-others", PERM_USER, LOAD_NONE, web_end_other_sessions, NULL, 0 },
	{ POST,   "/-/password", PERM_USER,   LOAD_NONE,    web_change_password, web_password_in,
	    ROUTE_NO_TX, &own_words },
	{ GET,    "/-/admin",    PERM_HUB_ADMIN, LOAD_NONE, web_admin,          NULL,  0 },
	{ GET,    "/-/admin/jobs",     PERM_HUB_ADMIN, LOAD_NONE, web_admin_jobs,     NULL, 0 },
	{ POST,   "/-/admin/jobs/:id/run", PERM_HUB_ADMIN, LOAD_NONE, web_admin_run_job, NULL, 0 },
	{ GET,    "/-/admin/mirrors",  PERM_HUB_ADMIN, LOAD_NONE, web_admin_mirrors,  NULL, 0 },
	{ GET,    "/-/admin/hosts",    PERM_HUB_ADMIN, LOAD_NONE, web_admin_hosts,    NULL, 0 },
	{ POST,   "/-/admin/hosts/:id/try", PERM_HUB_ADMIN, LOAD_NONE, web_admin_try_host, NULL, 0 },
	{ GET,    "/-/admin/accounts", PERM_HUB_ADMIN, LOAD_NONE, web_admin_accounts, NULL, 0 },
	{ POST,   "/-/admin/accounts", PERM_HUB_ADMIN, LOAD_NONE, web_admin_create_account,
	    web_account_in, 0, &accounts_words },
	{ POST,   "/-/admin/accounts/:id/role", PERM_HUB_ADMIN, LOAD_NONE, web_admin_set_role,
	    web_role_in, 0, &accounts_words },
	{ GET,    "/logout",     PERM_PUBLIC, LOAD_NONE,    web_logout,         NULL,  ROUTE_ANYONE,
	    &logout_words },
	{ GET,    "/-/new",      PERM_USER,   LOAD_NONE,    web_new,            NULL,  0 },
	{ POST,   "/-/new",      PERM_USER,   LOAD_NONE,    web_create_mirror,  web_mirror_in, 0,
	    &new_words },
	{ POST,   "/-/new/plain", PERM_USER,  LOAD_NONE,    web_create_plain,   web_plain_in, 0,
	    &new_words },
	{ GET,    "/commit/:id", PERM_PUBLIC, LOAD_NONE,    web_commit_link,    NULL,  ROUTE_READ_TX },
	{ GET,    "/*path/commits",            PERM_READ, LOAD_PROJECT, web_commits_of_head, NULL, 0 },
	{ GET,    "/*path/commits/*rest",      PERM_READ, LOAD_PROJECT, web_commits,      NULL, 0 },
	{ GET,    "/*path/atom/commits/*rest", PERM_READ, LOAD_PROJECT, web_atom_commits, NULL, 0 },
	{ GET,    "/*path/atom/tags",          PERM_READ, LOAD_PROJECT, web_atom_tags,    NULL, 0 },
	{ GET,    "/*path.git",  PERM_READ,   LOAD_PROJECT, web_project_of_git, NULL,  0 },
	{ GET,    "/*path/tree/*rest", PERM_READ, LOAD_PROJECT, web_tree,     NULL, 0 },
	{ GET,    "/*path/blob/*rest", PERM_READ, LOAD_PROJECT, web_blob,     NULL, 0 },
	{ GET,    "/*path/raw/*rest",  PERM_READ, LOAD_PROJECT, web_raw,      NULL, ROUTE_STREAM },
	{ GET,    "/*path/branches",   PERM_READ, LOAD_PROJECT, web_branches, NULL, 0 },
	{ GET,    "/*path/tags",       PERM_READ, LOAD_PROJECT, web_tags,     NULL, 0 },
	{ GET,    "/*path/commit/*rest",  PERM_READ, LOAD_PROJECT, web_commit,  NULL, 0 },
	{ GET,    "/*path/compare",       PERM_READ, LOAD_PROJECT, web_compare, NULL, 0 },
	{ GET,    "/*path/compare/*rest", PERM_READ, LOAD_PROJECT, web_compare_range, NULL, 0 },
	{ GET,    "/*path/blame/*rest",   PERM_READ, LOAD_PROJECT, web_blame,   NULL, 0 },
	{ GET,    "/*path/patch/*rest",   PERM_READ, LOAD_PROJECT, web_patch,   NULL, ROUTE_STREAM },
	{ GET,    "/*path/archive/*rest", PERM_READ, LOAD_PROJECT, web_archive, NULL, ROUTE_STREAM },
	{ GET,    "/*path/targets",          PERM_ADMIN, LOAD_PROJECT, web_targets,       NULL, 0 },
	{ POST,   "/*path/targets",          PERM_ADMIN, LOAD_PROJECT, web_target_create, web_target_in, 0,
	    &targets_words },
	{ GET,    "/*path/targets/:id",      PERM_ADMIN, LOAD_PROJECT, web_target,        NULL, 0 },
	{ POST,   "/*path/targets/:id",      PERM_ADMIN, LOAD_PROJECT, web_target_edit,   web_target_in, 0,
	    &target_words },
	{ POST,   "/*path/targets/:id/delete", PERM_ADMIN, LOAD_PROJECT, web_target_delete, NULL, 0 },
	{ POST,   "/*path/targets/:id/push", PERM_ADMIN, LOAD_PROJECT, web_target_push,   web_target_push_in, 0 },
	{ GET,    "/*path/hooks",            PERM_ADMIN, LOAD_PROJECT, web_hooks,         NULL, 0 },
	{ POST,   "/*path/hooks",            PERM_ADMIN, LOAD_PROJECT, web_hook_create,   web_hook_in, 0,
	    &hooks_words },
	{ GET,    "/*path/hooks/:id",        PERM_ADMIN, LOAD_PROJECT, web_hook,          NULL, 0 },
	{ POST,   "/*path/hooks/:id",        PERM_ADMIN, LOAD_PROJECT, web_hook_edit,     web_hook_in, 0,
	    &hook_words },
	{ POST,   "/*path/hooks/:id/delete", PERM_ADMIN, LOAD_PROJECT, web_hook_delete,   NULL, 0 },
	{ POST,   "/*path/hooks/:id/ping",   PERM_ADMIN, LOAD_PROJECT, web_hook_ping,     NULL, 0 },
	{ GET,    "/*path/hooks/:id/deliveries/:delivery", PERM_ADMIN, LOAD_PROJECT, web_hook_delivery, NULL, 0 },
	{ POST,   "/*path/hooks/:id/deliveries/:delivery/again", PERM_ADMIN, LOAD_PROJECT, web_hook_again,
	    NULL, 0 },
	{ GET,    "/-/admin/hooks",            PERM_HUB_ADMIN, LOAD_NONE, web_hooks,         NULL, 0 },
	{ POST,   "/-/admin/hooks",            PERM_HUB_ADMIN, LOAD_NONE, web_hook_create,   web_hook_in, 0,
	    &hooks_words },
	{ GET,    "/-/admin/hooks/:id",        PERM_HUB_ADMIN, LOAD_NONE, web_hook,          NULL, 0 },
	{ POST,   "/-/admin/hooks/:id",        PERM_HUB_ADMIN, LOAD_NONE, web_hook_edit,     web_hook_in, 0,
	    &hook_words },
	{ POST,   "/-/admin/hooks/:id/delete", PERM_HUB_ADMIN, LOAD_NONE, web_hook_delete,   NULL, 0 },
	{ POST,   "/-/admin/hooks/:id/ping",   PERM_HUB_ADMIN, LOAD_NONE, web_hook_ping,     NULL, 0 },
	{ GET,    "/-/admin/hooks/:id/deliveries/:delivery", PERM_HUB_ADMIN, LOAD_NONE, web_hook_delivery, NULL, 0 },
	{ POST,   "/-/admin/hooks/:id/deliveries/:delivery/again", PERM_HUB_ADMIN, LOAD_NONE, web_hook_again,
	    NULL, 0 },
	{ GET,    "/*path/runs",       PERM_READ,  LOAD_MIRROR,  web_runs,      NULL, 0 },
	{ GET,    "/*path/runs/:id",   PERM_READ,  LOAD_MIRROR,  web_run,       NULL, 0 },
	{ POST,   "/*path/sync",       PERM_WRITE, LOAD_MIRROR,  web_sync,      NULL, 0 },
	{ POST,   "/*path/approve",    PERM_ADMIN, LOAD_MIRROR,  web_approve,   web_held_in, 0 },
	{ POST,   "/*path/reject",     PERM_ADMIN, LOAD_MIRROR,  web_reject,    web_held_in, 0 },
	{ POST,   "/*path/accept-move", PERM_ADMIN, LOAD_MIRROR, web_accept_move, web_accept_move_in,
	  0 },
	{ GET,    "/*path/kept",       PERM_ADMIN, LOAD_MIRROR,  web_kept,      NULL, 0 },
	{ POST,   "/*path/kept/restore", PERM_ADMIN, LOAD_MIRROR, web_restore,  web_restore_in, 0,
	    &kept_words },
	{ POST,   "/*path/kept/let-go", PERM_ADMIN, LOAD_MIRROR, web_let_go,    web_let_go_in, 0 },
	{ GET,    "/*path/options",    PERM_ADMIN, LOAD_MIRROR,  web_options_form, NULL, 0 },
	{ POST,   "/*path/options",    PERM_ADMIN, LOAD_MIRROR,  web_options,   web_options_in, 0,
	    &options_words },
	{ GET,    "/*path/edit",       PERM_ADMIN, LOAD_PROJECT, web_edit_form, NULL, 0 },
	{ POST,   "/*path/edit",       PERM_ADMIN, LOAD_PROJECT, web_edit,      web_edit_in, 0,
	    &edit_words },
	{ POST,   "/*path/pause",      PERM_ADMIN, LOAD_MIRROR,  web_pause,     NULL, 0 },
	{ POST,   "/*path/resume",     PERM_ADMIN, LOAD_MIRROR,  web_resume,    NULL, 0 },
	{ POST,   "/*path/delete",     PERM_OWNER, LOAD_PROJECT, web_delete,    web_delete_in, 0,
	    &edit_words },
	{ GET,    "/*path",      PERM_READ,   LOAD_PROJECT, web_project,        NULL,  0 },
	{ 0 }
};
/* clang-format on */

static const struct {
	int status;
	const char *title, *sentence;
} errors[] = {
	{ 400, "400 Bad request", "This address or what was sent cannot be read." },
	{ 401, "401 Who are you?", "This is for people with an account." },
	{ 403, "403 Forbidden", "You may see this, but not change it." },
	{ 404, "404 Not found", "There is no such page, or it is not for everyone to see." },
	{ 405, "405 Method not allowed", "This address does not take that." },
	{ 409, "409 Conflict", "It changed meanwhile, or the name is taken." },
	{ 413, "413 Too large", "This is more than the hub takes at once." },
	{ 415, "415 Unsupported type", "The hub does not take this kind of body." },
	{ 422, "422 Wrong input", "Something in the form is not right." },
	{ 429, "429 Too many requests", "Please wait a moment." },
	{ 503, "503 Busy", "The hub is busy or being maintained. Please try again in a moment." },
	{ 500, "500 Internal error",
	    "Something went wrong on our side. It has been written down." },
};

static size_t
error_of(int status)
{
	size_t i = 0, last = sizeof(errors) / sizeof(errors[0]) - 1;

	while (i < last && errors[i].status != status)
		i++;
	return i;
}

/* Whether a person comes to the log-in form instead of a refusal. Who shows credentials of another
 * kind is a program, or knows what he does. */
static bool
is_to_sign_in(struct req *r, const struct web_words *words)
{
	return r->status == 401 && match_wants_html(r) && req_header(r, "Authorization") == NULL &&
	    (words == NULL || (!words->is_challenge && words->again == NULL));
}

/* Draws the page again that sent the form. */
static bool
show_again(struct req *r, int code, const struct web_words *words)
{
	bool is_input = code == E_INVALID || code == E_CONFLICT ||
	    (code == E_DENIED && (r->route->flags & ROUTE_SIGN_IN));

	if (!is_input || words == NULL || words->again == NULL)
		return false;
	if (words->again(r) == OK)
		return true;
	res_clear(r);
	return false;
}

static void
refuse(struct req *r, int code)
{
	const struct web_words *words = r->route != NULL ? r->route->words : NULL;
	size_t i;

	if (is_to_sign_in(r, words)) {
		res_clear(r);
		(void)page_see_other(r, url_sign_in(r));
		return;
	}
	if (show_again(r, code, words))
		return;
	i = error_of(r->status);
	r->project = NULL; /* nothing of it is told */
	page_begin(r, &(struct page){ .title = errors[i].title });
	html(r->out, "<h1>%s</h1>\n<p>%s</p>\n", errors[i].title, errors[i].sentence);
	if (code != E_INTERNAL && code != E_NOTFOUND && r->ctx->reason[0] != '\0')
		html(r->out, "<p>%s.</p>\n", r->ctx->reason);
	html(r->out, "<p class=\"quiet\">%s</p>\n<p class=\"quiet\">Request %s</p>\n", r->path,
	    r->id);
	page_end(r);
}

const struct dialect web_dialect = {
	.name = "web",
	.realm = "Mirrorhub",
	.type = "text/html; charset=utf-8",
	.routes = routes,
	.fail = refuse,
	.for_programs = &hpr_dialect,
	.prefixes = (const char *const[]){ "/-", NULL },
	.inputs = INPUT_FORM,
	.habits = HABIT_SESSION,
};
