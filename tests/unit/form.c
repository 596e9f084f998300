/* Forms, multipart bodies and header parameters, with what hostile clients send. */
#include "web/form.h"

#include "tests/unit/unit.h"

#include "base/buf.h"

#define TYPE "multipart/form-data; boundary=XX"
#define PART(name, value)                                                                          \
	"--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define END "--XX--\r\n"

static struct form *
read_urlencoded(struct ctx *c, const char *text)
{
	struct form *f;

	assert_int_equal(form_parse_urlencoded(c, text, strlen(text), &f), OK);
	return f;
}

static struct form *
read_multipart(struct ctx *c, const char *type, const char *body)
{
	struct form *f;

	assert_int_equal(form_parse_multipart(c, type, body, strlen(body), &f), OK);
	return f;
}

static void
is_400(struct ctx *c, int code)
{
	assert_int_equal(code, E_INVALID);
	assert_int_equal(c->http_status, 400);
}

static void
names_and_values_are_decoded_once(void **state)
{
	struct form *f = read_urlencoded(*state, "a=1+2&b=%252e&c%20d=%C3%A9&e&f=&&g=x=y");

	assert_string_equal(form_value(f, "a"), "1 2");
	assert_string_equal(form_value(f, "b"), "%2e");
	assert_string_equal(form_value(f, "c d"), "\xc3\xa9");
	assert_string_equal(form_value(f, "e"), "");
	assert_string_equal(form_value(f, "f"), "");
	assert_string_equal(form_value(f, "g"), "x=y");
	assert_null(form_value(f, "h"));
	assert_int_equal(f->n, 6);
}

static void
the_first_of_two_values_wins(void **state)
{
	assert_string_equal(form_value(read_urlencoded(*state, "a=1&a=2"), "a"), "1");
}

static void
nothing_is_an_empty_form(void **state)
{
	assert_int_equal(read_urlencoded(*state, "")->n, 0);
}

static void
bad_escapes_and_bytes_are_refused(void **state)
{
	static const char *const texts[] = { "a=%", "a=%2", "a=%zz", "%0=1", "a=%00", "%00=a",
		"a=%ff", "a=%c0%ae", "a=%ed%a0%80", "a=\xff" };
	struct ctx *c = *state;
	struct form *f;

	for (size_t i = 0; i < N_OF(texts); i++)
		is_400(c, form_parse_urlencoded(c, texts[i], strlen(texts[i]), &f));
	is_400(c, form_parse_urlencoded(c, "a=\0b", 4, &f));
}

static void
a_hundred_parameters_are_read_and_no_more(void **state)
{
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 1000);
	struct form *f;

	for (int i = 0; i < FORM_PAIRS_MAX; i++)
		buf_text(b, "a&");
	assert_int_equal(read_urlencoded(c, b->data)->n, FORM_PAIRS_MAX);
	buf_text(b, "a");
	is_400(c, form_parse_urlencoded(c, b->data, b->len, &f));
}

static void
parts_are_read_as_they_are(void **state)
{
	struct form *f = read_multipart(*state, TYPE,
	    PART("a", "1+2%20") PART("b", "") PART("c", "two\r\nlines") PART("d", "-- XX") END);

	assert_string_equal(form_value(f, "a"), "1+2%20");
	assert_string_equal(form_value(f, "b"), "");
	assert_string_equal(form_value(f, "c"), "two\r\nlines");
	assert_string_equal(form_value(f, "d"), "-- XX");
}

static void
a_word_that_begins_like_the_boundary_is_text(void **state)
{
	struct form *f = read_multipart(*state, TYPE, PART("a", "x\r\n--XXY\r\n--XX-") END);

	assert_string_equal(form_value(f, "a"), "x\r\n--XXY\r\n--XX-");
}

static void
preamble_epilogue_and_files_are_left_out(void **state)
{
	struct form *f = read_multipart(*state, "Multipart/Form-Data; x=y; boundary=\"XX\"",
	    "hello\r\n--XX \t\r\ncontent-type: text/plain\r\n"
	    "CONTENT-DISPOSITION: form-data; name=a\r\n\r\n1\r\n"
	    "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nbytes\r\n"
	    "--XX--bye");

	assert_string_equal(form_value(f, "a"), "1");
	assert_null(form_value(f, "f"));
}

