#include "cgi/web/page.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cgi/web/form.h"
#include "cgi/web/url.h"
#include "web/html.h"
#include "web/route.h"

/* checklists X-08; the Worker that colours code is a script of our own */
#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "          \
	"connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "               \
	"frame-ancestors 'none'; object-src 'none'"

#define FILE_URL(name) "/static/" name "?v=" PAGE_VERSION

#define KEEP_FOR "private, max-age=604800, immutable"

/* ---- head and header */

static void
add_head(struct req *r, const struct page *page)
{
	html(r->out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<title>%s · Mirrorhub</title>\n"
	    "<link rel=\"icon\" href=\"" FILE_URL(
		"favicon.svg") "\" type=\"image/svg+xml\">\n"
			       "<link rel=\"stylesheet\" href=\"" FILE_URL("style.css") "\">\n",
	    page->title);
	if (page->feed != NULL)
		html(r->out,
		    "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"%s\" "
		    "href=\"%s\">\n",
		    page->title, page->feed);
	if (page->refresh_s > 0)
		html(r->out, "<meta http-equiv=\"refresh\" content=\"%d\">\n", page->refresh_s);
	html(r->out, "<script src=\"" FILE_URL("page.js") "\" defer></script>\n");
	if (page->has_code)
		html(r->out,
		    "<link rel=\"stylesheet\" href=\"" FILE_URL(
			"style-highlight.css") "\">\n"
					       "<script src=\"" FILE_URL(
						   "blob.js") "\" defer></script>\n");
	html(r->out, "</head>\n");
}

static void
add_who(struct req *r)
{
	html(r->out, "<a class=\"who\" href=\"/-/tokens\">%s</a>\n", r->account.uname);
	if (route_may(r, PERM_HUB_ADMIN))
		html(r->out, "<a href=\"/-/admin\">Admin</a>\n");
	if (r->account.session_id != 0)
		form_button(r, "/-/sign-out", NULL, NULL, "Sign out");
	else
		html(r->out, "<a href=\"/logout\">Sign out</a>");
}

static void
add_header(struct req *r)
{
	const char *text = req_query(r, "q");

	html(r->out,
	    "<a class=\"skip\" href=\"#main\">Skip to content</a>\n"
	    "<header class=\"top\">\n<a class=\"home\" href=\"/\">Mirrorhub</a>\n"
	    "<form class=\"search\" action=\"/\" role=\"search\">"
	    "<label class=\"hidden\" for=\"q\">Search projects</label>"
	    "<input id=\"q\" name=\"q\" type=\"search\" placeholder=\"Search projects\" "
	    "value=\"%s\"></form>\n",
	    text != NULL && strcmp(r->path, "/") == 0 ? text : "");
	html(r->out, "<nav aria-label=\"You\">");
	if (r->account.id != 0)
		add_who(r);
	else
		html(r->out, "<a href=\"%s\">Sign in</a>", url_sign_in(r));
	html(r->out, "</nav>\n</header>\n");
}

static void
add_tab(struct req *r, const struct page *page, const char *name, const char *url, const char *word)
{
	bool is_here = page->tab != NULL && strcmp(page->tab, name) == 0;

	html(r->out,
	    is_here ? "<a href=\"%s\" aria-current=\"page\">%s</a>\n" : "<a href=\"%s\">%s</a>\n",
	    url, word);
}

