/* The front page: what there is, and how it is. */
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "cgi/web/chart.h"
#include "cgi/web/mirror.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/mirror_state.h"
#include "store/front.h"
#include "web/html.h"

#define PER_PAGE 50	      /* with its charts a page stays below 100 kB */
#define PAGES_MOST 1000	      /* who is further behind looks for something else */
#define DESCRIPTION_SHOWN 200 /* characters; the rest is on the project's page */

/* What the address asks for. */
struct wish {
	const char *text;
	const char *state; /* "": all */
	bool by_change;
	int64_t page;
};

static const enum front_set sets[] = {
	[MIRROR_SYNCING] = FRONT_SYNCING,
	[MIRROR_PAUSED] = FRONT_PAUSED,
	[MIRROR_FAILING] = FRONT_FAILING,
	[MIRROR_HELD] = FRONT_HELD,
	[MIRROR_WAITING] = FRONT_WAITING,
	[MIRROR_BEHIND] = FRONT_BEHIND,
	[MIRROR_FRESH] = FRONT_FRESH,
};

/* A state or a page that there is not is none that was asked for. */
static void
read_wish(struct req *r, struct wish *wish, struct front_wish *out)
{
	struct ctx quiet = *r->ctx;
	enum mirror_state state;

	*wish = (struct wish){ .text = pager_query(r, "q"),
		.state = pager_query(r, "state"),
		.by_change = strcmp(pager_query(r, "sort"), "change") == 0,
		.page = pager_page(r) };
	*out = (struct front_wish){ .text = wish->text,
		.set = FRONT_ALL,
		.order = wish->by_change ? FRONT_BY_CHANGE : FRONT_BY_PATH,
		.interval_s = r->ctx->conf->schedule_s,
		.limit = PER_PAGE + 1 };
	if (mirror_state_by_word(&quiet, wish->state, &state) == OK)
		out->set = sets[state];
	else
		wish->state = "";
	out->offset = (wish->page - 1) * PER_PAGE;
}

/* "/?q=…&state=…", with what differs from the plain list alone. */
static const char *
address(struct req *r, const struct wish *wish)
{
	struct arena *mem = r->ctx->mem;
	const char *url = "/", *join = "?";

	if (wish->text[0] != '\0') {
		url = arena_printf(mem, "%s%sq=%s", url, join, str_percent(mem, wish->text));
		join = "&";
	}
	if (wish->state[0] != '\0') {
		url = arena_printf(mem, "%s%sstate=%s", url, join, wish->state);
		join = "&";
	}
	if (wish->by_change) {
		url = arena_printf(mem, "%s%ssort=change", url, join);
		join = "&";
	}
	if (wish->page > 1)
		url = arena_printf(mem, "%s%spage=%lld", url, join, (long long)wish->page);
	return url;
}

/* ---- the line of numbers, and the ways to look at the list */

static void
add_choice(struct req *r, const struct wish *to, bool is_here, const char *text)
{
	html(r->out,
	    is_here ? "<li><a href=\"%s\" aria-current=\"true\">%s</a></li>\n"
		    : "<li><a href=\"%s\">%s</a></li>\n",
	    address(r, to), text);
}

static void
add_state(struct req *r, const struct wish *wish, enum mirror_state state, int64_t n, bool is_more)
{
	struct wish to = *wish;
	const char *word = mirror_state_word(state);
	bool is_here = strcmp(wish->state, word) == 0;

	if (n == 0 && !is_here)
		return;
	to.state = word;
	to.page = 1;
	add_choice(r, &to, is_here,
	    is_more ? arena_printf(r->ctx->mem, "%s more than %lld %s", mirror_state_sign(state),
			  (long long)FRONT_FOUND_MOST, word)
		    : arena_printf(
			  r->ctx->mem, "%s %lld %s", mirror_state_sign(state), (long long)n, word));
}

