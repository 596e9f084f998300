#include "sync/probe_row.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/str.h"
#include "net/url.h"
#include "sync/mirror.h"

#define ORDER_FIELDS 6
#define REPORT_FIELDS 7
#define TEXT_MAX_BYTES 1000
#define RETRY_MAX_S 86400
#define OPTIONS_MAX_BYTES (128 * 1024)

static int
wrong(struct ctx *c)
{
	return fail(c, E_INVALID, "a line about a probe makes no sense");
}

void
probe_order_add(struct buf *rows, const struct probe_order *o)
{
	/* a password may hold anything */
	const char *secret = str_base64(rows->mem, o->credentials, strlen(o->credentials));

	assert(str_is_printable(o->url) && str_is_printable(o->options));
	buf_printf(rows, "%lld\t%lld\t%lld\t%s\t%s\t%s\n", (long long)o->fence,
	    (long long)o->host_v2, (long long)o->most, o->url, secret, o->options);
}

int
probe_order_parse(struct ctx *c, const char *row, struct probe_order *out)
{
	size_t n, len;
	char **fields = str_split(c->mem, row, '\t', &n);

	if (n != ORDER_FIELDS || !str_is_int(fields[0], &out->fence) ||
	    !str_is_int(fields[1], &out->host_v2) || !str_is_int(fields[2], &out->most))
		return wrong(c);
	out->url = fields[3];
	out->credentials = str_unbase64(c->mem, fields[4], &len);
	out->options = fields[5];
	return out->credentials != NULL ? OK : wrong(c);
}

const char *
probe_order_options(struct ctx *c, const char *json)
{
	static const char *const keys[] = { "ref_include", "ref_exclude", "most_refs" };
	struct buf *b = buf_new(c->mem, OPTIONS_MAX_BYTES);
	const struct js *root, *value;

	if (json == NULL || json[0] == '\0' || str_is_equal(json, "{}") ||
	    js_parse_loose(c, json, strlen(json), &root) != OK || js_type(root) != JS_OBJECT)
		return "";
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if ((value = js_get(root, keys[i])) != NULL)
			buf_printf(b, "%s\"%s\":%s", b->len == 0 ? "{" : ",", keys[i],
			    js_source(c, value));
	buf_text(b, b->len > 0 ? "}" : "");
	return b->full ? "{" : b->data; /* which nobody takes for an object */
}

/* Nothing of a stranger's may end a field, or grow on its way as JSON. */
static void
add_text(struct buf *rows, const char *text)
{
	for (size_t i = 0; i < TEXT_MAX_BYTES && text[i] != '\0'; i++)
		buf_char(rows, text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
}

void
probe_report_add(struct buf *rows, const struct probe_report *r)
{
	buf_printf(rows, "%lld\t%s\t%s\t%lld\t%lld\t", (long long)r->fence, r->fingerprint,
	    r->error, (long long)r->retry_after_s, (long long)r->host_v2);
	add_text(rows, r->moved_to);
	buf_char(rows, '\t');
	add_text(rows, r->error_text);
	buf_char(rows, '\n');
}

size_t
probe_rows_fit(const char *rows, size_t len, size_t most)
{
	const char *end;

	if (len <= most)
		return len;
	end = memrchr(rows, '\n', most);
	return end != NULL ? (size_t)(end - rows) + 1 : 0;
}

static bool
is_moved_to(struct ctx *c, const char *text)
{
	return text[0] == '\0' || (strlen(text) <= TEXT_MAX_BYTES && net_url_is_http(c, text));
}

int
probe_report_parse(struct ctx *c, const char *row, struct probe_report *out)
{
	unsigned char bytes[32];
	size_t n;
	char **fields = str_split(c->mem, row, '\t', &n);
	bool has_failed;

	if (n != REPORT_FIELDS || !str_is_int(fields[0], &out->fence) ||
	    !str_is_int(fields[3], &out->retry_after_s) || !str_is_int(fields[4], &out->host_v2))
		return wrong(c);
	out->fingerprint = fields[1];
	out->error = fields[2];
	out->moved_to = fields[5];
	out->error_text = fields[6];
	has_failed = out->error[0] != '\0';
	if (has_failed != (out->fingerprint[0] == '\0') || out->retry_after_s < 0 ||
	    out->retry_after_s > RETRY_MAX_S || out->host_v2 < 0 || out->host_v2 > 2 ||
	    strlen(out->error_text) > TEXT_MAX_BYTES || !is_moved_to(c, out->moved_to))
		return wrong(c);
	return has_failed || str_is_hex(out->fingerprint, bytes, sizeof(bytes)) ? OK : wrong(c);
}
