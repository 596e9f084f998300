#include "cgi/web/diff.h"

#include <string.h>

#include "base/str.h"
#include "cgi/web/url.h"
#include "web/html.h"

/* Of the whole page: what the limits of git/changes.h let through may still be dear to escape. */
#define PAGE_MAX_BYTES (1536 * 1024)
#define PATH_SHOWN_BYTES 300 /* the end of a longer path tells more than its beginning */
#define PATH_LINK_BYTES 2000 /* no server takes a longer address */

void
diff_read(struct req *r, struct diff *out)
{
	const char *view = req_query(r, "view"), *w = req_query(r, "w");

	out->is_split = view != NULL && strcmp(view, "split") == 0;
	out->is_space_ignored = w != NULL && strcmp(w, "1") == 0;
}

const char *
diff_key(struct req *r, const struct diff *d, const char *what)
{
	return arena_printf(r->ctx->mem, "%s-%lld-%d%d", what, (long long)r->project->id,
	    d->is_split, d->is_space_ignored);
}

/* ---- above the files */

static void
show_switch(struct req *r, const struct diff *d, bool is_split, bool is_space_ignored, bool is_here,
    const char *word)
{
	bool has_query = d->query[0] != '\0' || is_split || is_space_ignored;
	const char *url = arena_printf(r->ctx->mem, "%s%s%s%s%s%s", d->self, has_query ? "?" : "",
	    d->query, is_split ? "view=split" : "", is_split && is_space_ignored ? "&" : "",
	    is_space_ignored ? "w=1" : "");
	size_t len = strlen(url);

	if (url[len - 1] == '&')
		url = arena_strndup(r->ctx->mem, url, len - 1);
	html(r->out,
	    is_here ? "<a href=\"%s\" aria-current=\"true\">%s</a>\n" : "<a href=\"%s\">%s</a>\n",
	    url, word);
}

static void
show_switches(struct req *r, const struct diff *d)
{
	const bool w = d->is_space_ignored, split = d->is_split;

	html(r->out, "<nav class=\"switches\" aria-label=\"How the changes are shown\">\n");
	show_switch(r, d, false, w, !split, "Unified");
	show_switch(r, d, true, w, split, "Side by side");
	show_switch(r, d, split, !w, w, w ? "White space ignored" : "Ignore white space");
	if (d->patch != NULL)
		html(r->out, "<a href=\"%s\">Raw patch</a>\n", d->patch);
	html(r->out, "</nav>\n");
}

static const char *
many(long n, const char *word, struct arena *mem)
{
	return arena_printf(mem, "%ld %s%s", n, word, n == 1 ? "" : "s");
}

static void
show_total(struct req *r, const struct git_changes *changes)
{
	struct arena *mem = r->ctx->mem;

	if (changes->n == 0) {
		html(r->out, "<h2 id=\"files\">No files changed</h2>\n");
		return;
	}
	html(r->out, "<h2 id=\"files\">%s%s changed, %s%s added, %s removed</h2>\n",
	    changes->is_cut ? "More than " : "", many((long)changes->n, "file", mem),
	    changes->is_counted ? "" : "at least ", many(changes->added, "line", mem),
	    many(changes->removed, "line", mem));
	if (changes->are_renames_cut)
		html(r->out,
		    "<p class=\"quiet\">So many files came and went that only those which kept "
		    "their bytes are shown as renamed.</p>\n");
}

static const char *
word_of(enum git_change_kind kind)
{
	static const char *const words[] = { [GIT_CHANGE_ADDED] = "added",
		[GIT_CHANGE_DELETED] = "deleted",
		[GIT_CHANGE_MODIFIED] = "changed",
		[GIT_CHANGE_RENAMED] = "renamed",
		[GIT_CHANGE_MODE] = "mode changed",
		[GIT_CHANGE_TYPE] = "type changed" };

	return words[kind];
}

