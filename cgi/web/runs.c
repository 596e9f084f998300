/* Runs of a mirror: the list, and one of them. */
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "cgi/web/mirror.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/mirror_state.h"
#include "store/run.h"
#include "web/html.h"
#include "web/load.h"

#define PER_PAGE 50

static const char *
took(struct req *r, int64_t ms)
{
	if (ms < 1000)
		return arena_printf(r->ctx->mem, "%lld ms", (long long)ms);
	if (ms < 60000)
		return arena_printf(r->ctx->mem, "%lld.%lld s", (long long)(ms / 1000),
		    (long long)(ms % 1000 / 100));
	return arena_printf(r->ctx->mem, "%lld min %lld s", (long long)(ms / 60000),
	    (long long)(ms % 60000 / 1000));
}

/* ---- how it went: in a word and a sign */

static void
add_outcome(struct req *r, const char *outcome)
{
	static const struct {
		const char *outcome, *sign, *class;
	} rows[] = { { "changed", "✓", "state-fresh" }, { "unchanged", "=", "state-same" },
		{ "held", "!", "state-held" }, { "failed", "✕", "state-failing" } };
	size_t i = 0;

	while (i < 3 && strcmp(rows[i].outcome, outcome) != 0)
		i++;
	html(r->out,
	    "<span class=\"state %s\"><span class=\"sign\" aria-hidden=\"true\">%s</span> "
	    "%s</span>",
	    rows[i].class, rows[i].sign, outcome);
}

static const char *
url_run(struct req *r, int64_t id)
{
	return url_view(
	    r, r->project, "runs", arena_printf(r->ctx->mem, "%lld", (long long)id), NULL);
}

/* ---- the list */

/* The one that is going on has no row yet. */
static void
add_running(struct req *r, const struct mirror *m)
{
	if (!mirror_is_moving(m))
		return;
	html(r->out, "<section class=\"mirror\">\n<h2>Now</h2>\n<p class=\"now\">");
	mirror_badge(r, m);
	html(r->out, " %s",
	    mirror_state_sentence(r->ctx->mem, m, r->ctx->conf->schedule_s, clock_now()));
	if (m->started_at > 0) {
		html(r->out, " Begun ");
		page_time(r, m->started_at);
		html(r->out, " by the worker <code>%s</code>.", m->worker);
	}
	html(r->out, "</p>\n");
	mirror_progress(r, m);
	html(r->out, "</section>\n");
}

static void
add_row(struct req *r, const struct run *run)
{
	html(r->out, "<tr><th scope=\"row\"><a href=\"%s\">", url_run(r, run->id));
	page_time(r, run->finished_at);
	html(r->out, "</a></th><td>%s</td><td>", took(r, run->took_ms));
	add_outcome(r, run->outcome);
	html(r->out,
	    "</td><td class=\"number\">%s</td><td class=\"number\">%ld</td>"
	    "<td class=\"number\">%ld</td><td>",
	    str_size(r->ctx->mem, run->bytes), run->objects, run->refs_changed);
	html_marked(r->out, mirror_error_sentence(r->ctx->mem, run->error_text));
	html(r->out, "</td></tr>\n");
}

static void
add_rows(struct req *r, const struct run *rows, size_t n)
{
	html(r->out,
	    "<table class=\"runs\">\n<thead><tr><th scope=\"col\">When</th>"
	    "<th scope=\"col\">Took</th><th scope=\"col\">Outcome</th>"
	    "<th scope=\"col\">Bytes</th><th scope=\"col\">Objects</th>"
	    "<th scope=\"col\">Refs changed</th><th scope=\"col\">Error</th></tr></thead>\n"
	    "<tbody>\n");
	for (size_t i = 0; i < n; i++)
		add_row(r, &rows[i]);
	html(r->out, "</tbody>\n</table>\n");
}

