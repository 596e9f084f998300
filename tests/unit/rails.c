/* Inputs as Rails' clients send them: which of several places wins, and what is no text. */
#include "web/rails.h"

#include "tests/unit/connection.h"

#include "base/conf.h"
#include "base/fault.h"
#include "base/str.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define JSON_TYPE "application/json"
#define MULTIPART_TYPE "multipart/form-data; boundary=X"

/* ---- a small dialect */

struct inputs {
	const char *name, *flag;
};

static const struct field inputs_in[] = { FIELD_MAX(inputs, name, 10), FIELD(inputs, flag), { 0 } };

static const struct field root_in[] = { FIELD_AS(inputs, name, "thing"), { 0 } };

static int
say_inputs(struct req *r)
{
	const struct inputs *in = r->in;

	buf_printf(r->out, "%s %s", in->name ? in->name : "-", in->flag ? in->flag : "-");
	return OK;
}

/* What a dialect's own input sees, before the others are read. */
static int
say_text(struct req *r)
{
	const char *text = rails_text(r, "name");

	buf_text(r->out, text != NULL ? text : "-");
	return OK;
}

static int
say_page(struct req *r)
{
	buf_text(r->out, req_query(r, "page"));
	return OK;
}

static void
refuse(struct req *r, int code)
{
	const struct faults *faults = r->ctx->faults;

	buf_text(r->out, code_text(code));
	for (size_t i = 0; faults != NULL && i < faults->n; i++)
		buf_printf(r->out, " %s:%d:%d", faults->rows[i].field, faults->rows[i].kind,
		    (int)faults->rows[i].limit);
}

static const char *
root_of(const struct route *row)
{
	return row->words;
}

/* clang-format off */
static const struct route rows[] = {
	{ POST,   "/in",    PERM_PUBLIC, LOAD_NONE, say_inputs, inputs_in, ROUTE_PROBE, "thing" },
	{ DELETE, "/in",    PERM_PUBLIC, LOAD_NONE, say_inputs, inputs_in, ROUTE_PROBE, "thing" },
	{ GET,    "/in",    PERM_PUBLIC, LOAD_NONE, say_inputs, inputs_in, ROUTE_PROBE, "thing" },
	{ POST,   "/flat",  PERM_PUBLIC, LOAD_NONE, say_inputs, inputs_in, ROUTE_PROBE },
	{ POST,   "/root",  PERM_PUBLIC, LOAD_NONE, say_inputs, root_in,   ROUTE_PROBE, "thing" },
	{ POST,   "/text",  PERM_PUBLIC, LOAD_NONE, say_text,   NULL,      ROUTE_PROBE, "thing" },
	{ POST,   "/both",  PERM_PUBLIC, LOAD_NONE, say_text,   inputs_in, ROUTE_PROBE, "thing" },
	{ GET,    "/page",  PERM_PUBLIC, LOAD_NONE, say_page,   NULL,      ROUTE_PROBE },
	{ 0 }
};
/* clang-format on */

static const struct dialect dialect = { .name = "rails",
	.realm = "R",
	.type = "text/plain",
	.routes = rows,
	.fail = refuse,
	.inputs = INPUT_FORM | INPUT_MULTIPART | INPUT_JSON | INPUT_RAILS,
	.root = root_of };
static const struct dialect *const dialects[] = { &dialect, NULL };

static const char *
ask(struct ctx *c, const char *method, const char *target, const char *type, const char *body)
{
	static struct conf conf;
	struct fcgi f = {
		.variables = { "REQUEST_METHOD", method, "REQUEST_URI", target, "CONTENT_TYPE",
		    type, "CONTENT_LENGTH", arena_printf(c->mem, "%zu", strlen(body)) },
		.body = body,
		.body_len = strlen(body),
		.answer = buf_new(c->mem, 1 << 20),
	};
	struct req r = { .ctx = c, .fcgi = &f };

	conf = (struct conf){
		.body_bytes = 4096, .anonymous_read = true, .base_url = "https://hub.example"
	};
	c->conf = &conf;
	c->http_status = 0;
	c->faults = NULL;
	route_serve(&r, dialects);
	return f.answer->data;
}

static const char *
post(struct ctx *c, const char *type, const char *body)
{
	return ask(c, "POST", "/in", type, body);
}

/* ---- tests */