static void
show_path(struct req *r, const char *path)
{
	size_t len = strlen(path);

	if (len > PATH_SHOWN_BYTES) {
		path += len - PATH_SHOWN_BYTES;
		while (((unsigned char)*path & 0xc0) == 0x80)
			path++;
		html(r->out, "…");
	}
	html_marked(r->out, path);
}

static void
show_numbers(struct req *r, const struct git_change *row)
{
	if (row->is_binary)
		html(r->out, "<td colspan=\"2\">binary</td>");
	else if (!row->is_counted)
		html(r->out, "<td colspan=\"2\">not counted</td>");
	else
		html(r->out, "<td class=\"added\">+%ld</td><td class=\"removed\">−%ld</td>",
		    row->added, row->removed);
}

static size_t
n_shown(const struct git_changes *changes)
{
	return changes->n < GIT_CHANGES_SHOWN_MAX ? changes->n : GIT_CHANGES_SHOWN_MAX;
}

static void
show_files(struct req *r, const struct diff *d, const struct git_changes *changes)
{
	size_t n = n_shown(changes);

	html(r->out,
	    "<table class=\"files\">\n<thead><tr><th scope=\"col\">What</th><th scope=\"col\">"
	    "File</th><th scope=\"col\" colspan=\"2\">Lines</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n; i++) {
		const struct git_change *row = &changes->rows[i];

		html(
		    r->out, "<tr><td>%s</td><td><a href=\"#f%d\">", word_of(row->kind), (int)i + 1);
		show_path(r, row->new_path);
		html(r->out, "</a></td>");
		show_numbers(r, row);
		html(r->out, "</tr>\n");
	}
	html(r->out, "</tbody>\n</table>\n");
	if (n == changes->n)
		return;
	html(r->out, "<p class=\"note\">%s%ld more files are not shown here.",
	    changes->is_cut ? "At least " : "", (long)(changes->n - n));
	if (d->patch != NULL)
		html(r->out, " The <a href=\"%s\">raw patch</a> has them.", d->patch);
	html(r->out, "</p>\n");
}

/* ---- the lines of a file */

static bool
is_full(const struct req *r)
{
	return r->out->len > PAGE_MAX_BYTES;
}

static void
show_text(struct req *r, const struct git_line *line)
{
	html_code(r->out, line->text, line->len);
	if (line->is_cut)
		html(r->out, "<span class=\"mark\">… the line goes on</span>");
	if (line->has_no_end)
		html(r->out, "<span class=\"mark\">no newline at the end</span>");
}

static void
show_number(struct req *r, int number)
{
	if (number > 0)
		html(r->out, "<td class=\"n\">%d", number);
	else
		html(r->out, "<td class=\"n\">");
}

static const char *
class_of(char sign)
{
	return sign == '+' ? "add" : sign == '-' ? "del" : "same";
}

/* End tags that HTML lets one leave out are left out: there are many lines. */
static void
show_unified_line(struct req *r, const struct git_line *line)
{
	const char sign[2] = { line->sign, '\0' };

	html(r->out, "<tr class=\"%s\">", class_of(line->sign));
	show_number(r, line->old_no);
	show_number(r, line->new_no);
	html(r->out, "<td>%s", sign);
	show_text(r, line);
	html(r->out, "\n");
}

static void
show_unified(struct req *r, const struct git_hunk *hunk)
{
	for (size_t i = 0; i < hunk->n && !is_full(r); i++)
		show_unified_line(r, &hunk->lines[i]);
}

/* One side of a row; NULL: nothing stands there. */
static void
show_half(struct req *r, const struct git_line *line, int number)
{
	if (line == NULL) {
		html(r->out, "<td class=\"n\"><td class=\"none\">");
		return;
	}
	show_number(r, number);
	html(r->out, "<td class=\"%s\">%s", class_of(line->sign),
	    line->sign == '+'	    ? "+"
		: line->sign == '-' ? "-"
				    : " ");
	show_text(r, line);
}

static void
show_pair(struct req *r, const struct git_line *old, const struct git_line *new)
{
	html(r->out, "<tr>");
	show_half(r, old, old != NULL ? old->old_no : 0);
	show_half(r, new, new != NULL ? new->new_no : 0);
	html(r->out, "\n");
}

