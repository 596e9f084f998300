/* Gitea and Forgejo: version 1 of their API, which is the same for what we ask. */
#include <string.h>

#include "base/str.h"
#include "net/net.h"
#include "sync/forge.h"

#define JSON "application/json"

static bool
is_ok(const struct forge_answer *answer)
{
	return answer->status >= 200 && answer->status < 300;
}

static const char *const *
headers(struct forge_run *r)
{
	const char **lines = arena_new_array(r->c->mem, const char *, 2);

	lines[0] = arena_printf(r->c->mem, "Authorization: token %s", r->spec->token);
	return lines;
}

static int
read_project(struct forge_run *r, const struct js *json, struct forge_project *out)
{
	struct forge_api *a = r->api;
	struct forge_project p = { 0 };
	bool is_private;

	TRY(forge_id(a, json, "id", &p.id));
	TRY(forge_text(a, json, "full_name", "", &p.full_path));
	TRY(forge_text(a, json, "description", "", &p.description));
	TRY(forge_text(a, json, "default_branch", "", &p.default_branch));
	TRY(forge_text(a, json, "clone_url", "", &p.http_url));
	TRY(forge_text(a, json, "ssh_url", "", &p.ssh_url));
	TRY(forge_bool(a, json, "empty", false, &p.is_empty));
	TRY(forge_bool(a, json, "private", false, &is_private));
	p.visibility = is_private ? "private" : "public";
	*out = p;
	return OK;
}

static int
find(struct forge_run *r, const char *path, struct forge_project *out, bool *is_there_out)
{
	const struct forge_call call = { "GET", path, NULL, NULL, NULL };
	const struct js *json;

	TRY(forge_find(r->api, &call, &json));
	*is_there_out = json != NULL;
	return json != NULL ? read_project(r, json, out) : OK;
}

static int
by_id(struct forge_run *r, int64_t id, struct forge_project *out, bool *is_there_out)
{
	return find(
	    r, arena_printf(r->c->mem, "/repositories/%lld", (long long)id), out, is_there_out);
}

static const char *
repo_path(struct forge_run *r, const char *full_path)
{
	return arena_printf(r->c->mem, "/repos/%s", str_percent_path(r->c->mem, full_path));
}

static int
by_name(struct forge_run *r, struct forge_project *out, bool *is_there_out)
{
	return find(r, repo_path(r, forge_full_path(r)), out, is_there_out);
}

static int
own_namespace(struct forge_run *r)
{
	const struct forge_call call = { "GET", "/user", NULL, NULL, NULL };
	struct forge_answer answer;

	TRY(forge_object(r->api, &call, &answer));
	return forge_text(r->api, answer.json, "login", "", &r->namespace);
}

/* Where one of the namespace is made: that of an organisation, or the user's own. */
static int
place(struct forge_run *r, const char **out)
{
	const struct forge_call call = { "GET",
		arena_printf(r->c->mem, "/orgs/%s", str_percent(r->c->mem, r->namespace)), NULL,
		NULL, NULL };
	const char *wanted = r->namespace;
	struct forge_answer answer;

	*out = "/user/repos";
	if (r->spec->provider_namespace[0] == '\0')
		return OK;
	TRY(forge_call(r->api, &call, &answer));
	if (is_ok(&answer)) {
		*out = arena_printf(r->c->mem, "%s/repos", call.path);
		return OK;
	}
	TRY(own_namespace(r));
	if (str_is_equal_nocase(r->namespace, wanted))
		return OK;
	r->namespace = wanted;
	return forge_refused(r->api, &call, &answer, forge_why(answer.status));
}

static int
make(struct forge_run *r, struct forge_project *out, bool *is_taken_out)
{
	const struct forge_pair pairs[] = { { "name", r->name, false },
		{ "description", r->description, false },
		FORGE_FLAG("private", strcmp(r->visibility, "private") == 0),
		FORGE_FLAG("auto_init", false), { NULL, NULL, false } };
	struct forge_call call = { "POST", NULL, NULL, forge_json(r->c->mem, pairs), JSON };
	struct forge_answer answer;

	TRY(place(r, &call.path));
	TRY(forge_call(r->api, &call, &answer));
	*is_taken_out = answer.status == 409;
	if (*is_taken_out)
		return OK;
	if (!is_ok(&answer) || answer.json == NULL || js_type(answer.json) != JS_OBJECT)
		return forge_refused(r->api, &call, &answer, forge_why(answer.status));
	return read_project(r, answer.json, out);
}

static int
change(struct forge_run *r, const char *full_path, const struct forge_pair *pairs)
{
	const struct forge_call call = { "PATCH", repo_path(r, full_path), NULL,
		forge_json(r->c->mem, pairs), JSON };
	struct forge_answer answer;

	return forge_object(r->api, &call, &answer);
}

/* A new one cannot be told at once what it is not to have. */
static int
settle(struct forge_run *r, const struct forge_project *p, bool is_new)
{
	const struct provider_options *o = &r->options;
	const struct forge_pair pairs[] = { { "description", r->description, false },
		FORGE_FLAG("private", strcmp(r->visibility, "private") == 0),
		FORGE_FLAG("has_issues", o->issues), FORGE_FLAG("has_wiki", o->wiki),
		FORGE_FLAG("has_pull_requests", o->merge_requests), { NULL, NULL, false } };

	(void)is_new;
	return change(r, p->full_path, pairs);
}

static int
set_visibility(struct forge_run *r, const struct forge_project *p)
{
	const struct forge_pair pairs[] = {
		FORGE_FLAG("private", strcmp(r->visibility, "private") == 0), { NULL, NULL, false }
	};

	return change(r, p->full_path, pairs);
}

static int
set_default(struct forge_run *r, const struct provider_made *made, const char *branch)
{
	const struct forge_pair pairs[] = { { "default_branch", branch, false },
		{ NULL, NULL, false } };

	return change(r, made->full_path, pairs);
}

const struct forge forge_gitea = {
	.name = "gitea",
	.git_user = "oauth2",
	.headers = headers,
	.own_namespace = own_namespace,
	.by_id = by_id,
	.by_name = by_name,
	.make = make,
	.settle = settle,
	.set_visibility = set_visibility,
	.set_default = set_default,
};
