#include "base/js.h"
#include "cgi/abf/abf.h"
#include "store/arch.h"

static const struct field arch_json[] = { FIELD(arch, id), FIELD(arch, name), { 0 } };

int
list_arches(struct req *r)
{
	struct abf_page page = abf_page(r);
	struct arch *rows;
	size_t n;

	TRY(arch_list(r->ctx, page.limit + 1, page.offset, &rows, &n));
	if (abf_page_needs_total(&page, n))
		TRY(arch_count(r->ctx, &page.total));
	n = abf_page_links(r, &page, n);
	buf_text(r->out, "{\"architectures\":");
	js_list(r->out, arch_json, rows, n, sizeof(*rows));
	buf_char(r->out, '}');
	return OK;
}
