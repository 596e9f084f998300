/* The hub as its administrators see it: numbers, the queue, the end of the audit trail. */
#include "cgi/web/admin.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/web.h"
#include "core/upkeep.h"
#include "store/overview.h"
#include "web/html.h"
#include "web/load.h"

#define EVENTS_SHOWN 50

/* ---- what the pages share */

void
admin_begin(struct req *r, const char *tab, const char *title)
{
	static const struct {
		const char *name, *url, *text;
	} tabs[] = { { "overview", "/-/admin", "Overview" }, { "jobs", "/-/admin/jobs", "Jobs" },
		{ "mirrors", "/-/admin/mirrors", "Mirrors" },
		{ "hosts", "/-/admin/hosts", "Hosts" },
		{ "accounts", "/-/admin/accounts", "Accounts" },
		{ "hooks", "/-/admin/hooks", "Webhooks" } };

	page_begin(r, &(struct page){ .title = title, .is_wide = true });
	html(r->out, "<nav class=\"tabs\" aria-label=\"Administration\">\n");
	for (size_t i = 0; i < sizeof(tabs) / sizeof(tabs[0]); i++)
		html(r->out,
		    strcmp(tab, tabs[i].name) == 0 ? "<a href=\"%s\" aria-current=\"page\">%s</a>\n"
						   : "<a href=\"%s\">%s</a>\n",
		    tabs[i].url, tabs[i].text);
	html(r->out, "</nav>\n<h1>%s</h1>\n", title);
	form_reason(r);
}

void
admin_end(struct req *r)
{
	page_end(r);
}

void
admin_pages(struct req *r, const char *base, bool has_more)
{
	int64_t page = pager_page(r);
	struct arena *mem = r->ctx->mem;

	pager_show(r,
	    &(struct pager){ .words = PAGER_PLAIN,
		.before =
		    page > 1 ? arena_printf(mem, "%spage=%lld", base, (long long)page - 1) : NULL,
		.after =
		    has_more ? arena_printf(mem, "%spage=%lld", base, (long long)page + 1) : NULL,
		.page = page });
}

void
admin_table(struct req *r, const char *name, const char *const *columns)
{
	html(r->out, "<table class=\"%s\">\n<thead><tr>", name);
	for (; *columns != NULL; columns++)
		html(r->out, (*columns)[0] != '\0' ? "<th scope=\"col\">%s</th>" : "<td>%s</td>",
		    *columns);
	html(r->out, "</tr></thead>\n<tbody>\n");
}

void
admin_table_end(struct req *r)
{
	html(r->out, "</tbody>\n</table>\n");
}

/* ---- the overview */

static void
add_number(struct req *r, const char *word, int64_t n, const char *url)
{
	html(r->out, "<div><dt>%s</dt><dd>", word);
	if (url != NULL)
		html(r->out, "<a href=\"%s\">%ld</a>", url, n);
	else
		html(r->out, "%ld", n);
	html(r->out, "</dd></div>\n");
}

