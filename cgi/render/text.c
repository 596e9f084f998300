#include "cgi/render/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define REPLACEMENT "\xef\xbf\xbd"

static const char *const escapes[] = {
	['&'] = "&amp;",
	['<'] = "&lt;",
	['>'] = "&gt;",
	['"'] = "&quot;",
	['\''] = "&#39;",
};

static uint32_t
decode(const unsigned char *s, size_t len)
{
	static const unsigned char firsts[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t ch = s[0] & firsts[len];

	for (size_t i = 1; i < len; i++)
		ch = ch << 6 | (s[i] & 0x3f);
	return ch;
}

/* What HTML does not allow as a character. */
static bool
is_forbidden(uint32_t ch)
{
	return (ch < 0x20 && ch != '\t' && ch != '\n') || (ch >= 0x7f && ch < 0xa0) ||
	    (ch >= 0xfdd0 && ch <= 0xfdef) || (ch & 0xfffe) == 0xfffe;
}

/* Unicode's Bidi_Control without the plain marks U+200E, U+200F and U+061C, which right-to-left
 * texts need and which hide nothing. */
static bool
turns_direction(uint32_t ch)
{
	return (ch >= 0x202a && ch <= 0x202e) || (ch >= 0x2066 && ch <= 0x2069);
}

static void
add_character(struct buf *b, const char *s, size_t len, bool has_marks)
{
	uint32_t ch = len > 0 ? decode((const unsigned char *)s, len) : 0;

	if (ch == '\r')
		return; /* of a line's end; the newline is enough */
	if (is_forbidden(ch) || (turns_direction(ch) && !has_marks))
		buf_text(b, REPLACEMENT);
	else if (turns_direction(ch))
		buf_printf(b, "<span class=\"mark\" title=\"U+%04X\">U+%04X</span>", ch, ch);
	else if (ch < sizeof(escapes) / sizeof(escapes[0]) && escapes[ch] != NULL)
		buf_text(b, escapes[ch]);
	else
		buf_add(b, s, len);
}

static void
add_all(struct buf *b, const char *text, bool has_marks)
{
	size_t left = strlen(text), len;

	for (; left > 0; text += len, left -= len) {
		len = str_utf8_len(text, left);
		add_character(b, text, len, has_marks);
		if (len == 0)
			len = 1;
	}
}

void
text_add(struct buf *b, const char *text)
{
	add_all(b, text, true);
}

void
text_attribute(struct buf *b, const char *text)
{
	add_all(b, text, false);
}
