/* Targets, patterns and the walk, over tables made for the test; the connection is a fake. */
#include "web/route.h"

#include "tests/unit/connection.h"

#include "base/conf.h"
#include "base/js.h"
#include "base/str.h"
#include "web/match.h"

/* ---- two small dialects */

static int
say_route(struct req *r)
{
	buf_text(r->out, r->route->path);
	return OK;
}

static int
say_page(struct req *r)
{
	buf_text(r->out, "a page");
	return OK;
}

static int say_inputs(struct req *r);

static int
make_much(struct req *r)
{
	char *much = arena_alloc(r->ctx->mem, RES_BODY_MAX + 1);

	buf_add(r->out, much, RES_BODY_MAX + 1);
	return OK;
}

static int
set_headers(struct req *r)
{
	res_header(r, "Cache-Control", "max-age=60");
	res_header(r, "content-security-policy", "sandbox");
	res_header_text(r, "X-Text", "a\r\nb\x01\xc3\xa9");
	buf_text(r->out, "x");
	return OK;
}

static void
refuse(struct req *r, int code)
{
	buf_printf(r->out, "no %s: %s", code_text(code), r->ctx->reason);
}

struct inputs {
	const char *text;
	int64_t number;
	bool flag;
};

static const struct field inputs_in[] = { FIELD_MAX(inputs, text, 10), FIELD(inputs, number),
	FIELD(inputs, flag), { 0 } };

static int
say_inputs(struct req *r)
{
	const struct inputs *in = r->in;

	buf_printf(
	    r->out, "%s %lld %d", in->text ? in->text : "-", (long long)in->number, in->flag);
	return OK;
}

static int n_admitted;
static bool is_too_much;

/* A dialect's limit. */
static int
admit(struct req *r)
{
	n_admitted++;
	r->rate.limit = 9;
	r->rate.left = 4;
	if (!is_too_much)
		return OK;
	r->ctx->reason = "too much";
	r->ctx->http_status = 429;
	return E_DENIED;
}

#define P PERM_PUBLIC
#define PROBE ROUTE_PROBE

/* Probes ask nobody and need no database: the rest of the walk is theirs too. */
/* clang-format off */
static const struct route first_rows[] = {
	{ GET,    "/",                  P, LOAD_NONE, say_route, NULL, PROBE },
	{ GET,    "/a",                 P, LOAD_NONE, say_route, NULL, PROBE },
	{ GET,    "/a/search",          P, LOAD_NONE, say_route, NULL, PROBE },
	{ GET,    "/a/:path",           P, LOAD_NONE, say_route, NULL, PROBE },
	{ GET,    "/a/:path/x/:number", P, LOAD_NONE, say_route, NULL, PROBE },
	{ GET,    "/b/:name",           P, LOAD_NONE, say_route, NULL, PROBE },
	{ GET,    "/much",              P, LOAD_NONE, make_much, NULL, PROBE },
	{ GET,    "/headers",           P, LOAD_NONE, set_headers, NULL, PROBE },
	{ POST,   "/in",                P, LOAD_NONE, say_inputs, inputs_in, PROBE },
	{ DELETE, "/a/:path",           PERM_ADMIN, LOAD_PROJECT, say_route, NULL, 0 },
	{ GET,    "/db",                P, LOAD_NONE, say_route, NULL, 0 },
	{ GET,    "/g/tree/*rest",      P, LOAD_NONE, say_route, NULL, 0 },
	{ GET,    "/n",                 P, LOAD_NONE, say_route, NULL, PROBE | ROUTE_NOT_HTML },
	{ 0 }
};
static const struct route second_rows[] = {
	{ GET,    "/*path.git/info/refs?service=git-upload-pack", P, LOAD_NONE, say_route, NULL, PROBE },
	{ GET,    "/*path.git/HEAD",        P, LOAD_NONE, say_route, NULL, PROBE },
	{ 0 }
};
static const struct route page_rows[] = {
	{ GET,    "/n",                 P, LOAD_NONE, say_page, NULL, PROBE | ROUTE_HTML },
	{ GET,    "/*path/tree/*rest",  P, LOAD_NONE, say_route, NULL, 0 },
	{ GET,    "/*path/commit/:id",  P, LOAD_NONE, say_route, NULL, 0 },
	{ POST,   "/*path/sync",        PERM_USER, LOAD_NONE, say_route, NULL, 0 },
	{ GET,    "/*path",             P, LOAD_NONE, say_route, NULL, 0 },
	{ 0 }
};
static const struct route third_rows[] = {
	{ GET,    "/p/db/:name",        P, LOAD_NONE, say_route, NULL, 0 },
	{ GET,    "/p/:name",           P, LOAD_NONE, say_route, NULL, PROBE },
	{ POST,   "/p/:name",           P, LOAD_NONE, say_route, NULL, PROBE },
	{ 0 }
};
/* clang-format on */

