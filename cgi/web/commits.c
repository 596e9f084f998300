#include <string.h>

#include "base/str.h"
#include "cgi/web/commit_rows.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/place.h"
#include "cgi/web/url.h"
#include "cgi/web/view.h"
#include "cgi/web/web.h"
#include "core/find_commit.h"
#include "web/html.h"

#define PAGE_COMMITS 40 /* contract B5 */
#define PAGE_MAX (GIT_LOG_SKIP_MAX / PAGE_COMMITS)

/* What a page lists: the commits of a revision, or those that changed a path. */
struct list {
	struct place place; /* path "": of no path */
	int64_t page;	    /* from 1 */
	struct git_log log;
};

/* One more than a page has, where the deepest page has to tell what comes behind it. */
static int
read_list(struct req *r, struct list *l)
{
	size_t skip, most = PAGE_COMMITS + (l->page == PAGE_MAX);
	struct git_repository *repo = git_view_repo(l->place.view);

	if (l->page > PAGE_MAX)
		return fail(r->ctx, E_NOTFOUND, "there is no such page");
	skip = (size_t)(l->page - 1) * PAGE_COMMITS;
	if (l->place.path[0] == '\0')
		return git_log(r->ctx, repo, l->place.rev.commit, skip, most, &l->log);
	return git_log_path(r->ctx, repo, l->place.rev.commit, l->place.path, skip, most, &l->log);
}

/* ---- from page to page */

static const char *
page_url(struct req *r, const struct list *l, int64_t page)
{
	const char *url = url_view(r, r->project, "commits", l->place.rev.text, l->place.path);

	return page <= 1 ? url : arena_printf(r->ctx->mem, "%s?page=%ld", url, page);
}

/* Deeper than a number reaches the list goes on from a commit. */
static const char *
older_url(struct req *r, const struct list *l)
{
	if (l->log.n <= PAGE_COMMITS)
		return page_url(r, l, l->page + 1);
	return url_view(r, r->project, "commits", l->log.ids[PAGE_COMMITS], l->place.path);
}

static void
add_pages(struct req *r, const struct list *l)
{
	bool has_older = l->log.has_more || l->log.n > PAGE_COMMITS;

	pager_show(r,
	    &(struct pager){ .words = PAGER_BY_TIME,
		.before = l->page > 1 ? page_url(r, l, l->page - 1) : NULL,
		.after = has_older ? older_url(r, l) : NULL });
}

/* ---- the page */

static void
add_name(struct req *r, const char *view, const struct list *l, const char *path, const char *name)
{
	html(r->out, "<a href=\"%s\">", url_view(r, r->project, view, l->place.rev.text, path));
	html_marked(r->out, name);
	html(r->out, "</a>");
}

static void
add_title(struct req *r, const struct list *l)
{
	if (l->place.path[0] == '\0') {
		html(r->out, "<h1>Commits of ");
		add_name(r, "tree", l, NULL, l->place.rev.text);
		html(r->out, "</h1>\n");
		return;
	}
	html(r->out, "<h1>History of ");
	add_name(r, "tree", l, l->place.path, l->place.path);
	html(r->out, "</h1>\n<p class=\"quiet\">Commits of ");
	add_name(r, "commits", l, NULL, l->place.rev.text);
	html(r->out, " that changed it.</p>\n");
}

/* Where a file's history goes on under another name. */
static void
add_rename(struct req *r, const struct list *l)
{
	struct ctx quiet = *r->ctx;
	const char *from;
	char parent[41];

	if (l->place.path[0] == '\0' || l->log.has_more || l->log.n == 0 ||
	    l->log.n > PAGE_COMMITS ||
	    git_log_rename(&quiet, git_view_repo(l->place.view), l->log.ids[l->log.n - 1],
		l->place.path, &from, parent) != OK)
		return;
	html(r->out, "<p class=\"renamed\">Before that it was <a href=\"%s\">",
	    url_view(r, r->project, "commits", parent, from));
	html_marked(r->out, from);
	html(r->out, "</a>.</p>\n");
}

/* Where one is, and other branches; also as a feed. */
static int
add_bar(struct req *r, const struct list *l, const char *feed)
{
	html(r->out, "<div class=\"bar\">\n");
	TRY(place_switch(r, &l->place, "commits"));
	html(r->out,
	    "<ul class=\"actions\">\n<li><a href=\"%s\">Atom feed</a></li>\n</ul>\n</div>\n", feed);
	return OK;
}

static void
begin_page(struct req *r, const char *rev, const char *feed)
{
	page_begin(r,
	    &(struct page){ .title = arena_printf(r->ctx->mem, "Commits · %s", r->project->path),
		.project = r->project,
		.tab = "commits",
		.rev = rev,
		.feed = feed });
}

static int
add_list(struct req *r, const struct list *l, const char *feed)
{
	struct git_log shown = l->log;

	if (shown.n > PAGE_COMMITS)
		shown.n = PAGE_COMMITS;
	add_title(r, l);
	TRY(add_bar(r, l, feed));
	TRY(commit_rows(r, l->place.view, &shown, l->place.path));
	if (l->log.is_cut)
		html(r->out,
		    "<p>Looking for more commits took too long and was ended. In a clone, "
		    "<code>git log</code> takes its time.</p>\n");
	else
		add_rename(r, l);
	add_pages(r, l);
	return OK;
}

int
web_commits(struct req *r)
{
	struct list l = { .page = pager_page(r) };
	const char *feed;

	TRY(place_open(r, &l.place));
	if (l.place.path[0] == '\0')
		l.place.path = pager_query(r, "path");
	TRY(read_list(r, &l));
	feed = url_view(r, r->project, "atom/commits", l.place.rev.text, NULL);
	begin_page(r, place_tabs_rev(&l.place), feed);
	TRY(add_list(r, &l, feed));
	page_end(r);
	return OK;
}

/* Those of the branch that HEAD names. */
int
web_commits_of_head(struct req *r)
{
	struct git_view *view;
	struct git_rev rev;
	int code;

	TRY(view_open(r, &view));
	code = git_view_head(r->ctx, view, &rev);
	if (code == OK)
		return page_redirect(r, url_view(r, r->project, "commits", rev.text, NULL));
	if (code != E_NOTFOUND)
		return code;
	begin_page(r, NULL, NULL);
	html(r->out, "<h1>Commits</h1>\n<p>There are no commits yet.</p>\n");
	page_end(r);
	return OK;
}

/* A commit by its id alone, wherever it is. */
int
web_commit_link(struct req *r)
{
	struct found_commit found;
	struct project p = { .id = 0 };

	TRY(find_commit(r->ctx, &r->account, req_param(r, "id"), &found));
	p.path = found.path;
	return page_redirect(r, url_view(r, &p, "commit", found.id, NULL));
}
