/* GitLab, version 4 of its API (contracts/hpr-and-hub.md A5.7). */
#include <string.h>

#include "base/str.h"
#include "net/net.h"
#include "sync/forge.h"

#define FORM "application/x-www-form-urlencoded"
#define KEY_PAGES_MAX 20
#define PER_PAGE "100"

static bool
is_missing(const struct forge_answer *answer)
{
	return answer->status == 404 || answer->status == 410;
}

/* A private token is one of a person, a group or a project, however long it is. */
static const char *const *
headers(struct forge_run *r)
{
	const char **lines = arena_new_array(r->c->mem, const char *, 2);

	lines[0] = arena_printf(r->c->mem,
	    strcmp(r->options.token_type, "oauth") == 0 ? "Authorization: Bearer %s"
							: "PRIVATE-TOKEN: %s",
	    r->spec->token);
	return lines;
}

/* ---- a project as it tells of it */

static int
read_project(struct forge_run *r, const struct js *json, struct forge_project *out)
{
	struct forge_api *a = r->api;
	const char *marked_at, *marked_on;
	struct forge_project p;

	TRY(forge_id(a, json, "id", &p.id));
	TRY(forge_text(a, json, "path_with_namespace", "", &p.full_path));
	TRY(forge_text(a, json, "description", "", &p.description));
	TRY(forge_text(a, json, "visibility", "", &p.visibility));
	TRY(forge_text(a, json, "default_branch", "", &p.default_branch));
	TRY(forge_text(a, json, "http_url_to_repo", "", &p.http_url));
	TRY(forge_text(a, json, "ssh_url_to_repo", "", &p.ssh_url));
	TRY(forge_bool(a, json, "empty_repo", false, &p.is_empty));
	TRY(forge_text(a, json, "marked_for_deletion_at", "", &marked_at)); /* to 17 */
	TRY(forge_text(a, json, "marked_for_deletion_on", "", &marked_on));
	p.is_leaving = marked_at[0] != '\0' || marked_on[0] != '\0';
	*out = p;
	return OK;
}

static int
find(struct forge_run *r, const char *which, struct forge_project *out, bool *is_there_out)
{
	const struct forge_call call = { "GET", arena_printf(r->c->mem, "/projects/%s", which),
		NULL, NULL, NULL };
	const struct js *json;

	TRY(forge_find(r->api, &call, &json));
	*is_there_out = json != NULL;
	return json != NULL ? read_project(r, json, out) : OK;
}

static int
by_id(struct forge_run *r, int64_t id, struct forge_project *out, bool *is_there_out)
{
	return find(r, arena_printf(r->c->mem, "%lld", (long long)id), out, is_there_out);
}

static int
by_name(struct forge_run *r, struct forge_project *out, bool *is_there_out)
{
	return find(r, str_percent(r->c->mem, forge_full_path(r)), out, is_there_out);
}

/* ---- namespaces */

static int
own_name(struct forge_run *r, const char **out)
{
	const struct forge_call call = { "GET", "/user", NULL, NULL, NULL };
	struct forge_answer answer;

	TRY(forge_object(r->api, &call, &answer));
	return forge_text(r->api, answer.json, "username", "", out);
}

static int
own_namespace(struct forge_run *r)
{
	return own_name(r, &r->namespace);
}

/* 0: there is no such group, or we may not see it. */
static int
group_id(struct forge_run *r, const char *path, int64_t *out)
{
	const struct forge_call call = { "GET",
		arena_printf(r->c->mem, "/groups/%s", str_percent(r->c->mem, path)),
		"with_projects=false", NULL, NULL };
	const struct js *json;

	*out = 0;
	TRY(forge_find(r->api, &call, &json));
	return json != NULL ? forge_id(r->api, json, "id", out) : OK;
}

/* A private group cannot hold a public project. */
static int
make_group(struct forge_run *r, const char *path, int64_t parent_id, int64_t *out)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	const struct forge_pair pairs[] = { { "name", name, false }, { "path", name, false },
		{ "parent_id",
		    parent_id != 0 ? arena_printf(r->c->mem, "%lld", (long long)parent_id) : NULL,
		    false },
		{ "visibility", r->visibility, false }, { NULL, NULL, false } };
	const struct forge_call call = { "POST", "/groups", NULL, forge_form(r->c->mem, pairs),
		FORM };
	struct forge_answer answer;

	TRY(forge_object(r->api, &call, &answer));
	return forge_id(r->api, answer.json, "id", out);
}

/* What is missing is made, the one above first; a path is short, so this goes not deep. */
static int
need_group(struct forge_run *r, const char *path, int64_t *out)
{
	const char *slash = strrchr(path, '/');
	int64_t parent_id = 0;

	TRY(group_id(r, path, out));
	if (*out != 0)
		return OK;
	if (slash != NULL)
		TRY(need_group(
		    r, arena_strndup(r->c->mem, path, (size_t)(slash - path)), &parent_id));
	return make_group(r, path, parent_id, out);
}

