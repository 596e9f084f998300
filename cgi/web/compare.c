#include "git/compare.h"

#include <string.h>

#include "base/str.h"
#include "cgi/web/commit_rows.h"
#include "cgi/web/diff.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/url.h"
#include "cgi/web/view.h"
#include "cgi/web/web.h"
#include "web/html.h"

#define SHORT_CHARS 8
#define REFS_OFFERED 500 /* names that the inputs propose */

struct compare {
	struct git_view *view;
	const char *from, *to; /* as they were asked for; "" without */
	bool is_direct;	       /* ?dots=2: from one to the other, whatever their history */
	struct git_rev old, new;
	const char *unknown; /* which of them names nothing; NULL: none */
	struct git_comparison parted;
};

/* ---- reading */

static int
resolve(struct req *r, struct compare *k, const char *text, struct git_rev *out)
{
	int code = text[0] != '\0' ? git_view_resolve(r->ctx, k->view, text, out) : OK;

	if (code == E_NOTFOUND) {
		k->unknown = text;
		return OK;
	}
	return code;
}

static bool
is_asked(const struct compare *k)
{
	return k->from[0] != '\0' && k->to[0] != '\0' && k->unknown == NULL;
}

/* Without a word of what to compare with, it is what HEAD names. */
static int
read_names(struct req *r, struct compare *k)
{
	const char *dots = pager_query(r, "dots");
	struct git_rev head;
	int code;

	k->from = pager_query(r, "from");
	k->to = pager_query(r, "to");
	k->is_direct = strcmp(dots, "2") == 0;
	if (k->from[0] == '\0') {
		code = git_view_head(r->ctx, k->view, &head);
		if (code == OK && str_is_utf8(head.text, strlen(head.text)))
			k->from = head.text;
		else if (code != OK && code != E_NOTFOUND)
			return code;
	}
	TRY(resolve(r, k, k->from, &k->old));
	return resolve(r, k, k->to, &k->new);
}

static const char *
query_of(struct req *r, const struct compare *k, bool is_direct)
{
	struct arena *mem = r->ctx->mem;

	return arena_printf(mem, "from=%s&to=%s&%s", str_percent(mem, k->from),
	    str_percent(mem, k->to), is_direct ? "dots=2&" : "");
}

/* ---- the form */

static int
show_names(struct req *r, const struct compare *k)
{
	const struct git_view_tip *tips;
	size_t n;

	TRY(git_view_refs(r->ctx, k->view, &tips, &n));
	html(r->out, "<datalist id=\"refs\">\n");
	for (size_t i = 0; i < n && i < REFS_OFFERED; i++)
		if (str_is_utf8(tips[i].text, strlen(tips[i].text)))
			html(r->out, "<option value=\"%s\">\n", tips[i].text);
	html(r->out, "</datalist>\n");
	return OK;
}

static int
show_form(struct req *r, const struct compare *k)
{
	html(r->out,
	    "<form class=\"compare\" action=\"%s\">\n"
	    "<label>From <input name=\"from\" list=\"refs\" value=\"%s\" required></label>\n"
	    "<label>to <input name=\"to\" list=\"refs\" value=\"%s\" required></label>\n"
	    "<button>Compare</button>\n",
	    url_view(r, r->project, "compare", NULL, NULL), k->from, k->to);
	TRY(show_names(r, k));
	html(r->out, "<p class=\"quiet\">A branch, a tag, or a commit's id.</p>\n</form>\n");
	return OK;
}

/* ---- what was found */

static void
show_id(struct req *r, const char *id)
{
	html(r->out, "<a class=\"id\" href=\"%s\">%s</a>",
	    url_view(r, r->project, "commit", id, NULL),
	    arena_strndup(r->ctx->mem, id, SHORT_CHARS));
}

static void
show_other_way(struct req *r, const struct compare *k)
{
	html(r->out, "<ul class=\"actions\">\n<li><a href=\"%s?from=%s&amp;to=%s\">Swap</a></li>\n",
	    url_view(r, r->project, "compare", NULL, NULL), str_percent(r->ctx->mem, k->to),
	    str_percent(r->ctx->mem, k->from));
	html(r->out, "<li><a href=\"%s?%sview=unified\">%s</a></li>\n</ul>\n",
	    url_view(r, r->project, "compare", NULL, NULL), query_of(r, k, !k->is_direct),
	    k->is_direct ? "Since they parted" : "Directly, from one to the other");
}

static void
show_count(struct req *r, const char *name, int64_t n, const char *word)
{
	html(r->out, "<strong>");
	html_marked(r->out, name);
	html(r->out, "</strong> is ");
	if (n < 0)
		html(r->out, "many commits %s", word);
	else
		html(r->out, "%ld commit%s %s", n, n == 1 ? "" : "s", word);
}

