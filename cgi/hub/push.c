#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/path.h"
#include "base/str.h"
#include "cgi/hub/hub.h"
#include "core/name.h"
#include "core/notice.h"
#include "core/project.h"
#include "core/upstream.h"
#include "web/body.h"

/* Where forges write the addresses of a repository, the best for cloning first: of GitHub's,
 * Gitea's and GitLab's notices the one for ssh (hub contract, B8.2 row 4), then the one for https;
 * url is what the Hub's own notices have, and the address of a page in others'. */
static const char *const url_keys[] = { "ssh_url", "git_ssh_url", "clone_url", "git_http_url",
	"url" };

#define URLS_MOST (sizeof(url_keys) / sizeof(url_keys[0]))

/* before, after and ref, and whatever else is sent, change nothing: a sync takes all there is. */
struct notice {
	const char *name; /* NULL: none was named */
	const char *urls[URLS_MOST];
	size_t n_urls;
	bool is_ping; /* the first word of a new hook of GitHub's: it may be of no repository */
};

static int
bad(struct ctx *c, const char *why)
{
	fail(c, E_INVALID, "%s", why);
	c->http_status = 400;
	return E_INVALID;
}

/* ---- reading one */

/* *out: NULL when it is not there, or null. */
static int
read_text(struct ctx *c, const struct js *object, const char *key, const char **out)
{
	const struct js *v = js_get(object, key);

	*out = NULL;
	if (v == NULL || js_type(v) == JS_NULL)
		return OK;
	if (js_type(v) != JS_TEXT)
		return bad(c, arena_printf(c->mem, "repository %s is no text", key));
	*out = js_text_of(c, v);
	return OK;
}

static int
read_repository(struct ctx *c, const struct js *repository, struct notice *out)
{
	const char *text;

	if (js_type(repository) != JS_OBJECT)
		return bad(c, "repository is no object");
	TRY(read_text(c, repository, "name", &out->name));
	for (size_t i = 0; i < URLS_MOST; i++) {
		TRY(read_text(c, repository, url_keys[i], &text));
		if (text != NULL && text[0] != '\0')
			out->urls[out->n_urls++] = text;
	}
	return OK;
}

static int
read_body(struct req *r, struct notice *out)
{
	struct ctx *c = r->ctx;
	const struct body *body;
	const struct js *repository;
	int code = body_read(r, &body);

	if (code == E_INVALID && c->http_status == 400)
		return bad(c, arena_printf(c->mem, "invalid JSON: %s", c->reason));
	TRY(code);
	if (body->json == NULL)
		return OK;
	out->is_ping = js_get(body->json, "zen") != NULL && js_get(body->json, "hook_id") != NULL;
	repository = js_get(body->json, "repository");
	return repository != NULL ? read_repository(c, repository, out) : OK;
}

/* The name that the address has: of the path, or, for hooks whose body cannot be changed, of the
 * query. */
static const char *
name_in_address(struct req *r)
{
	return r->params[0].name != NULL ? req_param(r, "path") : req_query(r, "name");
}

static int
read_notice(struct req *r, struct notice *out)
{
	struct ctx *c = r->ctx;
	const char *name = name_in_address(r);
	const struct body *body;

	memset(out, 0, sizeof(*out));
	TRY(read_body(r, out));
	if (name == NULL && body_read(r, &body) == OK && body->json == NULL)
		return bad(c, "missing POST body");
	if (r->params[0].name != NULL && out->name != NULL && strcmp(out->name, name) != 0)
		return bad(c,
		    arena_printf(c->mem,
			"the repository is '%s' in the address and '%s' in the body", name,
			out->name));
	if (name != NULL)
		out->name = name;
	if (out->name != NULL && out->name[0] == '\0')
		out->name = NULL;
	if (out->name == NULL && !out->is_ping)
		return bad(c, "no repository name given");
	return OK;
}

