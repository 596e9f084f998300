#include "tests/unit/unit.h"

#include <locale.h>

#include "base/buf.h"
#include "cgi/render/draw.h"
#include "cgi/render/link.h"
#include "cgi/render/slug.h"
#include "cgi/render/text.h"

static const struct link_base base = {
	.blob = "/p/blob/main",
	.tree = "/p/tree/main",
	.raw = "/p/raw/main",
	.folder = "docs/en",
};

/* ---- links */

/* clang-format off */
static const struct {
	const char *url;
	enum link_kind kind;
	const char *is;
} links[] = {
	/* of the repository */
	{ "a.c",                 LINK_INSIDE,  "/p/blob/main/docs/en/a.c" },
	{ "./a.c",               LINK_INSIDE,  "/p/blob/main/docs/en/a.c" },
	{ "../a.c",              LINK_INSIDE,  "/p/blob/main/docs/a.c" },
	{ "../../../../a.c",     LINK_INSIDE,  "/p/blob/main/a.c" },
	{ "x/%2e%2E/a.c",        LINK_INSIDE,  "/p/blob/main/docs/en/a.c" },
	{ "x/..%2fa.c",          LINK_INSIDE,  "/p/blob/main/docs/en/x/..%2fa.c" },
	{ "/a.c",                LINK_INSIDE,  "/p/blob/main/a.c" },
	{ "/../a.c",             LINK_INSIDE,  "/p/blob/main/a.c" },
	{ "/",                   LINK_INSIDE,  "/p/tree/main" },
	{ "..",                  LINK_INSIDE,  "/p/tree/main/docs" },
	{ ".",                   LINK_INSIDE,  "/p/tree/main/docs/en" },
	{ "src/",                LINK_INSIDE,  "/p/tree/main/docs/en/src" },
	{ "a.c?plain=1#L3",      LINK_INSIDE,  "/p/blob/main/docs/en/a.c?plain=1#L3" },
	{ "a.md#How-To",         LINK_INSIDE,  "/p/blob/main/docs/en/a.md#readme-how-to" },
	{ "#Usage",              LINK_INSIDE,  "#readme-usage" },
	{ "a b.c",               LINK_INSIDE,  "/p/blob/main/docs/en/a%20b.c" },
	{ "a%20b.c",             LINK_INSIDE,  "/p/blob/main/docs/en/a%20b.c" },
	{ "50%.c",               LINK_INSIDE,  "/p/blob/main/docs/en/50%25.c" },
	{ "\xc3\xa4.c",          LINK_INSIDE,  "/p/blob/main/docs/en/%C3%A4.c" },
	{ "a\"b<c>",             LINK_INSIDE,  "/p/blob/main/docs/en/a%22b%3Cc%3E" },
	{ "\\\\host\\x",         LINK_INSIDE,  "/p/blob/main/docs/en/%5C%5Chost%5Cx" },
	{ "/\\host",             LINK_INSIDE,  "/p/blob/main/%5Chost" },
	{ "/\t/host",            LINK_INSIDE,  "/p/blob/main/%09/host" },
	/* of others */
	{ "https://host",        LINK_OUTSIDE, "https://host" },
	{ "HTTP://host/a b?c#d", LINK_OUTSIDE, "HTTP://host/a%20b?c#d" },
	{ "https://[::1]:1/[x]", LINK_OUTSIDE, "https://[::1]:1/%5Bx%5D" },
	{ "https://a\\@b/",      LINK_OUTSIDE, "https://a%5C@b/" },
	{ "https://a#b#c",       LINK_OUTSIDE, "https://a#b%23c" },
	{ "//host/x",            LINK_OUTSIDE, "//host/x" },
	{ "mailto:a@b.de",       LINK_MAIL,    "mailto:a@b.de" },
	/* of nobody */
	{ "",                    LINK_NOWHERE, NULL },
	{ "#",                   LINK_NOWHERE, NULL },
	{ "https:",              LINK_NOWHERE, NULL },
	{ "https:host",          LINK_NOWHERE, NULL },
	{ "https://",            LINK_NOWHERE, NULL },
	{ "https:///x",          LINK_NOWHERE, NULL },
	{ "https://#x",          LINK_NOWHERE, NULL },
	{ "//",                  LINK_NOWHERE, NULL },
	{ "javascript:alert(1)", LINK_NOWHERE, NULL },
	{ "JaVaScRiPt:alert(1)", LINK_NOWHERE, NULL },
	{ "vbscript:x",          LINK_NOWHERE, NULL },
	{ "data:text/html,x",    LINK_NOWHERE, NULL },
	{ "data:image/png;x",    LINK_NOWHERE, NULL },
	{ "file:///etc/passwd",  LINK_NOWHERE, NULL },
	{ "blob:https://a/b",    LINK_NOWHERE, NULL },
	/* what a browser would have to strip first to run it is a file's name */
	{ "\x01javascript:x",    LINK_INSIDE,  "/p/blob/main/docs/en/%01javascript:x" },
	{ " javascript:x",       LINK_INSIDE,  "/p/blob/main/docs/en/%20javascript:x" },
	{ "java\tscript:x",      LINK_INSIDE,  "/p/blob/main/docs/en/java%09script:x" },
}, images[] = {
	{ "i.png?raw=true",      LINK_INSIDE,  "/p/raw/main/docs/en/i.png?raw=true" },
	{ "/i.svg",              LINK_INSIDE,  "/p/raw/main/i.svg" },
	{ "https://host/i.png",  LINK_OUTSIDE, "https://host/i.png" },
	{ "//host/i.png",        LINK_OUTSIDE, "//host/i.png" },
	{ "data:image/png;base64,AAAA", LINK_INSIDE, "data:image/png;base64,AAAA" },
	{ "DATA:image/webp;base64,AA==", LINK_INSIDE, "DATA:image/webp;base64,AA==" },
	{ "data:image/svg+xml,x", LINK_NOWHERE, NULL },
	{ "data:text/html,x",    LINK_NOWHERE, NULL },
	{ "javascript:x",        LINK_NOWHERE, NULL },
	{ "#x",                  LINK_NOWHERE, NULL },
	{ "",                    LINK_NOWHERE, NULL },
};
/* clang-format on */