/* 0: the token's own user, where no namespace is said. */
static int
namespace_id(struct forge_run *r, int64_t *out)
{
	const char *user;
	int64_t id;

	*out = 0;
	if (r->spec->provider_namespace[0] == '\0')
		return OK;
	TRY(group_id(r, r->namespace, &id));
	if (id == 0) {
		TRY(own_name(r, &user));
		if (str_is_equal_nocase(user, r->namespace))
			return OK;
		TRY(need_group(r, r->namespace, &id));
	}
	*out = id;
	return OK;
}

/* ---- make, and bring in line */

static const char *
level(bool is_on)
{
	return is_on ? "enabled" : "disabled";
}

/* The older words and the newer ones: some versions did not heed the newer ones on create. */
static const char *
project_form(struct forge_run *r, const char *name, int64_t namespace)
{
	const struct provider_options *o = &r->options;
	const struct forge_pair pairs[] = {
		{ "name", name, false },
		{ "path", name, false },
		{ "namespace_id",
		    namespace != 0 ? arena_printf(r->c->mem, "%lld", (long long)namespace) : NULL,
		    false },
		{ "description", r->description, false },
		{ "visibility", r->visibility, false },
		FORGE_FLAG("issues_enabled", o->issues),
		FORGE_FLAG("wiki_enabled", o->wiki),
		FORGE_FLAG("snippets_enabled", o->snippets),
		FORGE_FLAG("merge_requests_enabled", o->merge_requests),
		{ "issues_access_level", level(o->issues), false },
		{ "wiki_access_level", level(o->wiki), false },
		{ "snippets_access_level", level(o->snippets), false },
		{ "merge_requests_access_level", level(o->merge_requests), false },
		{ NULL, NULL, false },
	};

	return forge_form(r->c->mem, pairs);
}

/* 400 (409 by the documentation) stands for three things that are told apart by words alone. */
static int
make(struct forge_run *r, struct forge_project *out, bool *is_taken_out)
{
	struct forge_call call = { "POST", "/projects", NULL, NULL, FORM };
	struct forge_answer answer;
	int64_t namespace;

	TRY(namespace_id(r, &namespace));
	call.body = project_form(r, r->name, namespace);
	TRY(forge_call(r->api, &call, &answer));
	if (strstr(answer.message, "still being deleted") != NULL) {
		r->net->retry_after_s = FORGE_LEAVING_S;
		return forge_refused(r->api, &call, &answer, NET_WHY_BUSY);
	}
	*is_taken_out = strstr(answer.message, "already been taken") != NULL;
	if (*is_taken_out)
		return OK;
	if (!forge_is_ok(&answer) || answer.json == NULL || js_type(answer.json) != JS_OBJECT)
		return forge_refused(r->api, &call, &answer, forge_why(answer.status));
	return read_project(r, answer.json, out);
}

static int
change(struct forge_run *r, const char *id, const char *body)
{
	const struct forge_call call = { "PUT", arena_printf(r->c->mem, "/projects/%s", id), NULL,
		body, FORM };
	struct forge_answer answer;

	return forge_object(r->api, &call, &answer);
}

static const char *
id_text(struct forge_run *r, const struct forge_project *p)
{
	return arena_printf(r->c->mem, "%lld", (long long)p->id);
}

static int
settle(struct forge_run *r, const struct forge_project *p, bool is_new)
{
	return is_new ? OK : change(r, id_text(r, p), project_form(r, NULL, 0));
}

static int
set_visibility(struct forge_run *r, const struct forge_project *p)
{
	const struct forge_pair pairs[] = { { "visibility", r->visibility, false },
		{ NULL, NULL, false } };

	return change(r, id_text(r, p), forge_form(r->c->mem, pairs));
}

static int
set_default(struct forge_run *r, const struct provider_made *made, const char *branch)
{
	const struct forge_pair pairs[] = { { "default_branch", branch, false },
		{ NULL, NULL, false } };

	return change(r, made->project_id, forge_form(r->c->mem, pairs));
}

/* ---- deletion: since GitLab 18 the first call only marks, and the second one, which has to name
 * the path that it has then, frees the name */

static int
drop(struct forge_run *r, const char *id, const char *query, struct forge_answer *out)
{
	const struct forge_call call = { "DELETE", arena_printf(r->c->mem, "/projects/%s", id),
		query, NULL, NULL };

	TRY(forge_call(r->api, &call, out));
	if (forge_is_ok(out) || is_missing(out) || strstr(out->message, "already") != NULL)
		return OK;
	return forge_refused(r->api, &call, out, forge_why(out->status));
}