/* What somebody should look at, in words; nothing when all is well. */
static void
add_troubles(struct req *r, const struct overview *o)
{
	const struct {
		int64_t n;
		const char *url, *one, *many;
	} rows[] = {
		{ o->held, "/-/admin/mirrors?state=held",
		    "mirror is held: what its upstream did waits for somebody to approve it",
		    "mirrors are held: what their upstreams did waits for somebody to approve it" },
		{ o->stale, "/-/admin/mirrors?state=failing",
		    "mirror is stale: it was not checked for several of its intervals",
		    "mirrors are stale: they were not checked for several of their intervals" },
		{ o->hosts_open, "/-/admin/hosts", "host does not answer, and is not asked for now",
		    "hosts do not answer, and are not asked for now" },
		{ o->damaged, NULL, "store is damaged", "stores are damaged" },
		{ o->manifests_bad, NULL, "list of an upstream cannot be read",
		    "lists of upstreams cannot be read" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *what = rows[i].n == 1 ? rows[i].one : rows[i].many;

		if (rows[i].n == 0)
			continue;
		html(r->out, "<p class=\"fault\">");
		if (rows[i].url != NULL)
			html(r->out, "<a href=\"%s\">%ld %s</a>", rows[i].url, rows[i].n, what);
		else
			html(r->out, "%ld %s", rows[i].n, what);
		html(r->out, ".</p>\n");
	}
}

static void
add_numbers(struct req *r, const struct overview *o)
{
	html(r->out, "<dl class=\"totals\">\n");
	add_number(r, "Projects", o->projects, NULL);
	add_number(r, "Mirrors", o->mirrors, "/-/admin/mirrors");
	html(r->out, "<div><dt>On disk</dt><dd>%s</dd></div>\n",
	    str_size(r->ctx->mem, o->store_bytes));
	add_number(r, "Accounts", o->accounts, "/-/admin/accounts");
	add_number(r, "Administrators", o->admins, NULL);
	add_number(r, "Banned", o->banned, NULL);
	add_number(r, "Signed in", o->signed_in, NULL);
	add_number(r, "Sync workers", o->workers, NULL);
	add_number(r, "Jobs running", o->running, "/-/admin/jobs?state=running");
	add_number(r, "Jobs waiting", o->queued, "/-/admin/jobs?state=queued");
	add_number(r, "To be tried again", o->retry, "/-/admin/jobs?state=retry");
	add_number(r, "Given up for now", o->dead, "/-/admin/jobs?state=dead");
	add_number(r, "Planned", o->scheduled, "/-/admin/jobs?state=scheduled");
	html(r->out, "</dl>\n");
	add_troubles(r, o);
	if (o->workers == 0)
		html(r->out,
		    "<p class=\"fault\">No sync worker was heard of in the last minute. With a "
		    "timer "
		    "that may be so between two runs.</p>\n");
}

static void
add_event(struct req *r, const struct overview_event *e)
{
	html(r->out, "<tr>");
	page_time_cell(r, e->at, "");
	html(r->out, "<td>%s</td><td>%s</td><td>", e->actor[0] != '\0' ? e->actor : "–", e->action);
	html_marked(r->out, e->object);
	html(r->out, "</td><td>");
	html_marked(r->out, e->detail);
	html(r->out, "</td><td>%s</td><td>%s</td></tr>\n", e->remote_addr, e->result);
}

static int
add_events(struct req *r)
{
	static const char *const columns[] = { "When", "Who", "What", "Object", "Detail", "From",
		"Result", NULL };
	struct overview_event *rows;
	size_t n;

	TRY(overview_events(r->ctx, r->account.id, EVENTS_SHOWN, &rows, &n));
	html(r->out,
	    "<h2>What happened</h2>\n<p>The last %d entries of the audit trail; all of it is in "
	    "the "
	    "database (<code>hub.event</code>).</p>\n",
	    EVENTS_SHOWN);
	admin_table(r, "events", columns);
	for (size_t i = 0; i < n; i++)
		add_event(r, &rows[i]);
	admin_table_end(r);
	return OK;
}

int
web_admin(struct req *r)
{
	struct overview numbers;

	TRY(overview_numbers(r->ctx, &numbers));
	admin_begin(r, "overview", "This hub");
	add_numbers(r, &numbers);
	TRY(add_events(r));
	admin_end(r);
	return OK;
}

/* ---- the queue */

static void
add_states(struct req *r, const char *state)
{
	static const struct {
		const char *state, *text;
	} links[] = { { "", "all but the planned" }, { "running", "running" },
		{ "queued", "waiting" }, { "retry", "to be tried again" },
		{ "dead", "given up for now" }, { "scheduled", "planned" } };

	html(r->out, "<p class=\"filter\">Shown: ");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		html(r->out,
		    strcmp(state, links[i].state) == 0
			? "<a href=\"/-/admin/jobs?state=%s\" aria-current=\"true\">%s</a> "
			: "<a href=\"/-/admin/jobs?state=%s\">%s</a> ",
		    links[i].state, links[i].text);
	html(r->out, "</p>\n");
}

/* What it does, when it will, or what went wrong. */
static void
add_doing(struct req *r, const struct overview_job *j)
{
	if (strcmp(j->state, "running") == 0) {
		html(r->out, "%s ", j->phase[0] != '\0' ? j->phase : "starting");
		if (j->objects_total > 0)
			html(r->out,
			    "<progress max=\"%ld\" value=\"%ld\" aria-label=\"objects\">%ld of "
			    "%ld</progress> ",
			    j->objects_total, j->objects, j->objects, j->objects_total);
		if (j->bytes > 0)
			html(r->out, "%s ", str_size(r->ctx->mem, j->bytes));
		html(r->out, j->is_again ? "since %s, and once more" : "since %s",
		    clock_text_span(r->ctx->mem, clock_now() - j->started_at));
		return;
	}
	if (j->run_at == 0)
		html(r->out, "as soon as a worker is free");
	else
		page_time(r, j->run_at);
	if (j->attempts > 0)
		html(r->out, ", %ld failed", j->attempts);
	if (j->error_text[0] != '\0') {
		html(r->out, ": ");
		html_marked(r->out, j->error_text);
	}
}

static void
add_job(struct req *r, const struct overview_job *j)
{
	html(r->out, "<tr><td>%ld</td><td>%s</td><td>", j->id, j->kind);
	if (j->path[0] != '\0')
		html(r->out, "<a href=\"/%s\">%s</a>", str_percent_path(r->ctx->mem, j->path),
		    j->path);
	html(r->out, "</td><td>%s</td><td>", j->state);
	add_doing(r, j);
	html(r->out, "</td><td>%s</td><td>", j->worker);
	form_button(r, arena_printf(r->ctx->mem, "/-/admin/jobs/%ld/run", j->id), NULL, NULL,
	    strcmp(j->state, "running") == 0 ? "Once more" : "Run now");
	html(r->out, "</td></tr>\n");
}

int
web_admin_jobs(struct req *r)
{
	static const char *const columns[] = { "Number", "Kind", "Project", "State", "How it is",
		"Worker", "", NULL };
	const char *state = pager_query(r, "state");
	struct overview_job *rows;
	size_t n;

	TRY(overview_jobs(
	    r->ctx, state, ADMIN_PAGE_ROWS + 1, (pager_page(r) - 1) * ADMIN_PAGE_ROWS, &rows, &n));
	admin_begin(r, "jobs", "Jobs");
	add_states(r, state);
	admin_table(r, "jobs", columns);
	for (size_t i = 0; i < n && i < ADMIN_PAGE_ROWS; i++)
		add_job(r, &rows[i]);
	admin_table_end(r);
	if (n == 0)
		html(r->out, "<p>There are none.</p>\n");
	admin_pages(r,
	    arena_printf(r->ctx->mem, "/-/admin/jobs?state=%s&", str_percent(r->ctx->mem, state)),
	    n > ADMIN_PAGE_ROWS);
	admin_end(r);
	return OK;
}

int
web_admin_run_job(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(upkeep_run_job(r->ctx, &who, id));
	return page_see_other(r, "/-/admin/jobs");
}