static void
check_link(const char *url, struct link link, enum link_kind kind, const char *is)
{
	if (link.kind != kind || (is == NULL) != (link.url == NULL) ||
	    (is != NULL && strcmp(link.url, is) != 0))
		unit_fail("%s: kind %d, %s", url, (int)link.kind, link.url);
}

static void
test_links_lead_where_they_may(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(links); i++)
		check_link(links[i].url, link_of(c->mem, &base, links[i].url), links[i].kind,
		    links[i].is);
	for (size_t i = 0; i < N_OF(images); i++)
		check_link(images[i].url, link_of_image(c->mem, &base, images[i].url),
		    images[i].kind, images[i].is);
}

static void
test_an_address_without_end_leads_nowhere(void **state)
{
	struct ctx *c = *state;
	char *url = arena_strdup(c->mem, arena_printf(c->mem, "%*d", LINK_URL_MAX + 1, 1));

	assert_int_equal(link_of(c->mem, &base, url).kind, LINK_NOWHERE);
	assert_int_equal(link_of_image(c->mem, &base, url).kind, LINK_NOWHERE);
	url[LINK_URL_MAX] = '\0';
	assert_int_equal(link_of(c->mem, &base, url).kind, LINK_INSIDE);
	url = arena_printf(c->mem, "data:image/png;%*d", LINK_DATA_MAX, 1);
	assert_int_equal(link_of_image(c->mem, &base, url).kind, LINK_NOWHERE);
}

static void
test_markdown_is_known_by_its_name(void **state)
{
	(void)state;
	assert_true(link_is_markdown("a.md"));
	assert_true(link_is_markdown("README.MarkDown"));
	assert_false(link_is_markdown(".md"));
	assert_false(link_is_markdown("a.md.c"));
	assert_false(link_is_markdown("md"));
}

/* ---- ids */

static void
test_ids_are_those_that_forges_make(void **state)
{
	struct ctx *c = *state;
	struct slugs *s = slugs_new(c->mem);

	assert_string_equal(slug_of(s, "How to build"), "how-to-build");
	assert_string_equal(slug_of(s, "C++ & \"you\"_?"), "c--you_");
	assert_string_equal(slug_of(s, "Установка ПО"), "установка-по");
	assert_null(slug_of(s, "?!"));
	assert_null(slug_of(s, ""));
}

static void
test_no_two_ids_are_equal(void **state)
{
	struct ctx *c = *state;
	struct slugs *s = slugs_new(c->mem);

	assert_string_equal(slug_of(s, "a-1"), "a-1");
	assert_string_equal(slug_of(s, "a"), "a");
	assert_string_equal(slug_of(s, "A"), "a-2");
	assert_string_equal(slug_of(s, "a-1"), "a-1-1");
	assert_string_equal(slug_of(s, "a"), "a-3");
}

/* ---- text */