int
name_of_notice(struct req *r, const char **path_out)
{
	struct notice notice;

	TRY(read_notice(r, &notice));
	*path_out = notice.name;
	return OK;
}

/* ---- a repository that is not there yet */

/* A folder of this machine as an address, where the settings allow it. */
static const char *
as_address(struct ctx *c, const char *url)
{
	const char *whole;

	if (!c->conf->hub_allow_local_urls || strstr(url, "://") != NULL ||
	    strchr(url, ':') != NULL)
		return url;
	whole = path_absolute(c->mem, url);
	return whole != NULL ? arena_printf(c->mem, "file://%s", whole) : url;
}

/* The first of the addresses that may be an upstream's. */
static int
choose_url(struct ctx *c, const struct notice *n, const char **out)
{
	struct upstream upstream;

	if (n->n_urls == 0)
		return bad(c, "no repository URL given");
	for (size_t i = 0; i < n->n_urls; i++) {
		*out = as_address(c, n->urls[i]);
		if (upstream_check(c, *out, &upstream) == OK)
			return OK;
	}
	return bad(c, "unsupported repository URL");
}

static int
create(struct req *r, const struct notice *n)
{
	struct ctx *c = r->ctx;
	const struct actor who = req_actor(r);
	struct mirror_wish wish = { .path = n->name };
	int64_t id;
	int code;

	if (name_check(c, n->name) != OK)
		return bad(c, arena_printf(c->mem, "invalid repository name: '%s'", n->name));
	TRY(choose_url(c, n, &wish.url));
	code = notice_create_mirror(c, &who, &wish, &id);
	if (code == E_CONFLICT)
		return fail(c, E_CONFLICT, "the repository name '%s' is taken", n->name);
	return code;
}

/* ---- one that is */

/* None of the addresses is its upstream's (D-13). Whoever may not see it is not told where it comes
 * from. */
static int
mismatch(struct req *r, const struct notice *n)
{
	struct ctx *c = r->ctx;
	const struct project *p = r->project;
	const char *existing = p->access > 0 ? arena_printf(c->mem, "existing='%s', ", p->url) : "";

	return fail(c, E_CONFLICT, "URL for posted '%s' repo update does not match: %sposted='%s'",
	    p->path, existing, str_redact(c->mem, n->urls[n->n_urls - 1]));
}

static int
update(struct req *r, const struct notice *n)
{
	const struct actor who = req_actor(r);
	size_t i = 0;

	while (i < n->n_urls &&
	    !upstream_is_same(r->ctx, as_address(r->ctx, n->urls[i]), r->project->url))
		i++;
	if (n->n_urls > 0 && i == n->n_urls && r->project->is_mirror)
		return mismatch(r, n);
	return notice_take(r->ctx, &who, r->project, req_header(r, "X-GitHub-Delivery"));
}

static int
take(struct req *r, struct notice *out)
{
	TRY(read_notice(r, out));
	if (out->name == NULL) /* a ping of no repository */
		return OK;
	return r->project != NULL ? update(r, out) : create(r, out);
}

int
take_push(struct req *r)
{
	struct notice n;

	TRY(take(r, &n));
	hub_shape_success(r);
	return OK;
}

/* As he could ask for it: a signature shows nothing that guests do not see. */
static int
read_again(struct req *r, const char *name, struct project *out)
{
	struct account asker;

	if (name == NULL || (r->account.id == 0 && !r->ctx->conf->anonymous_read))
		return E_NOTFOUND;
	return project_by_path(r->ctx, &r->claim, name, &asker, out);
}

/* It is read again: what it waits for has changed. */
int
take_repository(struct req *r)
{
	struct project p;
	struct notice n;
	int code;

	TRY(take(r, &n));
	code = read_again(r, n.name, &p);
	if (code == E_NOTFOUND)
		hub_shape_success(r);
	else if (code == OK)
		hub_shape_one(r, &p);
	return code == E_NOTFOUND ? OK : code;
}
