#include "base/js.h"

#include <assert.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/field.h"
#include "base/str.h"

const char *
js_version(void)
{
	return json_c_version();
}

/* ---- writing */

static bool
is_plain(unsigned char ch)
{
	return ch >= 0x20 && ch < 0x7f && ch != '"' && ch != '\\';
}

static void
add_escape(struct buf *b, unsigned code)
{
	/* clang-format off */
	static const char shorts[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
		['\r'] = 'r', ['"'] = '"', ['\\'] = '\\' };
	/* clang-format on */

	if (code < sizeof(shorts) && shorts[code] != '\0')
		buf_add(b, (char[]){ '\\', shorts[code] }, 2);
	else
		buf_printf(b, "\\u%04x", code);
}

/* Characters that show nothing but change what a terminal or an editor shows: C1 controls, line
 * and paragraph separators, and the marks that turn the direction of text. */
static bool
is_invisible(unsigned code)
{
	return (code >= 0x80 && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069);
}

/* One character that is not plain; returns its length. */
static size_t
add_character(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = str_utf8_len(s, len);
	unsigned code = 0;

	if (n == 0) {
		buf_add(b, "\xef\xbf\xbd", 3);
		return 1;
	}
	if (n == 2)
		code = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	else if (n == 3)
		code = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	if (n == 1)
		add_escape(b, p[0]);
	else if (is_invisible(code))
		add_escape(b, code);
	else
		buf_add(b, s, n);
	return n;
}

void
js_text(struct buf *b, const char *text)
{
	size_t len, run;

	if (text == NULL) {
		buf_add(b, "null", 4);
		return;
	}
	len = strlen(text);
	buf_char(b, '"');
	while (len > 0) {
		for (run = 0; run < len && is_plain((unsigned char)text[run]); run++)
			;
		buf_add(b, text, run);
		if (run < len)
			run += add_character(b, text + run, len - run);
		text += run;
		len -= run;
	}
	buf_char(b, '"');
}

/* "name": with what comes before it. Names are ours and plain. */
static void
add_name(struct buf *b, char before, const char *name)
{
	size_t len = strlen(name);
	char *room = buf_room(b, len + 4);

	if (room == NULL)
		return;
	room[0] = before;
	room[1] = '"';
	memcpy(room + 2, name, len);
	room[len + 2] = '"';
	room[len + 3] = ':';
	buf_grew(b, len + 4);
}

static void
add_value(struct buf *b, const struct field *f, const void *row)
{
	switch (f->type) {
	case F_TEXT:
		js_text(b, *FIELD_AT(row, f, const char *const));
		break;
	case F_INT:
		buf_int(b, *FIELD_AT(row, f, const int64_t));
		break;
	case F_BOOL:
		if (*FIELD_AT(row, f, const bool))
			buf_add(b, "true", 4);
		else
			buf_add(b, "false", 5);
		break;
	}
}

void
js_row(struct buf *b, const struct field *fields, const void *row)
{
	char before = '{';

	if (fields->name == NULL)
		buf_char(b, '{');
	for (const struct field *f = fields; f->name != NULL; f++) {
		add_name(b, before, f->name);
		add_value(b, f, row);
		before = ',';
	}
	buf_char(b, '}');
}

void
js_list(struct buf *b, const struct field *fields, const void *rows, size_t n, size_t size)
{
	buf_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		js_row(b, fields, (const char *)rows + i * size);
	}
	buf_char(b, ']');
}

/* ---- the strict pre-scan */

struct scan {
	struct ctx *c;
	const char *start, *at, *end;
	int depth;
	struct buf *text; /* of the string at hand */
	bool is_loose;	  /* a key may be there twice */
	size_t keys_max;  /* of the whole document */
	size_t n_keys;
	size_t n_open;	   /* keys of the objects that are open now, outermost first */
	const char **open; /* keys_max of them; not used by a loose scan */
};