/* Newer ones are not found by a number, so the way back leads to the newest. */
static void
add_pages(struct req *r, bool is_first, int64_t last_shown, bool has_more)
{
	const char *list = url_view(r, r->project, "runs", NULL, NULL);

	pager_show(r,
	    &(struct pager){ .words = PAGER_FROM_NEWEST,
		.before = is_first ? NULL : list,
		.after = has_more
		    ? arena_printf(r->ctx->mem, "%s?before=%lld", list, (long long)last_shown)
		    : NULL });
}

/* Runs before the number of the query; anything else there is the newest. */
int
web_runs(struct req *r)
{
	const char *text = req_query(r, "before");
	const struct project *p = r->project;
	struct mirror m;
	struct run *rows;
	int64_t before = 0;
	size_t n, shown;

	if (text == NULL || !str_is_int(text, &before) || before < 1)
		before = 0;
	TRY(mirror_by_project(r->ctx, p->id, &m));
	TRY(run_list(r->ctx, p->id, before, PER_PAGE + 1, &rows, &n));
	shown = n > PER_PAGE ? PER_PAGE : n;
	page_begin(r,
	    &(struct page){ .title = arena_printf(r->ctx->mem, "Runs of %s", p->path),
		.project = p,
		.tab = "runs",
		.refresh_s = before == 0 ? mirror_refresh_s(p) : 0 });
	html(r->out, "<h1>Runs</h1>\n");
	if (before == 0)
		add_running(r, &m);
	if (n == 0)
		html(r->out, "<p>There are none%s. Runs are kept for 90 days.</p>\n",
		    before == 0 ? " yet" : " before that");
	else
		add_rows(r, rows, shown);
	add_pages(r, before == 0, n > 0 ? rows[shown - 1].id : 0, n > shown);
	page_end(r);
	return OK;
}

/* ---- one */

static void
add_facts(struct req *r, const struct run *run)
{
	html(r->out, "<dl>\n<dt>Outcome</dt><dd>");
	add_outcome(r, run->outcome);
	html(r->out, "</dd>\n<dt>Begun</dt><dd>");
	page_time(r, run->started_at);
	html(r->out, "</dd>\n<dt>Ended</dt><dd>");
	page_time(r, run->finished_at);
	html(r->out,
	    "</dd>\n<dt>Took</dt><dd>%s</dd>\n<dt>Bytes fetched</dt><dd>%s</dd>\n"
	    "<dt>Objects</dt><dd>%ld</dd>\n<dt>Refs changed</dt><dd>%ld</dd>\n"
	    "<dt>Worker</dt><dd><code>%s</code></dd>\n</dl>\n",
	    took(r, run->took_ms), str_size(r->ctx->mem, run->bytes), run->objects,
	    run->refs_changed, run->worker);
}

static void
add_error(struct req *r, const struct run *run)
{
	if (run->error_class[0] == '\0')
		return;
	html(r->out, "<section class=\"error\">\n<h2>What went wrong</h2>\n<p>");
	html_marked(r->out, mirror_error_sentence(r->ctx->mem, run->error_text));
	html(r->out, "</p>\n<h2>What to do</h2>\n<p>%s</p>\n</section>\n",
	    mirror_error_advice(run->error_class));
}

static void
add_held(struct req *r, const struct run *run)
{
	if (strcmp(run->outcome, "held") == 0)
		html(r->out,
		    "<p>What its upstream did has to be approved before it is published. If it is "
		    "still held, <a href=\"%s\">the project's page</a> says why.</p>\n",
		    url_project(r, r->project));
}

int
web_run(struct req *r)
{
	const struct project *p = r->project;
	struct run run;
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(run_by_id(r->ctx, p->id, id, &run));
	page_begin(r,
	    &(struct page){
		.title = arena_printf(r->ctx->mem, "Run %lld of %s", (long long)id, p->path),
		.project = p,
		.tab = "runs" });
	html(r->out, "<h1>Run %ld</h1>\n", id);
	add_facts(r, &run);
	add_held(r, &run);
	add_error(r, &run);
	html(r->out, "<p><a href=\"%s\">All runs</a></p>\n", url_view(r, p, "runs", NULL, NULL));
	page_end(r);
	return OK;
}
