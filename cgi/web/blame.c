#include "git/blame.h"

#include <string.h>

#include "base/str.h"
#include "cgi/web/page.h"
#include "cgi/web/place.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "web/html.h"

#define SHORT_CHARS 8
#define SUBJECT_SHOWN 60
#define LINE_BYTES 2000
#define PAGE_MAX_BYTES (3 * 1024 * 1024) /* files of GIT_BLAME_BYTES, unless dear to escape */
#define PATH_LINK_BYTES 2000

/* ---- the lines */

/* The file as it was before the commit touched these lines. */
static void
show_before(struct req *r, const struct git_blame_run *run)
{
	if (run->previous[0] == '\0' || strlen(run->previous_path) > PATH_LINK_BYTES)
		return;
	html(r->out,
	    " <a class=\"before\" href=\"%s\" title=\"Blame before this commit\">before</a>",
	    url_view(r, r->project, "blame", run->previous, run->previous_path));
}

static void
show_commit(struct req *r, const struct git_blame_run *run)
{
	const struct git_blame_commit *commit = run->commit;
	struct arena *mem = r->ctx->mem;

	html(r->out, "<th scope=\"rowgroup\" rowspan=\"%d\"><a class=\"id\" href=\"%s\">%s</a> ",
	    run->n, url_view(r, r->project, "commit", commit->id, NULL),
	    arena_strndup(mem, commit->id, SHORT_CHARS));
	html_marked(r->out, place_cut(r, commit->subject, SUBJECT_SHOWN));
	html(r->out, "<br><span class=\"quiet\">");
	html_marked(r->out, commit->author);
	html(r->out, ", ");
	if (place_is_fixed(r))
		page_date(r, commit->at);
	else
		page_time(r, commit->at);
	show_before(r, run);
	html(r->out, "</span></th>");
}

/* The line at *at, without its newline; *at moves behind it. */
static void
show_line(struct req *r, const char **at, const char *end, int number)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	size_t len = (size_t)((newline != NULL ? newline : end) - *at);

	html(r->out, "<td class=\"n\" id=\"L%d\">%d<td>", number, number);
	html_code(r->out, *at, len < LINE_BYTES ? len : LINE_BYTES);
	if (len > LINE_BYTES)
		html(r->out, "<span class=\"mark\">… the line goes on</span>");
	html(r->out, "\n");
	*at += len + (newline != NULL);
}

static void
show_runs(struct req *r, const struct git_blame_file *file)
{
	const char *at = file->text, *end = file->text + file->len;

	html(r->out,
	    "<table class=\"blame\">\n<col class=\"who\"><col class=\"number\"><col>\n<thead "
	    "class=\"hidden\"><tr><th scope=\"col\">Commit"
	    "<th scope=\"col\">Line<th scope=\"col\">Text\n");
	for (size_t i = 0; i < file->n && r->out->len < PAGE_MAX_BYTES; i++) {
		const struct git_blame_run *run = &file->runs[i];

		html(r->out, "<tbody>\n");
		for (int line = 0; line < run->n; line++) {
			html(r->out, "<tr>");
			if (line == 0)
				show_commit(r, run);
			show_line(r, &at, end, run->first + line);
		}
	}
	html(r->out, "</table>\n");
}

/* ---- the page */

static const char *
why_not(const struct git_blame_file *file)
{
	if (file->is_large)
		return "This file is too large to say who wrote its lines.";
	if (file->is_binary)
		return "This file is binary: it has no lines.";
	if (file->is_late)
		return "Finding out who wrote these lines takes too long.";
	return file->n == 0 ? "This file is empty." : NULL;
}

static void
show_file(struct req *r, const struct git_blame_file *file)
{
	const char *why = why_not(file);

	if (why != NULL) {
		html(r->out, "<p class=\"note\">%s</p>\n", why);
		return;
	}
	show_runs(r, file);
	if (file->is_cut || r->out->len >= PAGE_MAX_BYTES)
		html(r->out,
		    "<p class=\"note\">The file goes on; only its beginning is shown "
		    "here.</p>\n");
}

static void
show_action(struct req *r, const struct place *place, const char *view, const char *word)
{
	html(r->out, "<li><a href=\"%s\">%s</a></li>\n",
	    url_view(r, r->project, view, place->rev.text, place->path), word);
}

static int
show_page(struct req *r, const struct place *place, const struct git_blame_file *file)
{
	page_begin(r,
	    &(struct page){
		.title = arena_printf(r->ctx->mem, "Blame of %s", place_title(r, place)),
		.project = r->project,
		.tab = "files",
		.rev = place_tabs_rev(place),
		.is_wide = true });
	place_crumbs(r, place);
	html(r->out, "<div class=\"bar\">\n");
	TRY(place_switch(r, place, "blame"));
	html(r->out, "<ul class=\"actions\">\n");
	show_action(r, place, "blob", "File");
	show_action(r, place, "raw", "Raw");
	show_action(r, place, "commits", "History");
	place_permalink(r, place, "blame");
	html(r->out, "</ul>\n</div>\n");
	TRY(place_commit(r, place));
	show_file(r, file);
	page_end(r);
	return OK;
}

int
web_blame(struct req *r)
{
	struct git_blame_file file;
	struct place place;

	if (place_is_fixed(r) && page_is_fresh(r, place_key(r, "blame")))
		return OK;
	TRY(place_open(r, &place));
	TRY(git_blame_read(r->ctx, git_view_dir(place.view), git_view_repo(place.view),
	    place.rev.commit, place.path, &file));
	return show_page(r, &place, &file);
}