static void
broken_multipart_is_refused(void **state)
{
	static const struct {
		const char *type, *body;
	} rows[] = {
		{ "multipart/form-data", PART("a", "1") END },
		{ "multipart/form-data; boundary=", PART("a", "1") END },
		{ "multipart/form-data; boundary=\"XX", PART("a", "1") END },
		{ TYPE, "" },
		{ TYPE, "--" },
		{ TYPE, "--XX" },
		{ TYPE, "--XX\r\n" },
		{ TYPE, PART("a", "1") },
		{ TYPE, PART("a", "1") "--XX" },
		{ TYPE, PART("a", "1") "--XX-" },
		{ TYPE, "--YY\r\n" PART("a", "1") },
		{ TYPE, "--XX\r\n\r\nno headers\r\n" END },
		{ TYPE, "--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n" END },
		{ TYPE, "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n" END },
		{ TYPE, "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n" END },
		{ TYPE, "--XX\r\nX: y\r\n\r\n1\r\n" END },
		{ TYPE, "--XX\r\nContent-Disposition: form-data; name=a\r\n1\r\n" END },
		{ TYPE, PART("a", "\xff") END },
		{ TYPE, PART("\xff", "1") END },
	};
	struct ctx *c = *state;
	struct form *f;

	for (size_t i = 0; i < N_OF(rows); i++)
		is_400(c,
		    form_parse_multipart(c, rows[i].type, rows[i].body, strlen(rows[i].body), &f));
}

static void
a_nul_in_a_part_is_refused(void **state)
{
	static const char body[] = PART("a",
	    "1\0"
	    "2") END;
	struct ctx *c = *state;
	struct form *f;

	is_400(c, form_parse_multipart(c, TYPE, body, sizeof(body) - 1, &f));
}

static void
every_cut_of_a_body_is_refused(void **state)
{
	static const char body[] = PART("a", "1") PART("b", "2") "--XX--";
	struct ctx *c = *state;
	struct form *f;

	for (size_t len = 0; len < sizeof(body) - 1; len++) {
		/* a copy of its own, so that the sanitizer sees a byte read too far */
		char *cut = malloc(len + 1);

		memcpy(cut, body, len);
		is_400(c, form_parse_multipart(c, TYPE, cut, len, &f));
		free(cut);
	}
}

static void
parameters_of_a_header_are_found_by_name(void **state)
{
	struct ctx *c = *state;
	const char *h = "form-data; a=1;B = \"x;\\\"y\" ; flag; c=\"\";d=";

	assert_string_equal(form_header_param(c, h, "A"), "1");
	assert_string_equal(form_header_param(c, h, "b"), "x;\"y");
	assert_string_equal(form_header_param(c, h, "c"), "");
	assert_string_equal(form_header_param(c, h, "d"), "");
	assert_null(form_header_param(c, h, "flag"));
	assert_null(form_header_param(c, h, "form-data"));
	assert_null(form_header_param(c, "", "a"));
	assert_null(form_header_param(c, "x; a=\"open", "a"));
	assert_null(form_header_param(c, "x; a=\"open\\", "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(names_and_values_are_decoded_once),
		WITH_CTX(the_first_of_two_values_wins),
		WITH_CTX(nothing_is_an_empty_form),
		WITH_CTX(bad_escapes_and_bytes_are_refused),
		WITH_CTX(a_hundred_parameters_are_read_and_no_more),
		WITH_CTX(parts_are_read_as_they_are),
		WITH_CTX(a_word_that_begins_like_the_boundary_is_text),
		WITH_CTX(preamble_epilogue_and_files_are_left_out),
		WITH_CTX(broken_multipart_is_refused),
		WITH_CTX(a_nul_in_a_part_is_refused),
		WITH_CTX(every_cut_of_a_body_is_refused),
		WITH_CTX(parameters_of_a_header_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
