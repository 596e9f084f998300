#include "sync/provider.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "net/net.h"
#include "sync/forge.h"

#define PATH_MAX_BYTES 512
#define SSH_PORT 22
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static const struct forge *const forges[] = { &forge_gitlab, &forge_gitea, &forge_github, NULL };

static int
forge_by_name(struct net *n, const char *name, const struct forge **out)
{
	for (size_t i = 0; forges[i] != NULL; i++)
		if (strcmp(forges[i]->name, name) == 0) {
			*out = forges[i];
			return OK;
		}
	return net_fail(n, NET_WHY_POLICY, "this hub has no provider %s", name);
}

static bool
is_none(const struct target_spec *t)
{
	return str_is_equal(t->provider, "none");
}

/* ---- what it is to be */

/* What a forge does not take in a name becomes '-': the folders of our paths, too. */
static const char *
name_of(struct arena *mem, const char *path)
{
	char *name = arena_strdup(mem, path);
	size_t len = strlen(name);

	for (char *p = name; *p != '\0'; p++)
		if (strchr(NAME_LETTERS, *p) == NULL)
			*p = '-';
	while (len > 0 && strchr(".-", name[len - 1]) != NULL)
		name[--len] = '\0';
	return name + strspn(name, ".-");
}

/* What is closed here is never open there. */
static const char *
visibility_of(const struct target_spec *t, const struct provider_options *o)
{
	if (t->is_private)
		return "private";
	return o->visibility[0] != '\0' ? o->visibility : "public";
}

const char *
forge_full_path(struct forge_run *r)
{
	return arena_printf(r->c->mem, "%s/%s", r->namespace, r->name);
}

static bool
is_path(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= PATH_MAX_BYTES && text[strspn(text, NAME_LETTERS "/")] == '\0' &&
	    text[0] != '/' && text[len - 1] != '/' && strstr(text, "//") == NULL &&
	    strstr(text, "..") == NULL;
}

static int
start(struct net *n, const struct target_spec *t, const struct forge **forge_out,
    struct forge_run *out)
{
	struct forge_run r = { .c = n->c, .net = n, .spec = t, .namespace = t->provider_namespace };

	TRY(forge_by_name(n, t->provider, forge_out));
	if (provider_options_parse(n->c, t->provider_options, &r.options) != OK)
		return net_fail(n, NET_WHY_POLICY, "%s", n->c->reason);
	if (t->token[0] == '\0')
		return net_fail(
		    n, NET_WHY_AUTH, "there is no token for the API of %s", t->provider_url);
	if (t->token[strcspn(t->token, "\r\n \t")] != '\0')
		return net_fail(n, NET_WHY_AUTH, "a token has no blanks and no line breaks");
	if (r.namespace[0] != '\0' && !is_path(r.namespace))
		return net_fail(n, NET_WHY_POLICY, "no forge has a namespace of that name");
	r.name = r.options.name[0] != '\0' ? r.options.name : name_of(n->c->mem, t->path);
	if (!is_path(r.name))
		return net_fail(n, NET_WHY_POLICY, "%s is no name for a project there", t->path);
	r.visibility = visibility_of(t, &r.options);
	r.description = arena_printf(n->c->mem, "Mirror of %s",
	    t->upstream[0] != '\0' ? str_redact(n->c->mem, t->upstream) : t->path);
	TRY(forge_api_open(n, t->provider_url, t->token, (*forge_out)->headers(&r), &r.api));
	*out = r;
	return OK;
}

/* ---- where it is: what comes back is a stranger's word */

static const char *
site_host(const struct forge *forge, const struct forge_run *r)
{
	const char *host = r->api->base.host;

	return forge->api_host != NULL && strcmp(host, forge->api_host) == 0 ? forge->git_host
									     : host;
}

