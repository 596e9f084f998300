#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/field.h"
#include "base/js.h"

/* ---- writing */

static const char *
written(struct ctx *c, const char *text)
{
	struct buf *b = buf_new(c->mem, 1000);

	js_text(b, text);
	return b->data;
}

static void
text_is_escaped_where_json_asks(void **state)
{
	static const char *const rows[][2] = {
		{ "", "\"\"" },
		{ "plain / text <b>&amp;</b>", "\"plain / text <b>&amp;</b>\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
		{ "\x01\x1b[31m\x1f", "\"\\u0001\\u001b[31m\\u001f\"" },
		{ "\x7f", "\"\\u007f\"" },
		{ "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		    "\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(written(c, rows[i][0]), rows[i][1]);
	assert_string_equal(written(c, NULL), "null");
}

static void
bytes_that_are_not_utf8_become_one_mark_each(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(written(c,
				"a\xff\xfe"
				"b"),
	    "\"a\xef\xbf\xbd\xef\xbf\xbd"
	    "b\"");
	assert_string_equal(written(c, "\xc3"), "\"\xef\xbf\xbd\"");
	assert_string_equal(written(c, "\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void
characters_that_show_nothing_are_escaped(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(written(c, "\xc2\x9b"), "\"\\u009b\"");	/* C1: CSI */
	assert_string_equal(written(c, "\xe2\x80\xa8"), "\"\\u2028\""); /* line separator */
	assert_string_equal(written(c, "\xe2\x80\xae"), "\"\\u202e\""); /* right-to-left override */
	assert_string_equal(written(c, "\xe2\x81\xa6"), "\"\\u2066\""); /* isolate */
	assert_string_equal(written(c, "\xe2\x80\xa6"), "\"\xe2\x80\xa6\""); /* an ellipsis shows */
}

struct thing {
	const char *name;
	int64_t size;
	bool is_open;
};

static const struct field thing_fields[] = { FIELD(thing, size), FIELD_AS(thing, name, "full_name"),
	FIELD(thing, is_open), { 0 } };

static void
a_row_follows_its_table(void **state)
{
	struct ctx *c = *state;
	const struct thing t = { "a\"", -7, true };
	static const struct field none[] = { { 0 } };
	struct buf *b = buf_new(c->mem, 1000);

	js_row(b, thing_fields, &t);
	assert_string_equal(b->data, "{\"size\":-7,\"full_name\":\"a\\\"\",\"is_open\":true}");
	buf_clear(b);
	js_row(b, none, &t);
	assert_string_equal(b->data, "{}");
}

static void
a_list_has_its_rows_in_order(void **state)
{
	struct ctx *c = *state;
	const struct thing t[2] = { { "a", 1, false }, { NULL, 2, true } };
	struct buf *b = buf_new(c->mem, 1000);

	js_list(b, thing_fields, t, 2, sizeof(t[0]));
	assert_string_equal(b->data,
	    "[{\"size\":1,\"full_name\":\"a\",\"is_open\":false},"
	    "{\"size\":2,\"full_name\":null,\"is_open\":true}]");
	buf_clear(b);
	js_list(b, thing_fields, NULL, 0, sizeof(t[0]));
	assert_string_equal(b->data, "[]");
}

/* ---- reading: the rows of the security checklist, section J */

#define DEEP_8(x) "[[[[[[[[" x "]]]]]]]]"

/* clang-format off */
static const struct {
	const char *row, *text;
	size_t len; /* 0: up to the NUL */
	int code;
} documents[] = {
	{ "J-01 16 deep",           DEEP_8(DEEP_8("1")),            0, OK },
	{ "J-01 17 deep",           "[" DEEP_8(DEEP_8("1")) "]",    0, E_INVALID },
	{ "J-01 17 deep objects",   "{\"a\":" DEEP_8(DEEP_8("1")) "}", 0, E_INVALID },
	{ "J-03 duplicate",         "{\"a\":1,\"a\":1}",            0, E_INVALID },
	{ "J-03 not neighbours",    "{\"a\":1,\"b\":2,\"a\":3}",    0, E_INVALID },
	{ "J-03 by escape",         "{\"a\":1,\"\\u0061\":2}",      0, E_INVALID },
	{ "J-03 by escape, both",   "{\"\\/\":1,\"/\":2}",          0, E_INVALID },
	{ "J-03 in a nested one",   "{\"x\":[{\"a\":1,\"a\":2}]}",  0, E_INVALID },
	{ "J-03 after a nested one", "{\"a\":{\"b\":1},\"a\":2}",   0, E_INVALID },
	{ "J-03 another object",    "{\"a\":{\"a\":1},\"b\":{}}",  0, OK },
	{ "J-03 case differs",      "{\"a\":1,\"A\":1}",            0, OK },
	{ "J-03 surrogates",        "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", 0, E_INVALID },
	{ "J-04 NUL in a key",      "{\"a\\u0000b\":1}",            0, E_INVALID },
	{ "J-05 NUL in a value",    "{\"a\":\"x\\u0000y\"}",        0, E_INVALID },
	{ "J-06 raw NUL",           "\"a\0b\"",                     5, E_INVALID },
	{ "J-06 raw NUL behind",    "1\0",                          2, E_INVALID },
	{ "J-06 raw NUL escaped",   "\"\\\0\"",                     4, E_INVALID },
	{ "J-07 raw newline",       "\"a\nb\"",                     0, E_INVALID },
	{ "J-07 raw tab in a key",  "{\"a\tb\":1}",                 0, E_INVALID },
	{ "J-07 raw 0x1f",          "\"\x1f\"",                     0, E_INVALID },
	{ "J-07 DEL is allowed",    "\"\x7f\"",                     0, OK },
	{ "J-08 NaN",               "NaN",                          0, E_INVALID },
	{ "J-08 nan",               "[nan]",                        0, E_INVALID },
	{ "J-08 Infinity",          "Infinity",                     0, E_INVALID },
	{ "J-08 -Infinity",         "-Infinity",                    0, E_INVALID },
	{ "J-09 1e999",             "1e999",                        0, E_INVALID },
	{ "J-09 -1e999",            "[-1e999]",                     0, E_INVALID },
	{ "J-09 1e308",             "1e308",                        0, OK },
	{ "J-10 too large",         "99999999999999999999",         0, E_INVALID },
	{ "J-10 too small",         "-99999999999999999999",        0, E_INVALID },
	{ "J-10 one too large",     "9223372036854775808",          0, E_INVALID },
	{ "J-10 the largest",       "9223372036854775807",          0, OK },
	{ "J-10 the smallest",      "-9223372036854775808",         0, OK },
	{ "J-12 beyond 32 bits",    "4294967296",                   0, OK },
	{ "J-13 overlong",          "\"\xc0\xaf\"",                 0, E_INVALID },
	{ "J-13 surrogate bytes",   "\"\xed\xa0\x80\"",             0, E_INVALID },
	{ "J-13 in a key",          "{\"\xc0\xaf\":1}",             0, E_INVALID },
	{ "J-14 FF FE",             "\xff\xfe",                     0, E_INVALID },
	{ "J-14 FF FE inside",      "\"\xff\xfe\"",                 0, E_INVALID },
	{ "J-14 cut character",     "\"\xc3\"",                     0, E_INVALID },
	{ "J-15 high alone",        "\"\\ud800\"",                  0, E_INVALID },
	{ "J-15 high, then text",   "\"\\ud800abcdef\"",            0, E_INVALID },
	{ "J-15 two high",          "\"\\ud800\\ud800\"",           0, E_INVALID },
	{ "J-15 low alone",         "\"\\udc00\"",                  0, E_INVALID },
	{ "J-15 in a key",          "{\"\\udfff\":1}",              0, E_INVALID },
	{ "J-15 a pair",            "\"\\ud83d\\ude00\"",           0, OK },
	{ "J-16 BOM",               "\xef\xbb\xbf{}",               0, E_INVALID },
	{ "J-16 trailing bytes",    "{}x",                          0, E_INVALID },
	{ "J-16 trailing comma",    "{},",                          0, E_INVALID },
	{ "J-16 two documents",     "{}{}",                         0, E_INVALID },
	{ "J-16 two, a blank",      "1 2",                          0, E_INVALID },
	{ "J-16 single quotes",     "{'a':1}",                      0, E_INVALID },
	{ "J-16 bare key",          "{a:1}",                        0, E_INVALID },
	{ "J-16 block comment",     "/* x */{}",                    0, E_INVALID },
	{ "J-16 line comment",      "{}//x",                        0, E_INVALID },
	{ "J-16 comma in object",   "{\"a\":1,}",                   0, E_INVALID },
	{ "J-16 comma in array",    "[1,]",                         0, E_INVALID },
	{ "J-16 comma first",       "[,1]",                         0, E_INVALID },
	{ "J-16 TRUE",              "TRUE",                         0, E_INVALID },
	{ "J-16 Null",              "Null",                         0, E_INVALID },
	{ "J-16 truex",             "truex",                        0, E_INVALID },
	{ "J-16 leading zero",      "01",                           0, E_INVALID },
	{ "J-16 plus",              "+1",                           0, E_INVALID },
	{ "J-16 bare point",        ".5",                           0, E_INVALID },
	{ "J-16 point at the end",  "5.",                           0, E_INVALID },
	{ "J-16 bare exponent",     "5e",                           0, E_INVALID },
	{ "J-16 hex",               "0x10",                         0, E_INVALID },
	{ "J-16 minus",             "-",                            0, E_INVALID },
	{ "J-16 unknown escape",    "\"\\x41\"",                    0, E_INVALID },
	{ "J-16 escaped quote",     "\"\\'\"",                      0, E_INVALID },
	{ "J-16 short \\u",         "\"\\u12\"",                    0, E_INVALID },
	{ "J-16 \\u with a sign",   "\"\\u+123\"",                  0, E_INVALID },
	{ "J-16 form feed",         "\f{}",                         0, E_INVALID },
	{ "J-16 no-break space",    "\xc2\xa0{}",                   0, E_INVALID },
	{ "J-16 wrong bracket",     "[1}",                          0, E_INVALID },
	{ "J-16 number as key",     "{1:2}",                        0, E_INVALID },
	{ "J-16 no colon",          "{\"a\" 1}",                    0, E_INVALID },
	{ "J-16 two colons",        "{\"a\"::1}",                   0, E_INVALID },
	{ "J-17 empty",             "",                             0, E_INVALID },
	{ "J-17 blanks",            " \r\n\t",                      0, E_INVALID },
	{ "J-17 cut object",        "{",                            0, E_INVALID },
	{ "J-17 cut key",           "{\"a",                         0, E_INVALID },
	{ "J-17 cut value",         "{\"a\":",                      0, E_INVALID },
	{ "J-17 cut text",          "{\"a\":\"b",                   0, E_INVALID },
	{ "J-17 cut escape",        "\"\\",                         0, E_INVALID },
	{ "J-17 cut word",          "tru",                          0, E_INVALID },
	{ "J-17 cut array",         "[1,2",                         0, E_INVALID },
	{ "J-18 text alone",        "\"x\"",                        0, OK },
	{ "J-18 number alone",      "-12",                          0, OK },
	{ "J-18 null alone",        "null",                         0, OK },
	{ "J-18 array",             "[]",                           0, OK },
	{ "blanks around",          " \t\r\n{ \"a\" : [ 1 , 2 ] } \n", 0, OK },
	{ "empty key",              "{\"\":1}",                     0, OK },
	{ "nothing inside",         "[{},[],\"\"]",                 0, OK },
};
/* clang-format on */

static void
documents_are_taken_or_refused_as_the_checklist_says(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(documents); i++) {
		size_t len = documents[i].len > 0 ? documents[i].len : strlen(documents[i].text);
		/* a copy without a NUL behind: a reader that runs on is caught */
		char *exact = malloc(len > 0 ? len : 1);
		const struct js *v = NULL;
		int code;

		memcpy(exact, documents[i].text, len);
		code = js_parse(c, exact, len, &v);
		if (code != documents[i].code)
			print_error("%s: %s\n", documents[i].row, c->reason);
		assert_int_equal(code, documents[i].code);
		assert_true((v != NULL) == (code == OK));
		free(exact);
	}
}

static const struct js *
parsed(struct ctx *c, const char *text)
{
	const struct js *v = NULL;

	assert_int_equal(js_parse(c, text, strlen(text), &v), OK);
	return v;
}

static struct buf *
object_of_keys(struct ctx *c, int n)
{
	struct buf *b = buf_new(c->mem, 1 << 22);

	for (int i = 0; i < n; i++)
		buf_printf(b, "%s\"key%d\":%d", i == 0 ? "{" : ",", i, i);
	buf_char(b, '}');
	return b;
}

static void
a_document_has_at_most_a_thousand_keys(void **state)
{
	struct ctx *c = *state;
	const struct js *v;
	struct buf *b = object_of_keys(c, JS_KEYS_MAX);

	assert_int_equal(js_parse(c, b->data, b->len, &v), OK);
	b = object_of_keys(c, JS_KEYS_MAX + 1);
	assert_int_equal(js_parse(c, b->data, b->len, &v), E_INVALID);
	b = object_of_keys(c, 100000);
	assert_int_equal(js_parse(c, b->data, b->len, &v), E_INVALID);
}

static void
keys_of_all_objects_count_together(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 1 << 20);
	const struct js *v;

	for (int i = 0; i <= JS_KEYS_MAX; i++)
		buf_printf(b, "%s{\"a\":1}", i == 0 ? "[" : ",");
	buf_char(b, ']');
	assert_int_equal(js_parse(c, b->data, b->len, &v), E_INVALID);
}

static void
many_small_texts_cost_little_memory(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 1 << 20);

	buf_text(b, "[\"\"");
	for (int i = 0; i < 100000; i++)
		buf_text(b, ",\"\"");
	buf_char(b, ']');
	assert_int_equal(js_count(parsed(c, b->data)), 100001);
}

static void
the_reason_names_the_place_and_not_the_value(void **state)
{
	struct ctx *c = *state;
	const struct js *v;

	assert_int_equal(js_parse(c, "{\"password\":\"geheim}", 20, &v), E_INVALID);
	assert_null(strstr(c->reason, "geheim"));
	assert_non_null(strstr(c->reason, "at byte 21"));
}

static void
types_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum js_type type;
	} rows[] = { { "null", JS_NULL }, { "true", JS_BOOL }, { "12", JS_INT }, { "-0", JS_INT },
		{ "12.0", JS_DOUBLE }, { "1e2", JS_DOUBLE }, { "\"12\"", JS_TEXT },
		{ "[]", JS_ARRAY }, { "{}", JS_OBJECT } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(js_type(parsed(c, rows[i].text)), rows[i].type);
}

static void
values_are_read_whole(void **state)
{
	struct ctx *c = *state;
	const struct js *o = parsed(c,
	    "{\"n\":-9223372036854775808,\"m\":4294967296,\"t\":\"\\u00e9\\ud83d"
	    "\\ude00\\/\\n\",\"b\":false,\"z\":null,\"a\":[1,null,\"x\"]}");

	assert_true(js_int_of(js_get(o, "n")) == INT64_MIN);
	assert_true(js_int_of(js_get(o, "m")) == INT64_C(4294967296));
	assert_string_equal(js_text_of(c, js_get(o, "t")), "\xc3\xa9\xf0\x9f\x98\x80/\n");
	assert_false(js_bool_of(js_get(o, "b")));
	assert_int_equal(js_type(js_get(o, "z")), JS_NULL);
	assert_null(js_get(o, "missing"));
	assert_int_equal(js_count(js_get(o, "a")), 3);
	assert_int_equal(js_type(js_at(js_get(o, "a"), 1)), JS_NULL);
	assert_string_equal(js_text_of(c, js_at(js_get(o, "a"), 2)), "x");
}

struct seen {
	char keys[16];
	size_t n;
};

static int
note_key(void *payload, const char *key, const struct js *value)
{
	struct seen *s = payload;

	if (js_type(value) == JS_NULL)
		return E_CONFLICT;
	s->keys[s->n++] = key[0];
	return OK;
}

static void
each_goes_in_order_and_stops_at_a_failure(void **state)
{
	struct ctx *c = *state;
	struct seen s = { { 0 }, 0 };

	assert_int_equal(js_each(parsed(c, "{\"z\":1,\"a\":2,\"m\":3}"), note_key, &s), OK);
	assert_string_equal(s.keys, "zam");
	s = (struct seen){ { 0 }, 0 };
	assert_int_equal(
	    js_each(parsed(c, "{\"z\":1,\"a\":null,\"m\":3}"), note_key, &s), E_CONFLICT);
	assert_string_equal(s.keys, "z");
}

static void
source_gives_the_value_back_as_json(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(
	    js_source(c, parsed(c, "{ \"a\" : [ 1, 2.50, \"x/\\\"y\" ], \"b\":null }")),
	    "{\"a\":[1,2.50,\"x/\\\"y\"],\"b\":null}");
	assert_string_equal(js_source(c, parsed(c, "null")), "null");
}

static void
what_others_programs_send_is_read_loosely_but_not_wrongly(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "{\"a\":1,\"a\":2}", OK },
		{ "\xef\xbb\xbf\n{\"a\":2}", OK },
		{ "{\"a\":2} x", E_INVALID },
		{ "{\"a\":2,}", E_INVALID },
		{ "{'a':2}", E_INVALID },
		{ "{\"a\\u0000b\":2}", E_INVALID },
		{ "{\"a\":\"\xff\"}", E_INVALID },
		{ "{\"a\":NaN}", E_INVALID },
		{ "\xef\xbb\xbf", E_INVALID },
	};
	struct ctx *c = *state;
	const struct js *v;
	struct buf *b;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_int_equal(
		    js_parse_loose(c, rows[i].text, strlen(rows[i].text), &v), rows[i].code);
		if (rows[i].code == OK) /* of two the last */
			assert_int_equal(js_int_of(js_get(v, "a")), 2);
	}
	b = object_of_keys(c, JS_KEYS_MAX_LOOSE);
	assert_int_equal(js_parse_loose(c, b->data, b->len, &v), OK);
	b = object_of_keys(c, JS_KEYS_MAX_LOOSE + 1);
	assert_int_equal(js_parse_loose(c, b->data, b->len, &v), E_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(text_is_escaped_where_json_asks),
		WITH_CTX(bytes_that_are_not_utf8_become_one_mark_each),
		WITH_CTX(characters_that_show_nothing_are_escaped),
		WITH_CTX(a_row_follows_its_table),
		WITH_CTX(a_list_has_its_rows_in_order),
		WITH_CTX(documents_are_taken_or_refused_as_the_checklist_says),
		WITH_CTX(a_document_has_at_most_a_thousand_keys),
		WITH_CTX(keys_of_all_objects_count_together),
		WITH_CTX(many_small_texts_cost_little_memory),
		WITH_CTX(the_reason_names_the_place_and_not_the_value),
		WITH_CTX(types_are_told_apart),
		WITH_CTX(values_are_read_whole),
		WITH_CTX(each_goes_in_order_and_stops_at_a_failure),
		WITH_CTX(source_gives_the_value_back_as_json),
		WITH_CTX(what_others_programs_send_is_read_loosely_but_not_wrongly),
	};

	return cmocka_run_group_tests_name("js", tests, NULL, NULL);
}
