#include "web/html.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* What stands for a byte; NULL: the byte itself. */
static const char *
escape_of(unsigned char ch)
{
	switch (ch) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	if ((ch < 0x20 && ch != '\t' && ch != '\n' && ch != '\r') || ch == 0x7f)
		return REPLACEMENT;
	return NULL;
}

/* Bytes that need no look: printable ASCII without the five signs. A table: pages of code are read
 * byte by byte here. */
static const bool is_plain[UCHAR_MAX + 1] = {
	[' ' ... '!'] = true, /* " */
	['#' ... '%'] = true, /* & ' */
	['(' ... ';'] = true, /* < */
	['='] = true,	      /* > */
	['?' ... '~'] = true,
};

static size_t
plain_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len &&
	    (is_plain[(unsigned char)s[n]] || s[n] == '\n' || s[n] == '\t' || s[n] == '\r'))
		n++;
	return n;
}

/* One character that is not plain; gives its length. */
static size_t
add_one(struct buf *b, const char *s, size_t len)
{
	const char *escape = escape_of((unsigned char)s[0]);
	size_t n = 1;

	if (escape == NULL && (unsigned char)s[0] >= 0x80) {
		n = str_utf8_len(s, len);
		/* U+0080 to U+009F are controls as well; U+FFFE and U+FFFF no document may have */
		if (n == 0 ||
		    (n == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0) ||
		    (n == 3 &&
			(memcmp(s, "\xef\xbf\xbe", 3) == 0 || memcmp(s, "\xef\xbf\xbf", 3) == 0)))
			escape = REPLACEMENT;
	}
	if (escape != NULL)
		buf_text(b, escape);
	else
		buf_add(b, s, n);
	return n > 0 ? n : 1;
}

void
html_bytes(struct buf *b, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t n = plain_len(bytes, len);

		if (n > 0)
			buf_add(b, bytes, n);
		else
			n = add_one(b, bytes, len);
		bytes += n;
		len -= n;
	}
}

void
html(struct buf *b, const char *format, ...)
{
	va_list args;
	const char *percent, *text;

	va_start(args, format);
	for (; (percent = strchr(format, '%')) != NULL; format = percent + 2) {
		buf_add(b, format, (size_t)(percent - format));
		switch (percent[1]) {
		case 's':
			text = va_arg(args, const char *);
			html_bytes(b, text, strlen(text));
			break;
		case 'd':
			buf_int(b, va_arg(args, int));
			break;
		case 'l':
			assert(percent[2] == 'd');
			buf_int(b, va_arg(args, long));
			percent++;
			break;
		default:
			assert(percent[1] == '%');
			buf_char(b, '%');
		}
	}
	buf_text(b, format);
	va_end(args);
}

/* ---- what cannot be seen */

static uint32_t
code_point(const char *s, size_t n)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (unsigned char)s[0] & masks[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

/* Unicode's Bidi_Control and Default_Ignorable characters that occur, and all controls. */
static bool
is_unseen(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = { { 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static void
add_mark(struct buf *b, uint32_t c)
{
	buf_printf(b, "<span class=\"mark\">U+%04X</span>", c);
}

/* Bytes that need no look; a tab is one of them in code. */
static size_t
unmarked_len(const char *text, size_t len, bool is_code)
{
	size_t n = 0;

	while (n < len && (is_plain[(unsigned char)text[n]] || (is_code && text[n] == '\t')))
		n++;
	return n;
}

static void
add_marked(struct buf *b, const char *text, size_t len, bool is_code)
{
	size_t n;

	for (; len > 0; text += n, len -= n) {
		n = unmarked_len(text, len, is_code);
		if (n > 0) {
			buf_add(b, text, n);
			continue;
		}
		n = str_utf8_len(text, len);
		if (n > 0 && is_unseen(code_point(text, n)))
			add_mark(b, code_point(text, n));
		else
			n = add_one(b, text, len);
	}
}

void
html_marked(struct buf *b, const char *text)
{
	add_marked(b, text, strlen(text), false);
}

void
html_code(struct buf *b, const char *bytes, size_t len)
{
	add_marked(b, bytes, len, true);
}

/* ---- lines of text */

#define SIXTEEN 16

typedef unsigned char sixteen __attribute__((vector_size(SIXTEEN)));

/* Whether none of 16 bytes needs a look: as is_plain says it, with tabs and newlines. */
static bool
are_plain(const char *s)
{
	uint64_t halves[2];
	sixteen v, odd;

	memcpy(&v, s, sizeof(v));
	odd = (sixteen)((v < ' ') | (v > '~') | (v == '"') | (v == '&') | (v == '\'') | (v == '<') |
	    (v == '>'));
	odd &= (sixteen)((v != '\n') & (v != '\t'));
	memcpy(halves, &odd, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

static size_t
line_len(const char *s, size_t len)
{
	size_t n = 0;

	while (len - n >= SIXTEEN && are_plain(s + n))
		n += SIXTEEN;
	while (n < len && (is_plain[(unsigned char)s[n]] || s[n] == '\n' || s[n] == '\t'))
		n++;
	return n;
}

void
html_lines(struct buf *b, const char *bytes, size_t len)
{
	size_t n;

	for (; len > 0; bytes += n, len -= n) {
		n = line_len(bytes, len);
		if (n > 0) {
			buf_add(b, bytes, n);
		} else if (len > 1 && bytes[0] == '\r' && bytes[1] == '\n') {
			n = 1;
		} else {
			n = str_utf8_len(bytes, len);
			n = n > 0 ? n : 1;
			add_marked(b, bytes, n, true);
		}
	}
}

void
html_safe(struct buf *b, struct safe_html safe)
{
	buf_add(b, safe.text, safe.len);
}