static const struct dialect first = { .name = "first",
	.realm = "R",
	.type = "text/plain",
	.routes = first_rows,
	.fail = refuse,
	.inputs = INPUT_FORM | INPUT_MULTIPART | INPUT_JSON };
static const struct dialect second = {
	.name = "second", .realm = "S", .type = "text/plain", .routes = second_rows, .fail = refuse
};
static const struct dialect third = { .name = "third",
	.realm = "T",
	.type = "text/plain",
	.routes = third_rows,
	.fail = refuse,
	.prefixes = (const char *const[]){ "/p", NULL },
	.admit = admit,
	.habits = HABIT_JSON_SUFFIX | HABIT_TAG_ALL | HABIT_REVALIDATE };
static const struct dialect pages = {
	.name = "pages", .realm = "P", .type = "text/html", .routes = page_rows, .fail = refuse
};
static const struct dialect *const dialects[] = { &first, &third, &second, NULL };
static const struct dialect *const with_pages[] = { &first, &third, &second, &pages, NULL };

/* ---- asking */

static struct fcgi connection;
static struct conf conf;

static const char *
answer_to(struct ctx *c, struct fcgi f)
{
	struct req r = { .ctx = c, .fcgi = &connection };

	conf = (struct conf){
		.body_bytes = 1024, .anonymous_read = true, .base_url = "https://hub.example"
	};
	c->conf = &conf;
	c->http_status = c->retry_after_s = 0;
	connection = f;
	connection.answer = buf_new(c->mem, RES_BODY_MAX * 2);
	route_serve(&r, dialects);
	return connection.answer->data;
}

static const char *
get(struct ctx *c, const char *target)
{
	return answer_to(
	    c, (struct fcgi){ .variables = { "REQUEST_METHOD", "GET", "REQUEST_URI", target } });
}

static const char *
post(struct ctx *c, const char *type, const char *body)
{
	return answer_to(c,
	    (struct fcgi){
		.variables = { "REQUEST_METHOD", "POST", "REQUEST_URI", "/in", "CONTENT_TYPE", type,
		    "CONTENT_LENGTH", arena_printf(c->mem, "%zu", strlen(body)) },
		.body = body,
		.body_len = strlen(body) });
}

/* What the match alone comes to: there is no database to ask who it is. */
static struct req
found_in(struct ctx *c, const struct dialect *const *among, const char *path, const char *query)
{
	struct fcgi *f = arena_new_of(c->mem, struct fcgi);
	struct req r = { .ctx = c, .fcgi = f, .dialect = &first };
	struct target t;

	*f = (struct fcgi){ .variables = { "REQUEST_METHOD", "GET", "REQUEST_URI",
				arena_printf(c->mem, "%s?%s", path, query) } };
	assert_int_equal(req_start(&r), OK);
	assert_int_equal(match_split(c, r.path, &t), OK);
	if (match_find(&r, among, &t) != OK)
		assert_int_equal(c->http_status, 400);
	return r;
}

static struct req
found(struct ctx *c, const char *path, const char *query)
{
	return found_in(c, dialects, path, query);
}

/* ---- targets */

static void
segments_are_decoded_once(void **state)
{
	struct ctx *c = *state;
	struct target t;

	assert_int_equal(match_split(c, "/a/%2541/b%2Fc/%C3%A9/", &t), OK);
	assert_int_equal(t.n, 4);
	assert_string_equal(t.segments[0].text, "a");
	assert_string_equal(t.segments[1].text, "%41");
	assert_string_equal(t.segments[2].text, "b/c");
	assert_string_equal(t.segments[3].text, "\xc3\xa9");
	assert_int_equal(match_split(c, "/", &t), OK);
	assert_int_equal(t.n, 0);
}

