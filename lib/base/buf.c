#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

struct buf *
buf_new(struct arena *mem, size_t max_bytes)
{
	struct buf *b = arena_new_of(mem, struct buf);

	b->size = max_bytes < 1024 ? max_bytes : 1024;
	b->max = max_bytes;
	b->mem = mem;
	b->data = arena_alloc(mem, b->size + 1);
	return b;
}

char *
buf_room(struct buf *b, size_t len)
{
	size_t size = b->size;
	char *data;

	if (b->full || len > b->max - b->len) {
		b->full = true;
		return NULL;
	}
	if (b->len + len > size) {
		while (size < b->len + len)
			size = size > b->max / 2 ? b->max : size * 2;
		data = arena_room(b->mem, size + 1);
		memcpy(data, b->data, b->len + 1);
		b->data = data;
		b->size = size;
	}
	return b->data + b->len;
}

void
buf_grew(struct buf *b, size_t len)
{
	assert(len <= b->size - b->len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	char *room = !b->full && len <= b->size - b->len ? b->data + b->len : buf_room(b, len);

	if (room == NULL || len == 0)
		return;
	memcpy(room, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_char(struct buf *b, char ch)
{
	char *room = !b->full && b->len < b->size ? b->data + b->len : buf_room(b, 1);

	if (room == NULL)
		return;
	room[0] = ch;
	room[1] = '\0';
	b->len++;
}

void
buf_int(struct buf *b, long long n)
{
	char digits[24]; /* enough for any 64-bit number */
	char *p = digits + sizeof(digits);
	unsigned long long u = n < 0 ? 0ULL - (unsigned long long)n : (unsigned long long)n;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u != 0);
	if (n < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int len;
	char *room;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(len >= 0);
	room = buf_room(b, (size_t)len);
	if (room == NULL)
		return;
	va_start(args, format);
	vsnprintf(room, (size_t)len + 1, format, args);
	va_end(args);
	buf_grew(b, (size_t)len);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
	b->data[0] = '\0';
}

void
buf_drop(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len -= len;
	memmove(b->data, b->data + len, b->len + 1);
}
