#include "cgi/web/chart.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/front.h"
#include "web/html.h"

#define STEP 6 /* pixels from bar to bar, the bar has 4 of them */
#define HEIGHT 24
#define LINE 20	    /* where bars stand; feet are below */
#define LEAST_BAR 2 /* however short the run was */
#define PATH_MOST 4096

enum outcome { CHANGED = 0, UNCHANGED, HELD, FAILED, N_OUTCOMES };

static const struct {
	char letter;
	const char *word;
} outcomes[N_OUTCOMES] = {
	[CHANGED] = { 'c', "changed" },
	[UNCHANGED] = { 'u', "unchanged" },
	[HELD] = { 'h', "held" },
	[FAILED] = { 'f', "failed" },
};

struct bars {
	size_t n;
	struct {
		enum outcome outcome;
		int64_t ms;
	} rows[FRONT_RUNS_SHOWN];
	int64_t longest_ms;
	size_t counts[N_OUTCOMES];
};

static enum outcome
outcome_of(char letter)
{
	enum outcome o = 0;

	while (o < FAILED && outcomes[o].letter != letter)
		o++;
	return o;
}

static void
parse(const char *text, struct bars *out)
{
	char *end;

	while (out->n < FRONT_RUNS_SHOWN && text[0] != '\0') {
		enum outcome o = outcome_of(text[0]);
		int64_t ms = strtoll(text + 1, &end, 10);

		if (ms < 0) /* a clock was set back */
			ms = 0;
		out->rows[out->n].outcome = o;
		out->rows[out->n++].ms = ms;
		out->counts[o]++;
		if (ms > out->longest_ms)
			out->longest_ms = ms;
		text = end + strspn(end, " ");
	}
}

/* The logarithm to base 2, in eighths: its whole part by the highest bit, the rest by the next
 * three. n > 0 */
static int
log_eighths(uint64_t n)
{
	int whole = 63 - __builtin_clzll(n);
	int rest = whole >= 3 ? (int)(n >> (whole - 3) & 7) : (int)(n << (3 - whole) & 7);

	return whole * 8 + rest;
}

/* By the logarithm: a first sync takes thousands of times as long as one that finds nothing new. */
static int
height_of(int64_t ms, int64_t longest_ms)
{
	int most = log_eighths((uint64_t)longest_ms + 1), n = log_eighths((uint64_t)ms + 1);

	return LEAST_BAR + (most > 0 ? n * (LINE - LEAST_BAR - 1) / most : 0);
}

/* All bars of one outcome are one path. */
static void
add_bars(struct req *r, const struct bars *bars, enum outcome o)
{
	struct buf *path = buf_new(r->ctx->mem, PATH_MOST);

	for (size_t i = 0; i < bars->n; i++) {
		if (bars->rows[i].outcome != o)
			continue;
		buf_printf(path, "M%zu %dh4V%dh-4z", i * STEP, LINE,
		    LINE - height_of(bars->rows[i].ms, bars->longest_ms));
		if (o == FAILED)
			buf_printf(path, "M%zu %dh4v%dh-4z", i * STEP, LINE + 1, HEIGHT - LINE - 1);
	}
	if (path->len > 0)
		html(r->out, "<path class=\"run-%s\" d=\"%s\"/>", outcomes[o].word, path->data);
}

static const char *
title_of(struct req *r, const struct bars *bars)
{
	struct arena *mem = r->ctx->mem;
	const char *text =
		       arena_printf(mem, "The last %zu run%s:", bars->n, bars->n == 1 ? "" : "s"),
		   *comma = "";

	for (enum outcome o = 0; o < N_OUTCOMES; o++)
		if (bars->counts[o] > 0) {
			text = arena_printf(
			    mem, "%s%s %zu %s", text, comma, bars->counts[o], outcomes[o].word);
			comma = ",";
		}
	if (bars->longest_ms < 1000)
		return arena_printf(mem, "%s; the longest took less than a second", text);
	return arena_printf(
	    mem, "%s; the longest took %s", text, clock_text_span(mem, bars->longest_ms / 1000));
}

void
chart_runs(struct req *r, const char *runs)
{
	struct bars bars = { 0 };

	parse(runs, &bars);
	if (bars.n == 0)
		return;
	html(r->out,
	    "<svg class=\"runs\" role=\"img\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">"
	    "<title>%s</title>",
	    FRONT_RUNS_SHOWN * STEP, HEIGHT, FRONT_RUNS_SHOWN * STEP, HEIGHT, title_of(r, &bars));
	for (enum outcome o = 0; o < N_OUTCOMES; o++)
		add_bars(r, &bars, o);
	html(r->out, "</svg>");
}
