#include "cgi/web/prose.h"

#include <string.h>

#include "cgi/web/readme.h"
#include "cgi/web/tree.h"
#include "cgi/web/url.h"
#include "web/html.h"

/* The names that are looked for in a folder whose files are not all on the page. */
static const char *const usual[] = { "README.md", "README", "README.txt", "README.rst",
	"readme.md" };

/* A file as the box shows it. */
struct prose {
	struct readme place;
	const char *path, *name;
	struct safe_html html;
	struct git_blob blob;
	enum readme_state state;
};

/* ---- what is in the box */

static int
load(struct req *r, struct git_view *view, struct prose *p)
{
	p->state = README_UNKNOWN;
	if (readme_is_markdown(p->name))
		p->state = readme_find(r, &p->place, &p->html);
	if (p->state == README_RENDERED)
		return OK;
	TRY(git_blob_read(r->ctx, view, p->place.blob, README_TEXT_MAX, &p->blob));
	if (p->blob.bytes == NULL || p->blob.is_binary)
		return OK;
	if (readme_is_markdown(p->name) && p->state == README_UNKNOWN)
		p->state = readme_render(
		    r, &p->place, p->blob.bytes, (size_t)p->blob.size_bytes, &p->html);
	return OK;
}

/* Its own ids begin with nothing that ids of the text begin with (LINK_ID_PREFIX). */
static void
begin_box(struct req *r, const struct prose *p)
{
	html(r->out, "<section class=\"readme\" aria-labelledby=\"about\">\n<h2 id=\"about\">");
	html(r->out, "<a href=\"%s\">", url_view(r, r->project, "blob", p->place.rev, p->path));
	html_marked(r->out, p->name);
	html(r->out, "</a></h2>\n");
}

static void
add_source(struct req *r, const struct prose *p)
{
	if (p->state == README_PLAIN)
		html(r->out,
		    "<p class=\"note\">It is too large or too intricate to be rendered; "
		    "this is its source.</p>\n");
	html(r->out,
	    "<pre class=\"source\">\n"); /* HTML drops this newline, not one of the text's */
	html_lines(r->out, p->blob.bytes, (size_t)p->blob.size_bytes);
	html(r->out, "</pre>\n");
}

static void
add_text(struct req *r, const struct prose *p)
{
	if (p->state == README_RENDERED) {
		html(r->out, "<div class=\"prose\">\n");
		html_safe(r->out, p->html);
		html(r->out, "</div>\n");
	} else if (p->blob.bytes != NULL) {
		add_source(r, p);
	} else {
		html(r->out, "<p class=\"note\">It has %ld bytes, too many to be shown here.</p>\n",
		    (long)p->blob.size_bytes);
	}
}

static int
show(struct req *r, struct git_view *view, struct prose *p)
{
	TRY(load(r, view, p));
	if (p->blob.is_binary)
		return OK;
	begin_box(r, p);
	add_text(r, p);
	html(r->out, "</section>\n");
	return OK;
}

/* ---- which file it is */

static const char *
folder_of(struct arena *mem, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? "" : arena_strndup(mem, path, (size_t)(slash - path));
}

int
prose_of_file(struct req *r, struct git_view *view, const struct git_rev *rev, const char *path,
    const struct git_entry *file)
{
	struct prose p = {
		.place = { .rev = rev->text,
		    .folder = folder_of(r->ctx->mem, path),
		    .blob = file->id },
		.path = path,
		.name = file->name,
	};

	return show(r, view, &p);
}

static const struct git_entry *
best_of(const struct git_folder *folder)
{
	const struct git_entry *best = NULL;

	for (size_t i = 0; i < folder->n; i++) {
		const struct git_entry *e = &folder->rows[i];

		if (e->kind == GIT_FILE &&
		    readme_is_better(e->name, best != NULL ? best->name : NULL))
			best = e;
	}
	return best;
}

/* Copies the folder's README to *out; E_NOTFOUND: it has none. */
static int
find(struct req *r, struct git_view *view, const char *tree_id, const struct git_folder *folder,
    struct git_entry *out)
{
	const struct git_entry *best = best_of(folder);

	if (best != NULL) {
		*out = *best;
		return OK;
	}
	if (folder->n < folder->all)
		for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
			if (git_entry_below(r->ctx, view, tree_id, usual[i], out) == OK &&
			    out->kind == GIT_FILE)
				return OK;
	return fail(r->ctx, E_NOTFOUND, "the folder has no readme");
}

int
prose_of_folder(struct req *r, struct git_view *view, const struct git_rev *rev, const char *path,
    const char *tree_id, const struct git_folder *folder)
{
	struct git_entry file;
	int code = find(r, view, tree_id, folder, &file);

	if (code == E_NOTFOUND)
		return OK;
	TRY(code);
	return prose_of_file(r, view, rev,
	    path[0] != '\0' ? arena_printf(r->ctx->mem, "%s/%s", path, file.name) : file.name,
	    &file);
}
