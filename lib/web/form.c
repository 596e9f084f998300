#include "web/form.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

#define BOUNDARY_MAX 70 /* RFC 2046 */
#define PART_HEAD_MAX 4096

static int
malformed(struct ctx *c, const char *why)
{
	fail(c, E_INVALID, "%s", why);
	c->http_status = 400;
	return E_INVALID;
}

static int
add_pair(struct ctx *c, struct form *f, const char *name, const char *value)
{
	if (f->n == FORM_PAIRS_MAX)
		return malformed(c, "at most 100 parameters are read");
	f->pairs[f->n].name = name;
	f->pairs[f->n].value = value;
	f->n++;
	return OK;
}

const char *
form_value(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->pairs[i].name, name) == 0)
			return f->pairs[i].value;
	return NULL;
}

const char *
form_last_value(const struct form *f, const char *name)
{
	for (size_t i = f->n; i-- > 0;)
		if (strcmp(f->pairs[i].name, name) == 0)
			return f->pairs[i].value;
	return NULL;
}

/* ---- application/x-www-form-urlencoded */

static int
decode(struct ctx *c, const char *s, size_t len, const char **out)
{
	char *text = str_unpercent(c->mem, s, len, true);

	if (text == NULL || !str_is_utf8(text, strlen(text)))
		return malformed(c, "parameters are percent-encoded UTF-8");
	*out = text;
	return OK;
}

static int
read_pair(struct ctx *c, struct form *f, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len), *name, *value = "";
	size_t name_len = equals != NULL ? (size_t)(equals - s) : len;

	if (len == 0)
		return OK;
	TRY(decode(c, s, name_len, &name));
	if (equals != NULL)
		TRY(decode(c, equals + 1, len - name_len - 1, &value));
	return add_pair(c, f, name, value);
}

int
form_parse_urlencoded(struct ctx *c, const char *text, size_t len, struct form **out)
{
	struct form *f = arena_new_of(c->mem, struct form);
	const char *end = text + len;

	while (text <= end) {
		const char *amp = memchr(text, '&', (size_t)(end - text));
		const char *stop = amp != NULL ? amp : end;

		TRY(read_pair(c, f, text, (size_t)(stop - text)));
		text = stop + 1;
	}
	*out = f;
	return OK;
}

/* ---- parameters of a header value */

static const char *
skip_blank(const char *s)
{
	return s + strspn(s, " \t");
}

/* One value: a token or a quoted string. Sets *next behind it; NULL when it is broken. */
static const char *
param_value(struct ctx *c, const char *s, const char **next)
{
	char *text, *p;
	size_t n;

	if (*s != '"') {
		n = strcspn(s, "; \t");
		*next = s + n;
		return arena_strndup(c->mem, s, n);
	}
	p = text = arena_alloc(c->mem, strlen(s) + 1);
	for (s++; *s != '"'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		if (*s == '\0')
			return NULL;
		*p++ = *s;
	}
	*next = s + 1;
	return text;
}

const char *
form_header_param(struct ctx *c, const char *header, const char *name)
{
	const char *s = header + strcspn(header, ";");
	size_t n = strlen(name);

	while (*s == ';') {
		const char *key = skip_blank(s + 1), *value;
		size_t key_len = strcspn(key, "=; \t");

		s = skip_blank(key + key_len);
		if (*s != '=') /* a parameter without a value */
			continue;
		value = param_value(c, skip_blank(s + 1), &s);
		if (value == NULL)
			return NULL;
		if (key_len == n && strncasecmp(key, name, n) == 0)
			return value;
		s = skip_blank(s);
	}
	return NULL;
}

/* ---- multipart/form-data */

/* What is being read: [at, end), and the delimiter "\r\n--boundary". */
struct multipart {
	struct ctx *ctx;
	const char *at, *end;
	const char *delimiter;
	size_t delimiter_len;
	bool is_over; /* the closing delimiter has been read */
};

/* Reads what stands behind a delimiter: "--" at the end of all, else blanks and a line end. */
static bool
is_behind_delimiter(struct multipart *m, const char *s)
{
	if (m->end - s >= 2 && memcmp(s, "--", 2) == 0) {
		m->is_over = true;
		m->at = s + 2;
		return true;
	}
	while (s < m->end && (*s == ' ' || *s == '\t'))
		s++;
	if (m->end - s < 2 || memcmp(s, "\r\n", 2) != 0)
		return false;
	m->at = s + 2;
	return true;
}