static void
add_states(struct req *r, const struct wish *wish, const struct front_counts *counts)
{
	const struct {
		enum mirror_state state;
		int64_t n;
	} rows[] = { { MIRROR_SYNCING, counts->syncing }, { MIRROR_WAITING, counts->waiting },
		{ MIRROR_BEHIND, counts->behind }, { MIRROR_HELD, counts->held },
		{ MIRROR_FAILING, counts->failing }, { MIRROR_PAUSED, counts->paused } };
	int64_t fresh = counts->mirrors;
	bool is_known = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh -= rows[i].n;
		is_known = is_known && rows[i].n <= FRONT_FOUND_MOST;
	}
	if (is_known)
		add_state(r, wish, MIRROR_FRESH, fresh > 0 ? fresh : 0, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add_state(r, wish, rows[i].state, rows[i].n, rows[i].n > FRONT_FOUND_MOST);
}

static void
add_numbers(struct req *r, const struct wish *wish, const struct front_counts *counts)
{
	struct wish all = *wish;

	all.state = "";
	all.page = 1;
	html(r->out, "<nav class=\"states\" aria-label=\"Mirrors by state\">\n<ul>\n");
	add_choice(r, &all, wish->state[0] == '\0',
	    arena_printf(r->ctx->mem, "%lld project%s, %lld of them mirror%s",
		(long long)counts->projects, counts->projects == 1 ? "" : "s",
		(long long)counts->mirrors, counts->mirrors == 1 ? "" : "s"));
	add_states(r, wish, counts);
	html(r->out, "</ul>\n</nav>\n");
}

static void
add_orders(struct req *r, const struct wish *wish)
{
	struct wish by_path = *wish, by_change = *wish;

	by_path.by_change = false;
	by_change.by_change = true;
	by_path.page = by_change.page = 1;
	html(r->out, "<nav class=\"orders\" aria-label=\"Order\">\n<ul>\n");
	add_choice(r, &by_path, !wish->by_change, "By name");
	add_choice(r, &by_change, wish->by_change, "By last change");
	html(r->out, "</ul>\n</nav>\n");
}

/* ---- the rows */

static const char *
short_of(struct req *r, const char *text)
{
	const char *end = text;

	for (size_t n = 0; *end != '\0' && n < DESCRIPTION_SHOWN; n++)
		end += str_utf8_len(end, strlen(end));
	if (*end == '\0')
		return text;
	return arena_printf(r->ctx->mem, "%.*s…", (int)(end - text), text);
}

static void
add_state_cell(struct req *r, const struct front_row *row)
{
	const struct mirror *m = &row->mirror;

	html(r->out, "<td>");
	if (row->is_mirror) {
		mirror_badge(r, m);
		html(r->out, "<br>\n<small>");
		html_marked(r->out,
		    mirror_state_sentence(r->ctx->mem, m, r->ctx->conf->schedule_s, clock_now()));
		html(r->out, "</small>");
	}
	html(r->out, "</td>\n");
}

static void
add_row(struct req *r, const struct front_row *row)
{
	const struct project p = { .path = row->path };

	html(
	    r->out, "<tr>\n<th scope=\"row\"><a href=\"%s\">%s</a>", url_project(r, &p), row->path);
	if (row->is_hidden)
		html(r->out, " <span class=\"label\">hidden</span>");
	if (row->description[0] != '\0') {
		html(r->out, "<br>\n<small>");
		html_marked(r->out, short_of(r, row->description));
		html(r->out, "</small>");
	}
	html(r->out, "</th>\n");
	add_state_cell(r, row);
	html(r->out, "<td>");
	page_time(r, row->changed_at);
	html(r->out, "</td>\n<td>");
	html_marked(r->out, short_of(r, row->mirror.latest_version));
	html(r->out, "</td>\n<td>");
	chart_runs(r, row->runs);
	html(r->out, "</td>\n</tr>\n");
}

static void
add_rows(struct req *r, const struct front_row *rows, size_t n)
{
	html(r->out,
	    "<table class=\"projects\">\n<thead><tr><th scope=\"col\">Project</th>"
	    "<th scope=\"col\">State</th><th scope=\"col\">Last change</th>"
	    "<th scope=\"col\">Latest version</th><th scope=\"col\">Last runs</th></tr></thead>\n"
	    "<tbody>\n");
	for (size_t i = 0; i < n; i++)
		add_row(r, &rows[i]);
	html(r->out, "</tbody>\n</table>\n");
}

