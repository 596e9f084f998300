#include <string.h>

#include "base/conf.h"
#include "base/str.h"
#include "cgi/abf/abf.h"
#include "web/form.h"

#define PER_PAGE 20
#define PER_PAGE_MAX 100
#define PAGE_MAX 100000000 /* so that an offset stays a number */

/* One link; with a longer query there are none. Four of them fit into a head. */
#define URL_MAX_BYTES 1500
#define HEADER_MAX_BYTES (4 * (URL_MAX_BYTES + 32))

struct abf_page
abf_page(struct req *r)
{
	struct abf_page page = { .number = abf_id(req_query(r, "page")),
		.limit = abf_id(req_query(r, "per_page")),
		.total = -1 };

	if (page.number < 1)
		page.number = 1;
	if (page.number > PAGE_MAX)
		page.number = PAGE_MAX;
	if (page.limit < 1)
		page.limit = PER_PAGE;
	if (page.limit > PER_PAGE_MAX)
		page.limit = PER_PAGE_MAX;
	page.offset = (page.number - 1) * page.limit;
	return page;
}

/* ---- Link */

/* The path as it was sent; what may not stand in a header between < and > as %XX. */
static void
add_path(struct buf *url, const char *path)
{
	for (; *path != '\0'; path++)
		if ((unsigned char)*path <= 0x20 || (unsigned char)*path >= 0x7f ||
		    strchr("<>\"\\^`{|},", *path) != NULL)
			buf_printf(url, "%%%02X", (unsigned char)*path);
		else
			buf_char(url, *path);
}

/* This request's address up to the number of the page: its other parameters stay, but a token has
 * no place in an answer. */
static const char *
address(struct req *r)
{
	struct buf *url = buf_new(r->ctx->mem, URL_MAX_BYTES);

	buf_text(url, r->ctx->conf->base_url);
	add_path(url, r->path);
	buf_char(url, '?');
	for (size_t i = 0; r->args != NULL && i < r->args->n; i++) {
		const char *name = r->args->pairs[i].name;

		if (strcmp(name, "page") == 0 || strcmp(name, ABF_TOKEN) == 0)
			continue;
		buf_printf(url, "%s=%s&", str_percent(r->ctx->mem, name),
		    str_percent(r->ctx->mem, r->args->pairs[i].value));
	}
	buf_text(url, "page=");
	return url->full ? NULL : url->data;
}

static void
add_link(struct buf *header, const char *address_of, int64_t number, const char *rel)
{
	buf_printf(header, "%s<%s%lld>; rel=\"%s\"", header->len > 0 ? ", " : "", address_of,
	    (long long)number, rel);
}

static bool
has_next(const struct abf_page *page, size_t n)
{
	return n > (size_t)page->limit;
}

bool
abf_page_needs_total(const struct abf_page *page, size_t n)
{
	return has_next(page, n) || (n == 0 && page->number > 1);
}

size_t
abf_page_links(struct req *r, const struct abf_page *page, size_t n)
{
	const bool is_counted = page->total >= 0;
	const int64_t last = page->total > 0 ? (page->total + page->limit - 1) / page->limit : 1;
	const int64_t next = page->number + 1, prev = page->number - 1;
	struct buf *header = buf_new(r->ctx->mem, HEADER_MAX_BYTES);
	const char *at = has_next(page, n) || page->number > 1 ? address(r) : NULL;

	if (at != NULL && has_next(page, n)) {
		add_link(header, at, next, "next");
		if (is_counted) /* after the list: rows may have gone meanwhile */
			add_link(header, at, last > next ? last : next, "last");
	}
	if (at != NULL && page->number > 1) {
		add_link(header, at, 1, "first");
		add_link(header, at, is_counted && last < prev ? last : prev, "prev");
	}
	if (header->len > 0)
		res_header(r, "Link", header->data);
	return n > (size_t)page->limit ? (size_t)page->limit : n;
}
