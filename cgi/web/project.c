#include "cgi/web/mirror.h"
#include "cgi/web/page.h"
#include "cgi/web/place.h"
#include "cgi/web/tree.h"
#include "cgi/web/url.h"
#include "cgi/web/view.h"
#include "cgi/web/web.h"
#include "core/project.h"
#include "git/tree.h"
#include "web/html.h"
#include "web/route.h"

/* The address that one clones from, in a browser. */
int
web_project_of_git(struct req *r)
{
	return page_redirect(r, url_project(r, r->project));
}

static void
add_clone_box(struct req *r)
{
	const char *url = project_clone_url(r->ctx, r->project->path);

	html(r->out,
	    "<p class=\"clone\"><label for=\"clone-url\">Clone</label> "
	    "<input id=\"clone-url\" type=\"text\" readonly size=\"50\" value=\"%s\"></p>\n",
	    url);
}

/* ---- what there is to see */

/* In place of files, for whoever may push. */
static void
show_first_push(struct req *r)
{
	html(r->out,
	    "<h2>Push the first commit</h2>\n<pre class=\"plain\"><code>git remote add origin %s\n"
	    "git push -u origin HEAD</code></pre>\n",
	    project_clone_url(r->ctx, r->project->path));
}

static void
show_empty(struct req *r, bool has_branches)
{
	const struct project *p = r->project;

	if (has_branches) {
		html(r->out,
		    "<p>The default branch has no commits. There are <a href=\"%s\">other "
		    "branches</a>.</p>\n",
		    url_view(r, p, "branches", NULL, NULL));
		return;
	}
	html(r->out, "<p>There are no commits yet.</p>\n");
	if (!p->is_mirror && route_may(r, PERM_WRITE))
		show_first_push(r);
}

static int
show_files(struct req *r, const struct place *place)
{
	struct git_entry root;

	TRY(git_entry_find(r->ctx, place->view, place->rev.commit, "", &root));
	html(r->out, "<div class=\"bar\">\n");
	TRY(place_switch(r, place, "tree"));
	html(r->out, "<ul class=\"actions\">\n<li><a href=\"%s\">History</a></li>\n",
	    url_view(r, r->project, "commits", place->rev.text, NULL));
	place_permalink(r, place, "tree");
	place_downloads(r, place);
	html(r->out, "</ul>\n</div>\n");
	TRY(place_commit(r, place));
	return tree_show(r, place, &root);
}

static int
show_store(struct req *r)
{
	struct place place = { .path = "" };
	const struct git_view_tip *refs;
	size_t n;
	int code;

	TRY(view_open(r, &place.view));
	code = git_view_head(r->ctx, place.view, &place.rev);
	if (code == OK)
		return show_files(r, &place);
	if (code != E_NOTFOUND)
		return code;
	TRY(git_view_refs(r->ctx, place.view, &refs, &n));
	show_empty(r, n > 0);
	return OK;
}

/* ---- the page */

int
web_project(struct req *r)
{
	const struct project *p = r->project;

	page_begin(r,
	    &(struct page){ .title = p->path,
		.project = p,
		.tab = "files",
		.refresh_s = mirror_refresh_s(p),
		.has_code = true });
	html(r->out, "<h1 class=\"hidden\">%s</h1>\n", p->path);
	if (p->description[0] != '\0')
		html(r->out, "<p class=\"about\">%s</p>\n", p->description);
	add_clone_box(r);
	html(r->out, "<div class=\"beside\">\n");
	TRY(mirror_panel(r, p));
	TRY(targets_panel(r, p));
	html(r->out, "</div>\n");
	if (!project_is_cloned(p))
		html(r->out, "<p>There is nothing to see until the first sync is done.</p>\n");
	else
		TRY(show_store(r));
	page_end(r);
	return OK;
}