static const char *
page_url(struct req *r, const struct wish *wish, int64_t page)
{
	struct wish to = *wish;

	to.page = page;
	return address(r, &to);
}

static void
add_pages(struct req *r, const struct wish *wish, bool has_next)
{
	bool is_last = wish->page >= PAGES_MOST;

	pager_show(r,
	    &(struct pager){ .words = PAGER_PLAIN,
		.before = wish->page > 1 ? page_url(r, wish, wish->page - 1) : NULL,
		.after = has_next && !is_last ? page_url(r, wish, wish->page + 1) : NULL,
		.page = wish->page });
	if (has_next && is_last)
		html(r->out, "<p>The list goes on, but not here: search for what you need.</p>\n");
}

/* ---- nothing to show */

static void
add_nothing_yet(struct req *r)
{
	html(r->out, "<section class=\"nothing\">\n<h2>Nothing here yet</h2>\n");
	if (r->account.id != 0)
		html(r->out,
		    "<p>Give this hub the address of a repository, and it keeps a copy of it that "
		    "is up to date. Or make an empty project and push to it.</p>\n"
		    "<p><a class=\"button\" href=\"/-/new\">Add the first project</a></p>\n");
	else
		html(r->out,
		    "<p>There is nothing that everyone may read. <a href=\"/login\">Sign in</a> to "
		    "see what you may, or to add something.</p>\n");
	html(r->out, "</section>\n");
}

static void
add_nothing_found(struct req *r, const struct wish *wish)
{
	html(r->out, "<section class=\"nothing\">\n<h2>Nothing found</h2>\n<p>No %s",
	    wish->state[0] != '\0' ? "mirror that is " : "project");
	html(r->out, "%s", wish->state);
	if (wish->text[0] != '\0') {
		html(r->out, " has <q>");
		html_marked(r->out, wish->text);
		html(r->out, "</q> in its name or description");
	} else {
		html(r->out, " is here");
	}
	html(r->out, ".</p>\n<p><a href=\"/\">Show all projects</a></p>\n</section>\n");
}

static bool
is_cut(const struct wish *wish, const struct front_wish *asked, size_t n)
{
	bool is_bounded = asked->set != FRONT_FRESH &&
	    (wish->state[0] != '\0' || str_characters(wish->text) >= 3);

	return is_bounded && asked->offset + (int64_t)n >= FRONT_FOUND_MOST;
}

static void
add_list(struct req *r, const struct wish *wish, const struct front_wish *asked,
    const struct front_row *rows, size_t n)
{
	if (n == 0) {
		add_nothing_found(r, wish);
		return;
	}
	add_rows(r, rows, n > PER_PAGE ? PER_PAGE : n);
	add_pages(r, wish, n > PER_PAGE);
	if (is_cut(wish, asked, n))
		html(r->out,
		    "<p>There may be more than these %ld: say more of what you look "
		    "for.</p>\n",
		    (long)FRONT_FOUND_MOST);
}

int
web_front(struct req *r)
{
	struct front_counts counts;
	struct front_wish asked;
	struct front_row *rows;
	struct wish wish;
	size_t n;

	read_wish(r, &wish, &asked);
	if (wish.page > PAGES_MOST)
		return fail(r->ctx, E_NOTFOUND, "no such page");
	TRY(front_list(r->ctx, &r->account, &asked, &rows, &n));
	if (n == 0 && wish.page > 1)
		return fail(r->ctx, E_NOTFOUND, "no such page");
	TRY(front_count(r->ctx, &r->account, asked.interval_s, &counts));
	page_begin(r, &(struct page){ .title = "Projects" });
	html(r->out, "<h1>Projects</h1>\n");
	if (counts.projects == 0) {
		add_nothing_yet(r);
	} else {
		html(r->out, "<div class=\"bar\">\n");
		add_numbers(r, &wish, &counts);
		add_orders(r, &wish);
		if (r->account.id != 0)
			html(r->out, "<a class=\"button\" href=\"/-/new\">Add a project</a>\n");
		html(r->out, "</div>\n");
		add_list(r, &wish, &asked, rows, n);
	}
	page_end(r);
	return OK;
}
