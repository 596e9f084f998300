#include "store/search.h"

#include <string.h>

#include "base/js.h"
#include "cgi/abf/abf.h"
#include "store/project_full.h"

/* ---- the kinds (contract 6.4) */

/* The store is asked for one row more than is shown: it tells whether there is a next page. */
static size_t
shown(const struct search *s, size_t n)
{
	return n < (size_t)s->limit ? n : (size_t)s->limit - 1;
}

static const char *
url_of(struct req *r, const char *kind, int64_t id)
{
	return arena_printf(r->ctx->mem, "/api/v1/%s/%lld.json", kind, (long long)id);
}

struct user_item {
	int64_t id;
	const char *uname, *name, *url;
};

static const struct field user_json[] = { FIELD(user_item, id), FIELD(user_item, uname),
	FIELD(user_item, name), FIELD(user_item, url), { 0 } };

static int
find_users(struct req *r, const struct search *s, size_t *n_out)
{
	struct found_person *rows;
	struct user_item *items;

	TRY(search_people(r->ctx, s, &rows, n_out));
	items = arena_new_array(r->ctx->mem, struct user_item, *n_out);
	for (size_t i = 0; i < *n_out; i++)
		items[i] = (struct user_item){ .id = rows[i].id,
			.uname = rows[i].uname,
			.name = rows[i].name,
			.url = url_of(r, "users", rows[i].id) };
	js_list(r->out, user_json, items, shown(s, *n_out), sizeof(*items));
	return OK;
}

struct group_item {
	int64_t id;
	const char *uname, *url;
};

static const struct field group_json[] = { FIELD(group_item, id), FIELD(group_item, uname),
	FIELD(group_item, url), { 0 } };

static int
find_groups(struct req *r, const struct search *s, size_t *n_out)
{
	struct found_team *rows;
	struct group_item *items;

	TRY(search_teams(r->ctx, s, &rows, n_out));
	items = arena_new_array(r->ctx->mem, struct group_item, *n_out);
	for (size_t i = 0; i < *n_out; i++)
		items[i] = (struct group_item){ .id = rows[i].id,
			.uname = rows[i].uname,
			.url = url_of(r, "groups", rows[i].id) };
	js_list(r->out, group_json, items, shown(s, *n_out), sizeof(*items));
	return OK;
}

static int
find_projects(struct req *r, const struct search *s, size_t *n_out)
{
	struct project_card *rows;

	TRY(search_projects(r->ctx, s, &rows, n_out));
	abf_project_minis(r, rows, shown(s, *n_out), sizeof(*rows));
	return OK;
}

struct platform_item {
	int64_t id;
	const char *name, *visibility, *platform_type, *url;
};

static const struct field platform_json[] = { FIELD(platform_item, id), FIELD(platform_item, name),
	FIELD(platform_item, visibility), FIELD(platform_item, platform_type),
	FIELD(platform_item, url), { 0 } };

static int
find_platforms(struct req *r, const struct search *s, size_t *n_out)
{
	struct found_platform *rows;
	struct platform_item *items;

	TRY(search_platforms(r->ctx, s, &rows, n_out));
	items = arena_new_array(r->ctx->mem, struct platform_item, *n_out);
	for (size_t i = 0; i < *n_out; i++)
		items[i] = (struct platform_item){ .id = rows[i].id,
			.name = rows[i].name,
			.visibility = rows[i].is_hidden ? "hidden" : "open",
			.platform_type = rows[i].platform_type,
			.url = url_of(r, "platforms", rows[i].id) };
	js_list(r->out, platform_json, items, shown(s, *n_out), sizeof(*items));
	return OK;
}

static const struct kind {
	const char *name;
	int (*find)(struct req *r, const struct search *s, size_t *n_out);
} kinds[] = {
	{ "users", find_users },
	{ "groups", find_groups },
	{ "projects", find_projects },
	{ "platforms", find_platforms },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- the answer */

/* The kind that is asked for; NULL: no such kind, so all of them are. */
static const struct kind *
kind_of(const char *name)
{
	for (size_t i = 0; name != NULL && i < N_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

int
search_all(struct req *r)
{
	const struct kind *only = kind_of(req_query(r, "type"));
	const struct abf_page page = abf_page(r);
	const char *text = req_query(r, "query");
	const struct search s = { .asker = &r->account,
		.text = text != NULL ? text : "",
		.limit = page.limit + 1,
		.offset = page.offset };
	size_t n, most = 0;

	buf_text(r->out, "{\"results\":");
	for (size_t i = 0; i < N_KINDS; i++) {
		if (only != NULL && only != &kinds[i])
			continue;
		buf_printf(r->out, "%c\"%s\":", i == 0 || only != NULL ? '{' : ',', kinds[i].name);
		TRY(kinds[i].find(r, &s, &n));
		most = n > most ? n : most;
	}
	(void)abf_page_links(r, &page, most); /* each kind shows its part of them */
	buf_text(r->out, "},\"url\":\"/api/v1/search.json\"}");
	return OK;
}
