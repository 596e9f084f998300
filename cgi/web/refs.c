/* The lists of branches and tags. */
#include <string.h>

#include "base/str.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/place.h"
#include "cgi/web/tree.h"
#include "cgi/web/url.h"
#include "cgi/web/view.h"
#include "cgi/web/web.h"
#include "core/project.h"
#include "git/commit.h"
#include "git/view.h"
#include "web/html.h"

#define ROWS_MOST 100
#define SUBJECT_SHOWN 60

struct list {
	struct git_view *view;
	struct git_rev head;			/* name NULL: there is none */
	const struct git_view_tip *const *rows; /* the newest first */
	size_t n;
};

static int
open_list(struct req *r, bool of_tags, struct list *out)
{
	TRY(view_open(r, &out->view));
	TRY(git_view_newest(r->ctx, out->view, of_tags, &out->rows, &out->n));
	if (git_view_head(r->ctx, out->view, &out->head) != OK)
		out->head.name = NULL;
	return OK;
}

/* ---- rows */

static void
add_name(struct req *r, const struct list *list, const struct git_view_tip *tip)
{
	bool is_head = str_is_equal(list->head.name, tip->name);

	html(r->out, "<tr><th scope=\"row\"><a href=\"%s\">",
	    is_head ? url_project(r, r->project)
		    : url_view(r, r->project, "tree", tip->text, NULL));
	html_marked(r->out, tip->short_name);
	html(r->out, is_head ? "</a> <span class=\"label\">default</span></th>" : "</a></th>");
}

static void
add_subject(struct req *r, const char *commit, const char *subject)
{
	html(r->out, "<td><a href=\"%s\">", url_view(r, r->project, "commit", commit, NULL));
	html_marked(
	    r->out, subject[0] != '\0' ? place_cut(r, subject, SUBJECT_SHOWN) : "(no message)");
	html(r->out, "</a></td>");
}

static const char *
first_line(struct arena *mem, const char *text)
{
	return arena_strndup(mem, text, strcspn(text, "\n"));
}

static const char *
compare_url(struct req *r, const char *from, const char *to)
{
	struct arena *mem = r->ctx->mem;

	return arena_printf(mem, "%s?from=%s&to=%s", url_view(r, r->project, "compare", NULL, NULL),
	    str_percent(mem, from), str_percent(mem, to));
}

static int
add_branch(struct req *r, const struct list *list, const struct git_view_tip *tip)
{
	struct git_commit_info commit;

	TRY(git_commit_read_row(r->ctx, list->view, tip->commit, &commit));
	add_name(r, list, tip);
	add_subject(r, tip->commit, commit.subject);
	html(r->out, "<td>");
	page_time(r, tip->at);
	html(r->out, "</td><td>");
	if (list->head.name != NULL && strcmp(list->head.name, tip->name) != 0)
		html(r->out, "<a href=\"%s\">Compare</a>",
		    compare_url(r, list->head.text, tip->text));
	html(r->out, "</td></tr>\n");
	return OK;
}

/* An annotated tag says more of itself than its commit does. */
static int
add_tag(struct req *r, const struct list *list, const struct git_view_tip *tip)
{
	struct git_commit_info commit;
	struct git_tag_info tag = { .message = "" };
	const char *said;

	TRY(git_commit_read_row(r->ctx, list->view, tip->commit, &commit));
	if (tip->tag_id != NULL)
		TRY(git_tag_read(r->ctx, list->view, tip->tag_id, &tag));
	said = first_line(r->ctx->mem, tag.message);
	add_name(r, list, tip);
	add_subject(r, tip->commit, said[0] != '\0' ? said : commit.subject);
	html(r->out, "<td>");
	page_time(r, tip->at);
	html(r->out,
	    "</td><td><a href=\"%s.tar.gz\">tar.gz</a> <a href=\"%s.zip\">zip</a></td></tr>\n",
	    url_view(r, r->project, "archive", tip->text, NULL),
	    url_view(r, r->project, "archive", tip->text, NULL));
	return OK;
}

/* ---- pages */

struct kind {
	bool is_tag;
	const char *view, *title, *none, *last_column;
	int (*add)(struct req *r, const struct list *list, const struct git_view_tip *tip);
};

static int
add_rows(struct req *r, const struct kind *kind, const struct list *list, int64_t page)
{
	size_t first = (size_t)(page - 1) * ROWS_MOST;
	size_t end = first + ROWS_MOST < list->n ? first + ROWS_MOST : list->n;

	html(r->out,
	    "<table class=\"refs\">\n<thead><tr><th scope=\"col\">Name</th>"
	    "<th scope=\"col\">Last commit</th><th scope=\"col\">Age</th>"
	    "<th scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
	    kind->last_column);
	for (size_t i = first; i < end; i++)
		TRY(kind->add(r, list, list->rows[i]));
	html(r->out, "</tbody>\n</table>\n");
	return OK;
}

static int
show(struct req *r, const struct kind *kind)
{
	const char *title = arena_printf(r->ctx->mem, "%s of %s", kind->title, r->project->path);
	const char *feed = kind->is_tag ? url_view(r, r->project, "atom/tags", NULL, NULL) : NULL;
	int64_t page = pager_page(r);
	struct list list;

	TRY(open_list(r, kind->is_tag, &list));
	if (page > 1 && (size_t)(page - 1) * ROWS_MOST >= list.n)
		return fail(r->ctx, E_NOTFOUND, "there is no such page");
	page_begin(r,
	    &(struct page){
		.title = title, .project = r->project, .tab = kind->view, .feed = feed });
	html(r->out, "<h1>%s <span class=\"quiet\">%ld</span></h1>\n", kind->title, (long)list.n);
	if (feed != NULL && list.n > 0)
		html(r->out,
		    "<ul class=\"actions\">\n<li><a href=\"%s\">Atom feed</a></li>\n</ul>\n", feed);
	if (list.n == 0)
		html(r->out, "<p>%s</p>\n", kind->none);
	else
		TRY(add_rows(r, kind, &list, page));
	pager_numbered(
	    r, url_view(r, r->project, kind->view, NULL, NULL), page, ROWS_MOST, (int64_t)list.n);
	page_end(r);
	return OK;
}

int
web_branches(struct req *r)
{
	static const struct kind branches = { false, "branches", "Branches",
		"There are no branches yet.", "Changes", add_branch };

	if (!project_is_cloned(r->project)) /* it has one page */
		return page_redirect(r, url_project(r, r->project));
	return show(r, &branches);
}

int
web_tags(struct req *r)
{
	static const struct kind tags = { true, "tags", "Tags", "There are no tags.", "Archive",
		add_tag };

	if (!project_is_cloned(r->project))
		return page_redirect(r, url_project(r, r->project));
	return show(r, &tags);
}