static void
targets_that_are_none_are_400(void **state)
{
	static const char *const targets[] = { "/%zz", "/a%2", "/%", "/%00", "/a%00b", "/a b",
		"/a\tb", "/\x01", "/\x7f", "/../%zz", "//%zz" };
	/* bytes that only a file in a repository can be called */
	static const char *const not_utf8[] = { "/%ff", "/%c0%ae", "/%ed%a0%80", "/\xff", "/a/%ff" };
	struct ctx *c = *state;
	struct target t;

	for (size_t i = 0; i < N_OF(targets); i++) {
		assert_int_equal(match_split(c, targets[i], &t), E_INVALID);
		assert_int_equal(c->http_status, 400);
		is_answer(get(c, targets[i]), 400, NULL);
	}
	for (size_t i = 0; i < N_OF(not_utf8); i++)
		is_answer(get(c, not_utf8[i]), 400, NULL);
	is_answer(get(c, ""), 400, NULL);
	is_answer(get(c, "a"), 400, NULL);
	is_answer(get(c, "http://x/"), 400, NULL);
}

static void
targets_that_name_nothing_are_404(void **state)
{
	static const char *const targets[] = { "//", "/a//", "//a", "/a//b", "/.", "/..", "/a/..",
		"/a/./b", "/%2e%2e", "/a/%2E", "/a/%2e%2e%2fetc", "/a/b%2f", "/a/%2fb",
		"/a/b%2f%2fc", "/a/%0d%0a", "/a/%01", "/a/%7f", "/a/%20%09" };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(targets); i++)
		assert_null(found(c, targets[i], "").route);
}

static void
a_path_has_a_bounded_number_of_segments(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 1000);

	buf_text(b, "/g/tree");
	for (int i = 2; i < MATCH_SEGMENTS_MAX; i++)
		buf_text(b, "/a");
	assert_non_null(found(c, b->data, "").route);
	buf_text(b, "/a");
	assert_null(found(c, b->data, "").route);
}

/* ---- patterns */

static void
the_row_that_fits_is_found(void **state)
{
	static const struct {
		const char *path, *query, *row, *name, *value;
	} rows[] = {
		{ "/", "", "/", NULL, NULL },
		{ "/a", "", "/a", NULL, NULL },
		{ "/a/", "", "/a", NULL, NULL },
		{ "/a/search", "", "/a/search", NULL, NULL },
		{ "/a/%73earch", "", "/a/search", NULL, NULL },
		{ "/a/b", "", "/a/:path", "path", "b" },
		{ "/a/b%2Fc", "", "/a/:path", "path", "b/c" },
		{ "/a/%252e", "", "/a/:path", "path", "%2e" },
		{ "/a/b%2Fc/x/7", "", "/a/:path/x/:number", "number", "7" },
		{ "/a/b%2Fc/x/7", "", "/a/:path/x/:number", "path", "b/c" },
		{ "/a/b/x/7%2F8", "", NULL, NULL, NULL },
		{ "/a/b/x", "", NULL, NULL, NULL },
		{ "/a/b/y/7", "", NULL, NULL, NULL },
		{ "/A", "", NULL, NULL, NULL },
		{ "/a%20", "", NULL, NULL, NULL },
		{ "/b/c", "", "/b/:name", "name", "c" },
		{ "/b/c%2Fd", "", NULL, NULL, NULL },
		{ "/x.git/HEAD", "", "/*path.git/HEAD", "path", "x" },
		{ "/x/y/z.git/HEAD", "", "/*path.git/HEAD", "path", "x/y/z" },
		{ "/x.git/y.git/HEAD", "", "/*path.git/HEAD", "path", "x.git/y" },
		{ "/x/HEAD", "", NULL, NULL, NULL },
		{ "/.git/HEAD", "", NULL, NULL, NULL },
		{ "/x/.git/HEAD", "", NULL, NULL, NULL },
		{ "/x%2Fy.git/HEAD", "", NULL, NULL, NULL },
		{ "/HEAD", "", NULL, NULL, NULL },
		{ "/a/x.git/info/refs", "service=git-upload-pack",
		    "/*path.git/info/refs?service=git-upload-pack", "path", "a/x" },
		{ "/x.git/info/refs", "a=b&service=git%2Dupload-pack&service=z",
		    "/*path.git/info/refs?service=git-upload-pack", "path", "x" },
		{ "/x.git/info/refs", "service=git-receive-pack", NULL, NULL, NULL },
		{ "/x.git/info/refs", "", NULL, NULL, NULL },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct req r = found(c, rows[i].path, rows[i].query);

		if (rows[i].row == NULL) {
			assert_null(r.route);
			continue;
		}
		assert_non_null(r.route);
		assert_string_equal(r.route->path, rows[i].row);
		if (rows[i].name != NULL)
			assert_string_equal(req_param(&r, rows[i].name), rows[i].value);
		else
			assert_null(r.params[0].name);
	}
}

