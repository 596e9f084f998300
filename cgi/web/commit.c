#include <string.h>

#include "base/str.h"
#include "cgi/web/diff.h"
#include "cgi/web/page.h"
#include "cgi/web/place.h"
#include "cgi/web/url.h"
#include "cgi/web/view.h"
#include "cgi/web/web.h"
#include "git/commit.h"
#include "web/html.h"

#define SUBJECT_SHOWN 200	  /* of the heading; the message has all */
#define MESSAGE_SHOWN (64 * 1024) /* shown */
#define PARENTS_SHOWN 100
#define SHORT_CHARS 16 /* contract B5 */
#define PATCH_ENDING ".patch"

/* ---- the commit box */

static void
show_commit_link(struct req *r, const char *id)
{
	html(r->out, "<a class=\"id\" href=\"%s\" title=\"%s\">%s</a>",
	    url_view(r, r->project, "commit", id, NULL), id,
	    arena_strndup(r->ctx->mem, id, SHORT_CHARS));
}

static void
show_sign(struct req *r, const char *word, const struct git_sign *sign)
{
	html(r->out, "<dt>%s</dt><dd>", word);
	html_marked(r->out, sign->name);
	html(r->out, " <span class=\"quiet\">&lt;");
	html_marked(r->out, sign->email);
	html(r->out, "&gt;</span> ");
	if (view_is_id(req_param(r, "rest")))
		page_date(r, sign->at);
	else
		page_time(r, sign->at);
	html(r->out, "</dd>\n");
}

static void
show_parents(struct req *r, const struct git_commit_info *commit)
{
	size_t n = commit->n_parents < PARENTS_SHOWN ? commit->n_parents : PARENTS_SHOWN;

	html(r->out, "<dt>%s</dt><dd>", commit->n_parents == 1 ? "Parent" : "Parents");
	if (commit->n_parents == 0)
		html(r->out, "none: the first commit of its history");
	for (size_t i = 0; i < n; i++) {
		html(r->out, i > 0 ? ", " : "");
		show_commit_link(r, commit->parents[i]);
	}
	if (n < commit->n_parents)
		html(r->out, " and %ld more", (long)(commit->n_parents - n));
	html(r->out, "</dd>\n");
}

static void
show_message(struct req *r, const char *message)
{
	size_t n;
	char **lines = str_split(r->ctx->mem, place_cut(r, message, MESSAGE_SHOWN), '\n', &n);

	html(r->out, "<pre class=\"message\">");
	for (size_t i = 0; i < n; i++) {
		html_code(r->out, lines[i], strlen(lines[i]));
		html(r->out, i + 1 < n ? "\n" : "");
	}
	html(r->out, "</pre>\n");
}

static void
show_action(struct req *r, const char *url, const char *ending, const char *word)
{
	html(r->out, "<li><a href=\"%s%s\">%s</a></li>\n", url, ending, word);
}

static void
show_actions(struct req *r, const char *id)
{
	const struct project *p = r->project;

	html(r->out, "<ul class=\"actions\">\n");
	show_action(r, url_view(r, p, "tree", id, NULL), "", "Files");
	show_action(r, url_view(r, p, "commits", id, NULL), "", "History");
	show_action(r, url_view(r, p, "patch", id, NULL), "", "Raw patch");
	show_action(r, url_view(r, p, "archive", id, NULL), ".tar.gz", "tar.gz");
	show_action(r, url_view(r, p, "archive", id, NULL), ".zip", "zip");
	html(r->out, "</ul>\n");
}

static void
show_box(struct req *r, const struct git_commit_info *commit)
{
	html(r->out, "<section class=\"commit\" aria-label=\"Commit\">\n");
	show_message(r, commit->message);
	html(r->out, "<dl>\n<dt>Commit</dt><dd data-copy=\"%s\">", commit->id);
	show_commit_link(r, commit->id);
	html(r->out, "</dd>\n");
	show_parents(r, commit);
	show_sign(r, "Author", &commit->author);
	show_sign(r, "Committer", &commit->committer);
	html(r->out, "</dl>\n");
	show_actions(r, commit->id);
	html(r->out, "</section>\n");
}

/* ---- the page */

static int
read_changes(struct req *r, struct git_view *view, const struct git_commit_info *commit,
    struct diff *d, struct git_changes *out)
{
	const struct git_changes_options options = { .ignore_space = d->is_space_ignored };

	d->self = url_view(r, r->project, "commit", commit->id, NULL);
	d->query = "";
	d->new_id = commit->id;
	d->old_id = commit->n_parents > 0 ? commit->parents[0] : NULL;
	d->patch = url_view(r, r->project, "patch", commit->id, NULL);
	return git_changes_of_commit(r->ctx, git_view_repo(view), commit->id, &options, out);
}

static void
show_page(struct req *r, const struct git_commit_info *commit, const struct diff *d,
    const struct git_changes *changes)
{
	const char *subject = place_cut(r, commit->subject, SUBJECT_SHOWN);

	page_begin(r,
	    &(struct page){
		.title = arena_printf(r->ctx->mem, "%s · %s", subject, r->project->path),
		.project = r->project,
		.tab = "commits",
		.is_wide = d->is_split });
	html(r->out, "<h1>");
	html_marked(r->out, subject[0] != '\0' ? subject : "A commit without a message");
	html(r->out, "</h1>\n");
	show_box(r, commit);
	if (commit->n_parents > 1)
		html(r->out,
		    "<p class=\"note\">A merge: these are the changes against its first "
		    "parent.</p>\n");
	diff_show(r, d, changes);
	page_end(r);
}

/* "ID.patch", as people write it behind the address of a commit. */
static int
to_patch(struct req *r, struct git_view *view, const char *text)
{
	const char *id = arena_strndup(r->ctx->mem, text, strlen(text) - strlen(PATCH_ENDING));
	struct git_rev rev;

	TRY(git_view_resolve(r->ctx, view, id, &rev));
	return page_redirect(r, url_view(r, r->project, "patch", id, NULL));
}

int
web_commit(struct req *r)
{
	const char *text = req_param(r, "rest");
	struct git_commit_info commit;
	struct git_changes changes;
	struct git_view *view;
	struct git_rev rev;
	struct diff d = { .self = NULL };
	int code;

	diff_read(r, &d);
	if (view_is_id(text) && page_is_fresh(r, diff_key(r, &d, text)))
		return OK;
	TRY(view_open(r, &view));
	code = git_view_resolve(r->ctx, view, text, &rev);
	if (code == E_NOTFOUND && str_ends(text, PATCH_ENDING))
		return to_patch(r, view, text);
	TRY(code);
	TRY(git_commit_read(r->ctx, view, rev.commit, &commit));
	TRY(read_changes(r, view, &commit, &d, &changes));
	show_page(r, &commit, &d, &changes);
	return OK;
}
