#include "cgi/git/body.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

#include "base/str.h"
#include "cgi/git/service.h"

#define PIECE_BYTES (64 * 1024)
#define PACKED_BYTES (16 * 1024)
#define GZIP_ONLY (16 + MAX_WBITS)

struct body {
	struct req *r;
	int64_t max_bytes, left_bytes;
	z_stream *zip;	 /* NULL: the body is not compressed */
	char *packed;	 /* what zip reads from */
	char *pieces[2]; /* the one given away, and the one read ahead */
	size_t lens[2];
	int given;
	bool has_begun, is_ended;
	const struct buf *unread; /* comes first; NULL: nothing */
};

static int
broken(struct body *b, const char *how)
{
	fail(b->r->ctx, E_INVALID, "the request body %s", how);
	b->r->ctx->http_status = 400;
	return E_INVALID;
}

static int
too_large(struct body *b)
{
	fail(
	    b->r->ctx, E_INVALID, "the request is larger than %lld bytes", (long long)b->max_bytes);
	b->r->ctx->http_status = 413;
	return E_INVALID;
}

static int
wrong_kind(struct req *r, const char *what, const char *expected)
{
	fail(r->ctx, E_INVALID, "%s is %s here", what, expected);
	r->ctx->http_status = 415;
	return E_INVALID;
}

static int
read_some(struct body *b, char *to, size_t size, size_t *len_out)
{
	ssize_t n = req_read(b->r, to, size);

	if (n < 0)
		return broken(b, "is shorter than it promised");
	*len_out = (size_t)n;
	return OK;
}

static int
read_plain(struct body *b, char *to, size_t size, size_t *len_out)
{
	TRY(read_some(b, to, size, len_out));
	b->is_ended = *len_out == 0;
	return OK;
}

/* One member and nothing behind it; zlib has compared length and checksum. */
static int
end_gzip(struct body *b)
{
	size_t more = b->zip->avail_in;

	if (more == 0)
		TRY(read_some(b, b->packed, PACKED_BYTES, &more));
	if (more > 0)
		return broken(b, "goes on behind its gzip member");
	b->is_ended = true;
	return OK;
}

static int
fill_packed(struct body *b)
{
	size_t len;

	if (b->zip->avail_in > 0)
		return OK;
	TRY(read_some(b, b->packed, PACKED_BYTES, &len));
	if (len == 0)
		return broken(b, "ends within its gzip member");
	b->zip->next_in = (unsigned char *)b->packed;
	b->zip->avail_in = (unsigned)len;
	return OK;
}

static int
read_gzip(struct body *b, char *to, size_t size, size_t *len_out)
{
	int code;

	b->zip->next_out = (unsigned char *)to;
	b->zip->avail_out = (unsigned)size;
	TRY(fill_packed(b));
	code = inflate(b->zip, Z_NO_FLUSH);
	if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
		return broken(b, "is not good gzip");
	*len_out = size - b->zip->avail_out;
	return code == Z_STREAM_END ? end_gzip(b) : OK;
}

/* Fills a piece, or reads to the end. */
static int
fill(struct body *b, int piece)
{
	b->lens[piece] = 0;
	while (!b->is_ended && b->lens[piece] < PIECE_BYTES) {
		char *to = b->pieces[piece] + b->lens[piece];
		size_t size = PIECE_BYTES - b->lens[piece], len = 0;

		TRY(b->zip != NULL ? read_gzip(b, to, size, &len) : read_plain(b, to, size, &len));
		b->lens[piece] += len;
		b->left_bytes -= (int64_t)len;
		if (b->left_bytes < 0)
			return too_large(b);
	}
	return OK;
}

static void
close_zip(void *zip)
{
	inflateEnd(zip);
}

static int
open_zip(struct body *b)
{
	struct arena *mem = b->r->ctx->mem;

	b->packed = arena_alloc(mem, PACKED_BYTES);
	b->zip = arena_new_of(mem, z_stream);
	if (inflateInit2(b->zip, GZIP_ONLY) != Z_OK)
		return fail_passing(b->r->ctx, 5, "zlib has no memory");
	arena_defer(mem, close_zip, b->zip);
	return OK;
}

static int
check_length(struct body *b)
{
	const char *length = req_header(b->r, "Content-Length");
	int64_t bytes;

	if (length != NULL && str_is_int(length, &bytes) && bytes > b->max_bytes)
		return too_large(b);
	return OK;
}

static bool
is_gzip(const char *encoding)
{
	return encoding != NULL &&
	    (str_is_equal_nocase(encoding, "gzip") || str_is_equal_nocase(encoding, "x-gzip"));
}

int
body_open(struct req *r, const struct service *s, int64_t max_bytes, struct body **out)
{
	const char *type = req_header(r, "Content-Type");
	const char *encoding = req_header(r, "Content-Encoding");
	struct body *b = arena_new_of(r->ctx->mem, struct body);

	if (type == NULL || !str_is_equal_nocase(type, s->request_type))
		return wrong_kind(r, "Content-Type", s->request_type);
	b->r = r;
	b->max_bytes = b->left_bytes = max_bytes;
	b->pieces[0] = arena_alloc(r->ctx->mem, PIECE_BYTES);
	b->pieces[1] = arena_alloc(r->ctx->mem, PIECE_BYTES);
	TRY(check_length(b));
	if (is_gzip(encoding))
		TRY(open_zip(b));
	else if (encoding != NULL && *encoding != '\0' &&
	    !str_is_equal_nocase(encoding, "identity"))
		return wrong_kind(r, "Content-Encoding", "gzip or nothing");
	*out = b;
	return OK;
}

int
body_next(struct body *b, const char **bytes_out, size_t *len_out)
{
	if (b->unread != NULL) {
		*bytes_out = b->unread->data;
		*len_out = b->unread->len;
		b->unread = NULL;
		if (*len_out > 0)
			return OK;
	}
	if (!b->has_begun)
		TRY(fill(b, !b->given));
	b->has_begun = true;
	b->given = !b->given;
	TRY(fill(b, !b->given));
	*bytes_out = b->pieces[b->given];
	*len_out = b->lens[b->given];
	return OK;
}

int
body_whole(struct body *b, struct buf **out)
{
	struct buf *whole = buf_new(b->r->ctx->mem, (size_t)b->max_bytes);
	const char *bytes;
	size_t len;

	do {
		TRY(body_next(b, &bytes, &len));
		buf_add(whole, bytes, len);
	} while (len > 0);
	*out = whole;
	return OK;
}

void
body_unread(struct body *b, const struct buf *bytes)
{
	assert(b->unread == NULL);
	b->unread = bytes;
}

struct body *
body_of(struct req *r, const struct buf *bytes)
{
	struct body *b = arena_new_of(r->ctx->mem, struct body);

	b->r = r;
	b->unread = bytes;
	b->is_ended = b->has_begun = true;
	return b;
}
