#include "cgi/web/tree.h"

#include <string.h>

#include "base/str.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/prose.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "web/html.h"

#define ROWS_MOST 1000 /* of a page: below 200 kB with usual names */
#define ID_SHOWN 16

/* ---- entries */

static const struct {
	const char *row;  /* a class */
	const char *view; /* that its link leads to */
	const char *word; /* in the column of sizes; NULL: its size */
	const char *sign; /* behind its name */
} kinds[] = {
	[GIT_FOLDER] = { "folder", "tree", "", "/" },
	[GIT_FILE] = { "file", "blob", NULL, "" },
	[GIT_LINK] = { "link", "blob", "link", "" },
	[GIT_SUBMODULE] = { "submodule", "tree", "submodule", "" },
};

static int
add_size(struct req *r, const struct place *place, const struct git_entry *e)
{
	int64_t bytes;

	if (kinds[e->kind].word != NULL) {
		html(r->out, "<td>%s</td></tr>\n", kinds[e->kind].word);
		return OK;
	}
	TRY(git_blob_size(r->ctx, place->view, e->id, &bytes));
	html(r->out, "<td>%s</td></tr>\n", str_size(r->ctx->mem, bytes));
	return OK;
}

/* begins: of a row of each kind, up to the last part of its link: the same for all. */
static int
add_entry(struct req *r, const struct place *place, const struct git_entry *e,
    struct buf *const begins[GIT_SUBMODULE + 1])
{
	buf_add(r->out, begins[e->kind]->data, begins[e->kind]->len);
	html(r->out, "%s\">", str_percent(r->ctx->mem, e->name));
	html_marked(r->out, e->name);
	html(r->out, "%s</a>", kinds[e->kind].sign);
	if (e->kind == GIT_SUBMODULE)
		html(r->out, " <span class=\"quiet\">at <code>%s</code></span>",
		    arena_strndup(r->ctx->mem, e->id, ID_SHOWN));
	if (e->mode == 0100755)
		html(r->out, " <span class=\"quiet\">executable</span>");
	html(r->out, "</td>");
	return add_size(r, place, e);
}

static struct buf *
begin_of(struct req *r, const struct place *place, enum git_kind kind)
{
	struct buf *b = buf_new(r->ctx->mem, RES_BODY_MAX);

	html(b, "<tr class=\"%s\"><td><a href=\"%s/", kinds[kind].row,
	    url_view(r, r->project, kinds[kind].view, place->rev.text, place->path));
	return b;
}

static int
add_table(struct req *r, const struct place *place, const struct git_folder *folder)
{
	struct buf *begins[GIT_SUBMODULE + 1] = { NULL };

	for (enum git_kind kind = GIT_FOLDER; kind <= GIT_SUBMODULE; kind++)
		begins[kind] = begin_of(r, place, kind);
	html(r->out,
	    "<table class=\"tree\">\n<thead class=\"hidden\"><tr><th scope=\"col\">Name</th>"
	    "<th scope=\"col\">Size</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < folder->n; i++)
		TRY(add_entry(r, place, &folder->rows[i], begins));
	html(r->out, "</tbody>\n</table>\n");
	return OK;
}

/* ---- all of it */

int
tree_show(struct req *r, const struct place *place, const struct git_entry *entry)
{
	const char *url = url_view(r, r->project, "tree", place->rev.text, place->path);
	struct git_folder folder;
	int64_t page = pager_page(r);

	TRY(git_folder_read(r->ctx, place->view, entry->id, GIT_ORDER_PEOPLE,
	    (size_t)(page - 1) * ROWS_MOST, ROWS_MOST, &folder));
	if (folder.n == 0 && page > 1)
		return fail(r->ctx, E_NOTFOUND, "there is no such page");
	if (folder.n == 0)
		html(r->out, "<p>There are no files here.</p>\n");
	else
		TRY(add_table(r, place, &folder));
	pager_numbered(r, url, page, ROWS_MOST, (int64_t)folder.all);
	return prose_of_folder(r, place->view, &place->rev, place->path, entry->id, &folder);
}

static void
show_submodule(struct req *r, const struct git_entry *e)
{
	html(r->out,
	    "<p>This is a submodule: another repository, at the commit</p>\n"
	    "<p><code>%s</code></p>\n"
	    "<p class=\"quiet\">Its address is in the file <code>.gitmodules</code>.</p>\n",
	    e->id);
}

static void
add_actions(struct req *r, const struct place *place)
{
	const char *rev = place->rev.text, *path = place->path;

	html(r->out, "<ul class=\"actions\">\n<li><a href=\"%s\">History</a></li>\n",
	    url_view(r, r->project, "commits", rev, path));
	place_permalink(r, place, "tree");
	if (path[0] == '\0') /* an archive holds all files */
		place_downloads(r, place);
	html(r->out, "</ul>\n");
}

/* The root of the default branch is the project's own page. */
static bool
is_front(struct req *r, const struct place *place)
{
	struct git_rev head;

	return place->path[0] == '\0' && place->rev.kind == GIT_REV_BRANCH &&
	    req_query(r, "page") == NULL && git_view_head(r->ctx, place->view, &head) == OK &&
	    str_is_equal(head.name, place->rev.name);
}

static int
show(struct req *r, const struct place *place, const struct git_entry *entry)
{
	page_begin(r,
	    &(struct page){ .title = place_title(r, place),
		.project = r->project,
		.tab = "files",
		.rev = place_tabs_rev(place),
		.has_code = true });
	place_crumbs(r, place);
	html(r->out, "<div class=\"bar\">\n");
	TRY(place_switch(r, place, "tree"));
	add_actions(r, place);
	html(r->out, "</div>\n");
	TRY(place_commit(r, place));
	if (entry->kind == GIT_SUBMODULE)
		show_submodule(r, entry);
	else
		TRY(tree_show(r, place, entry));
	page_end(r);
	return OK;
}

int
web_tree(struct req *r)
{
	struct place place;
	struct git_entry entry;

	if (place_is_fixed(r) && page_is_fresh(r, place_key(r, "tree")))
		return OK;
	TRY(place_open(r, &place));
	TRY(git_entry_find(r->ctx, place.view, place.rev.commit, place.path, &entry));
	if (entry.kind == GIT_FILE || entry.kind == GIT_LINK)
		return page_redirect(
		    r, url_view(r, r->project, "blob", place.rev.text, place.path));
	if (is_front(r, &place))
		return page_redirect(r, url_project(r, r->project));
	return show(r, &place, &entry);
}
