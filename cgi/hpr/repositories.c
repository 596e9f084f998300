#include <stdint.h>
#include <string.h>

#include "base/js.h"
#include "base/str.h"
#include "cgi/hpr/hpr.h"
#include "core/gitlab.h"
#include "core/name.h"
#include "core/project.h"
#include "core/upstream.h"

#define PER_PAGE_DEFAULT 50
#define PER_PAGE_MOST 1000
#define ROWS_MOST 100000 /* of a list that asks for no page: bounds the answer, not the hub */
#define URL_MOST 4096	 /* with credentials in it; core has the last word on the rest */
#define NAME_MOST 1000

int
show_welcome(struct req *r)
{
	shape_message(r, "welcome to hpr api layer");
	return OK;
}

/* ---- lists */

struct page {
	bool is_asked; /* neither parameter: everything */
	int64_t number, per_page;
};

static int
read_number(struct req *r, const char *name, int64_t missing, int64_t *out)
{
	const char *text = req_query(r, name);

	*out = missing;
	if (text == NULL || (str_is_int(text, out) && *out >= 1))
		return OK;
	return fail(r->ctx, E_INVALID, "Invalid %s", name);
}

static int
read_page(struct req *r, struct page *out)
{
	TRY(read_number(r, "page", 1, &out->number));
	TRY(read_number(r, "per_page", PER_PAGE_DEFAULT, &out->per_page));
	if (out->per_page > PER_PAGE_MOST)
		out->per_page = PER_PAGE_MOST;
	out->is_asked = req_query(r, "page") != NULL || req_query(r, "per_page") != NULL;
	return OK;
}

static int
list_all(struct req *r, const char *text)
{
	struct project *rows;
	size_t n;
	int64_t total;

	TRY(project_list_mirrors(r->ctx, &r->account, text, ROWS_MOST, 0, &rows, &n));
	total = (int64_t)n;
	if (n == ROWS_MOST)
		TRY(project_count_mirrors(r->ctx, &r->account, text, &total));
	shape_list(r, total, rows, n);
	return OK;
}

/* The count comes first: a page behind the end must not make the database walk there. */
static int
list_page(struct req *r, const char *text, const struct page *page)
{
	struct project *rows = NULL;
	size_t n = 0;
	int64_t total;

	TRY(project_count_mirrors(r->ctx, &r->account, text, &total));
	if (page->number - 1 <= total / page->per_page)
		TRY(project_list_mirrors(r->ctx, &r->account, text, page->per_page,
		    (page->number - 1) * page->per_page, &rows, &n));
	shape_list(r, total, rows, n);
	return OK;
}

static int
list_with(struct req *r, const char *text)
{
	struct page page;

	TRY(read_page(r, &page));
	return page.is_asked ? list_page(r, text, &page) : list_all(r, text);
}

int
list_repositories(struct req *r)
{
	return list_with(r, "");
}

/* The text stands in the path, or is q, or is name: three versions of hpr. */
int
search_repositories(struct req *r)
{
	const char *text = r->params[0].name != NULL ? req_param(r, "text") : req_query(r, "q");

	if (text == NULL)
		text = req_query(r, "name");
	if (text == NULL)
		return fail(r->ctx, E_INVALID, "Missing parameter: q");
	return list_with(r, text);
}

/* ---- one */

int
show_repository(struct req *r)
{
	shape_repository(r, r->project);
	return OK;
}

int
show_status(struct req *r)
{
	buf_text(r->out, "{\"status\":");
	js_text(r->out, project_status(r->project));
	buf_char(r->out, '}');
	return OK;
}

struct create {
	const char *url;
	const char *name;
	const char *clone, *create, *mirror_only;
};

const struct field create_in[] = {
	FIELD_MAX(create, url, URL_MOST),
	FIELD_MAX(create, name, NAME_MOST),
	FIELD(create, clone),
	FIELD(create, create),
	FIELD(create, mirror_only),
	{ 0 },
};

/* A refused URL without what may be a secret in it. It is of no known form: a slash too few or too
 * many, a password with a slash in it. So all before the last @ goes, and only a scheme stays. */
static const char *
without_user(struct arena *mem, const char *url)
{
	const char *at = strrchr(url, '@'), *colon = strchr(url, ':');
	int scheme_len = 0;

	if (at == NULL)
		return url;
	if (colon != NULL && colon < at && (colon[1] == '/' || colon[1] == '\\'))
		scheme_len = (int)(colon + 1 + strspn(colon + 1, "/\\") - url);
	return arena_printf(mem, "%.*s%s", scheme_len, url, at + 1);
}

/* The name that the mirror will have, by the checks of A3.3 in their order and words. */
static int
check_wish(struct req *r, const struct create *in, const char **name_out)
{
	struct ctx *c = r->ctx;
	const char *name = in->name;
	struct upstream upstream;

	if (in->url == NULL || in->url[0] == '\0')
		return fail(c, E_INVALID, "Missing parameter: url");
	if (upstream_check(c, in->url, &upstream) != OK)
		return fail(c, E_INVALID,
		    "Not support repository url: %s, avaiable in ssh/http(s) protocols.",
		    without_user(c->mem, in->url));
	if (name == NULL || name[0] == '\0') {
		name = "";
		if (name_from_url(c, in->url, &name) != OK)
			return fail(c, E_INVALID, "Invalid name: %s", name);
	}
	if (name_check(c, name) != OK)
		return fail(c, E_INVALID, "Invalid name: %s", name);
	*name_out = name;
	return OK;
}

static bool
is_word(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

/* mirror_only is the older word for create=false; then nobody waited for what became of it. */
int
create_repository(struct req *r)
{
	const struct create *in = r->in;
	const struct actor who = req_actor(r);
	struct gitlab_wish wish = { .mirror.url = in->url };
	int64_t id;
	int code;

	TRY(check_wish(r, in, &wish.mirror.path));
	wish.mirror.without_sync = is_word(in->clone, "false");
	wish.without_wait = is_word(in->mirror_only, "true");
	wish.without_create = is_word(in->create, "false") || wish.without_wait;
	code = gitlab_create_mirror(r->ctx, &who, &wish, &id);
	if (code == E_CONFLICT)
		return fail(r->ctx, E_INVALID, "Exists Repository: %s", wish.mirror.path);
	TRY(code);
	shape_true(r, 201);
	return OK;
}

int
update_repository(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(project_sync(r->ctx, &who, r->project));
	shape_true(r, 200);
	return OK;
}

int
delete_repository(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(gitlab_delete_mirror(r->ctx, &who, r->project));
	shape_true(r, 200);
	return OK;
}
