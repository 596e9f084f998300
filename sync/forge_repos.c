#include "sync/forge_repos.h"

#include <string.h>

#include "base/str.h"

#define JSON "application/json"

const char *
forge_repos_path(struct forge_run *r, const char *full_path)
{
	return arena_printf(r->c->mem, "/repos/%s", str_percent_path(r->c->mem, full_path));
}

/* GitHub does not say "empty". */
static int
read_repo(struct forge_run *r, const struct js *json, struct forge_project *out)
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

int
forge_repos_find(
    struct forge_run *r, const char *path, struct forge_project *out, bool *is_there_out)
{
	const struct forge_call call = { "GET", path, NULL, NULL, NULL };
	const struct js *json;

	TRY(forge_find(r->api, &call, &json));
	*is_there_out = json != NULL;
	return json != NULL ? read_repo(r, json, out) : OK;
}

int
forge_repos_by_id(struct forge_run *r, int64_t id, struct forge_project *out, bool *is_there_out)
{
	return forge_repos_find(
	    r, arena_printf(r->c->mem, "/repositories/%lld", (long long)id), out, is_there_out);
}

int
forge_repos_own_namespace(struct forge_run *r)
{
	const struct forge_call call = { "GET", "/user", NULL, NULL, NULL };
	struct forge_answer answer;

	TRY(forge_object(r->api, &call, &answer));
	return forge_text(r->api, answer.json, "login", "", &r->namespace);
}

int
forge_repos_make(struct forge_run *r, const char *path, const struct forge_pair *pairs,
    bool (*is_taken)(const struct forge_answer *answer), struct forge_project *out,
    bool *is_taken_out)
{
	const struct forge_call call = { "POST", path, NULL, forge_json(r->c->mem, pairs), JSON };
	struct forge_answer answer;

	TRY(forge_call(r->api, &call, &answer));
	*is_taken_out = is_taken(&answer);
	if (*is_taken_out)
		return OK;
	if (!forge_is_ok(&answer) || answer.json == NULL || js_type(answer.json) != JS_OBJECT)
		return forge_refused(r->api, &call, &answer, forge_why(answer.status));
	return read_repo(r, answer.json, out);
}

int
forge_repos_change(struct forge_run *r, const char *full_path, const struct forge_pair *pairs)
{
	const struct forge_call call = { "PATCH", forge_repos_path(r, full_path), NULL,
		forge_json(r->c->mem, pairs), JSON };
	struct forge_answer answer;

	return forge_object(r->api, &call, &answer);
}

int
forge_repos_set_visibility(struct forge_run *r, const struct forge_project *p)
{
	const struct forge_pair pairs[] = {
		FORGE_FLAG("private", strcmp(r->visibility, "private") == 0), { NULL, NULL, false }
	};

	return forge_repos_change(r, p->full_path, pairs);
}

int
forge_repos_set_default(struct forge_run *r, const struct provider_made *made, const char *branch)
{
	const struct forge_pair pairs[] = { { "default_branch", branch, false },
		{ NULL, NULL, false } };

	return forge_repos_change(r, made->full_path, pairs);
}
