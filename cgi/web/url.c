#include "cgi/web/url.h"

#include <string.h>

#include "base/conf.h"
#include "base/str.h"

const char *
url_project(struct req *r, const struct project *p)
{
	return arena_printf(r->ctx->mem, "/%s", str_percent_path(r->ctx->mem, p->path));
}

static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

const char *
url_view(
    struct req *r, const struct project *p, const char *view, const char *rev, const char *path)
{
	struct arena *mem = r->ctx->mem;

	return arena_printf(mem, "/%s/%s%s%s%s%s", str_percent_path(mem, p->path), view,
	    is_given(rev) ? "/" : "", is_given(rev) ? str_percent_path(mem, rev) : "",
	    is_given(path) ? "/" : "", is_given(path) ? str_percent_path(mem, path) : "");
}

const char *
url_absolute(struct req *r, const char *url)
{
	const char *base = r->ctx->conf->base_url;
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	return arena_printf(r->ctx->mem, "%.*s%s", (int)len, base, url);
}

const char *
url_local(const char *next)
{
	if (next == NULL || next[0] != '/' || next[1] == '/')
		return "/";
	for (const char *s = next; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f || *s == '\\')
			return "/";
	return next;
}

#define NEXT_MOST 2000

const char *
url_sign_in(struct req *r)
{
	struct arena *mem = r->ctx->mem;
	const char *here =
	    arena_printf(mem, "%s%s%s", r->path, r->query[0] != '\0' ? "?" : "", r->query);

	if (req_is_changing(r) || strcmp(here, "/") == 0 || strcmp(url_local(here), "/") == 0 ||
	    str_starts(r->path, "/login") || strlen(here) > NEXT_MOST)
		return "/login";
	return arena_printf(mem, "/login?next=%s", str_percent_path(mem, here));
}