static size_t
run_of(const struct git_hunk *hunk, size_t at, char sign)
{
	size_t n = 0;

	while (at + n < hunk->n && hunk->lines[at + n].sign == sign)
		n++;
	return n;
}

/* What went stands beside what came in its place. */
static void
show_split(struct req *r, const struct git_hunk *hunk)
{
	for (size_t i = 0; i < hunk->n && !is_full(r);) {
		const struct git_line *old = &hunk->lines[i], *new;
		size_t n_old = run_of(hunk, i, '-'), n_new = run_of(hunk, i + n_old, '+');

		if (n_old + n_new == 0) {
			show_pair(r, old, old);
			i++;
			continue;
		}
		new = old + n_old;
		for (size_t k = 0; (k < n_old || k < n_new) && !is_full(r); k++)
			show_pair(r, k < n_old ? &old[k] : NULL, k < n_new ? &new[k] : NULL);
		i += n_old + n_new;
	}
}

static void
show_hunk(struct req *r, const struct diff *d, const struct git_hunk *hunk)
{
	html(r->out, "<tr class=\"hunk\"><td colspan=\"%d\">@@ -%d,%d +%d,%d @@ ",
	    d->is_split ? 4 : 3, hunk->old_start, hunk->old_lines, hunk->new_start,
	    hunk->new_lines);
	html_code(r->out, hunk->heading, strlen(hunk->heading));
	html(r->out, "\n");
	if (d->is_split)
		show_split(r, hunk);
	else
		show_unified(r, hunk);
}

static void
show_lines(struct req *r, const struct diff *d, const struct git_change *row)
{
	if (row->n_hunks == 0)
		return;
	html(r->out,
	    d->is_split
		? "<table class=\"diff split\">\n<col class=\"number\"><col><col "
		  "class=\"number\"><col>\n<thead class=\"hidden\"><tr><th scope=\"col\">Old "
		  "line<th scope=\"col\">Before<th scope=\"col\">New line<th scope=\"col\">After"
		  "\n<tbody>\n"
		: "<table class=\"diff\">\n<col class=\"number\"><col "
		  "class=\"number\"><col>\n<thead class=\"hidden\"><tr><th scope=\"col\">Old line"
		  "<th scope=\"col\">New line<th scope=\"col\">Text\n<tbody>\n");
	for (size_t i = 0; i < row->n_hunks && !is_full(r); i++)
		show_hunk(r, d, &row->hunks[i]);
	html(r->out, "</table>\n");
}

/* ---- one file */

static void
show_links(struct req *r, const struct diff *d, const struct git_change *row)
{
	const char *path = row->new_mode != 0 ? row->new_path : row->old_path;
	const char *id = row->new_mode != 0 ? d->new_id : d->old_id;

	if (row->is_submodule || id == NULL || strlen(path) > PATH_LINK_BYTES)
		return;
	html(r->out, "<a href=\"%s\">whole file</a>\n", url_view(r, r->project, "blob", id, path));
	html(r->out, "<a href=\"%s\">history</a>\n", url_view(r, r->project, "commits", id, path));
}

static void
show_facts(struct req *r, const struct git_change *row)
{
	html(r->out, "<span class=\"what\">%s</span>\n", word_of(row->kind));
	if (row->kind == GIT_CHANGE_RENAMED) {
		html(r->out, "<span>from <code>");
		show_path(r, row->old_path);
		html(r->out, "</code>, %d%% alike</span>\n", row->similarity);
	}
	if (row->old_mode != 0 && row->new_mode != 0 && row->old_mode != row->new_mode)
		html(r->out, "<span>mode %s → %s</span>\n",
		    arena_printf(r->ctx->mem, "%06o", (unsigned)row->old_mode),
		    arena_printf(r->ctx->mem, "%06o", (unsigned)row->new_mode));
}