static void
test_text_is_no_markup(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 1000);

	text_add(b, "<a href='x'>\"&\x01\x7f\xc2\x85\xef\xb7\x90\xff\t\n");
	assert_string_equal(b->data, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\uFFFD\uFFFD\uFFFD\uFFFD"
				     "\uFFFD\t\n");
	buf_clear(b);
	text_add(b, "a\u202Eb\u200Fc");
	assert_string_equal(b->data, "a<span class=\"mark\" title=\"U+202E\">U+202E</span>b\u200Fc");
	buf_clear(b);
	text_attribute(b, "a\u2066b\"");
	assert_string_equal(b->data, "a\uFFFDb&quot;");
}

/* ---- documents */

/* clang-format off */
static const struct {
	const char *text, *is;
} documents[] = {
	{ "a\n\nb", "<p>a</p>\n<p>b</p>\n" },
	{ "# A\n#### A", "<h3 id=\"readme-a\">A</h3>\n<h4 id=\"readme-a-1\">A</h4>\n" },
	{ "a <b onclick=\"x\">b</b> <!-- c -->", "<p>a b </p>\n" },
	{ "<script>\nalert(1)\n</script>\n\na", "<p>a</p>\n" },
	{ "[a](javascript:x)", "<p>a</p>\n" },
	{ "[a](//h \"t\")",
	  "<p><a href=\"//h\" rel=\"nofollow noopener ugc\" title=\"t\">a</a></p>\n" },
	{ "![a](http://h/i.png)",
	  "<p><a href=\"http://h/i.png\" rel=\"nofollow noopener ugc\">a</a></p>\n" },
	{ "[![a *b*](http://h/i.png)](x)", "<p><a href=\"/p/blob/main/docs/en/x\">a b</a></p>\n" },
	{ "![](i.png)", "<p><img src=\"/p/raw/main/docs/en/i.png\" alt=\"\" loading=\"lazy\"></p>\n" },
	{ "- [x] a", "<ul>\n<li class=\"task\"><input type=\"checkbox\" checked disabled "
	  "aria-label=\"done\"> a\n</li>\n</ul>\n" },
	{ "3. a", "<ol start=\"3\">\n<li>a\n</li>\n</ol>\n" },
	{ "|a||\n|:-:|-|\n|1|2|", "<div class=\"wide\"><table>\n<thead>\n<tr>"
	  "<th scope=\"col\" class=\"middle\">a</th><td></td></tr>\n</thead>\n<tbody>\n"
	  "<tr><td class=\"middle\">1</td><td>2</td></tr>\n</tbody>\n</table></div>\n" },
	{ "```c++ x\n<a>\n```", "<pre><code data-language=\"c++\">&lt;a&gt;\n</code></pre>\n" },
	{ "``` a\"b\n```", "<pre><code></code></pre>\n" },
	{ "~~a~~ `<b>`  \nc", "<p><del>a</del> <code>&lt;b&gt;</code><br>\nc</p>\n" },
	{ "a\r\n\r\n```\r\nb\r\n```\r\n", "<p>a</p>\n<pre><code>b\n</code></pre>\n" },
	{ "a \xff b", "<p>a \uFFFD b</p>\n" },
};
/* clang-format on */

static void
test_markdown_becomes_html(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(documents); i++) {
		struct buf *out = buf_new(c->mem, 10000);

		assert_true(
		    draw(c->mem, documents[i].text, strlen(documents[i].text), &base, out));
		if (strcmp(out->data, documents[i].is) != 0)
			unit_fail("%s\nbecame\n%s", documents[i].text, out->data);
	}
}

static void
test_what_is_too_deep_or_too_large_is_not_drawn(void **state)
{
	struct ctx *c = *state;
	char text[2 * DRAW_DEPTH_MAX + 1];

	memset(text, '>', sizeof(text));
	assert_true(draw(c->mem, text, DRAW_DEPTH_MAX / 2, &base, buf_new(c->mem, 10000)));
	assert_false(draw(c->mem, text, sizeof(text), &base, buf_new(c->mem, 10000)));
	assert_false(draw(c->mem, "abcdef", 6, &base, buf_new(c->mem, 10)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(test_links_lead_where_they_may),
		WITH_CTX(test_an_address_without_end_leads_nowhere),
		WITH_CTX(test_markdown_is_known_by_its_name),
		WITH_CTX(test_ids_are_those_that_forges_make),
		WITH_CTX(test_no_two_ids_are_equal),
		WITH_CTX(test_text_is_no_markup),
		WITH_CTX(test_markdown_becomes_html),
		WITH_CTX(test_what_is_too_deep_or_too_large_is_not_drawn),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	draw_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
