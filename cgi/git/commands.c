#include "cgi/git/commands.h"

#include <string.h>

#include "cgi/git/body.h"
#include "cgi/git/pkt.h"
#include "cgi/git/refs.h"

/* Ten thousand lines with long names; nobody needs more. */
#define HEAD_MAX_BYTES (8 * 1024 * 1024)
/* "<id> <id> " */
#define NAME_AT (2 * REF_ID_CHARS + 2)
#define CHANNEL_DATA '\x01'
#define CHANNEL_TEXT '\x02'

struct head {
	struct req *r;
	struct body *body;
	struct buf *bytes;
	size_t at; /* where the next line begins */
};

static int
bad(struct head *h, int http_status, const char *how)
{
	fail(h->r->ctx, E_INVALID, "the list of refs to change %s", how);
	h->r->ctx->http_status = http_status;
	return E_INVALID;
}

static int
read_more(struct head *h)
{
	const char *bytes;
	size_t len;

	TRY(body_next(h->body, &bytes, &len));
	if (len == 0)
		return bad(h, 400, "has no end");
	buf_add(h->bytes, bytes, len);
	return h->bytes->full ? bad(h, 413, "is too long") : OK;
}

/* The next line; its *len_out is PKT_FLUSH or counts its four digits too. */
static int
next_line(struct head *h, int *len_out)
{
	int len;

	for (;;) {
		size_t available = h->bytes->len - h->at;

		len = pkt_length(h->bytes->data + h->at, available);
		if (len == PKT_BAD)
			return bad(h, 400, "is malformed");
		if (len != PKT_MORE && (size_t)len <= available)
			break;
		TRY(read_more(h));
	}
	*len_out = len;
	return OK;
}

/* Goes over the lines up to the flush and counts them; a few too many are enough. */
static int
count_lines(struct head *h, size_t *n_out)
{
	size_t n = 0;
	int len;

	for (;;) {
		TRY(next_line(h, &len));
		if (len == PKT_FLUSH)
			break;
		h->at += (size_t)len;
		if (++n > COMMANDS_MAX)
			break;
	}
	*n_out = n;
	return OK;
}

/* The name in a line of len bytes, or NULL: a shallow line, a certificate, nonsense. It ends at a
 * NUL (capabilities follow), a line feed, or with the line. */
static const char *
name_in(struct arena *mem, const char *line, size_t len)
{
	const char *name;

	if (len <= NAME_AT || line[REF_ID_CHARS] != ' ' || line[NAME_AT - 1] != ' ')
		return NULL;
	name = arena_strndup(mem, line + NAME_AT, len - NAME_AT);
	name = arena_strndup(mem, name, strcspn(name, "\n"));
	return ref_is_name(name) ? name : NULL;
}

static void
take_names(struct head *h, struct commands *out)
{
	const char *line = h->bytes->data;

	out->refs = arena_new_array(h->r->ctx->mem, const char *, out->n_lines);
	for (size_t i = 0; i < out->n_lines; i++) {
		int len = pkt_length(line, PKT_HEAD_BYTES);
		const char *name =
		    name_in(h->r->ctx->mem, line + PKT_HEAD_BYTES, (size_t)len - PKT_HEAD_BYTES);

		if (name != NULL)
			out->refs[out->n++] = name;
		line += len;
	}
}

/* Capabilities stand behind the NUL of the first command; shallow lines may come before it. */
static bool
has_capability(const struct head *h, const char *capability)
{
	const char *line = h->bytes->data, *nul = NULL;
	size_t len = 0;

	for (; line < h->bytes->data + h->at && nul == NULL; line += len) {
		len = (size_t)pkt_length(line, PKT_HEAD_BYTES);
		nul = memchr(line, '\0', len);
	}
	return nul != NULL && memmem(nul, (size_t)(line - nul), capability, strlen(capability));
}

int
commands_read(struct req *r, struct body *body, struct commands *out)
{
	struct head h = { .r = r, .body = body, .bytes = buf_new(r->ctx->mem, HEAD_MAX_BYTES) };

	TRY(count_lines(&h, &out->n_lines));
	out->has_sideband = has_capability(&h, "side-band-64k");
	if (out->n_lines <= COMMANDS_MAX)
		take_names(&h, out);
	body_unread(body, h.bytes);
	return OK;
}

static size_t
count_parts(const char *name)
{
	size_t n = 1;

	for (; *name != '\0'; name++)
		n += *name == '/';
	return n;
}

bool
commands_are_deep(const struct commands *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (count_parts(c->refs[i]) > COMMANDS_PARTS_MAX)
			return true;
	return false;
}

static void
add_in_channel(struct buf *b, char channel, const struct buf *bytes)
{
	struct buf *line = buf_new(b->mem, bytes->len + 1);

	buf_char(line, channel);
	buf_add(line, bytes->data, bytes->len);
	pkt_add(b, line->data, line->len);
}

void
commands_refuse(struct req *r, const struct commands *c, const char *sentence)
{
	struct arena *mem = r->ctx->mem;
	struct buf *report = buf_new(mem, 1024), *text = buf_new(mem, 1024);

	pkt_text(report, arena_printf(mem, "unpack %s\n", sentence));
	pkt_flush(report);
	if (!c->has_sideband) {
		buf_add(r->out, report->data, report->len);
		return;
	}
	buf_printf(text, "%s\n", sentence);
	add_in_channel(r->out, CHANNEL_TEXT, text);
	add_in_channel(r->out, CHANNEL_DATA, report);
	pkt_flush(r->out);
}