static int
expected(struct scan *s, const char *what)
{
	return fail(s->c, E_INVALID, "not JSON at byte %zu: expected %s",
	    (size_t)(s->at - s->start) + 1, what);
}

static void
skip_blanks(struct scan *s)
{
	while (s->at < s->end && memchr(" \t\n\r", *s->at, 4) != NULL)
		s->at++;
}

static bool
is_next(struct scan *s, char ch)
{
	if (s->at == s->end || *s->at != ch)
		return false;
	s->at++;
	return true;
}

static size_t
skip_digits(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return (size_t)(s->at - from);
}

/* A number of the grammar that fits: json-c would clamp integers and keep 1e999. */
static int
scan_number(struct scan *s)
{
	const char *from = s->at;
	const char *text;
	bool is_int = true;
	int64_t n;

	is_next(s, '-');
	if (!is_next(s, '0') && skip_digits(s) == 0)
		return expected(s, "a value");
	if (is_next(s, '.')) {
		is_int = false;
		if (skip_digits(s) == 0)
			return expected(s, "a digit");
	}
	if (is_next(s, 'e') || is_next(s, 'E')) {
		is_int = false;
		if (!is_next(s, '+'))
			is_next(s, '-');
		if (skip_digits(s) == 0)
			return expected(s, "a digit");
	}
	text = arena_strndup(s->c->mem, from, (size_t)(s->at - from));
	if (is_int ? !str_is_int(text, &n) : !isfinite(strtod(text, NULL))) {
		s->at = from;
		return expected(s, "a number that fits into 64 bits");
	}
	return OK;
}

static int
scan_hex4(struct scan *s, unsigned *out)
{
	unsigned char pair[2];
	char digits[5] = { 0 };

	if (s->end - s->at < 4)
		return expected(s, "four hex digits");
	memcpy(digits, s->at, 4);
	if (!str_is_hex(digits, pair, 2))
		return expected(s, "four hex digits");
	s->at += 4;
	*out = (unsigned)pair[0] << 8 | pair[1];
	return OK;
}

