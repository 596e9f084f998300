/* GitHub, and GitHub Enterprise Server: their REST API of 2022-11-28. */
#include <string.h>

#include "base/str.h"
#include "net/net.h"
#include "sync/forge_repos.h"

static const char *const *
headers(struct forge_run *r)
{
	const char **lines = arena_new_array(r->c->mem, const char *, 3);

	lines[0] = arena_printf(r->c->mem, "Authorization: Bearer %s", r->spec->token);
	lines[1] = "X-GitHub-Api-Version: 2022-11-28";
	return lines;
}

/* A repository does not say whether it is empty, its list of commits does: with 409. */
static int
ask_empty(struct forge_run *r, struct forge_project *p)
{
	const struct forge_call call = { "GET",
		arena_printf(r->c->mem, "%s/commits", forge_repos_path(r, p->full_path)),
		"per_page=1", NULL, NULL };
	struct forge_answer answer;

	TRY(forge_call(r->api, &call, &answer));
	p->is_empty = answer.status == 409;
	return OK;
}

static int
by_name(struct forge_run *r, struct forge_project *out, bool *is_there_out)
{
	TRY(forge_repos_find(r, forge_repos_path(r, forge_full_path(r)), out, is_there_out));
	if (*is_there_out && strcmp(out->description, r->description) != 0 &&
	    str_is_equal_nocase(out->full_path, forge_full_path(r)))
		return ask_empty(r, out);
	return OK;
}

/* Where one of the namespace is made: that of an organisation, or the user's own. */
static int
place(struct forge_run *r, const char **out)
{
	const struct forge_call call = { "GET",
		arena_printf(r->c->mem, "/users/%s", str_percent(r->c->mem, r->namespace)), NULL,
		NULL, NULL };
	const char *wanted = r->namespace, *type;
	struct forge_answer answer;

	*out = "/user/repos";
	if (r->spec->provider_namespace[0] == '\0')
		return OK;
	TRY(forge_object(r->api, &call, &answer));
	TRY(forge_text(r->api, answer.json, "type", "", &type));
	if (strcmp(type, "Organization") == 0) {
		*out =
		    arena_printf(r->c->mem, "/orgs/%s/repos", str_percent(r->c->mem, r->namespace));
		return OK;
	}
	TRY(forge_repos_own_namespace(r));
	if (str_is_equal_nocase(r->namespace, wanted))
		return OK;
	return net_fail(r->net, NET_WHY_AUTH, "%s is another user than the token's, %s", wanted,
	    net_clean(r->c->mem, r->namespace));
}

static bool
is_taken(const struct forge_answer *answer)
{
	return answer->status == 422 && strstr(answer->message, "already exists") != NULL;
}

static int
make(struct forge_run *r, struct forge_project *out, bool *is_taken_out)
{
	const struct provider_options *o = &r->options;
	const struct forge_pair pairs[] = { { "name", r->name, false },
		{ "description", r->description, false },
		FORGE_FLAG("private", strcmp(r->visibility, "private") == 0),
		FORGE_FLAG("has_issues", o->issues), FORGE_FLAG("has_wiki", o->wiki),
		FORGE_FLAG("has_projects", false), FORGE_FLAG("auto_init", false),
		{ NULL, NULL, false } };
	const char *path;

	TRY(place(r, &path));
	return forge_repos_make(r, path, pairs, is_taken, out, is_taken_out);
}

static int
settle(struct forge_run *r, const struct forge_project *p, bool is_new)
{
	const struct provider_options *o = &r->options;
	const struct forge_pair pairs[] = { { "description", r->description, false },
		FORGE_FLAG("private", strcmp(r->visibility, "private") == 0),
		FORGE_FLAG("has_issues", o->issues), FORGE_FLAG("has_wiki", o->wiki),
		FORGE_FLAG("has_projects", false), { NULL, NULL, false } };

	return is_new ? OK : forge_repos_change(r, p->full_path, pairs);
}

const struct forge forge_github = {
	.name = "github",
	.git_user = "x-access-token",
	.api_host = "api.github.com",
	.git_host = "github.com",
	.headers = headers,
	.own_namespace = forge_repos_own_namespace,
	.by_id = forge_repos_by_id,
	.by_name = by_name,
	.make = make,
	.settle = settle,
	.set_visibility = forge_repos_set_visibility,
	.set_default = forge_repos_set_default,
};