static void
what_is_left_of_an_address_is_bytes(void **state)
{
	static const struct {
		const char *path, *rest;
	} rows[] = {
		{ "/g/tree/main", "main" },
		{ "/g/tree/main/lib/a.c", "main/lib/a.c" },
		{ "/g/tree/feature%2Fx//lib///a.c/", "feature/x/lib/a.c" },
		{ "/g/tree/main/%ff%0a/..%2f/../.", "main/\xff\n/..//../." },
		{ "/g/tree", NULL },
		{ "/g/tree/", NULL },
		{ "/g/tree//", NULL },
		{ "/g/%ff/main", NULL },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct req r = found(c, rows[i].path, "");

		assert_int_equal(r.route != NULL, rows[i].rest != NULL);
		if (r.route != NULL)
			assert_string_equal(req_param(&r, "rest"), rows[i].rest);
	}
}

/* All ways to read an address, in the order in which projects are looked for. */
static const char *
ways(struct ctx *c, const char *path)
{
	struct buf *b = buf_new(c->mem, 1000);
	struct req r = found_in(c, with_pages, path, "");

	if (r.route == NULL)
		return "";
	do
		buf_printf(b, "%s%s", b->len > 0 ? ", " : "", req_param(&r, "path"));
	while (match_next(&r));
	return b->data;
}

static void
an_address_may_be_several_projects_pages(void **state)
{
	static const struct {
		const char *path, *paths;
	} rows[] = {
		{ "/x", "x" },
		{ "/x/y/z", "x/y/z" },
		{ "/x/tree", "x/tree" },
		{ "/x/tree/main", "x, x/tree/main" },
		{ "/x/tree/main/tree/a", "x, x/tree/main, x/tree/main/tree/a" },
		{ "/x/commit/tree/a", "x/commit, x/commit/tree/a" },
		{ "/x/tree/%ff", "x" },
		{ "/x/tree/a%2Fb", "x" },
		{ "/x.git/tree/main", "" },
		{ "/x.git/git-upload-pack", "" },
		{ "/x/tree/y.git/z", "x" },
		{ "/x.git", "" },
		{ "/x%2Fy", "" },
		{ "/p/tree/main", "" }, /* what another dialect has claimed */
		{ "/x/tree/a/tree/b/tree/c/tree/d/tree/e/tree/f/tree/g/tree/h/tree/i",
		    "x, x/tree/a, x/tree/a/tree/b, x/tree/a/tree/b/tree/c, "
		    "x/tree/a/tree/b/tree/c/tree/d, x/tree/a/tree/b/tree/c/tree/d/tree/e, "
		    "x/tree/a/tree/b/tree/c/tree/d/tree/e/tree/f, "
		    "x/tree/a/tree/b/tree/c/tree/d/tree/e/tree/f/tree/g" },
	};
	struct ctx *c = *state;
	struct req r = found_in(c, with_pages, "/x/tree/main", "");

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(ways(c, rows[i].path), rows[i].paths);
	assert_true(match_next(&r));
	assert_string_equal(r.route->path, "/*path");
	assert_false(match_next(&r));
	assert_string_equal(r.route->path, "/*path/tree/*rest");
	assert_string_equal(req_param(&r, "rest"), "main");
}

