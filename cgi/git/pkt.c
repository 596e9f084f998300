#include "cgi/git/pkt.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"

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

void
pkt_begin(struct buf *b, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t all = len + PKT_HEAD_BYTES;
	const char digits[] = { hex[all >> 12], hex[all >> 8 & 15], hex[all >> 4 & 15], hex[all & 15] };

	assert(all <= PKT_MAX_BYTES);
	buf_add(b, digits, sizeof(digits));
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
