#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/hub/hub.h"
#include "cgi/web/page.h"
#include "web/html.h"

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

/* ---- for programs */

int
show_hub_endpoints(struct req *r)
{
	struct arena *mem = r->ctx->mem;
	bool is_first = true;

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

/* ---- for people */

static void
add_table(struct req *r)
{
	struct buf *b = r->out;

	html(b,
	    "<table class=\"endpoints\">\n<thead><tr><th scope=\"col\">Call</th>"
	    "<th scope=\"col\">What it does</th></tr></thead>\n<tbody>\n");
	for (const struct route *row = hub_dialect.routes; row->path != NULL; row++)
		html(b, "<tr><td><code>%s %s</code></td><td>%s</td></tr>\n",
		    req_method_text(row->method), shown_path(r->ctx->mem, row->path),
		    (const char *)row->words);
	html(b, "</tbody>\n</table>\n");
}

static void
add_example(struct req *r, const char *url)
{
	html(r->out,
	    "<pre><code>curl %s/api/push -H \"Authorization: Bearer $TOKEN\" -d '{\n"
	    "  \"repository\": {\n"
	    "    \"name\": \"cool-product\",\n"
	    "    \"url\": \"https://code.example.com/cool-product.git\"\n"
	    "  }\n"
	    "}'</code></pre>\n",
	    url);
}

int
show_hub_docs(struct req *r)
{
	const char *url = r->ctx->conf->base_url;

	page_begin(r, &(struct page){ .title = "Hub API Documentation" });
	html(r->out,
	    "<h1>Hub API</h1>\n"
	    "<p>All calls start with <code>%s/api</code>. Answers are JSON, in UTF-8.</p>\n"
	    "<h2>Calls</h2>\n"
	    "<p>A name is the whole path of a repository. In an address a slash in a name, a "
	    "branch or a tag is written <code>%%2F</code>.</p>\n",
	    url);
	add_table(r);
	html(r->out,
	    "<h2>Telling the hub of a push</h2>\n"
	    "<p>One call mirrors a new repository, and has a known one fetched at once:</p>\n");
	add_example(r, url);
	html(r->out,
	    "<p>What GitHub, Gitea and GitLab send from their hooks fits as it is. A hook needs no "
	    "account if it signs what it sends (<code>X-Hub-Signature-256</code>) with the secret "
	    "that <code>PUT /api/repos/:repo/secret</code> has set, or if it sends that secret, as "
	    "GitLab does (<code>X-Gitlab-Token</code>).</p>\n"
	    "<h2>Errors</h2>\n"
	    "<p>The status says what it is, and the body says why: "
	    "<code>{\"error\": {\"message\": …, \"code\": 404}}</code>; after "
	    "<code>POST /api/push</code> it is <code>{\"success\": false, \"error\": …}</code>. "
	    "What you may not see is answered like what is not there.</p>\n");
	page_end(r);
	return OK;
}
