#include "sync/manifest.h"

#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "net/http.h"
#include "sync/manifest_scan.h"

#define PIECE_BYTES (64 * 1024)
#define HEX_LEN 40
#define AUTO_GZIP (15 + 32) /* zlib: the largest window, gzip or zlib by the first bytes */

struct reading {
	struct ctx *c;
	const struct manifest_hooks *hooks;
	struct wire_list_done *out;
	struct net *net;
	struct net_http *http;
	struct manifest_scan scan;
	struct buf *lines;
	int64_t unpacked;
	z_stream z;
	bool is_plain, is_unpacked; /* no gzip; its end has come */
};

/* ---- what is found */

bool
manifest_is_line(const char *line, size_t len)
{
	unsigned char bytes[HEX_LEN / 2];
	char hex[HEX_LEN + 1] = "";

	if (len < HEX_LEN + 3 || len > HEX_LEN + 1 + MANIFEST_PATH_MAX)
		return false;
	memcpy(hex, line, HEX_LEN);
	if (!str_is_hex(hex, bytes, sizeof(bytes)) || line[HEX_LEN] != ' ' ||
	    line[HEX_LEN + 1] != '/')
		return false;
	for (size_t i = HEX_LEN + 1; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return false;
	return str_is_utf8(line, len);
}

static int
tell(struct reading *r)
{
	if (r->lines->len > 0 && !r->hooks->listed(r->hooks->payload, r->lines->data))
		return fail(r->c, E_INTERNAL, "nobody listens");
	buf_clear(r->lines);
	return OK;
}

/* Old lists have paths without a slash in front. */
static int
on_found(void *payload, const char *path, const char *fingerprint)
{
	struct reading *r = payload;
	char line[HEX_LEN + 2 + MANIFEST_TEXT_MAX + 2];
	int len =
	    snprintf(line, sizeof(line), "%s %s%s", fingerprint, path[0] == '/' ? "" : "/", path);

	if (len < 0 || (size_t)len >= sizeof(line) || !manifest_is_line(line, (size_t)len))
		return OK; /* no mirror of ours can be called so */
	if (r->lines->len + (size_t)len + 1 > MANIFEST_LINES_MAX)
		TRY(tell(r));
	buf_add(r->lines, line, (size_t)len);
	buf_char(r->lines, '\n');
	return OK;
}

/* ---- unpacking */

static void
close_z(void *z)
{
	inflateEnd(z);
}

static int
scan(struct reading *r, const char *bytes, size_t len)
{
	r->unpacked += (int64_t)len;
	if (r->unpacked > MANIFEST_UNPACKED_MAX)
		return fail(
		    r->c, E_INVALID, "the list is larger than %lld bytes", MANIFEST_UNPACKED_MAX);
	return manifest_scan(r->c, &r->scan, bytes, len);
}

static int
unpack(struct reading *r, const char *bytes, size_t len)
{
	char *piece = arena_alloc(r->c->mem, PIECE_BYTES);

	r->z.next_in = (unsigned char *)(uintptr_t)bytes;
	r->z.avail_in = (unsigned)len;
	do {
		int result;

		r->z.next_out = (unsigned char *)piece;
		r->z.avail_out = PIECE_BYTES;
		result = r->is_unpacked ? Z_DATA_ERROR : inflate(&r->z, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return fail(
			    r->c, E_INVALID, "the list is packed in a way that gzip is not");
		r->is_unpacked = result == Z_STREAM_END;
		TRY(scan(r, piece, PIECE_BYTES - r->z.avail_out));
	} while (r->z.avail_out == 0 || (r->z.avail_in > 0 && !r->is_unpacked));
	return OK;
}

/* One piece of the body; the first tells whether it is packed. */
static int
take(struct reading *r, const char *bytes, size_t len, bool is_first)
{
	struct arena *mem = arena_new();
	struct ctx *c = r->c, inner = *c;
	int code;

	if (is_first)
		r->is_plain = bytes[0] == '{' || bytes[0] == ' ' || bytes[0] == '\n';
	inner.mem = mem;
	r->c = &inner;
	code = r->is_plain ? scan(r, bytes, len) : unpack(r, bytes, len);
	r->c = c;
	if (code != OK)
		(void)fail(c, code, "%s", inner.reason);
	arena_free(mem);
	return code;
}

static int
read_body(struct reading *r)
{
	char *bytes = arena_alloc(r->c->mem, PIECE_BYTES);
	bool is_first = true;
	size_t got;

	if (inflateInit2(&r->z, AUTO_GZIP) != Z_OK)
		return fail(r->c, E_INTERNAL, "zlib has no memory");
	arena_defer(r->c->mem, close_z, &r->z);
	for (;;) {
		TRY(net_http_read(r->http, bytes, PIECE_BYTES, &got));
		if (got == 0)
			break;
		r->out->bytes += (int64_t)got;
		TRY(take(r, bytes, got, is_first));
		is_first = false;
	}
	if (!r->is_plain && !r->is_unpacked)
		return fail(r->c, E_INVALID, "the list breaks off");
	TRY(manifest_scan_end(r->c, &r->scan));
	return tell(r);
}

/* ---- asking */

/* What a status says that is neither a list nor "the same". */
static int
refuse(struct reading *r, long status)
{
	static const struct {
		long status;
		enum net_why why;
	} rows[] = { { 401, NET_WHY_AUTH }, { 403, NET_WHY_AUTH }, { 404, NET_WHY_GONE },
		{ 410, NET_WHY_GONE }, { 429, NET_WHY_BUSY }, { 503, NET_WHY_BUSY } };
	enum net_why why = status >= 500 ? NET_WHY_NETWORK : NET_WHY_PROTOCOL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status)
			why = rows[i].why;
	return net_fail(r->net, why, "the upstream answers %ld", status);
}

static const char *
header_of(struct reading *r, const char *name)
{
	const char *value = net_http_header(r->http, name);

	return str_is_printable(value) && strlen(value) <= 500 ? value : "";
}

static int
ask(struct reading *r, const struct wire_list *wanted)
{
	const char *headers[3] = { NULL };
	size_t n = 0;
	struct net_request request = {
		.suffix = "",
		.max_bytes = MANIFEST_PACKED_MAX,
		.may_redirect = true,
		.any_status = true,
		.headers = headers,
	};
	struct net_url url;

	if (wanted->etag[0] != '\0')
		headers[n++] = arena_printf(r->c->mem, "If-None-Match: %s", wanted->etag);
	if (wanted->last_modified[0] != '\0')
		headers[n++] =
		    arena_printf(r->c->mem, "If-Modified-Since: %s", wanted->last_modified);
	if (net_url_parse(r->c, wanted->url, &url) != OK)
		return net_fail(r->net, NET_WHY_POLICY, "%s", r->c->reason);
	if (url.scheme != NET_HTTP && url.scheme != NET_HTTPS)
		return net_fail(r->net, NET_WHY_POLICY, "a list has an http or https address");
	TRY(net_http_open(r->net, &url, &r->http));
	TRY(net_http_request(r->http, &request));
	r->out->status = net_http_status(r->http);
	if (r->out->status == 304 && n > 0)
		return OK;
	if (r->out->status != 200)
		return refuse(r, net_http_status(r->http));
	r->out->etag = header_of(r, "ETag");
	r->out->last_modified = header_of(r, "Last-Modified");
	return read_body(r);
}

static const char *
class_of(const struct net *n)
{
	static const char *const words[] = {
		[0] = "protocol", /* it came, and was none */
		[NET_WHY_NETWORK] = "network",
		[NET_WHY_BUSY] = "busy",
		[NET_WHY_AUTH] = "auth",
		[NET_WHY_GONE] = "gone",
		[NET_WHY_TLS] = "tls",
		[NET_WHY_POLICY] = "policy",
		[NET_WHY_PROTOCOL] = "protocol",
		[NET_WHY_STOPPED] = "local",
		[NET_WHY_LOCAL] = "local",
	};

	return n == NULL ? "local" : words[n->why];
}

void
manifest_read(struct ctx *c, const struct wire_list *wanted, const struct manifest_hooks *hooks,
    struct wire_list_done *out)
{
	struct reading *r = arena_new_of(c->mem, struct reading);
	int code;

	*r = (struct reading){ .c = c, .hooks = hooks, .out = out };
	r->scan.found = on_found;
	r->scan.payload = r;
	r->lines = buf_new(c->mem, MANIFEST_LINES_MAX + 1);
	out->id = wanted->id;
	out->error = out->error_text = out->etag = out->last_modified = "";
	code = net_open(c, "", MANIFEST_TOTAL_S, NULL, NULL, &r->net);
	if (code == OK)
		code = ask(r, wanted);
	if (code == OK)
		return;
	out->error = class_of(r->net);
	out->error_text = str_redact(c->mem, c->reason);
}
