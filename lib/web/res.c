#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "web/cookie.h"
#include "web/fcgi.h"
#include "web/req.h"
#include "web/route.h"

#define HEAD_MAX_BYTES (16 * 1024)
#define HEADER_TEXT_MAX 500

/* Every answer has them (checklists X-09), unless its handler has said otherwise. */
#define FIXED(ROW)                                                                                 \
	ROW("X-Content-Type-Options", "nosniff")                                                   \
	ROW("Referrer-Policy", "no-referrer")                                                      \
	ROW("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")               \
	ROW("Cross-Origin-Resource-Policy", "same-origin")                                         \
	ROW("Cross-Origin-Opener-Policy", "same-origin")                                           \
	ROW("Permissions-Policy", "camera=(), geolocation=(), microphone=()")

#define AS_ROW(name, value) { name, value },
#define AS_LINE(name, value) name ": " value "\r\n"

static const struct {
	const char *name, *value;
} fixed[] = { FIXED(AS_ROW) };

static const char fixed_lines[] = FIXED(AS_LINE);

static const char *
status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Status";
}

static void
add_header(struct buf *b, const char *name, const char *value)
{
	buf_text(b, name);
	buf_add(b, ": ", 2);
	buf_text(b, value);
	buf_add(b, "\r\n", 2);
}

void
res_header(struct req *r, const char *name, const char *value)
{
	assert(strpbrk(name, "\r\n: ") == NULL && strpbrk(value, "\r\n") == NULL);
	add_header(r->head, name, value);
}

void
res_header_text(struct req *r, const char *name, const char *value)
{
	char *text = arena_strndup(r->ctx->mem, value, strnlen(value, HEADER_TEXT_MAX));

	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	res_header(r, name, text);
}

void
res_clear(struct req *r)
{
	buf_clear(r->out);
	buf_clear(r->head);
}

bool
res_has_header(const struct req *r, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = r->head->data; *line != '\0'; line = strstr(line, "\r\n") + 2)
		if (strncasecmp(line, name, n) == 0 && line[n] == ':')
			return true;
	return false;
}

/* What an account saw, or one that was refused, is for nobody else's cache; the rest is asked about
 * each time. */
static const char *
cache_control(struct req *r)
{
	if (r->dialect->habits & HABIT_REVALIDATE)
		return r->status == 200 || r->status == 304 ? "max-age=0, private, must-revalidate"
							    : "no-cache";
	if (req_header(r, "Authorization") != NULL)
		return "private, no-store";
	if (res_has_header(r, "Set-Cookie") || r->is_cookie_over)
		return "no-store";
	return r->account.session_id != 0 ? "private, no-cache" : "no-cache";
}

static void
add_fixed(struct req *r, struct buf *b)
{
	size_t n = sizeof(fixed) / sizeof(fixed[0]), i = 0;

	while (i < n && !res_has_header(r, fixed[i].name))
		i++;
	if (i == n) { /* nearly always */
		buf_add(b, fixed_lines, sizeof(fixed_lines) - 1);
		return;
	}
	for (i = 0; i < n; i++)
		if (!res_has_header(r, fixed[i].name))
			add_header(b, fixed[i].name, fixed[i].value);
}

/* Status line and headers up to the blank line. body_len < 0: no Content-Length. */
static struct buf *
head(struct req *r, int64_t body_len)
{
	struct buf *b = buf_new(r->ctx->mem, HEAD_MAX_BYTES);

	buf_text(b, "Status: ");
	buf_int(b, r->status);
	buf_char(b, ' ');
	buf_text(b, status_text(r->status));
	buf_add(b, "\r\n", 2);
	if (body_len > 0 || r->is_streaming)
		add_header(b, "Content-Type", r->type);
	if (body_len >= 0 && r->status != 204 && r->status != 304) {
		buf_text(b, "Content-Length: ");
		buf_int(b, body_len);
		buf_add(b, "\r\n", 2);
	}
	add_header(b, "X-Request-Id", r->id);
	add_fixed(r, b);
	if (r->rate.limit > 0)
		buf_printf(b, "X-RateLimit-Limit: %lld\r\nX-RateLimit-Remaining: %lld\r\n",
		    (long long)r->rate.limit, (long long)r->rate.left);
	if (r->dialect->habits & HABIT_SESSION)
		cookie_headers(r, b, res_has_header(r, "Set-Cookie"));
	if (!res_has_header(r, "Cache-Control"))
		add_header(b, "Cache-Control", cache_control(r));
	buf_add(b, r->head->data, r->head->len);
	buf_add(b, "\r\n", 2);
	assert(!b->full && !r->head->full);
	return b;
}

/* ---- ETag */

#define LANES 4
#define LANE_BYTES 16