/* The forge's own host or none: a token is sent there. */
static const char *
http_url(const struct forge *forge, struct forge_run *r, const struct forge_project *p)
{
	struct net_url wanted = r->api->base, given;

	wanted.host = site_host(forge, r);
	wanted.path = arena_printf(r->c->mem, "/%s.git", p->full_path);
	if (net_url_parse(r->c, p->http_url, &given) == OK &&
	    net_url_is_same_origin(&given, &wanted))
		return net_url_text(r->c->mem, &given);
	return net_url_text(r->c->mem, &wanted);
}

/* "git@HOST:GROUP/name.git" has no place for a port (hpr A5.6). */
static const char *
ssh_url(const struct forge *forge, struct forge_run *r, const struct forge_project *p)
{
	const char *host = site_host(forge, r);
	int64_t port = r->options.ssh_port != 0 ? r->options.ssh_port : SSH_PORT;
	struct net_url given;

	if (net_url_parse(r->c, p->ssh_url, &given) == OK && given.scheme == NET_SSH &&
	    strcmp(given.host, host) == 0 && (r->options.ssh_port == 0 || given.port == port))
		return p->ssh_url;
	if (port == SSH_PORT)
		return arena_printf(
		    r->c->mem, "git@%s:%s.git", host, str_lower(r->c->mem, p->full_path));
	return arena_printf(r->c->mem, "ssh://git@%s:%lld/%s.git", host, (long long)port,
	    str_lower(r->c->mem, p->full_path));
}

static void
tell(const struct forge *forge, struct forge_run *r, const struct forge_project *p, bool is_new,
    struct provider_made *out)
{
	const char *shown = ssh_url(forge, r, p);

	*out = (struct provider_made){ .url = r->options.ssh ? shown : http_url(forge, r, p),
		.project_id = arena_printf(r->c->mem, "%lld", (long long)p->id),
		.full_path = p->full_path,
		.credentials = r->options.ssh
		    ? ""
		    : arena_printf(r->c->mem, "%s:%s", forge->git_user, r->spec->token),
		.shown_url = shown,
		.default_branch = p->default_branch,
		.is_new = is_new };
}

/* ---- find, adopt or refuse, make */

/* A project with that id goes: it must not be taken for ours again. */
static bool
is_avoided(const struct forge_run *r, int64_t id)
{
	size_t n;
	int64_t other;
	char **ids = str_split(r->c->mem, r->spec->avoid_ids, ',', &n);

	for (size_t i = 0; i < n; i++)
		if (str_is_int(ids[i], &other) && other == id)
			return true;
	return false;
}

static int
still_leaving(struct forge_run *r)
{
	if (r->net->retry_after_s == 0)
		r->net->retry_after_s = FORGE_LEAVING_S;
	return net_fail(r->net, NET_WHY_BUSY, "the project %s there is still being deleted",
	    forge_full_path(r));
}

static int
check_ours(struct forge_run *r, const struct forge_project *p)
{
	if (is_avoided(r, p->id) || p->is_leaving)
		return still_leaving(r);
	if (!str_is_equal_nocase(p->full_path, forge_full_path(r)))
		return net_fail(r->net, NET_WHY_POLICY, "%s has been moved there, to %s",
		    forge_full_path(r), p->full_path);
	if (r->options.without_create || p->is_empty || strcmp(p->description, r->description) == 0)
		return OK;
	return net_fail(r->net, NET_WHY_POLICY,
	    "there is a project %s already: it is not empty, and no mirror of the same upstream",
	    p->full_path);
}

