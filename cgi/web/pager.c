#include "cgi/web/pager.h"

#include <string.h>

#include "base/str.h"
#include "web/html.h"

const char *
pager_query(struct req *r, const char *name)
{
	const char *text = req_query(r, name);

	return text != NULL ? text : "";
}

int64_t
pager_page(struct req *r)
{
	const char *text = pager_query(r, "page");
	int64_t n;

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return 1;
	if (!str_is_int(text, &n) || n > PAGER_MOST)
		return PAGER_MOST;
	return n > 0 ? n : 1;
}

void
pager_show(struct req *r, const struct pager *p)
{
	static const struct {
		const char *before, *after;
	} words[] = {
		[PAGER_PLAIN] = { "Previous", "Next" },
		[PAGER_BY_TIME] = { "Newer", "Older" },
		[PAGER_FROM_NEWEST] = { "Newest", "Older" },
	};

	if (p->before == NULL && p->after == NULL)
		return;
	html(r->out, "<nav class=\"pages\" aria-label=\"Pages\">\n");
	if (p->before != NULL)
		html(r->out, "<a rel=\"prev\" href=\"%s\">%s</a>\n", p->before,
		    words[p->words].before);
	if (p->page > 0)
		html(r->out,
		    p->last > 0 ? "<span>Page %ld of %ld</span>\n" : "<span>Page %ld</span>\n",
		    p->page, p->last);
	if (p->after != NULL)
		html(r->out, "<a rel=\"next\" href=\"%s\">%s</a>\n", p->after,
		    words[p->words].after);
	html(r->out, "</nav>\n");
}

static const char *
url_of(struct req *r, const char *url, int64_t page)
{
	return page <= 1 ? url : arena_printf(r->ctx->mem, "%s?page=%lld", url, (long long)page);
}

void
pager_numbered(struct req *r, const char *url, int64_t page, int64_t most, int64_t all)
{
	int64_t last = (all + most - 1) / most;

	pager_show(r,
	    &(struct pager){ .words = PAGER_PLAIN,
		.before = page > 1 ? url_of(r, url, page - 1) : NULL,
		.after = page < last ? url_of(r, url, page + 1) : NULL,
		.page = page,
		.last = last });
}