/* The fractions of the square roots of 2, 3, 5 and 7, made odd. */
static const uint64_t odd[LANES] = { UINT64_C(0x6a09e667f3bcc909), UINT64_C(0xbb67ae8584caa73b),
	UINT64_C(0x3c6ef372fe94f82b), UINT64_C(0xa54ff53a5f1d36f1) };

static uint64_t
multiplied(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* What was there stays a part of it, also where a factor is 0. */
static uint64_t
mixed(uint64_t lane, const char *bytes, uint64_t by)
{
	uint64_t words[2];

	memcpy(words, bytes, sizeof(words));
	return (lane << 29 | lane >> 35) + multiplied(words[0] ^ by, words[1] ^ lane);
}

/* 128 bits of a body, at the speed of memory: of a page of 100 kB SipHash takes more than all else
 * that is done to it before it is sent. Nobody has to trust them: whoever could make two bodies
 * with one tag would only fool readers of his own text. */
static void
hash(const char *bytes, size_t len, uint64_t out[2])
{
	char rest[LANES * LANE_BYTES] = { 0 };
	uint64_t lanes[LANES] = { len, 1, 2, 3 };
	size_t at = 0;

	for (; len - at >= sizeof(rest); at += sizeof(rest))
		for (size_t i = 0; i < LANES; i++)
			lanes[i] = mixed(lanes[i], bytes + at + i * LANE_BYTES, odd[i]);
	memcpy(rest, bytes + at, len - at);
	for (size_t i = 0; i < LANES; i++)
		lanes[i] = mixed(lanes[i], rest + i * LANE_BYTES, odd[i]);
	out[0] = multiplied(lanes[0] ^ odd[1], lanes[1] ^ odd[2]) +
	    multiplied(lanes[2] ^ odd[3], lanes[3] ^ odd[0]);
	out[1] = multiplied(lanes[0] ^ odd[2], lanes[2] ^ odd[0]) +
	    multiplied(lanes[1] ^ odd[3], lanes[3] ^ odd[1]);
}

/* The body's hash in quotes: equal bodies, equal tags, on every machine of our kind. */
static const char *
etag(struct req *r)
{
	uint64_t sum[2];

	hash(r->out->data, r->out->len, sum);
	return arena_printf(r->ctx->mem, "\"%016llx%016llx\"", (unsigned long long)sum[0],
	    (unsigned long long)sum[1]);
}

/* RFC 9110 section 13.1.2: a list of tags, compared weakly, or '*'. */
static bool
is_known_to_client(struct req *r, const char *tag)
{
	const char *list = req_header(r, "If-None-Match");
	size_t n = strlen(tag);

	if (list == NULL)
		return false;
	for (;;) {
		list += strspn(list, " \t,");
		if (*list == '\0')
			return false;
		if (*list == '*')
			return true;
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		if (strncmp(list, tag, n) == 0 && strchr(" \t,", list[n]) != NULL)
			return true;
		list += strcspn(list, ",");
	}
}

bool
res_tag(struct req *r, const char *tag)
{
	res_header(r, "ETag", tag);
	if (!is_known_to_client(r, tag))
		return false;
	r->status = 304;
	return true;
}

static void
tag(struct req *r)
{
	const bool is_get = r->method == GET || r->method == HEAD;
	const char *value;

	if (r->route != NULL && r->route->method == ANY) /* an answer to a body is for no cache */
		return;
	if (r->status != 200 || res_has_header(r, "ETag") ||
	    (!is_get && !(r->dialect->habits & HABIT_TAG_ALL)))
		return;
	value = etag(r);
	res_header(r, "ETag", value);
	if (is_get && is_known_to_client(r, value)) {
		r->status = 304;
		buf_clear(r->out);
	}
}

/* ---- sending */

void
res_send(struct req *r)
{
	const struct buf *b;

	tag(r);
	b = head(r, (int64_t)r->out->len);
	fcgi_answer(r->fcgi, b, r->out->data, r->method != HEAD ? r->out->len : 0);
}

static int
client_gone(struct ctx *c)
{
	fail(c, E_INTERNAL, "the client went away");
	c->http_status = 499;
	return E_INTERNAL;
}

void
res_take_time(void)
{
	fcgi_take_time();
}

int
res_begin(struct req *r)
{
	const struct buf *b;

	assert(!r->is_streaming);
	r->is_streaming = true;
	b = head(r, -1);
	if (!fcgi_write(r->fcgi, b->data, b->len) ||
	    (r->method != HEAD && !fcgi_write(r->fcgi, r->out->data, r->out->len)) ||
	    !fcgi_flush(r->fcgi))
		return client_gone(r->ctx);
	return OK;
}

int
res_write(struct req *r, const void *bytes, size_t len)
{
	assert(r->is_streaming);
	if (r->method == HEAD)
		return OK;
	if (!fcgi_write(r->fcgi, bytes, len) || !fcgi_flush(r->fcgi))
		return client_gone(r->ctx);
	return OK;
}