static void
add_utf8(struct buf *b, unsigned code)
{
	if (code < 0x80) {
		buf_char(b, (char)code);
		return;
	}
	if (code < 0x800) {
		buf_char(b, (char)(0xc0 | code >> 6));
	} else {
		if (code < 0x10000) {
			buf_char(b, (char)(0xe0 | code >> 12));
		} else {
			buf_char(b, (char)(0xf0 | code >> 18));
			buf_char(b, (char)(0x80 | (code >> 12 & 0x3f)));
		}
		buf_char(b, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_char(b, (char)(0x80 | (code & 0x3f)));
}

/* Behind "\u". No NUL (C would cut there), no half of a surrogate pair. */
static int
scan_unicode(struct scan *s)
{
	unsigned code, low;

	TRY(scan_hex4(s, &code));
	if (code == 0)
		return expected(s, "no NUL in a text");
	if (code >= 0xdc00 && code <= 0xdfff)
		return expected(s, "a whole surrogate pair");
	if (code >= 0xd800 && code <= 0xdbff) {
		if (!is_next(s, '\\') || !is_next(s, 'u'))
			return expected(s, "a whole surrogate pair");
		TRY(scan_hex4(s, &low));
		if (low < 0xdc00 || low > 0xdfff)
			return expected(s, "a whole surrogate pair");
		code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
	}
	add_utf8(s->text, code);
	return OK;
}

static int
scan_escape(struct scan *s)
{
	static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *hit;

	if (is_next(s, 'u'))
		return scan_unicode(s);
	hit = s->at < s->end && *s->at != '\0' ? strchr(names, *s->at) : NULL;
	if (hit == NULL)
		return expected(s, "an escape of JSON");
	buf_char(s->text, means[hit - names]);
	s->at++;
	return OK;
}

/* A string, decoded into s->text: escapes never make it longer. */
static int
scan_text(struct scan *s)
{
	buf_clear(s->text);
	if (!is_next(s, '"'))
		return expected(s, "a text in double quotes");
	while (s->at < s->end && *s->at != '"') {
		size_t n = str_utf8_len(s->at, (size_t)(s->end - s->at));

		if (n == 0)
			return expected(s, "UTF-8");
		if ((unsigned char)*s->at < 0x20)
			return expected(s, "control characters as escapes");
		if (is_next(s, '\\')) {
			TRY(scan_escape(s));
		} else {
			buf_add(s->text, s->at, n);
			s->at += n;
		}
	}
	if (!is_next(s, '"'))
		return expected(s, "the end of a text");
	return OK;
}

static int scan_value(struct scan *s);

static int
scan_key(struct scan *s)
{
	if (s->n_keys == s->keys_max)
		return fail(s->c, E_INVALID, "a document has at most %zu keys", s->keys_max);
	TRY(scan_text(s));
	s->n_keys++;
	if (!s->is_loose)
		s->open[s->n_open++] = arena_strndup(s->c->mem, s->text->data, s->text->len);
	skip_blanks(s);
	if (!is_next(s, ':'))
		return expected(s, "a colon");
	return OK;
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that no choice of keys makes it slow. */
static int
check_keys(struct scan *s, size_t first)
{
	qsort(s->open + first, s->n_open - first, sizeof(*s->open), compare_keys);
	for (size_t i = first + 1; i < s->n_open; i++)
		if (strcmp(s->open[i - 1], s->open[i]) == 0)
			return expected(s, "each key once in an object");
	s->n_open = first;
	return OK;
}

static int
scan_object(struct scan *s)
{
	size_t first = s->n_open;

	skip_blanks(s);
	if (is_next(s, '}'))
		return OK;
	do {
		skip_blanks(s);
		TRY(scan_key(s));
		TRY(scan_value(s));
	} while (is_next(s, ','));
	if (!is_next(s, '}'))
		return expected(s, "a comma or the end of an object");
	return s->is_loose ? OK : check_keys(s, first);
}

static int
scan_array(struct scan *s)
{
	skip_blanks(s);
	if (is_next(s, ']'))
		return OK;
	do {
		TRY(scan_value(s));
	} while (is_next(s, ','));
	if (!is_next(s, ']'))
		return expected(s, "a comma or the end of an array");
	return OK;
}

static int
scan_nested(struct scan *s)
{
	bool is_object = *s->at == '{';

	if (s->depth == JS_DEPTH_MAX)
		return fail(
		    s->c, E_INVALID, "objects and arrays are nested at most %d deep", JS_DEPTH_MAX);
	s->at++;
	s->depth++;
	TRY(is_object ? scan_object(s) : scan_array(s));
	s->depth--;
	return OK;
}

static int
scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(s->end - s->at) >= len && memcmp(s->at, words[i], len) == 0) {
			s->at += len;
			return OK;
		}
	}
	return expected(s, "a value");
}

/* A value and the blanks around it. */
static int
scan_value(struct scan *s)
{
	skip_blanks(s);
	if (s->at == s->end)
		return expected(s, "a value");
	if (*s->at == '{' || *s->at == '[')
		TRY(scan_nested(s));
	else if (*s->at == '"')
		TRY(scan_text(s));
	else if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'))
		TRY(scan_number(s));
	else
		TRY(scan_word(s));
	skip_blanks(s);
	return OK;
}

static int
check_document(struct ctx *c, const char *text, size_t len, bool is_loose)
{
	struct scan s = { .c = c, .start = text, .at = text, .end = text + len };

	s.is_loose = is_loose;
	s.keys_max = is_loose ? JS_KEYS_MAX_LOOSE : JS_KEYS_MAX;
	s.text = buf_new(c->mem, len);
	if (!is_loose)
		s.open = arena_new_array(c->mem, const char *, JS_KEYS_MAX);
	TRY(scan_value(&s));
	if (s.at != s.end)
		return expected(&s, "the end of the document");
	return OK;
}

/* ---- reading */