static void
add_project(struct req *r, const struct page *page)
{
	const struct project *p = page->project;
	const char *slash = strrchr(p->path, '/');
	int folder_len = slash != NULL ? (int)(slash + 1 - p->path) : 0;
	const char *folder = arena_strndup(r->ctx->mem, p->path, (size_t)folder_len);
	const char *files = page->rev != NULL ? url_view(r, p, "tree", page->rev, NULL) : NULL;

	html(r->out,
	    "<nav class=\"project\" aria-label=\"Project\">\n"
	    "<p class=\"name\">");
	if (folder_len > 0)
		html(r->out, "<a class=\"folder\" href=\"/?q=%s\">%s</a>",
		    str_percent(r->ctx->mem, folder), folder);
	html(r->out, "<a href=\"%s\">%s</a></p>\n<div class=\"tabs\">\n", url_project(r, p),
	    p->path + folder_len);
	add_tab(r, page, "files", files != NULL ? files : url_project(r, p), "Files");
	add_tab(r, page, "commits", url_view(r, p, "commits", page->rev, NULL), "Commits");
	add_tab(r, page, "branches", url_view(r, p, "branches", NULL, NULL), "Branches");
	add_tab(r, page, "tags", url_view(r, p, "tags", NULL, NULL), "Tags");
	if (p->is_mirror)
		add_tab(r, page, "runs", url_view(r, p, "runs", NULL, NULL), "Runs");
	if (route_may(r, PERM_ADMIN)) {
		add_tab(r, page, "targets", url_view(r, p, "targets", NULL, NULL), "Targets");
		add_tab(r, page, "hooks", url_view(r, p, "hooks", NULL, NULL), "Webhooks");
		add_tab(r, page, "settings", url_view(r, p, "edit", NULL, NULL), "Settings");
	}
	html(r->out, "</div>\n</nav>\n");
}

/* What is no page has said what its own is. */
static void
set_policy(struct req *r)
{
	if (!res_has_header(r, "Content-Security-Policy"))
		res_header(r, "Content-Security-Policy", POLICY);
}

void
page_begin(struct req *r, const struct page *page)
{
	set_policy(r);
	add_head(r, page);
	html(r->out, page->is_wide ? "<body class=\"wide\">\n" : "<body>\n");
	add_header(r);
	if (page->project != NULL)
		add_project(r, page);
	html(r->out, "<main id=\"main\">\n");
}

void
page_end(struct req *r)
{
	html(r->out,
	    "</main>\n<footer>Mirrorhub · <a href=\"/api\">API</a></footer>\n</body>\n</html>\n");
}

/* ---- caching, redirects */

/* What Basic has opened is not kept: a browser that has forgotten the password would show it all
 * the same, since answers vary by the cookie alone. Each session has its own form tokens in its
 * pages. */
bool
page_is_fresh(struct req *r, const char *key)
{
	if (req_header(r, "Authorization") == NULL)
		res_header(r, "Cache-Control", KEEP_FOR);
	/* a browser takes the headers of a 304 for those of the page that it has kept */
	set_policy(r);
	return res_tag(r,
	    arena_printf(r->ctx->mem, "\"%s-%ld-%ld-%ld-%s\"", PAGE_VERSION, r->account.id,
		r->account.session_id, r->access, str_percent(r->ctx->mem, key)));
}

int
page_redirect(struct req *r, const char *url)
{
	r->status = 302;
	res_header(r, "Location", url);
	return OK;
}

int
page_see_other(struct req *r, const char *url)
{
	r->status = 303;
	res_header(r, "Location", url);
	return OK;
}

/* ---- times */

#define NO_MOMENT "1970-01-01T00:00:00Z" /* not known, or not of this age */

static const char *
ago(struct arena *mem, int64_t seconds)
{
	if (seconds > -2 && seconds < 2)
		return "now";
	return arena_printf(mem, seconds < 0 ? "in %s" : "%s ago", clock_text_span(mem, seconds));
}

void
page_time(struct req *r, int64_t at)
{
	const char *text = clock_text_rfc3339(r->ctx->mem, at);

	if (strcmp(text, NO_MOMENT) != 0)
		html(r->out, "<time datetime=\"%s\" title=\"%s\">%s</time>", text, text,
		    ago(r->ctx->mem, clock_now() - at));
}

void
page_date(struct req *r, int64_t at)
{
	const char *text = clock_text_rfc3339(r->ctx->mem, at);

	if (strcmp(text, NO_MOMENT) != 0)
		html(r->out, "<time datetime=\"%s\" title=\"%s\">%s</time>", text, text,
		    arena_strndup(r->ctx->mem, text, strcspn(text, "T")));
}

void
page_time_cell(struct req *r, int64_t at, const char *none)
{
	html(r->out, "<td>");
	if (at == 0)
		html(r->out, "%s", none);
	else
		page_time(r, at);
	html(r->out, "</td>");
}
