#include "git/delta.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define COPY_FLAG 0x80
#define COPY_DEFAULT_LEN 0x10000

void
git_bytes_room(struct git_bytes *b, size_t len)
{
	if (len + 1 > b->size) {
		b->size = len + 1 + len / 4;
		free(b->data);
		b->data = malloc(b->size);
		if (b->data == NULL)
			abort(); /* as the arena does when memory is out */
	}
	b->len = len;
	b->data[len] = '\0';
}

void
git_bytes_free(struct git_bytes *b)
{
	free(b->data);
	*b = (struct git_bytes){ 0 };
}

static z_stream *
start(void **state, const unsigned char *packed, size_t packed_len)
{
	z_stream *z = *state;

	if (z == NULL) {
		*state = z = calloc(1, sizeof(*z));
		if (z == NULL || inflateInit(z) != Z_OK)
			abort(); /* as the arena does when memory is out */
	} else {
		inflateReset(z);
	}
	inflateValidate(z, 0); /* who indexed the pack has compared the checksums */
	z->next_in = (Bytef *)packed;
	z->avail_in = packed_len > UINT32_MAX ? UINT32_MAX : (uInt)packed_len;
	return z;
}

bool
git_inflate(
    void **state, const unsigned char *packed, size_t packed_len, size_t len, struct git_bytes *out)
{
	z_stream *z = start(state, packed, packed_len);
	int result;

	git_bytes_room(out, len);
	z->next_out = (Bytef *)out->data;
	z->avail_out = (uInt)len + 1; /* one more: a longer stream shows itself */
	result = inflate(z, Z_FINISH);
	out->data[len] = '\0';
	return result == Z_STREAM_END && z->total_out == len;
}

bool
git_inflate_measure(void **state, const unsigned char *packed, size_t packed_len, size_t len)
{
	z_stream *z = start(state, packed, packed_len);
	unsigned char scratch[32 * 1024];
	int result;

	do {
		z->next_out = scratch;
		z->avail_out = sizeof(scratch);
		result = inflate(z, Z_NO_FLUSH);
	} while (result == Z_OK && z->total_out <= len);
	return result == Z_STREAM_END && z->total_out == len;
}

size_t
git_inflate_head(
    void **state, const unsigned char *packed, size_t packed_len, unsigned char *out, size_t size)
{
	z_stream *z = start(state, packed, packed_len);
	int result;

	z->next_out = out;
	z->avail_out = (uInt)size;
	result = inflate(z, Z_SYNC_FLUSH);
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR
	    ? (size_t)z->total_out
	    : 0;
}

void
git_inflate_end(void *state)
{
	if (state == NULL)
		return;
	inflateEnd(state);
	free(state);
}

/* A length of seven bits a byte, lowest first. */
static bool
take_len(const unsigned char **at, const unsigned char *end, size_t *out)
{
	size_t len = 0;

	for (unsigned shift = 0; *at < end && shift < 63; shift += 7) {
		unsigned char byte = *(*at)++;

		len |= (size_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = len;
			return true;
		}
	}
	return false;
}

/* Up to n bytes of a little-endian number; bit i of flags says whether byte i is there. */
static bool
take_number(
    const unsigned char **at, const unsigned char *end, unsigned flags, unsigned n, size_t *out)
{
	*out = 0;
	for (unsigned i = 0; i < n; i++)
		if (flags & (1u << i)) {
			if (*at == end)
				return false;
			*out |= (size_t) * (*at)++ << (8 * i);
		}
	return true;
}

bool
git_delta_result_len(const void *delta, size_t len, size_t *len_out)
{
	const unsigned char *at = delta, *end = at + len;
	size_t base_len;

	return take_len(&at, end, &base_len) && take_len(&at, end, len_out);
}

bool
git_delta_apply(const struct git_bytes *base, const struct git_bytes *delta, struct git_bytes *out)
{
	const unsigned char *at = (const unsigned char *)delta->data, *end = at + delta->len;
	size_t base_len, result_len, from, len, done = 0;

	if (!take_len(&at, end, &base_len) || base_len != base->len ||
	    !take_len(&at, end, &result_len))
		return false;
	git_bytes_room(out, result_len);
	while (at < end) {
		unsigned op = *at++;

		if (op & COPY_FLAG) {
			if (!take_number(&at, end, op & 0x0f, 4, &from) ||
			    !take_number(&at, end, (op >> 4) & 0x07, 3, &len))
				return false;
			len = len == 0 ? COPY_DEFAULT_LEN : len;
			if (from > base->len || len > base->len - from)
				return false;
		} else {
			len = op;
			if (len == 0 || len > (size_t)(end - at))
				return false;
		}
		if (len > result_len - done)
			return false;
		memcpy(
		    out->data + done, op & COPY_FLAG ? base->data + from : (const char *)at, len);
		at += op & COPY_FLAG ? 0 : len;
		done += len;
	}
	return done == result_len;
}