/* A json-c value under another name; json-c's null is a NULL pointer, ours is this. */
struct js {
	enum js_type type;
};

static const struct js null_value = { JS_NULL };

static const struct js *
wrap(struct json_object *o)
{
	return o != NULL ? (const struct js *)(const void *)o : &null_value;
}

static struct json_object *
unwrap(const struct js *v)
{
	return v != &null_value ? (struct json_object *)(uintptr_t)v : NULL;
}

static void
put_object(void *o)
{
	json_object_put(o);
}

static void
free_tokener(void *t)
{
	json_tokener_free(t);
}

static int
parse(struct ctx *c, const char *text, size_t len, bool is_loose, const struct js **out)
{
	struct json_tokener *tokener;
	struct json_object *o;

	if (len > INT_MAX)
		return fail(c, E_INVALID, "a document has at most %d bytes", INT_MAX);
	TRY(check_document(c, text, len, is_loose));
	tokener = json_tokener_new_ex(JS_DEPTH_MAX + 1);
	if (tokener == NULL)
		return fail(c, E_INTERNAL, "json-c is out of memory");
	arena_defer(c->mem, free_tokener, tokener);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tokener, text, (int)len);
	/* a number ends with the text */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		o = json_tokener_parse_ex(tokener, "", -1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		return fail(c, E_INVALID, "not JSON: %s",
		    json_tokener_error_desc(json_tokener_get_error(tokener)));
	arena_close(c->mem, tokener);
	arena_defer(c->mem, put_object, o);
	*out = wrap(o);
	return OK;
}

int
js_parse(struct ctx *c, const char *text, size_t len, const struct js **out)
{
	return parse(c, text, len, false, out);
}

int
js_parse_loose(struct ctx *c, const char *text, size_t len, const struct js **out)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t skip = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;

	return parse(c, text + skip, len - skip, true, out);
}

enum js_type
js_type(const struct js *v)
{
	static const enum js_type types[] = {
		[json_type_null] = JS_NULL,
		[json_type_boolean] = JS_BOOL,
		[json_type_double] = JS_DOUBLE,
		[json_type_int] = JS_INT,
		[json_type_object] = JS_OBJECT,
		[json_type_array] = JS_ARRAY,
		[json_type_string] = JS_TEXT,
	};

	return types[json_object_get_type(unwrap(v))];
}

const struct js *
js_get(const struct js *object, const char *key)
{
	struct json_object *value;

	assert(js_type(object) == JS_OBJECT);
	return json_object_object_get_ex(unwrap(object), key, &value) ? wrap(value) : NULL;
}

int
js_each(const struct js *object,
    int (*each)(void *payload, const char *key, const struct js *value), void *payload)
{
	assert(js_type(object) == JS_OBJECT);
	json_object_object_foreach(unwrap(object), key, value)
	{
		TRY(each(payload, key, wrap(value)));
	}
	return OK;
}

size_t
js_count(const struct js *array)
{
	assert(js_type(array) == JS_ARRAY);
	return json_object_array_length(unwrap(array));
}

const struct js *
js_at(const struct js *array, size_t i)
{
	assert(i < js_count(array));
	return wrap(json_object_array_get_idx(unwrap(array), i));
}

const char *
js_text_of(struct ctx *c, const struct js *v)
{
	assert(js_type(v) == JS_TEXT);
	return arena_strndup(c->mem, json_object_get_string(unwrap(v)),
	    (size_t)json_object_get_string_len(unwrap(v)));
}

int64_t
js_int_of(const struct js *v)
{
	assert(js_type(v) == JS_INT);
	return json_object_get_int64(unwrap(v));
}

bool
js_bool_of(const struct js *v)
{
	assert(js_type(v) == JS_BOOL);
	return json_object_get_boolean(unwrap(v));
}

const char *
js_source(struct ctx *c, const struct js *v)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	return arena_strdup(c->mem, json_object_to_json_string_ext(unwrap(v), flags));
}