static void
one_address_has_a_page_and_a_document(void **state)
{
	static const struct {
		const char *accept, *body;
	} rows[] = { { NULL, "/n" }, { "*/*", "/n" }, { "application/json", "/n" },
		{ "text/html", "a page" }, { "a/b;q=0.1, application/xhtml+xml", "a page" } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct req r = { .ctx = c, .fcgi = &connection };

		connection = (struct fcgi){ .variables = { "REQUEST_METHOD", "GET", "REQUEST_URI", "/n",
						"HTTP_ACCEPT", rows[i].accept } };
		connection.answer = buf_new(c->mem, RES_BODY_MAX);
		route_serve(&r, with_pages);
		assert_non_null(strstr(connection.answer->data, "\r\nVary: Accept\r\n"));
		assert_true(str_ends(connection.answer->data, rows[i].body));
	}
}

static void
other_methods_are_405_with_allow(void **state)
{
	static const char *const methods[] = { "PUT", "PATCH", "FOO", "get", "", "TRACE" };
	struct ctx *c = *state;

	/* the walk asks who it is before it says so; there is no database here, so look at the
	 * match alone */
	for (size_t i = 0; i < N_OF(methods); i++) {
		struct fcgi f = { .variables = {
				      "REQUEST_METHOD", methods[i], "REQUEST_URI", "/a/b" } };
		struct req r = { .ctx = c, .fcgi = &f, .dialect = &first };
		struct target t;

		assert_int_equal(req_start(&r), OK);
		assert_int_equal(match_split(c, r.path, &t), OK);
		assert_int_equal(match_find(&r, dialects, &t), OK);
		assert_null(r.route);
		assert_ptr_equal(r.dialect, &first);
		assert_string_equal(r.allow, "DELETE, GET, HEAD, OPTIONS");
	}
}

/* ---- the answer */

static void
every_answer_has_the_fixed_headers(void **state)
{
	static const char *const headers[] = { "X-Content-Type-Options: nosniff\r\n",
		"Referrer-Policy: no-referrer\r\n", "Content-Security-Policy: default-src 'none'",
		"Cross-Origin-Resource-Policy: same-origin\r\n",
		"X-Request-Id: ", "Cache-Control: no-cache\r\n", "Content-Length: " };
	static const char *const targets[] = { "/a", "/%zz", "/db" };
	struct ctx *c = *state;

	for (size_t t = 0; t < N_OF(targets); t++)
		for (size_t i = 0; i < N_OF(headers); i++)
			assert_non_null(strstr(get(c, targets[t]), headers[i]));
}

static void
a_handler_may_set_them_otherwise(void **state)
{
	const char *answer = get(*state, "/headers");

	assert_non_null(strstr(answer, "\r\nCache-Control: max-age=60\r\n"));
	assert_null(strstr(answer, "no-cache"));
	assert_non_null(strstr(answer, "content-security-policy: sandbox\r\n"));
	assert_null(strstr(answer, "default-src"));
	assert_non_null(strstr(answer, "Referrer-Policy"));
	assert_non_null(strstr(answer, "\r\nX-Text: a??b???\r\n"));
}

static void
head_is_get_without_its_body(void **state)
{
	struct ctx *c = *state;
	const char *answer = answer_to(
	    c, (struct fcgi){ .variables = { "REQUEST_METHOD", "HEAD", "REQUEST_URI", "/a" } });

	is_answer(answer, 200, "");
	assert_non_null(strstr(answer, "Content-Length: 2\r\n"));
	assert_non_null(strstr(answer, "ETag: "));
}

static void
a_known_etag_is_304(void **state)
{
	struct ctx *c = *state;
	const char *tag = strstr(get(c, "/a"), "ETag: ") + 6;
	const char *lists[] = { "%s", "W/%s", "\"x\", %s", "\"x\",%s,\"y\"", "*" };

	tag = arena_strndup(c->mem, tag, strcspn(tag, "\r"));
	for (size_t i = 0; i < N_OF(lists); i++) {
		const char *percent = strstr(lists[i], "%s");
		const char *list = percent == NULL
		    ? lists[i]
		    : arena_printf(c->mem, "%.*s%s%s", (int)(percent - lists[i]), lists[i], tag,
			  percent + 2);
		const char *answer = answer_to(c,
		    (struct fcgi){ .variables = { "REQUEST_METHOD", "GET", "REQUEST_URI", "/a",
				       "HTTP_IF_NONE_MATCH", list } });

		is_answer(answer, 304, "");
		assert_null(strstr(answer, "Content-Length"));
		assert_non_null(strstr(answer, "ETag: "));
	}
	is_answer(answer_to(c,
		      (struct fcgi){ .variables = { "REQUEST_METHOD", "GET", "REQUEST_URI", "/a",
					 "HTTP_IF_NONE_MATCH", "\"x\", y" } }),
	    200, "/a");
}

