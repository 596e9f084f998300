/* Pages of ABF's lists, and the links between them. */
#include "cgi/abf/abf.h"

#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/conf.h"
#include "web/form.h"

static const struct conf conf = { .base_url = "https://hub.example" };

static struct req
asked(struct ctx *c, const char *path, const char *query)
{
	struct req r = { .ctx = c,
		.path = path,
		.query = query,
		.dialect = &abf_dialect,
		.head = buf_new(c->mem, 8192) };

	c->conf = &conf;
	assert_int_equal(form_parse_urlencoded(c, query, strlen(query), &r.args), OK);
	return r;
}

static void
page_and_per_page_stay_within_their_bounds(void **state)
{
	static const struct {
		const char *query;
		int64_t limit, offset;
	} rows[] = {
		{ "", 20, 0 },
		{ "page=3", 20, 40 },
		{ "page=3&per_page=7", 7, 14 },
		{ "page=0&per_page=0", 20, 0 },
		{ "page=-1&per_page=-1", 20, 0 },
		{ "page=x&per_page=x", 20, 0 },
		{ "page=2x&per_page=1.5", 20, 0 },
		{ "page=&per_page=", 20, 0 },
		{ "page=1&per_page=101", 100, 0 },
		{ "page=99999999999999999999", 20, 0 },
		{ "page=9223372036854775807&per_page=100", 100, 9999999900 },
		{ "page=5&page=2", 20, 20 },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct req r = asked(*state, "/api/v1/projects", rows[i].query);
		struct abf_page page = abf_page(&r);

		assert_int_equal(page.limit, rows[i].limit);
		assert_int_equal(page.offset, rows[i].offset);
	}
}

#define URL "https://hub.example/api/v1/projects?"

/* clang-format off */
static const struct {
	const char *query;
	size_t n, shown;
	int64_t total;
	const char *links[5];
} pages[] = {
	/* asked                  got shown total links */
	{ "",                      0,  0,   -1, { NULL } },
	{ "",                     20, 20,   -1, { NULL } },
	{ "",                     21, 20,   -1, { "page=2>; rel=\"next\"" } },
	{ "per_page=2",            3,  2,   -1, { "per_page=2&page=2>; rel=\"next\"" } },
	{ "per_page=2&page=2",     2,  2,   -1, { "per_page=2&page=1>; rel=\"first\"", "per_page=2&page=1>; rel=\"prev\"" } },
	{ "page=3",               21, 20,   -1, { "page=4>; rel=\"next\"", "page=1>; rel=\"first\"", "page=2>; rel=\"prev\"" } },
	{ "",                     21, 20,   41, { "page=2>; rel=\"next\"", "page=3>; rel=\"last\"" } },
	{ "page=2",               21, 20,   41, { "page=3>; rel=\"next\"", "page=3>; rel=\"last\"", "page=1>; rel=\"first\"", "page=1>; rel=\"prev\"" } },
	{ "page=3",                1,  1,   -1, { "page=1>; rel=\"first\"", "page=2>; rel=\"prev\"" } },
	{ "page=9",                0,  0,   41, { "page=1>; rel=\"first\"", "page=3>; rel=\"prev\"" } },
	/* rows went between the list and its total */
	{ "page=2",               21, 20,   40, { "page=3>; rel=\"next\"", "page=3>; rel=\"last\"", "page=1>; rel=\"first\"", "page=1>; rel=\"prev\"" } },
	{ "page=2",                0,  0,    0, { "page=1>; rel=\"first\"", "page=1>; rel=\"prev\"" } },
};
/* clang-format on */

/* The header line of a row. */
static const char *
line_of(struct ctx *c, const char *const *links)
{
	const char *line = "";

	for (; *links != NULL; links++)
		line = arena_printf(
		    c->mem, "%s%s<" URL "%s", line, line[0] == '\0' ? "Link: " : ", ", *links);
	return line[0] == '\0' ? "" : arena_printf(c->mem, "%s\r\n", line);
}

static void
links_name_the_pages_that_there_are(void **state)
{
	for (size_t i = 0; i < N_OF(pages); i++) {
		struct req r = asked(*state, "/api/v1/projects", pages[i].query);
		struct abf_page page = abf_page(&r);

		page.total = pages[i].total;
		assert_int_equal(abf_page_links(&r, &page, pages[i].n), pages[i].shown);
		assert_string_equal(r.head->data, line_of(*state, pages[i].links));
	}
}

static void
only_a_list_that_has_another_page_is_counted(void **state)
{
	static const struct {
		const char *query;
		size_t n;
		bool needs;
	} rows[] = {
		{ "", 0, false },
		{ "", 20, false },
		{ "", 21, true },
		{ "page=2", 20, false }, /* the last one */
		{ "page=2", 21, true },
		{ "page=2", 0, true }, /* behind the end: prev is the last one */
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct req r = asked(*state, "/api/v1/projects", rows[i].query);
		struct abf_page page = abf_page(&r);

		assert_int_equal(page.total, -1);
		assert_int_equal(abf_page_needs_total(&page, rows[i].n), rows[i].needs);
	}
}

static void
links_keep_other_parameters_but_no_token(void **state)
{
	struct req r = asked(*state, "/api/v1/a<\xc3\xa9>.json",
	    "query=a%22%3e+%26b&page=1&type[]=x&authentication_token=secret&e");
	struct abf_page page = abf_page(&r);

	assert_int_equal(abf_page_links(&r, &page, 21), 20);
	assert_string_equal(r.head->data,
	    "Link: <https://hub.example/api/v1/a%3C%C3%A9%3E.json?"
	    "query=a%22%3E%20%26b&type%5B%5D=x&e=&page=2>; rel=\"next\"\r\n");
}

static void
a_query_too_long_for_a_header_has_no_links(void **state)
{
	struct ctx *c = *state;
	char *query = arena_alloc(c->mem, 8000);
	struct req r;
	struct abf_page page;

	memset(query, '+', 7999);
	query[0] = 'a';
	query[1] = '=';
	r = asked(c, "/api/v1/projects", query);
	page = abf_page(&r);
	assert_int_equal(abf_page_links(&r, &page, 21), 20);
	assert_string_equal(r.head->data, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(page_and_per_page_stay_within_their_bounds),
		WITH_CTX(links_name_the_pages_that_there_are),
		WITH_CTX(only_a_list_that_has_another_page_is_counted),
		WITH_CTX(links_keep_other_parameters_but_no_token),
		WITH_CTX(a_query_too_long_for_a_header_has_no_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