static void
forms_multipart_and_json_name_fields_with_and_without_the_root(void **state)
{
	static const struct {
		const char *type, *body;
	} bodies[] = {
		{ FORM_TYPE, "name=a&flag=b" },
		{ FORM_TYPE, "thing[name]=a&thing%5Bflag%5D=b" },
		{ FORM_TYPE, "thing[name]=a&flag=b" },
		{ FORM_TYPE, "thing[name]=a&name=other&flag=b" },
		{ FORM_TYPE, "thing[id]=7&other[name]=x&namely=y&x[]=1&name=a&flag=b" },
		{ JSON_TYPE, "{\"name\":\"a\",\"flag\":\"b\"}" },
		{ JSON_TYPE, "{\"thing\":{\"name\":\"a\",\"flag\":\"b\"}}" },
		{ JSON_TYPE, "{\"thing\":{\"name\":\"a\"},\"name\":\"other\",\"flag\":\"b\"}" },
		{ JSON_TYPE,
		    "{\"thing\":{\"name\":\"a\",\"flag\":\"b\",\"id\":1,\"x\":[]},\"y\":{}}" },
		{ MULTIPART_TYPE,
		    "--X\r\nContent-Disposition: form-data; name=\"thing[name]\"\r\n\r\na\r\n"
		    "--X\r\nContent-Disposition: form-data; name=flag\r\n\r\nb\r\n--X--" },
	};

	for (size_t i = 0; i < N_OF(bodies); i++)
		is_answer(post(*state, bodies[i].type, bodies[i].body), 200, "a b");
}

static void
the_body_wins_over_the_query_and_the_root_within_each(void **state)
{
	static const struct {
		const char *target, *type, *body, *said;
	} rows_of[] = {
		{ "/in?name=a&flag=b", "", "", "a b" },
		{ "/in?thing[name]=a&thing%5bflag%5d=b", "", "", "a b" },
		{ "/in?name=x&thing[name]=a", "", "", "a -" },
		{ "/in?name=x&flag=b", FORM_TYPE, "name=a", "a b" },
		{ "/in?thing[name]=x&flag=b", FORM_TYPE, "name=a", "a b" },
		{ "/in?thing[name]=x&flag=b", JSON_TYPE, "{\"name\":\"a\"}", "a b" },
		{ "/in?thing[name]=x&flag=b", JSON_TYPE, "{\"thing\":{\"name\":\"a\"}}", "a b" },
		{ "/in?thing[name]=x", JSON_TYPE, "{\"thing\":{\"name\":null}}", " -" },
		{ "/flat?name=a", FORM_TYPE, "thing[name]=x&thing=y&flag=b", "a b" },
		{ "/root", FORM_TYPE, "thing=a", "a -" },
		{ "/root", JSON_TYPE, "{\"thing\":\"a\"}", "a -" },
	};

	for (size_t i = 0; i < N_OF(rows_of); i++)
		is_answer(ask(*state, "POST", rows_of[i].target, rows_of[i].type, rows_of[i].body),
		    200, rows_of[i].said);
}

static void
delete_has_a_body_and_get_has_none(void **state)
{
	struct ctx *c = *state;

	is_answer(ask(c, "DELETE", "/in?flag=b", JSON_TYPE, "{\"name\":\"a\"}"), 200, "a b");
	is_answer(ask(c, "GET", "/in?flag=b", JSON_TYPE, "{\"name\":\"a\"}"), 200, "- b");
	is_answer(ask(c, "GET", "/in?flag=b", JSON_TYPE, "{"), 200, "- b");
}

static void
scalars_are_texts(void **state)
{
	static const struct {
		const char *value, *said;
	} values[] = { { "true", "true -" }, { "false", "false -" }, { "12", "12 -" },
		{ "-7", "-7 -" }, { "1.5", "1.5 -" }, { "null", " -" }, { "\"\"", " -" },
		{ "\" a \"", " a  -" }, { "9223372036", "9223372036 -" } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(values); i++)
		is_answer(
		    post(c, JSON_TYPE, arena_printf(c->mem, "{\"name\":%s}", values[i].value)), 200,
		    values[i].said);
}

static void
of_repeated_names_the_last_wins(void **state)
{
	struct ctx *c = *state;

	is_answer(post(c, FORM_TYPE, "name=x&name=a"), 200, "a -");
	is_answer(post(c, FORM_TYPE, "thing[name]=x&thing[name]=a&name=y"), 200, "a -");
	is_answer(ask(c, "POST", "/in?name=x&name=a", "", ""), 200, "a -");
	is_answer(ask(c, "GET", "/page?page=1&page=2", "", ""), 200, "2");
}

static void
lists_and_objects_are_no_texts(void **state)
{
	static const struct {
		const char *type, *body;
	} bodies[] = {
		{ JSON_TYPE, "{\"name\":[\"a\"]}" },
		{ JSON_TYPE, "{\"name\":{\"a\":1}}" },
		{ JSON_TYPE, "{\"thing\":{\"name\":[]}}" },
		{ FORM_TYPE, "name[]=a" },
		{ FORM_TYPE, "name[x]=a" },
		{ FORM_TYPE, "name=a&name[]=b" },
		{ FORM_TYPE, "thing[name][]=a" },
	};

	for (size_t i = 0; i < N_OF(bodies); i++)
		is_answer(post(*state, bodies[i].type, bodies[i].body), 422, "invalid name:2:0");
}

