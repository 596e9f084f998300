#include <string.h>

#include "base/js.h"
#include "base/str.h"
#include "cgi/hub/hub.h"

#define VERSION "1.0.0" /* of the Hub's API, not ours */
#define LINE_MAX_BYTES 1000

int
show_hub_ping(struct req *r)
{
	buf_text(r->out, "{\"ping\":\"pong\"}");
	return OK;
}

/* A pattern as the Hub's documentation writes it. */
static const char *
shown_path(struct arena *mem, const char *pattern)
{
	static const struct {
		const char *ours, *theirs;
	} words[] = { { ":path", ":repo" }, { "*rest", ":path" } };
	struct buf *b = buf_new(mem, LINE_MAX_BYTES);

	for (const char *s = pattern; *s != '\0';) {
		size_t i = 0;

		while (i < 2 && !str_starts(s, words[i].ours))
			i++;
		if (i < 2) {
			buf_text(b, words[i].theirs);
			s += strlen(words[i].ours);
		} else {
			buf_char(b, *s++);
		}
	}
	return b->data;
}

int
show_hub_endpoints(struct req *r)
{
	struct arena *mem = r->ctx->mem;
	bool is_first = true;

	res_header(r, "Vary", "Accept");
	buf_text(r->out, "{\"endpoints\":[");
	for (const struct route *row = hub_dialect.routes; row->path != NULL; row++) {
		if (row->words == NULL)
			continue;
		if (!is_first)
			buf_char(r->out, ',');
		is_first = false;
		js_text(r->out,
		    arena_printf(
			mem, "%-6s %s", req_method_text(row->method), shown_path(mem, row->path)));
	}
	buf_text(r->out, "],\"version\":\"" VERSION "\"}");
	return OK;
}