/* Somebody else may have made it a moment ago: then it is looked at once more. */
static int
find_or_make(
    const struct forge *forge, struct forge_run *r, struct forge_project *out, bool *is_new_out)
{
	bool is_there, is_taken = false;

	if (r->namespace[0] == '\0')
		TRY(forge->own_namespace(r));
	TRY(forge->by_name(r, out, &is_there));
	if (!is_there && r->options.without_create)
		return net_fail(r->net, NET_WHY_GONE,
		    "there is no project %s, and none is to be made", forge_full_path(r));
	if (!is_there)
		TRY(forge->make(r, out, &is_taken));
	*is_new_out = !is_there && !is_taken;
	if (is_taken)
		TRY(forge->by_name(r, out, &is_there));
	if (is_taken && !is_there)
		return net_fail(r->net, NET_WHY_POLICY,
		    "the name %s is taken there by something that we may not see",
		    forge_full_path(r));
	if (!*is_new_out)
		TRY(check_ours(r, out));
	return r->options.without_create ? OK : forge->settle(r, out, *is_new_out);
}

static int
find_known(
    const struct forge *forge, struct forge_run *r, struct forge_project *out, bool *is_there_out)
{
	int64_t id;

	*is_there_out = false;
	if (!str_is_int(r->spec->provider_project_id, &id) || id <= 0)
		return OK;
	TRY(forge->by_id(r, id, out, is_there_out));
	if (*is_there_out && out->id != id)
		return net_fail(r->net, NET_WHY_PROTOCOL, "asked for project %lld, got %lld",
		    (long long)id, (long long)out->id);
	if (*is_there_out && out->is_leaving)
		return net_fail(r->net, NET_WHY_GONE, "somebody has deleted the project %s there",
		    out->full_path);
	return OK;
}

/* Open there and closed here is put right; the other way round it may be somebody's wish, unless
 * somebody asks for this very push. */
static int
keep_visibility(const struct forge *forge, struct forge_run *r, const struct forge_project *p)
{
	if (r->options.without_create || strcmp(p->visibility, r->visibility) == 0 ||
	    (strcmp(r->visibility, "private") != 0 && !r->spec->is_asked))
		return OK;
	return forge->set_visibility(r, p);
}

int
provider_prepare(struct net *n, const struct target_spec *t, struct provider_made *out)
{
	const struct forge *forge;
	struct forge_project p;
	struct forge_run r;
	bool is_known, is_new = false;

	if (is_none(t)) {
		*out = (struct provider_made){ .url = t->url,
			.project_id = t->provider_project_id,
			.full_path = "",
			.credentials = "",
			.shown_url = "",
			.default_branch = "" };
		return OK;
	}
	TRY(start(n, t, &forge, &r));
	TRY(find_known(forge, &r, &p, &is_known));
	if (is_known)
		TRY(keep_visibility(forge, &r, &p));
	else
		TRY(find_or_make(forge, &r, &p, &is_new));
	if (!is_path(p.full_path))
		return net_fail(n, NET_WHY_PROTOCOL, "%s answers with an odd path of the project",
		    r.api->base.host);
	tell(forge, &r, &p, is_new, out);
	return OK;
}

int
provider_set_default(struct net *n, const struct target_spec *t, const struct provider_made *made,
    const char *branch)
{
	const struct forge *forge;
	struct forge_run r;

	if (is_none(t) || strcmp(made->default_branch, branch) == 0)
		return OK;
	TRY(start(n, t, &forge, &r));
	return forge->set_default(&r, made, branch);
}

int
provider_remove(struct net *n, const struct target_spec *t)
{
	const struct forge *forge;
	struct forge_run r;
	int64_t id;

	TRY(start(n, t, &forge, &r));
	if (forge->remove == NULL)
		return net_fail(n, NET_WHY_POLICY, "nothing is deleted at %s", forge->name);
	if (!str_is_int(t->provider_project_id, &id) || id <= 0)
		return net_fail(n, NET_WHY_POLICY, "without an id nothing is deleted");
	return forge->remove(&r, t->provider_project_id);
}

int
provider_check(
    struct net *n, const struct target_spec *t, const char *public_key, const char **what_out)
{
	const struct forge *forge;
	struct forge_run r;

	TRY(start(n, t, &forge, &r));
	if (forge->check == NULL)
		return net_fail(n, NET_WHY_POLICY, "%s is not checked", forge->name);
	return forge->check(&r, public_key, what_out);
}