static void
by_habit_every_200_has_a_tag_and_refusals_are_not_kept(void **state)
{
	struct ctx *c = *state;
	const char *answer = answer_to(c,
	    (struct fcgi){ .variables = { "REQUEST_METHOD", "POST", "REQUEST_URI", "/p/x",
			       "HTTP_IF_NONE_MATCH", "*" } });

	is_answer(answer, 200, "/p/:name");
	assert_non_null(strstr(answer, "\r\nETag: \""));
	assert_non_null(
	    strstr(answer, "\r\nCache-Control: max-age=0, private, must-revalidate\r\n"));
	answer = answer_to(c,
	    (struct fcgi){ .variables = { "REQUEST_METHOD", "GET", "REQUEST_URI", "/p/x",
			       "HTTP_IF_NONE_MATCH", "*" } });
	is_answer(answer, 304, "");
	assert_non_null(strstr(answer, "\r\nETag: \""));
	assert_non_null(
	    strstr(answer, "\r\nCache-Control: max-age=0, private, must-revalidate\r\n"));
	answer = get(c, "/p/x?format=xml");
	assert_null(strstr(answer, "ETag"));
	assert_non_null(strstr(answer, "\r\nCache-Control: no-cache\r\n"));
}

static void
what_lies_below_a_prefix_is_its_dialects_to_refuse(void **state)
{
	static const struct {
		const char *path, *dialect;
	} rows[] = { { "/p", "third" }, { "/p/", "third" }, { "/p/x/y", "third" },
		{ "/p//x", "third" }, { "/px", "second" }, { "/", "second" },
		{ "/%70/x", "second" } };

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(match_dialect(dialects, rows[i].path)->name, rows[i].dialect);
}

static void
a_dialect_judges_each_request_once_whatever_it_comes_to(void **state)
{
	static const struct {
		const char *target;
		int status, times;
	} rows[] = {
		{ "/p/db/x", 503, 1 },
		{ "/p/nothing/at/all", 503, 1 }, /* without a database nobody is told more */
		{ "/p/%zz", 400, 1 },
		{ "/p/x?%zz", 400, 1 },
		{ "/p/x", 200, 0 }, /* a probe */
		{ "/db", 503, 0 },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *answer;

		n_admitted = 0;
		answer = get(c, rows[i].target);
		is_answer(answer, rows[i].status, NULL);
		assert_int_equal(n_admitted, rows[i].times);
		assert_int_equal(strstr(answer,
				     "\r\nX-RateLimit-Limit: 9\r\n"
				     "X-RateLimit-Remaining: 4\r\n") != NULL,
		    rows[i].times > 0);
		is_too_much = true;
		is_answer(get(c, rows[i].target), rows[i].times > 0 ? 429 : rows[i].status,
		    rows[i].times > 0 ? "no denied: too much" : NULL);
		is_too_much = false;
	}
}

static void
the_clients_id_is_taken_when_it_is_harmless(void **state)
{
	static const struct {
		const char *id;
		bool is_taken;
	} rows[] = { { "abc-DEF_123", true }, { "12345678", true }, { "1234567", false },
		{ "a b c d e f", false }, { "abcdefgh\"", false }, { "abcd\r\nX: y", false },
		{ "0123456789012345678901234567890123456789012345678901234567890123", true },
		{ "01234567890123456789012345678901234567890123456789012345678901234", false } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *answer = answer_to(c,
		    (struct fcgi){ .variables = { "REQUEST_METHOD", "GET", "REQUEST_URI", "/a",
				       "HTTP_X_REQUEST_ID", rows[i].id } });
		const char *line = arena_printf(c->mem, "X-Request-Id: %s\r\n", rows[i].id);

		assert_int_equal(strstr(answer, line) != NULL, rows[i].is_taken);
	}
}

