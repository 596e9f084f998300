#include "git/pkt.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "git/wire.h"

#define HEAD_BYTES 4

struct git_pkt_reader *
git_pkt_reader_new(struct arena *mem, struct git_wire *wire, const char *whom, int64_t max_bytes)
{
	struct git_pkt_reader *r = arena_new_of(mem, struct git_pkt_reader);

	r->wire = wire;
	r->whom = whom;
	r->max_bytes = max_bytes;
	return r;
}

/* Has at least len bytes in the buffer, or *has_out false at the end of the stream. */
static int
fill(struct ctx *c, struct git_pkt_reader *r, size_t len, bool *has_out)
{
	size_t got;

	if (r->end - r->start < len && r->start > 0) {
		memmove(r->bytes, r->bytes + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	while (r->end - r->start < len) {
		TRY(r->wire->receive(
		    r->wire->payload, r->bytes + r->end, sizeof(r->bytes) - 1 - r->end, &got));
		if (got == 0)
			break;
		r->end += got;
		r->came += (int64_t)got;
		if (r->came > r->max_bytes)
			return fail(c, E_DENIED, "the %s sends more than the %lld bytes it may",
			    r->whom, (long long)r->max_bytes);
	}
	*has_out = r->end - r->start >= len;
	return OK;
}

static int
not_git(struct ctx *c, const struct git_pkt_reader *r)
{
	return fail(c, E_INVALID, "the %s does not speak Git's protocol", r->whom);
}

/* Four hex digits; 0xffff for anything else. */
static size_t
length_of(const char *head)
{
	unsigned char bytes[2];
	char text[HEAD_BYTES + 1] = { 0 };

	memcpy(text, head, HEAD_BYTES);
	if (!str_is_hex(text, bytes, 2))
		return 0xffff;
	return (size_t)bytes[0] << 8 | bytes[1];
}

int
git_pkt_read_bytes(struct ctx *c, struct git_pkt_reader *r, enum git_pkt_kind *kind_out,
    char **bytes_out, size_t *len_out)
{
	bool has;
	size_t len;
	char *line;

	TRY(fill(c, r, HEAD_BYTES, &has));
	if (!has && r->start != r->end)
		return not_git(c, r);
	*kind_out = has ? PKT_FLUSH : PKT_END;
	if (!has)
		return OK;
	len = length_of(r->bytes + r->start);
	if (len == 0) {
		r->start += HEAD_BYTES;
		return OK;
	}
	if (len < HEAD_BYTES || len > GIT_PKT_MAX)
		return not_git(c, r);
	TRY(fill(c, r, len, &has));
	if (!has)
		return not_git(c, r);
	line = r->bytes + r->start;
	/* over its head, so that there is room for a NUL behind it */
	memmove(line, line + HEAD_BYTES, len - HEAD_BYTES);
	r->start += len;
	line[len - HEAD_BYTES] = '\0';
	*kind_out = PKT_LINE;
	*bytes_out = line;
	*len_out = len - HEAD_BYTES;
	return OK;
}

int
git_pkt_read(struct ctx *c, struct git_pkt_reader *r, enum git_pkt_kind *kind_out, char **line_out,
    size_t *len_out)
{
	TRY(git_pkt_read_bytes(c, r, kind_out, line_out, len_out));
	if (*kind_out == PKT_LINE && *len_out > 0 && (*line_out)[*len_out - 1] == '\n')
		(*line_out)[--*len_out] = '\0';
	return OK;
}

int
git_pkt_skip_service(struct ctx *c, struct git_pkt_reader *r, const char *service)
{
	enum git_pkt_kind kind;
	char *line;
	size_t len;

	TRY(git_pkt_read(c, r, &kind, &line, &len));
	if (kind != PKT_LINE || !str_starts(line, "# service=") ||
	    strcmp(line + strlen("# service="), service) != 0)
		return not_git(c, r);
	TRY(git_pkt_read(c, r, &kind, &line, &len));
	return kind == PKT_FLUSH ? OK : not_git(c, r);
}

int
git_pkt_read_rest(struct ctx *c, struct git_pkt_reader *r, char **bytes_out, size_t *len_out)
{
	bool has;

	TRY(fill(c, r, 1, &has));
	*bytes_out = r->bytes + r->start;
	*len_out = r->end - r->start;
	r->start = r->end;
	return OK;
}

void
git_pkt_add(struct buf *b, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(b->mem, format, args);
	va_end(args);
	buf_printf(b, "%04zx%s", strlen(text) + HEAD_BYTES, text);
}

void
git_pkt_flush(struct buf *b)
{
	buf_text(b, "0000");
}
