/* Platforms, repositories and members in the ABF API's JSON (contract 3.1, 6.3). */
#include "base/js.h"
#include "cgi/abf/abf.h"
#include "store/platform.h"
#include "store/repository.h"

/* ---- members */

struct member_shape {
	int64_t id;
	const char *type, *url, *name, *uname;
};

static const struct field member_json[] = { FIELD(member_shape, id), FIELD(member_shape, type),
	FIELD(member_shape, url), FIELD(member_shape, name), FIELD(member_shape, uname), { 0 } };

void
abf_member_list(struct req *r, const struct member *rows, size_t n)
{
	struct member_shape *shapes = arena_new_array(r->ctx->mem, struct member_shape, n);

	for (size_t i = 0; i < n; i++)
		shapes[i] = (struct member_shape){ .id = rows[i].id,
			.type = rows[i].is_team ? "Group" : "User",
			.url = arena_printf(r->ctx->mem, "/api/v1/%s/%lld.json",
			    rows[i].is_team ? "groups" : "users", (long long)rows[i].id),
			.name = rows[i].name,
			.uname = rows[i].uname };
	js_list(r->out, member_json, shapes, n, sizeof(*shapes));
}

/* ---- repositories */

struct repository_shape {
	int64_t id;
	const char *name, *url;
};

static const struct field repository_json[] = { FIELD(repository_shape, id),
	FIELD(repository_shape, name), FIELD(repository_shape, url), { 0 } };

void
abf_repository_minis(struct req *r, const struct repository_card *rows, size_t n)
{
	struct repository_shape *shapes = arena_new_array(r->ctx->mem, struct repository_shape, n);

	for (size_t i = 0; i < n; i++)
		shapes[i] = (struct repository_shape){ .id = rows[i].id,
			.name = rows[i].name,
			.url = arena_printf(
			    r->ctx->mem, "/api/v1/repositories/%lld.json", (long long)rows[i].id) };
	js_list(r->out, repository_json, shapes, n, sizeof(*shapes));
}

/* ---- platforms */

struct platform_shape {
	int64_t id;
	const char *name, *visibility, *platform_type, *url;
};

static const struct field platform_json[] = { FIELD(platform_shape, id),
	FIELD(platform_shape, name), FIELD(platform_shape, visibility),
	FIELD(platform_shape, platform_type), FIELD(platform_shape, url), { 0 } };

void
abf_platform_mini(struct req *r, const struct platform *p)
{
	const struct platform_shape shape = { .id = p->id,
		.name = p->name,
		.visibility = p->is_hidden ? "hidden" : "open",
		.platform_type = p->platform_type,
		.url = arena_printf(r->ctx->mem, "/api/v1/platforms/%lld.json", (long long)p->id) };

	abf_members(r, platform_json, &shape);
}
