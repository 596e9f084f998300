#include "cgi/git/pkt.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define DELIMITER "0001"

static int
hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return -1;
}

int
pkt_length(const char *text, size_t available)
{
	int length = 0;

	for (size_t i = 0; i < PKT_HEAD_BYTES; i++) {
		int digit = i < available ? hex_digit(text[i]) : 0;

		if (digit < 0)
			return PKT_BAD;
		length = length * 16 + digit;
	}
	if (available < PKT_HEAD_BYTES)
		return PKT_MORE;
	if (length != PKT_FLUSH && (length < PKT_HEAD_BYTES || length > PKT_MAX_BYTES))
		return PKT_BAD;
	return length;
}

char *
pkt_strndup(struct arena *mem, const char *text, size_t len)
{
	return arena_strndup(mem, text, len - (len > 0 && text[len - 1] == '\n'));
}

static enum pkt_kind
skip(struct pkt_reader *r, size_t len, enum pkt_kind kind)
{
	r->at += len;
	r->left -= len;
	return kind;
}

enum pkt_kind
pkt_next(struct pkt_reader *r, char **text_out)
{
	int len;

	*text_out = arena_strdup(r->mem, "");
	if (r->left >= PKT_HEAD_BYTES && memcmp(r->at, DELIMITER, PKT_HEAD_BYTES) == 0)
		return skip(r, PKT_HEAD_BYTES, PKT_IS_DELIMITER);
	len = pkt_length(r->at, r->left);
	if (len < 0 || (size_t)len > r->left)
		return PKT_IS_BAD;
	if (len == PKT_FLUSH)
		return skip(r, PKT_HEAD_BYTES, PKT_IS_FLUSH);
	*text_out = pkt_strndup(r->mem, r->at + PKT_HEAD_BYTES, (size_t)len - PKT_HEAD_BYTES);
	return skip(r, (size_t)len, PKT_IS_TEXT);
}

bool
pkt_is_plain_word(const char *text)
{
	return str_starts(text, "agent=") || str_is_equal(text, "object-format=sha1");
}

void
pkt_begin(struct buf *b, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t all = len + PKT_HEAD_BYTES;

	assert(all <= PKT_MAX_BYTES);
	for (int shift = 12; shift >= 0; shift -= 4)
		buf_char(b, hex[all >> shift & 15]);
}

void
pkt_add(struct buf *b, const void *bytes, size_t len)
{
	pkt_begin(b, len);
	buf_add(b, bytes, len);
}

void
pkt_text(struct buf *b, const char *text)
{
	pkt_add(b, text, strlen(text));
}

void
pkt_flush(struct buf *b)
{
	buf_text(b, "0000");
}
