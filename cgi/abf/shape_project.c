/* Projects and their people in the ABF API's JSON (contract 2.1). */
#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/abf/abf.h"
#include "store/project_full.h"

/* ---- addresses */

/* base_url with the asker's name before the host, so that git asks for the password alone. */
static const char *
git_url(struct req *r, const char *path)
{
	const char *base = r->ctx->conf->base_url, *host = strstr(base, "://");
	const char *encoded = str_percent_path(r->ctx->mem, path);

	if (r->account.id == 0 || host == NULL)
		return arena_printf(r->ctx->mem, "%s/%s.git", base, encoded);
	host += strlen("://");
	return arena_printf(r->ctx->mem, "%.*s%s@%s/%s.git", (int)(host - base), base,
	    r->account.uname, host, encoded);
}

/* The host of base_url without its port; "[::1]" stays in its brackets. */
static const char *
ssh_url(struct req *r, const char *path)
{
	const char *base = r->ctx->conf->base_url, *host = strstr(base, "://");
	size_t len;

	host = host != NULL ? host + strlen("://") : base;
	len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	return arena_printf(r->ctx->mem, "git@%.*s:%s.git", (int)len, host, path);
}

/* ---- people */

struct owner_shape {
	int64_t id;
	const char *name, *type, *url, *uname;
};

static const struct field owner_json[] = { FIELD(owner_shape, id), FIELD(owner_shape, name),
	FIELD(owner_shape, type), FIELD(owner_shape, url), FIELD(owner_shape, uname), { 0 } };

void
abf_owner(struct req *r, bool is_team, int64_t id, const char *uname, const char *name_or_null)
{
	const struct owner_shape shape = { .id = id,
		.name = name_or_null,
		.type = is_team ? "Group" : "User",
		.url = arena_printf(r->ctx->mem, "/api/v1/%s/%lld.json",
		    is_team ? "groups" : "users", (long long)id),
		.uname = uname };

	js_row(r->out, owner_json, &shape);
}

void
abf_project_owner(struct req *r, const struct project_full *p)
{
	bool is_team = p->base.owner_team_id != 0;

	abf_owner(r, is_team, is_team ? p->base.owner_team_id : p->base.owner_account_id,
	    p->card.owner_uname, p->owner_name);
}

struct maintainer_shape {
	int64_t id;
	const char *uname, *name, *url, *email;
};

static const struct field maintainer_json[] = { FIELD(maintainer_shape, id),
	FIELD(maintainer_shape, uname), FIELD(maintainer_shape, name), FIELD(maintainer_shape, url),
	FIELD(maintainer_shape, email), { 0 } };

static void
add_maintainer(struct req *r, const struct project_card *p)
{
	const struct maintainer_shape shape = { .id = p->maintainer_id,
		.uname = p->maintainer_uname,
		.name = p->maintainer_name,
		.url = arena_printf(
		    r->ctx->mem, "/api/v1/users/%lld.json", (long long)p->maintainer_id),
		.email = p->maintainer_email };

	if (p->maintainer_id == 0)
		buf_text(r->out, "null");
	else
		js_row(r->out, maintainer_json, &shape);
}

/* ---- projects */

struct mini_shape {
	int64_t id;
	const char *name, *visibility, *fullname, *url, *git_url, *ssh_url;
};

static const struct field mini_json[] = { FIELD(mini_shape, id), FIELD(mini_shape, name),
	FIELD(mini_shape, visibility), FIELD(mini_shape, fullname), FIELD(mini_shape, url),
	FIELD(mini_shape, git_url), FIELD(mini_shape, ssh_url), { 0 } };

static const struct field full_json[] = { FIELD_AS(project_full, base.description, "description"),
	FIELD(project_full, ancestry), FIELD(project_full, has_issues),
	FIELD(project_full, has_wiki), FIELD_AS(project_full, head, "default_branch"),
	FIELD(project_full, is_package), FIELD(project_full, publish_i686_into_x86_64),
	FIELD_AS(project_full, base.created_at, "created_at"),
	FIELD_AS(project_full, base.updated_at, "updated_at"), { 0 } };

void
abf_project_mini(struct req *r, const struct project_card *p)
{
	struct arena *mem = r->ctx->mem;
	const struct mini_shape shape = { .id = p->id,
		.name = p->name,
		.visibility = p->is_hidden ? "hidden" : "open",
		.fullname = arena_printf(mem, "%s/%s", p->owner_uname, p->name),
		.url = arena_printf(mem, "/api/v1/projects/%lld.json", (long long)p->id),
		.git_url = git_url(r, p->path),
		.ssh_url = ssh_url(r, p->path) };

	abf_members(r, mini_json, &shape);
	buf_text(r->out, ",\"maintainer\":");
	add_maintainer(r, p);
}

void
abf_project_minis(struct req *r, const void *rows, size_t n, size_t size)
{
	buf_char(r->out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_text(r->out, i > 0 ? ",{" : "{");
		abf_project_mini(r, (const void *)((const char *)rows + i * size));
		buf_char(r->out, '}');
	}
	buf_char(r->out, ']');
}

void
abf_project_full(struct req *r, const struct project_full *p)
{
	struct project_full shown = *p;

	if (shown.base.description[0] == '\0')
		shown.base.description = NULL;
	abf_project_mini(r, &p->card);
	buf_char(r->out, ',');
	abf_members(r, full_json, &shown);
	buf_text(r->out, ",\"owner\":");
	abf_project_owner(r, p);
}
