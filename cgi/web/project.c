#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/project.h"
#include "web/html.h"

/* The address that one clones from, in a browser. */
int
web_project_of_git(struct req *r)
{
	return page_redirect(r, url_project(r, r->project));
}

int
web_project(struct req *r)
{
	const struct project *p = r->project;

	page_begin(r, &(struct page){ .title = p->path, .project = p, .tab = "files" });
	html(r->out, "<h1>%s</h1>\n<p>%s</p>\n", p->path, p->description);
	html(r->out, "<p><code>%s</code></p>\n", project_clone_url(r->ctx, p->path));
	page_end(r);
	return OK;
}