static int
remove_project(struct forge_run *r, const char *id)
{
	struct forge_answer answer;
	struct forge_project p;
	bool is_there;

	TRY(drop(r, id, NULL, &answer));
	if (is_missing(&answer))
		return OK;
	TRY(find(r, id, &p, &is_there));
	if (!is_there || !p.is_leaving) /* gone, or it works on that */
		return OK;
	return drop(r, id,
	    arena_printf(r->c->mem, "permanently_remove=true&full_path=%s",
		str_percent(r->c->mem, p.full_path)),
	    &answer);
}

/* ---- mirrorhub check */

/* Newer tokens do not show what they may: only a clear no is one. */
static int
check_user(struct forge_run *r, const char **name_out)
{
	const struct forge_call call = { "GET", "/user", NULL, NULL, NULL };
	struct forge_answer answer;
	bool may_make;

	TRY(forge_object(r->api, &call, &answer));
	TRY(forge_text(r->api, answer.json, "username", "", name_out));
	TRY(forge_bool(r->api, answer.json, "can_create_project", true, &may_make));
	if (!may_make)
		return net_fail(r->net, NET_WHY_AUTH,
		    "GitLab does not let %s create projects: please enable create project role",
		    *name_out);
	return OK;
}

static int
check_group(struct forge_run *r, const char *user)
{
	const struct forge_call call = { "GET", "/user", NULL, NULL, NULL };
	struct forge_answer answer;
	bool may_make;
	int64_t id;

	if (r->namespace[0] == '\0')
		return OK;
	TRY(group_id(r, r->namespace, &id));
	if (id != 0)
		return OK;
	TRY(forge_object(r->api, &call, &answer));
	TRY(forge_bool(r->api, answer.json, "can_create_group", true, &may_make));
	if (!may_make)
		return net_fail(r->net, NET_WHY_AUTH,
		    "there is no group %s, and GitLab does not let %s create one: please enable "
		    "create group role",
		    r->namespace, user);
	return OK;
}

/* The second word of a public key's line is the key itself. */
static const char *
key_of(struct arena *mem, const char *line)
{
	const char *key = line + strcspn(line, " ");

	key += strspn(key, " ");
	return arena_strndup(mem, key, strcspn(key, " \r\n"));
}

static int
has_key(struct forge_run *r, const struct js *list, const char *wanted, bool *out)
{
	const char *line;

	for (size_t i = 0; i < js_count(list) && !*out; i++) {
		const struct js *row = js_at(list, i);

		if (js_type(row) != JS_OBJECT)
			return net_fail(r->net, NET_WHY_PROTOCOL, "a key of GitLab is an object");
		TRY(forge_text(r->api, row, "key", "", &line));
		*out = wanted[0] == '\0' || strcmp(key_of(r->c->mem, line), wanted) == 0;
	}
	return OK;
}

/* Pages are numbers of ours: what a header says may only be one more. */
static int
check_key(struct forge_run *r, const char *user, const char *public_key)
{
	const char *wanted = key_of(r->c->mem, public_key);
	struct forge_call call = { "GET", "/user/keys", NULL, NULL, NULL };
	struct forge_answer answer;
	bool is_there = false;
	int64_t next = 1;

	for (int64_t page = 1; page == next && page <= KEY_PAGES_MAX && !is_there; page++) {
		call.query =
		    arena_printf(r->c->mem, "per_page=" PER_PAGE "&page=%lld", (long long)page);
		TRY(forge_call(r->api, &call, &answer));
		if (!forge_is_ok(&answer) || answer.json == NULL ||
		    js_type(answer.json) != JS_ARRAY)
			return forge_refused(r->api, &call, &answer, NET_WHY_POLICY);
		TRY(has_key(r, answer.json, wanted, &is_there));
		if (!str_is_int(answer.page, &next))
			break;
	}
	if (is_there)
		return OK;
	return net_fail(
	    r->net, NET_WHY_AUTH, "please add the ssh key of this hub for '%s' user", user);
}

static int
check(struct forge_run *r, const char *public_key, const char **what_out)
{
	const char *user;

	TRY(check_user(r, &user));
	TRY(check_group(r, user));
	if (r->options.ssh)
		TRY(check_key(r, user, public_key));
	*what_out = arena_printf(r->c->mem, "GitLab at %s reached as %s, group %s%s",
	    r->api->base.host, user, r->namespace, r->options.ssh ? ", a key is there" : "");
	return OK;
}

const struct forge forge_gitlab = {
	.name = "gitlab",
	.git_user = "oauth2",
	.headers = headers,
	.own_namespace = own_namespace,
	.by_id = by_id,
	.by_name = by_name,
	.make = make,
	.settle = settle,
	.set_visibility = set_visibility,
	.set_default = set_default,
	.remove = remove_project,
	.check = check,
};
