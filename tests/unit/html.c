/* HTML: what is printed is escaped. */
#include "web/html.h"

#include "tests/unit/unit.h"

static const char *
escaped(struct ctx *c, const char *text)
{
	struct buf *b = buf_new(c->mem, 1000);

	html(b, "%s", text);
	return b->data;
}

static void
texts_are_escaped_for_text_and_quoted_attributes(void **state)
{
	static const struct {
		const char *text, *html;
	} rows[] = {
		{ "", "" },
		{ "plain text, 100%", "plain text, 100%" },
		{ "<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;" },
		{ "\"><svg onload='a'>", "&quot;&gt;&lt;svg onload=&#39;a&#39;&gt;" },
		{ "&amp;", "&amp;amp;" },
		{ "%s%n{{7*7}}", "%s%n{{7*7}}" },
		{ "a\tb\nc\r", "a\tb\nc\r" },
		{ "\x01\x1b[2J\x7f", "\xef\xbf\xbd\xef\xbf\xbd[2J\xef\xbf\xbd" },
		{ "\xc3\xa9\xf0\x9f\x98\x80", "\xc3\xa9\xf0\x9f\x98\x80" },
		{ "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xc2\x85", "\xef\xbf\xbd" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(escaped(c, rows[i].text), rows[i].html);
}

static void
formats_stay_as_they_are(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 1000);

	html(b, "<a href=\"%s\">%d of %ld%%</a>", "/a?b=\"c\"&d", -7, 9000000000L);
	assert_string_equal(b->data, "<a href=\"/a?b=&quot;c&quot;&amp;d\">-7 of 9000000000%</a>");
}

static void
what_cannot_be_seen_is_shown_by_a_mark(void **state)
{
	static const struct {
		const char *text, *html;
	} rows[] = {
		{ "a<b \xc3\xa9", "a&lt;b \xc3\xa9" },
		{ "a\xe2\x80\xae"
		  "b",
		    "a<span class=\"mark\">U+202E</span>b" },
		{ "\x1b", "<span class=\"mark\">U+001B</span>" },
		{ "\n", "<span class=\"mark\">U+000A</span>" },
		{ "\xe2\x80\x8b", "<span class=\"mark\">U+200B</span>" },
		{ "\x7f", "<span class=\"mark\">U+007F</span>" },
		{ "\xff", "\xef\xbf\xbd" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct buf *b = buf_new(c->mem, 1000);

		html_marked(b, rows[i].text);
		assert_string_equal(b->data, rows[i].html);
	}
}

static void
code_keeps_its_tabs_and_holds_any_byte(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 1000);

	html_code(b, "\tx<\0\r", 5);
	assert_string_equal(b->data,
	    "\tx&lt;<span class=\"mark\">U+0000</span>"
	    "<span class=\"mark\">U+000D</span>");
}

static void
lines_stay_lines_wherever_what_needs_a_look_stands(void **state)
{
	struct ctx *c = *state;
	const char *plain = "a line of plain text\tand\nmore than sixteen bytes of it ~";
	struct buf *b = buf_new(c->mem, 1000);

	html_lines(b, "a\r\nb\rc\0\xff\n\r", 10);
	assert_string_equal(b->data,
	    "a\nb<span class=\"mark\">U+000D</span>c<span class=\"mark\">U+0000</span>"
	    "\xef\xbf\xbd\n<span class=\"mark\">U+000D</span>");
	for (size_t i = 0; i < strlen(plain); i++) {
		char *text = arena_strdup(c->mem, plain);

		text[i] = '<';
		buf_clear(b);
		html_lines(b, text, strlen(text));
		assert_string_equal(b->data,
		    arena_printf(c->mem, "%.*s&lt;%s", (int)i, plain, plain + i + 1));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(texts_are_escaped_for_text_and_quoted_attributes),
		WITH_CTX(formats_stay_as_they_are),
		WITH_CTX(what_cannot_be_seen_is_shown_by_a_mark),
		WITH_CTX(code_keeps_its_tabs_and_holds_any_byte),
		WITH_CTX(lines_stay_lines_wherever_what_needs_a_look_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