static void
an_answer_that_is_too_large_is_500(void **state)
{
	is_answer(get(*state, "/much"), 500, NULL);
}

static void
without_a_database_the_answer_is_503(void **state)
{
	struct ctx *c = *state;

	is_answer(get(c, "/db"), 503, NULL);
	assert_non_null(strstr(get(c, "/db"), "Retry-After: 1\r\n"));
	is_answer(get(c, "/nothing"), 503, NULL);
}

static void
codes_become_statuses(void **state)
{
	struct ctx *c = *state;
	struct req r = { .ctx = c };

	assert_int_equal(route_status(&r, E_NOTFOUND), 404);
	assert_int_equal(route_status(&r, E_DENIED), 401);
	assert_int_equal(route_status(&r, E_INVALID), 422);
	assert_int_equal(route_status(&r, E_CONFLICT), 409);
	assert_int_equal(route_status(&r, E_INTERNAL), 500);
	r.account.id = 7;
	assert_int_equal(route_status(&r, E_DENIED), 403);
	c->retry_after_s = 1;
	assert_int_equal(route_status(&r, E_INTERNAL), 503);
	c->http_status = 429;
	assert_int_equal(route_status(&r, E_DENIED), 429);
}

/* ---- inputs */

static void
inputs_come_from_forms_multipart_and_json(void **state)
{
	struct ctx *c = *state;

	is_answer(post(c, "application/x-www-form-urlencoded", "text=a+b&number=-7&flag=true"), 200,
	    "a b -7 1");
	is_answer(post(c, "APPLICATION/JSON; charset=UTF-8",
		      " {\"text\": \"a b\", \"number\": -7, \"flag\": true}\n"),
	    200, "a b -7 1");
	is_answer(post(c, "multipart/form-data; boundary=X",
		      "--X\r\nContent-Disposition: form-data; name=text\r\n\r\na b\r\n--X--"),
	    200, "a b 0 0");
	is_answer(post(c, "application/json", "{\"text\":null}"), 200, "- 0 0");
	is_answer(
	    post(c, "application/x-www-form-urlencoded", "text=1&text=22222222222"), 200, "1 0 0");
	is_answer(post(c, "", ""), 200, "- 0 0");
}

static void
inputs_of_another_kind_are_refused(void **state)
{
	static const struct {
		const char *type, *body;
		int status;
	} rows[] = {
		{ "", "text=a", 415 },
		{ "text/plain", "text=a", 415 },
		{ "text/plain", "{\"text\":\"a\"}", 415 },
		{ "application/jsonx", "{}", 415 },
		{ "application/json; charset=utf-16", "{}", 415 },
		{ "application/json", "", 400 },
		{ "application/json", "  ", 400 },
		{ "application/json", "[]", 400 },
		{ "application/json", "\"x\"", 400 },
		{ "application/json", "null", 400 },
		{ "application/json", "{\"text\":\"a\"", 400 },
		{ "application/json", "{\"text\":\"a\",\"text\":\"b\"}", 400 },
		{ "application/json", "{\"text\":\"\\u0000\"}", 400 },
		{ "application/json", "{\"text\":5}", 422 },
		{ "application/json", "{\"text\":true}", 422 },
		{ "application/json", "{\"text\":[\"a\"]}", 422 },
		{ "application/json", "{\"number\":\"12\"}", 422 },
		{ "application/json", "{\"number\":3.9}", 422 },
		{ "application/json", "{\"number\":true}", 422 },
		{ "application/json", "{\"flag\":1}", 422 },
		{ "application/json", "{\"flag\":\"true\"}", 422 },
		{ "application/json", "{\"other\":1}", 422 },
		{ "application/json", "{\"text\":\"12345678901\"}", 422 },
		{ "application/x-www-form-urlencoded", "text=12345678901", 422 },
		{ "application/x-www-form-urlencoded", "number=12abc", 422 },
		{ "application/x-www-form-urlencoded", "number=", 422 },
		{ "application/x-www-form-urlencoded", "number=99999999999999999999", 422 },
		{ "application/x-www-form-urlencoded", "flag=yes", 422 },
		{ "application/x-www-form-urlencoded", "other=1", 422 },
		{ "application/x-www-form-urlencoded", "text=%00", 400 },
		{ "multipart/form-data", "x", 400 },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *answer = post(c, rows[i].type, rows[i].body);

		is_answer(answer, rows[i].status, NULL);
		assert_null(strstr(answer, "12345678901")); /* values are not repeated */
	}
}

