#include "sync/post.h"

#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/str.h"
#include "net/http.h"
#include "base/crash.h"

#define US_PER_MS 1000

static const char *const *
header_lines(struct ctx *c, const char *text)
{
	size_t n;

	return (const char *const *)str_split(c->mem, text, '\n', &n);
}

static int
send_it(struct ctx *c, const struct wire_post *post, struct net *n, struct net_http **out)
{
	const struct net_request r = {
		.suffix = "",
		.query = post->query[0] != '\0' ? post->query : NULL,
		.accept = "*/*",
		.content_type = "application/json",
		.body = post->body,
		.body_len = strlen(post->body),
		.max_bytes = INT64_MAX,
		.headers = header_lines(c, post->headers),
		.any_status = true,
	};
	struct net_url url;

	if (net_url_parse(c, post->url, &url) != OK)
		return net_fail(n, NET_WHY_POLICY, "%s", c->reason);
	if (url.scheme != NET_HTTP && url.scheme != NET_HTTPS)
		return net_fail(n, NET_WHY_POLICY, "a webhook has an http or https address");
	TRY(net_http_open(n, &url, out));
	crash_point("post");
	TRY(net_http_request(*out, &r));
	crash_point("posted");
	return OK;
}

/* The beginning, cut behind a whole character. */
static const char *
read_answer(struct ctx *c, struct net_http *h)
{
	char *bytes = arena_alloc(c->mem, POST_READ_MAX_BYTES), *text;
	size_t len = 0, got = 0, end;

	do {
		if (net_http_read(h, bytes + len, POST_READ_MAX_BYTES - len, &got) != OK)
			break;
		len += got;
	} while (got > 0 && len < POST_READ_MAX_BYTES);
	text = str_utf8(c->mem, bytes, len < POST_ANSWER_MAX_BYTES ? len : POST_ANSWER_MAX_BYTES);
	if (strlen(text) <= POST_ANSWER_MAX_BYTES)
		return text;
	for (end = POST_ANSWER_MAX_BYTES; ((unsigned char)text[end] & 0xc0) == 0x80; end--)
		;
	text[end] = '\0';
	return text;
}

void
post_send(struct ctx *c, const struct wire_post *post, struct wire_posted *out)
{
	int64_t begun_us = clock_mono_us();
	struct conf conf = *c->conf;
	struct ctx inner = *c;
	struct net *n = NULL;
	struct net_http *h;
	int code;

	conf.net_connect_s = POST_CONNECT_S;
	inner.conf = &conf;
	*out = (struct wire_posted){ .id = post->id, .answer = "", .error = "" };
	code = net_open(&inner, "", post->total_s, NULL, NULL, &n);
	if (code == OK)
		code = send_it(&inner, post, n, &h);
	if (code == OK) {
		out->status = net_http_status(h);
		out->answer = read_answer(&inner, h);
	} else if (n != NULL && net_left_ms(n) == 0) {
		out->error =
		    arena_printf(c->mem, "no answer within %lld seconds", (long long)post->total_s);
	} else {
		out->error = str_redact(c->mem, inner.reason);
	}
	out->took_ms = (clock_mono_us() - begun_us) / US_PER_MS;
}
