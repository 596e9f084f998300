/* Mirrors, for administrators: those that fail come first. */
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "cgi/web/admin.h"
#include "cgi/web/mirror.h"
#include "cgi/web/page.h"
#include "cgi/web/pager.h"
#include "cgi/web/web.h"
#include "core/mirror_state.h"
#include "store/front.h"
#include "web/html.h"

#define MIRRORS "/-/admin/mirrors"

static const struct set {
	const char *word; /* of the query */
	enum front_set set;
} sets[] = {
	{ "failing", FRONT_FAILING }, /* without a word in the query */
	{ "held", FRONT_HELD },
	{ "behind", FRONT_BEHIND },
	{ "waiting", FRONT_WAITING },
	{ "syncing", FRONT_SYNCING },
	{ "paused", FRONT_PAUSED },
	{ "fresh", FRONT_FRESH },
	{ "all", FRONT_ALL },
};

#define N_SETS (sizeof(sets) / sizeof(sets[0]))

static const struct set *
set_of(const char *word)
{
	for (size_t i = 0; i < N_SETS; i++)
		if (strcmp(sets[i].word, word) == 0)
			return &sets[i];
	return &sets[0];
}

/* How many; -1: nobody has counted. */
static int64_t
count_of(const struct front_counts *n, enum front_set set)
{
	switch (set) {
	case FRONT_FAILING:
		return n->failing;
	case FRONT_HELD:
		return n->held;
	case FRONT_BEHIND:
		return n->behind;
	case FRONT_WAITING:
		return n->waiting;
	case FRONT_SYNCING:
		return n->syncing;
	case FRONT_PAUSED:
		return n->paused;
	default:
		return -1;
	}
}

static void
add_filter(struct req *r, const struct set *shown, const struct front_counts *counts)
{
	const char *text = pager_query(r, "q");

	html(r->out, "<p class=\"filter\">Shown: ");
	for (const struct set *s = sets; s < sets + N_SETS; s++) {
		int64_t n = count_of(counts, s->set);

		html(r->out,
		    s == shown ? "<a href=\"" MIRRORS
				 "?state=%s&amp;q=%s\" aria-current=\"true\">%s"
			       : "<a href=\"" MIRRORS "?state=%s&amp;q=%s\">%s",
		    s->word, str_percent(r->ctx->mem, text), s->word);
		if (n > FRONT_FOUND_MOST)
			html(r->out, " (more than %d)", FRONT_FOUND_MOST);
		else if (n >= 0)
			html(r->out, " (%ld)", n);
		html(r->out, "</a> ");
	}
	html(r->out,
	    "</p>\n<form class=\"filter\" action=\"" MIRRORS "\">"
	    "<input type=\"hidden\" name=\"state\" value=\"%s\">"
	    "<label for=\"find\">Path or description</label> "
	    "<input id=\"find\" name=\"q\" type=\"search\" value=\"%s\"> "
	    "<button>Find</button></form>\n",
	    shown->word, text);
}

static void
add_mirror(struct req *r, const struct front_row *row)
{
	const struct mirror *m = &row->mirror;
	struct arena *mem = r->ctx->mem;

	html(r->out, "<tr><th scope=\"row\"><a href=\"/%s\">%s</a></th><td>",
	    str_percent_path(mem, row->path), row->path);
	if (!row->is_mirror) {
		html(r->out, "no mirror</td><td></td><td></td><td></td></tr>\n");
		return;
	}
	mirror_badge(r, m);
	html(r->out, "</td><td>");
	html_marked(r->out, mirror_state_sentence(mem, m, r->ctx->conf->schedule_s, clock_now()));
	html(r->out, "</td>");
	page_time_cell(r, m->last_success_at, "never");
	html(r->out, "<td>");
	html_marked(r->out, m->url);
	html(r->out, "</td></tr>\n");
}

int
web_admin_mirrors(struct req *r)
{
	static const char *const columns[] = { "Path", "State", "How it is", "Last success",
		"Upstream", NULL };
	const struct set *set = set_of(pager_query(r, "state"));
	const struct front_wish wish = { .text = pager_query(r, "q"),
		.set = set->set,
		.order = FRONT_BY_PATH,
		.interval_s = r->ctx->conf->schedule_s,
		.limit = ADMIN_PAGE_ROWS + 1,
		.offset = (pager_page(r) - 1) * ADMIN_PAGE_ROWS };
	struct front_counts counts;
	struct front_row *rows;
	size_t n;

	TRY(front_count(r->ctx, &r->account, wish.interval_s, &counts));
	TRY(front_list(r->ctx, &r->account, &wish, &rows, &n));
	admin_begin(r, "mirrors", "Mirrors");
	add_filter(r, set, &counts);
	admin_table(r, "mirrors", columns);
	for (size_t i = 0; i < n && i < ADMIN_PAGE_ROWS; i++)
		add_mirror(r, &rows[i]);
	admin_table_end(r);
	if (n == 0)
		html(r->out, "<p>There are none.</p>\n");
	admin_pages(r,
	    arena_printf(r->ctx->mem, MIRRORS "?state=%s&q=%s&", set->word,
		str_percent(r->ctx->mem, wish.text)),
	    n > ADMIN_PAGE_ROWS);
	admin_end(r);
	return OK;
}