static void
bodies_have_the_length_they_promise(void **state)
{
	static const struct {
		const char *length;
		size_t sent;
		bool is_cut;
		int status;
	} rows[] = {
		{ "6", 6, false, 200 },
		{ "", 6, false, 200 }, /* chunked and not collected by nginx: up to its end */
		{ "10", 6, false, 400 },
		{ "10", 6, true, 400 },
		{ "6", 3, true, 400 },
		{ "-1", 6, false, 400 },
		{ "+6", 6, false, 400 },
		{ "0x6", 6, false, 400 },
		{ "6,6", 6, false, 400 },
		{ "99999999999999999999", 6, false, 400 },
		{ "1025", 6, false, 413 },
		{ "999999999999999999", 6, false, 413 },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		is_answer(answer_to(c,
			      (struct fcgi){
				  .variables = { "REQUEST_METHOD", "POST", "REQUEST_URI", "/in",
				      "CONTENT_TYPE", "application/x-www-form-urlencoded",
				      "CONTENT_LENGTH", rows[i].length },
				  .body = "text=a",
				  .body_len = rows[i].sent,
				  .is_cut = rows[i].is_cut }),
		    rows[i].status, NULL);
}

static void
a_body_without_a_length_is_bounded_too(void **state)
{
	struct ctx *c = *state;
	char *body = arena_alloc(c->mem, 5000);

	memset(body, 'a', 4999);
	is_answer(answer_to(c,
		      (struct fcgi){ .variables = { "REQUEST_METHOD", "POST", "REQUEST_URI", "/in",
					 "CONTENT_TYPE", "application/x-www-form-urlencoded" },
			  .body = body,
			  .body_len = 4999 }),
	    413, NULL);
}

static void
the_query_is_checked_before_anything(void **state)
{
	struct ctx *c = *state;
	struct buf *many = buf_new(c->mem, 1000);

	buf_text(many, "/a?");
	for (int i = 0; i <= 100; i++)
		buf_text(many, "x&");
	is_answer(get(c, many->data), 400, NULL);
	is_answer(get(c, "/a?x=%zz"), 400, NULL);
	is_answer(get(c, "/a?x=%00"), 400, NULL);
	is_answer(get(c, "/a?x=%ff"), 400, NULL);
	is_answer(get(c, "/a?"), 200, "/a");
	is_answer(get(c, "/a?x[]=1&?"), 200, "/a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(segments_are_decoded_once),
		WITH_CTX(targets_that_are_none_are_400),
		WITH_CTX(targets_that_name_nothing_are_404),
		WITH_CTX(a_path_has_a_bounded_number_of_segments),
		WITH_CTX(the_row_that_fits_is_found),
		WITH_CTX(what_is_left_of_an_address_is_bytes),
		WITH_CTX(an_address_may_be_several_projects_pages),
		WITH_CTX(one_address_has_a_page_and_a_document),
		WITH_CTX(other_methods_are_405_with_allow),
		WITH_CTX(every_answer_has_the_fixed_headers),
		WITH_CTX(a_handler_may_set_them_otherwise),
		WITH_CTX(head_is_get_without_its_body),
		WITH_CTX(a_known_etag_is_304),
		WITH_CTX(by_habit_every_200_has_a_tag_and_refusals_are_not_kept),
		WITH_CTX(what_lies_below_a_prefix_is_its_dialects_to_refuse),
		WITH_CTX(a_dialect_judges_each_request_once_whatever_it_comes_to),
		WITH_CTX(the_clients_id_is_taken_when_it_is_harmless),
		WITH_CTX(an_answer_that_is_too_large_is_500),
		WITH_CTX(without_a_database_the_answer_is_503),
		WITH_CTX(codes_become_statuses),
		WITH_CTX(inputs_come_from_forms_multipart_and_json),
		WITH_CTX(inputs_of_another_kind_are_refused),
		WITH_CTX(bodies_have_the_length_they_promise),
		WITH_CTX(a_body_without_a_length_is_bounded_too),
		WITH_CTX(the_query_is_checked_before_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