static void
show_submodule(struct req *r, const struct git_change *row)
{
	html(r->out, "<p class=\"note\">Submodule:");
	if (row->old_mode == 0160000)
		html(r->out, " from <code>%s</code>", row->old_id);
	if (row->new_mode == 0160000)
		html(r->out, " to <code>%s</code>", row->new_id);
	html(r->out, "</p>\n");
}

static void
show_sizes(struct req *r, const struct git_change *row)
{
	struct arena *mem = r->ctx->mem;

	if (row->old_bytes >= 0 && row->new_bytes >= 0)
		html(r->out, "%s before, %s after", str_size(mem, row->old_bytes),
		    str_size(mem, row->new_bytes));
	else
		html(r->out, "%s",
		    str_size(mem, row->old_bytes >= 0 ? row->old_bytes : row->new_bytes));
}

static void
show_patch_link(struct req *r, const struct diff *d)
{
	if (d->patch != NULL)
		html(r->out, " The <a href=\"%s\">raw patch</a> has all of it.", d->patch);
	html(r->out, "</p>\n");
}

/* Why there are no lines, or not all. */
static void
show_note(struct req *r, const struct diff *d, const struct git_change *row)
{
	if (row->left_out == GIT_LEFT_LARGE) {
		html(r->out, "<p class=\"note\">Too large to be compared here: ");
		show_sizes(r, row);
		html(r->out, ".");
		show_patch_link(r, d);
	} else if (row->left_out != GIT_LEFT_NOTHING || is_full(r)) {
		html(r->out,
		    "<p class=\"note\">This change is so large that the lines from here "
		    "on are left out.");
		show_patch_link(r, d);
	} else if (row->lines_left_out > 0) {
		html(r->out, "<p class=\"note\">%ld more lines of this file are left out.",
		    row->lines_left_out);
		show_patch_link(r, d);
	} else if (row->is_binary) {
		html(r->out, "<p class=\"note\">Binary file, ");
		show_sizes(r, row);
		html(r->out, ".</p>\n");
	}
}

static void
show_empty(struct req *r, const struct diff *d, const struct git_change *row)
{
	bool is_unchanged = strcmp(row->old_id, row->new_id) == 0;

	if (row->is_submodule || row->is_binary || row->left_out != GIT_LEFT_NOTHING ||
	    row->n_hunks > 0 || row->lines_left_out > 0)
		return;
	if (is_unchanged)
		html(r->out, "<p class=\"note\">The bytes are the same.</p>\n");
	else if (d->is_space_ignored && row->old_mode != 0 && row->new_mode != 0)
		html(r->out, "<p class=\"note\">Only white space differs.</p>\n");
	else
		html(r->out, "<p class=\"note\">An empty file.</p>\n");
}

static void
show_file(struct req *r, const struct diff *d, const struct git_change *row, size_t number)
{
	html(r->out, "<section class=\"file\" id=\"f%d\">\n<h3>", (int)number);
	show_path(r, row->new_path);
	html(r->out, "</h3>\n<p class=\"facts\">");
	show_facts(r, row);
	show_links(r, d, row);
	html(r->out, "</p>\n");
	if (row->is_submodule)
		show_submodule(r, row);
	show_lines(r, d, row);
	show_note(r, d, row);
	show_empty(r, d, row);
	html(r->out, "</section>\n");
}

void
diff_show(struct req *r, const struct diff *d, const struct git_changes *changes)
{
	size_t n = n_shown(changes), at = 0;

	show_total(r, changes);
	if (changes->n == 0)
		return;
	show_switches(r, d);
	show_files(r, d, changes);
	for (; at < n && !is_full(r); at++)
		show_file(r, d, &changes->rows[at], at + 1);
	if (at == n)
		return;
	/* the links of the list lead here then */
	html(r->out, "<section class=\"file\">\n<p class=\"note\">");
	for (; at < n; at++)
		html(r->out, "<span id=\"f%d\"></span>", (int)at + 1);
	html(r->out, "The other files are left out: the page would be too large.");
	show_patch_link(r, d);
	html(r->out, "</section>\n");
}