static void
long_texts_are_counted_in_characters_and_not_repeated(void **state)
{
	struct ctx *c = *state;

	is_answer(post(c, FORM_TYPE, "name=1234567890"), 200, "1234567890 -");
	is_answer(post(c, FORM_TYPE, "name=%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9"), 200, NULL);
	is_answer(post(c, FORM_TYPE, "name=12345678901"), 422, "invalid name:4:10");
	is_answer(post(c, JSON_TYPE, "{\"name\":12345678901,\"flag\":[]}"), 422,
	    "invalid name:4:10 flag:2:0");
}

static void
a_root_that_is_no_object_is_400(void **state)
{
	static const struct {
		const char *target, *type, *body;
	} wrong[] = {
		{ "/in", JSON_TYPE, "{\"thing\":5}" },
		{ "/in", JSON_TYPE, "{\"thing\":null}" },
		{ "/in", JSON_TYPE, "{\"thing\":[{\"name\":\"a\"}]}" },
		{ "/in", FORM_TYPE, "thing=a" },
		{ "/in", FORM_TYPE, "thing[]=a" },
		{ "/in?thing=a", FORM_TYPE, "" },
		{ "/in?name=a&thing", "", "" },
	};

	for (size_t i = 0; i < N_OF(wrong); i++)
		is_answer(ask(*state, "POST", wrong[i].target, wrong[i].type, wrong[i].body), 400,
		    "invalid");
}

static void
bodies_that_are_none_are_refused_and_missing_ones_are_not(void **state)
{
	static const struct {
		const char *type, *body;
		int status;
	} bodies[] = {
		{ JSON_TYPE, "{", 400 },
		{ JSON_TYPE, "[]", 400 },
		{ JSON_TYPE, "null", 400 },
		{ JSON_TYPE, "5", 400 },
		{ JSON_TYPE, " ", 400 },
		{ JSON_TYPE, "{\"name\":1,\"name\":2}", 400 },
		{ FORM_TYPE, "name=%zz", 400 },
		{ FORM_TYPE, "{\"name\":1}", 200 },
		{ "multipart/form-data", "x", 400 },
		{ "text/plain", "name=a", 415 },
		{ "", "name=a", 415 },
		{ JSON_TYPE "; charset=utf-16", "{}", 415 },
		{ JSON_TYPE, "", 200 },
		{ MULTIPART_TYPE, "", 200 },
		{ "text/plain", "", 200 },
		{ "", "", 200 },
	};

	for (size_t i = 0; i < N_OF(bodies); i++)
		is_answer(post(*state, bodies[i].type, bodies[i].body), bodies[i].status, NULL);
}

static void
a_dialect_may_look_at_one_text_before_the_row_is_read(void **state)
{
	static const struct {
		const char *target, *type, *body, *said;
	} looks[] = {
		{ "/text?name=a", "", "", "a" },
		{ "/text?name=x", FORM_TYPE, "name=a", "a" },
		{ "/text?name=x", JSON_TYPE, "{\"name\":\"a\"}", "a" },
		{ "/text?name=a", JSON_TYPE, "{", "a" },
		{ "/text", JSON_TYPE, "{", "-" },
		{ "/text", JSON_TYPE, "{\"name\":[]}", "-" },
		{ "/text", JSON_TYPE, "{\"thing\":{\"name\":\"x\"}}", "-" },
		{ "/text", FORM_TYPE, "thing[name]=x&name[]=y", "-" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(looks); i++)
		is_answer(ask(c, "POST", looks[i].target, looks[i].type, looks[i].body), 200,
		    looks[i].said);
	is_answer(ask(c, "POST", "/both", FORM_TYPE, "name=a"), 200, "a");
	is_answer(ask(c, "POST", "/both", JSON_TYPE, "{"), 400, "invalid");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(forms_multipart_and_json_name_fields_with_and_without_the_root),
		WITH_CTX(the_body_wins_over_the_query_and_the_root_within_each),
		WITH_CTX(delete_has_a_body_and_get_has_none),
		WITH_CTX(scalars_are_texts),
		WITH_CTX(of_repeated_names_the_last_wins),
		WITH_CTX(lists_and_objects_are_no_texts),
		WITH_CTX(long_texts_are_counted_in_characters_and_not_repeated),
		WITH_CTX(a_root_that_is_no_object_is_400),
		WITH_CTX(bodies_that_are_none_are_refused_and_missing_ones_are_not),
		WITH_CTX(a_dialect_may_look_at_one_text_before_the_row_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
