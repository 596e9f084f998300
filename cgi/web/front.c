#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "web/html.h"

#define ROWS_MOST 100

int
web_front(struct req *r)
{
	const char *text = req_query(r, "q");
	struct project *rows;
	size_t n;

	TRY(project_list_mirrors(
	    r->ctx, &r->account, text != NULL ? text : "", ROWS_MOST, 0, &rows, &n));
	page_begin(r, &(struct page){ .title = "Projects" });
	html(r->out, "<h1>Projects</h1>\n<ul>\n");
	for (size_t i = 0; i < n; i++)
		html(r->out, "<li><a href=\"%s\">%s</a></li>\n", url_project(r, &rows[i]),
		    rows[i].path);
	html(r->out, "</ul>\n");
	page_end(r);
	return OK;
}
