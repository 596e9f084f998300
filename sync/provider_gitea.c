/* Gitea and Forgejo: version 1 of their API, which is the same for what we ask. */
#include <string.h>

#include "base/str.h"
#include "sync/forge_repos.h"

static const char *const *
headers(struct forge_run *r)
{
	const char **lines = arena_new_array(r->c->mem, const char *, 2);

	lines[0] = arena_printf(r->c->mem, "Authorization: token %s", r->spec->token);
	return lines;
}

static int
by_name(struct forge_run *r, struct forge_project *out, bool *is_there_out)
{
	return forge_repos_find(r, forge_repos_path(r, forge_full_path(r)), out, is_there_out);
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
	if (forge_is_ok(&answer)) {
		*out = arena_printf(r->c->mem, "%s/repos", call.path);
		return OK;
	}
	TRY(forge_repos_own_namespace(r));
	if (str_is_equal_nocase(r->namespace, wanted))
		return OK;
	r->namespace = wanted;
	return forge_refused(r->api, &call, &answer, forge_why(answer.status));
}

static bool
is_taken(const struct forge_answer *answer)
{
	return answer->status == 409;
}

static int
make(struct forge_run *r, struct forge_project *out, bool *is_taken_out)
{
	const struct forge_pair pairs[] = { { "name", r->name, false },
		{ "description", r->description, false },
		FORGE_FLAG("private", strcmp(r->visibility, "private") == 0),
		FORGE_FLAG("auto_init", false), { NULL, NULL, false } };
	const char *path;

	TRY(place(r, &path));
	return forge_repos_make(r, path, pairs, is_taken, out, is_taken_out);
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
	return forge_repos_change(r, p->full_path, pairs);
}

const struct forge forge_gitea = {
	.name = "gitea",
	.git_user = "oauth2",
	.headers = headers,
	.own_namespace = forge_repos_own_namespace,
	.by_id = forge_repos_by_id,
	.by_name = by_name,
	.make = make,
	.settle = settle,
	.set_visibility = forge_repos_set_visibility,
	.set_default = forge_repos_set_default,
};
