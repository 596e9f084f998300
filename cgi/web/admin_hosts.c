/* Hosts that mirrors come from, for administrators: those in trouble come first. */
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "cgi/web/admin.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/web.h"
#include "core/upkeep.h"
#include "store/host.h"
#include "web/html.h"
#include "web/load.h"

#define HOSTS "/-/admin/hosts"

static void
add_search(struct req *r)
{
	html(r->out,
	    "<form class=\"filter\" action=\"" HOSTS "\">"
	    "<label for=\"find\">Name</label> "
	    "<input id=\"find\" name=\"q\" type=\"search\" value=\"%s\"> "
	    "<button>Find</button></form>\n",
	    pager_query(r, "q"));
}

static void
add_state(struct req *r, const struct host_view *h)
{
	static const struct {
		const char *state, *sign, *class, *sentence;
	} rows[] = { { "open", "✕", "state-failing", "It is left alone" },
		{ "trying", "…", "state-waiting", "One of its mirrors tries it." },
		{ "ok", "✓", "state-fresh", "" } };
	size_t i = 0;

	while (i < 2 && strcmp(rows[i].state, h->state) != 0)
		i++;
	html(r->out,
	    "<span class=\"state %s\"><span class=\"sign\" aria-hidden=\"true\">%s</span> "
	    "%s</span> %s",
	    rows[i].class, rows[i].sign, h->state, rows[i].sentence);
	if (h->until_at > 0)
		html(r->out, " for %s.", clock_text_span(r->ctx->mem, h->until_at - clock_now()));
}

static void
add_limits(struct req *r, const struct host_view *h)
{
	const struct conf *conf = r->ctx->conf;

	html(r->out, "<td class=\"number\">%ld of %ld</td><td>", h->running, h->slots);
	if (h->is_own || conf->host_rate == 0)
		html(r->out, "any");
	else
		html(r->out, "%ld a second", conf->host_rate);
	html(r->out, "</td><td>");
}

static void
add_error(struct req *r, const struct host_view *h)
{
	if (h->error_text[0] == '\0')
		return;
	page_time(r, h->error_at);
	html(r->out, ", %ld in a row: ", h->failures);
	html_marked(r->out, h->error_text);
}

static void
add_host(struct req *r, const struct host_view *h)
{
	html(r->out, "<tr><th scope=\"row\">");
	html_marked(r->out, h->name);
	html(r->out, "</th><td>");
	add_state(r, h);
	if (h->mirrors > HOST_MIRRORS_MOST)
		html(r->out, "</td><td class=\"number\">more than %d</td>", HOST_MIRRORS_MOST);
	else
		html(r->out, "</td><td class=\"number\">%ld</td>", h->mirrors);
	add_limits(r, h);
	add_error(r, h);
	html(r->out, "</td><td>");
	if (strcmp(h->state, "ok") != 0)
		form_button(r, arena_printf(r->ctx->mem, HOSTS "/%ld/try", h->id), NULL, NULL,
		    "Try again now");
	html(r->out, "</td></tr>\n");
}

int
web_admin_hosts(struct req *r)
{
	static const char *const columns[] = { "Host", "State", "Mirrors", "At the same time",
		"Rate", "Last error", "", NULL };
	const char *text = pager_query(r, "q");
	struct host_view *rows;
	size_t n;

	TRY(host_page(
	    r->ctx, text, ADMIN_PAGE_ROWS + 1, (pager_page(r) - 1) * ADMIN_PAGE_ROWS, &rows, &n));
	admin_begin(r, "hosts", "Hosts");
	add_search(r);
	admin_table(r, "hosts", columns);
	for (size_t i = 0; i < n && i < ADMIN_PAGE_ROWS; i++)
		add_host(r, &rows[i]);
	admin_table_end(r);
	if (n == 0)
		html(r->out, "<p>There are none.</p>\n");
	admin_pages(r, arena_printf(r->ctx->mem, HOSTS "?q=%s&", str_percent(r->ctx->mem, text)),
	    n > ADMIN_PAGE_ROWS);
	admin_end(r);
	return OK;
}

int
web_admin_try_host(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(upkeep_try_host(r->ctx, &who, id));
	return page_see_other(r, HOSTS);
}