/* Finds the next delimiter; *len_out is what stands before it. false: there is none. */
static bool
next_delimiter(struct multipart *m, size_t *len_out)
{
	const char *from = m->at, *hit;

	while (
	    (hit = memmem(from, (size_t)(m->end - from), m->delimiter, m->delimiter_len)) != NULL) {
		size_t len = (size_t)(hit - m->at);

		if (is_behind_delimiter(m, hit + m->delimiter_len)) {
			*len_out = len;
			return true;
		}
		from = hit + 1; /* a longer word that only begins like it */
	}
	return false;
}

/* The first delimiter may stand at the very start, without its line end. */
static bool
first_delimiter(struct multipart *m)
{
	size_t preamble_len, len = m->delimiter_len - 2;

	if ((size_t)(m->end - m->at) >= len && memcmp(m->at, m->delimiter + 2, len) == 0 &&
	    is_behind_delimiter(m, m->at + len))
		return true;
	return next_delimiter(m, &preamble_len);
}

/* The value of Content-Disposition among the header lines of a part, or NULL. */
static const char *
disposition(struct ctx *c, const char *lines, size_t len)
{
	static const char name[] = "Content-Disposition:";
	const char *end = lines + len;

	while (lines < end) {
		const char *stop = memmem(lines, (size_t)(end - lines), "\r\n", 2);
		size_t line_len = (size_t)((stop != NULL ? stop : end) - lines);

		if (line_len >= sizeof(name) - 1 && strncasecmp(lines, name, sizeof(name) - 1) == 0)
			return skip_blank(arena_strndup(
			    c->mem, lines + sizeof(name) - 1, line_len - (sizeof(name) - 1)));
		lines += line_len + 2;
	}
	return NULL;
}

/* One part: header lines, a blank line, the value. */
static int
read_part(struct ctx *c, struct form *f, const char *part, size_t len)
{
	const char *blank, *header, *name, *value;
	size_t head_len, value_len;

	if (len >= 2 && memcmp(part, "\r\n", 2) == 0)
		return malformed(c, "a part of a multipart body has a name");
	blank = memmem(part, len, "\r\n\r\n", 4);
	if (blank == NULL || blank - part > PART_HEAD_MAX ||
	    memchr(part, 0, (size_t)(blank - part)))
		return malformed(c, "a part of a multipart body begins with its headers");
	head_len = (size_t)(blank - part);
	value = blank + 4;
	value_len = len - head_len - 4;
	header = disposition(c, part, head_len);
	name = header != NULL ? form_header_param(c, header, "name") : NULL;
	if (name == NULL || strncasecmp(header, "form-data", 9) != 0)
		return malformed(c, "a part of a multipart body has a name");
	if (form_header_param(c, header, "filename") != NULL)
		return OK;
	if (memchr(value, 0, value_len) != NULL || !str_is_utf8(value, value_len) ||
	    !str_is_utf8(name, strlen(name)))
		return malformed(c, "parameters are UTF-8 without NUL");
	return add_pair(c, f, name, arena_strndup(c->mem, value, value_len));
}

int
form_parse_multipart(
    struct ctx *c, const char *content_type, const char *body, size_t len, struct form **out)
{
	const char *boundary = form_header_param(c, content_type, "boundary");
	struct multipart m = { .ctx = c, .at = body, .end = body + len };
	struct form *f = arena_new_of(c->mem, struct form);
	size_t n = boundary != NULL ? strlen(boundary) : 0;

	if (n == 0 || n > BOUNDARY_MAX || !str_is_printable(boundary))
		return malformed(c, "a multipart body has a boundary");
	m.delimiter = arena_printf(c->mem, "\r\n--%s", boundary);
	m.delimiter_len = n + 4;
	if (!first_delimiter(&m))
		return malformed(c, "a multipart body begins with its boundary");
	while (!m.is_over) {
		const char *part = m.at;
		size_t part_len;

		if (!next_delimiter(&m, &part_len))
			return malformed(c, "a multipart body ends with its boundary");
		TRY(read_part(c, f, part, part_len));
	}
	*out = f;
	return OK;
}