static void
show_summary(struct req *r, const struct compare *k)
{
	const struct git_comparison *p = &k->parted;

	html(r->out, "<p>");
	show_count(r, k->to, p->ahead, "ahead");
	html(r->out, " of <strong>");
	html_marked(r->out, k->from);
	html(r->out, "</strong>");
	if (p->behind != 0) {
		html(r->out, ", and ");
		show_count(r, k->from, p->behind, "ahead the other way");
	}
	html(r->out, ".");
	if (p->n_bases > 0) {
		html(r->out, " They parted at ");
		show_id(r, p->base);
		html(r->out, p->n_bases > 1 ? ", the best of %ld common ancestors." : ".",
		    (long)p->n_bases);
	}
	html(r->out, "</p>\n");
}

static int
show_commits(struct req *r, const struct compare *k)
{
	const struct git_comparison *p = &k->parted;
	const struct git_log log = { .ids = p->commits, .n = p->n };

	if (p->n == 0)
		return OK;
	html(r->out, "<h2>Commits</h2>\n");
	TRY(commit_rows(r, k->view, &log, ""));
	if (p->is_cut)
		html(r->out, "<p class=\"note\">These are the newest %d; there are more.</p>\n",
		    GIT_COMPARE_COMMITS);
	return OK;
}

static int
show_changes(struct req *r, const struct compare *k, struct diff *d)
{
	const struct git_changes_options options = { .ignore_space = d->is_space_ignored };
	struct git_changes changes;

	d->self = url_view(r, r->project, "compare", NULL, NULL);
	d->query = query_of(r, k, k->is_direct);
	d->old_id = k->is_direct ? k->old.commit : k->parted.base;
	d->new_id = k->new.commit;
	TRY(git_changes_between(
	    r->ctx, git_view_repo(k->view), d->old_id, d->new_id, &options, &changes));
	diff_show(r, d, &changes);
	return OK;
}

static int
show_result(struct req *r, struct compare *k, struct diff *d)
{
	if (strcmp(k->old.commit, k->new.commit) == 0) {
		html(r->out, "<p class=\"note\">Both are the same commit: nothing differs.</p>\n");
		return OK;
	}
	TRY(git_compare(r->ctx, git_view_dir(k->view), k->old.commit, k->new.commit, &k->parted));
	if (k->parted.n_bases == 0)
		html(r->out, "<p class=\"note\">These two have no common history%s</p>\n",
		    k->is_direct ? "." : ": there is no point from which to compare them.");
	show_other_way(r, k);
	show_summary(r, k);
	TRY(show_commits(r, k));
	if (k->parted.n_bases == 0 && !k->is_direct)
		return OK;
	return show_changes(r, k, d);
}

/* ---- the page */

static int
show_page(struct req *r, struct compare *k, struct diff *d)
{
	page_begin(r,
	    &(struct page){ .title = arena_printf(r->ctx->mem, "Compare · %s", r->project->path),
		.project = r->project,
		.tab = "branches",
		.is_wide = d->is_split });
	html(r->out, "<h1>Compare</h1>\n");
	TRY(show_form(r, k));
	if (k->unknown != NULL) {
		r->status = 404;
		html(r->out,
		    "<p class=\"note\" role=\"alert\">There is no branch, tag or commit "
		    "<strong>");
		html_marked(r->out, k->unknown);
		html(r->out, "</strong> here.</p>\n");
	}
	if (is_asked(k))
		TRY(show_result(r, k, d));
	page_end(r);
	return OK;
}

static const char *
key_of(struct req *r, const struct diff *d)
{
	return diff_key(r, d,
	    arena_printf(r->ctx->mem, "%s-%s-%d", pager_query(r, "from"), pager_query(r, "to"),
		strcmp(pager_query(r, "dots"), "2") == 0));
}

/* "from...to", and "from..to" for the direct way: as git, and other hubs' addresses, write it. */
int
web_compare_range(struct req *r)
{
	const char *rest = req_param(r, "rest"), *dots = strstr(rest, "..");
	struct arena *mem = r->ctx->mem;
	bool is_direct;

	if (dots == NULL)
		return fail(r->ctx, E_NOTFOUND, "a range has two names with ... between them");
	is_direct = dots[2] != '.';
	return page_redirect(r,
	    arena_printf(mem, "%s?from=%s&to=%s%s", url_view(r, r->project, "compare", NULL, NULL),
		str_percent(mem, arena_strndup(mem, rest, (size_t)(dots - rest))),
		str_percent(mem, dots + (is_direct ? 2 : 3)), is_direct ? "&dots=2" : ""));
}

int
web_compare(struct req *r)
{
	struct compare k = { .unknown = NULL };
	struct diff d = { .self = NULL };
	bool is_permanent;

	diff_read(r, &d);
	is_permanent = view_is_id(pager_query(r, "from")) && view_is_id(pager_query(r, "to"));
	if (is_permanent && page_is_fresh(r, key_of(r, &d)))
		return OK;
	TRY(view_open(r, &k.view));
	TRY(read_names(r, &k));
	/* an answer that may be kept for ever is never a page that says no */
	if (is_permanent && k.unknown != NULL)
		return fail(r->ctx, E_NOTFOUND, "no such commit");
	return show_page(r, &k, &d);
}
