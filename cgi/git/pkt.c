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
pkt_add(struct buf *b, const void *bytes, size_t len)
{
	assert(len <= PKT_MAX_BYTES - PKT_HEAD_BYTES);
	buf_printf(b, "%04zx", len + PKT_HEAD_BYTES);
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
