#include "sync/forge_api.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "net/net.h"

#define MESSAGE_MAX_BYTES 400
#define BODY_MAX_BYTES (64 * 1024)
#define READ_BYTES (64 * 1024)
#define RESET_LEAST_S 5
#define RESET_MOST_S 86400
#define LIMIT_S 60 /* a limit that does not say when it ends */
#define SECRET_LEAST 6

int
forge_api_open(struct net *n, const char *endpoint, const char *token, const char *const *headers,
    struct forge_api **out)
{
	struct forge_api *a = arena_new_of(n->c->mem, struct forge_api);
	size_t len = strlen(endpoint), i;

	*a = (struct forge_api){ .c = n->c, .net = n, .token = token };
	while (len > 0 && endpoint[len - 1] == '/')
		len--;
	if (net_url_parse(n->c, arena_strndup(n->c->mem, endpoint, len), &a->base) != OK)
		return net_fail(n, NET_WHY_POLICY, "the address of the API: %s", n->c->reason);
	if (a->base.scheme != NET_HTTP && a->base.scheme != NET_HTTPS)
		return net_fail(n, NET_WHY_POLICY, "the address of an API is an http or https one");
	for (i = 0; i < FORGE_HEADERS_MAX && headers[i] != NULL; i++)
		a->headers[i] = headers[i];
	a->headers[i] = "User-Agent: mirrorhub";
	TRY(net_http_open(n, &a->base, &a->http));
	*out = a;
	return OK;
}

/* ---- what an answer says */

/* Some repeat the token in their complaint about it. */
static const char *
without_token(struct arena *mem, const char *text, const char *token)
{
	struct buf *b = buf_new(mem, MESSAGE_MAX_BYTES * 4);
	size_t len = strlen(token);
	const char *at;

	if (len < SECRET_LEAST)
		return text;
	while ((at = strstr(text, token)) != NULL) {
		buf_add(b, text, (size_t)(at - text));
		buf_text(b, "***");
		text = at + len;
	}
	buf_text(b, text);
	return b->data;
}

/* A text, or the texts in a list or object ({"name":["has already been taken"]}) with their keys.
 */
static void add_message(struct forge_api *a, struct buf *b, const struct js *v);

static void
add_divided(struct buf *b, const char *text)
{
	if (b->len > 0)
		buf_text(b, b->data[b->len - 1] == ' ' ? "" : ", ");
	buf_text(b, text);
}

struct adding {
	struct forge_api *api;
	struct buf *buf;
};

static int
add_member(void *payload, const char *key, const struct js *value)
{
	struct adding *x = payload;

	if (js_type(value) == JS_ARRAY && js_count(value) == 0)
		return OK;
	if (strcmp(key, "message") != 0 && strcmp(key, "error") != 0 && strcmp(key, "base") != 0) {
		add_divided(x->buf, key);
		buf_char(x->buf, ' ');
	}
	add_message(x->api, x->buf, value);
	return OK;
}

static void
add_message(struct forge_api *a, struct buf *b, const struct js *v)
{
	struct adding adding = { a, b };

	if (js_type(v) == JS_TEXT)
		add_divided(b, js_text_of(a->c, v));
	else if (js_type(v) == JS_ARRAY)
		for (size_t i = 0; i < js_count(v) && !b->full; i++)
			add_message(a, b, js_at(v, i));
	else if (js_type(v) == JS_OBJECT && js_each(v, add_member, &adding) != OK)
		buf_char(b, '?'); /* cannot be: add_member always goes on */
}

/* GitLab: message, error, error_description. Gitea: message. GitHub: message, and errors with a
 * message each. */
static const char *
message_of(struct forge_api *a, const struct js *json)
{
	static const char *const keys[] = { "message", "error", "error_description", "errors" };
	struct buf *b = buf_new(a->c->mem, MESSAGE_MAX_BYTES);

	for (size_t i = 0; json != NULL && js_type(json) == JS_OBJECT && i < 4; i++)
		if (js_get(json, keys[i]) != NULL)
			add_message(a, b, js_get(json, keys[i]));
	if (b->len == 0)
		return "no reason given";
	return without_token(a->c->mem, net_clean(a->c->mem, b->data), a->token);
}

int
forge_refused(struct forge_api *a, const struct forge_call *call, const struct forge_answer *answer,
    enum net_why why)
{
	return net_fail(a->net, why,
	    "Server responded with code %ld, message: %s. Request URI: %s%s", answer->status,
	    answer->message, net_url_text(a->c->mem, &a->base), call->path);
}

enum net_why
forge_why(long status)
{
	return status == 404 || status == 410 ? NET_WHY_GONE : NET_WHY_POLICY;
}

/* ---- limits */

/* Headers say when the limit begins anew, in Unix seconds: GitLab's and GitHub's names. */
static int64_t
reset_s(const struct forge_api *a)
{
	const char *text = net_http_header(a->http, "ratelimit-reset");
	int64_t at, wait_s;

	if (text[0] == '\0')
		text = net_http_header(a->http, "x-ratelimit-reset");
	if (!str_is_int(text, &at))
		return LIMIT_S;
	wait_s = at - clock_now();
	return wait_s < RESET_LEAST_S ? RESET_LEAST_S
	    : wait_s > RESET_MOST_S   ? RESET_MOST_S
				      : wait_s;
}

/* GitHub refuses what is too much with 403 also. */
static bool
is_limit(const struct forge_api *a, long status)
{
	return status == 429 ||
	    (status == 403 &&
		(a->net->retry_after_s > 0 ||
		    strcmp(net_http_header(a->http, "x-ratelimit-remaining"), "0") == 0));
}

/* The class of a status that is nobody's to answer; 0: an answer. */
static enum net_why
failure_of(struct forge_api *a, long status)
{
	if (is_limit(a, status)) {
		if (a->net->retry_after_s == 0)
			a->net->retry_after_s = reset_s(a);
		return NET_WHY_BUSY;
	}
	if (status == 401 || status == 403)
		return NET_WHY_AUTH;
	if (status == 503 && a->net->retry_after_s > 0)
		return NET_WHY_BUSY;
	if (status >= 500 || status == 408)
		return NET_WHY_NETWORK;
	if (status == 404 || status == 410 || status == 400 || status == 409 || status == 422)
		return 0;
	return NET_WHY_POLICY; /* 3xx: we do not follow; 405, 413 …: it will say so again */
}

/* ---- a call */

static int
read_body(struct forge_api *a, struct buf *b)
{
	size_t got = 1;

	while (got > 0) {
		char *room = buf_room(b, READ_BYTES);

		if (room == NULL)
			return net_fail(a->net, NET_WHY_POLICY, "%s sends more than %d bytes",
			    a->base.host, FORGE_ANSWER_MAX_BYTES);
		TRY(net_http_read(a->http, room, READ_BYTES, &got));
		buf_grew(b, got);
	}
	return OK;
}

bool
forge_is_ok(const struct forge_answer *answer)
{
	return answer->status >= 200 && answer->status < 300;
}

/* What does not parse is no answer where one is needed; elsewhere it is no reason. */
static int
read_json(struct forge_api *a, struct forge_answer *out)
{
	struct buf *b = buf_new(a->c->mem, FORGE_ANSWER_MAX_BYTES + READ_BYTES + 1);
	const bool is_done = forge_is_ok(out);

	out->json = NULL;
	TRY(read_body(a, b));
	if (b->len == 0)
		return OK;
	if (js_parse_loose(a->c, b->data, b->len, &out->json) == OK &&
	    (!is_done || js_type(out->json) == JS_OBJECT || js_type(out->json) == JS_ARRAY))
		return OK;
	if (!is_done)
		out->json = NULL;
	return is_done
	    ? net_fail(a->net, NET_WHY_PROTOCOL,
		  "%s does not answer as an API does: is the address right?", a->base.host)
	    : OK;
}

int
forge_call(struct forge_api *a, const struct forge_call *call, struct forge_answer *out)
{
	const struct net_request request = { .suffix = call->path,
		.query = call->query,
		.accept = "application/json",
		.content_type = call->body != NULL ? call->type : NULL,
		.method = call->method,
		.body = call->body,
		.body_len = call->body != NULL ? strlen(call->body) : 0,
		.max_bytes = FORGE_ANSWER_MAX_BYTES,
		.headers = a->headers,
		.any_status = true };
	struct forge_answer answer = { .message = "" };
	enum net_why why;

	TRY(net_http_request(a->http, &request));
	answer.status = net_http_status(a->http);
	answer.page = net_http_header(a->http, "x-next-page");
	TRY(read_json(a, &answer));
	if (answer.status < 200 || answer.status > 299) {
		answer.message = message_of(a, answer.json);
		why = failure_of(a, answer.status);
		if (why != 0)
			return forge_refused(a, call, &answer, why);
	}
	*out = answer;
	return OK;
}

int
forge_find(struct forge_api *a, const struct forge_call *call, const struct js **out)
{
	struct forge_answer answer;

	TRY(forge_call(a, call, &answer));
	*out = NULL;
	if (answer.status == 404 || answer.status == 410)
		return OK;
	if (answer.status < 200 || answer.status > 299)
		return forge_refused(a, call, &answer, NET_WHY_POLICY);
	if (answer.json == NULL || js_type(answer.json) != JS_OBJECT)
		return net_fail(a->net, NET_WHY_PROTOCOL, "%s answers without an object to %s",
		    a->base.host, call->path);
	*out = answer.json;
	return OK;
}

int
forge_object(struct forge_api *a, const struct forge_call *call, struct forge_answer *out)
{
	TRY(forge_call(a, call, out));
	if (out->status < 200 || out->status > 299)
		return forge_refused(a, call, out, forge_why(out->status));
	if (out->json == NULL || js_type(out->json) != JS_OBJECT)
		return net_fail(a->net, NET_WHY_PROTOCOL, "%s answers without an object to %s",
		    a->base.host, call->path);
	return OK;
}

/* ---- values */

static int
wrong_type(struct forge_api *a, const char *key)
{
	return net_fail(
	    a->net, NET_WHY_PROTOCOL, "%s answers with a wrong type of %s", a->base.host, key);
}

int
forge_text(struct forge_api *a, const struct js *object, const char *key, const char *missing,
    const char **out)
{
	const struct js *v = js_get(object, key);

	if (v != NULL && js_type(v) != JS_NULL && js_type(v) != JS_TEXT)
		return wrong_type(a, key);
	*out = v == NULL || js_type(v) == JS_NULL ? missing : js_text_of(a->c, v);
	return OK;
}

int
forge_bool(struct forge_api *a, const struct js *object, const char *key, bool missing, bool *out)
{
	const struct js *v = js_get(object, key);

	if (v != NULL && js_type(v) != JS_NULL && js_type(v) != JS_BOOL)
		return wrong_type(a, key);
	*out = v == NULL || js_type(v) == JS_NULL ? missing : js_bool_of(v);
	return OK;
}

int
forge_id(struct forge_api *a, const struct js *object, const char *key, int64_t *out)
{
	const struct js *v = js_get(object, key);

	if (v == NULL || js_type(v) != JS_INT || js_int_of(v) <= 0)
		return wrong_type(a, key);
	*out = js_int_of(v);
	return OK;
}

/* ---- bodies */

const char *
forge_form(struct arena *mem, const struct forge_pair *pairs)
{
	struct buf *b = buf_new(mem, BODY_MAX_BYTES);

	for (; pairs->name != NULL; pairs++)
		if (pairs->value != NULL)
			buf_printf(b, "%s%s=%s", b->len > 0 ? "&" : "", pairs->name,
			    str_percent(mem, pairs->value));
	return b->data;
}

const char *
forge_json(struct arena *mem, const struct forge_pair *pairs)
{
	struct buf *b = buf_new(mem, BODY_MAX_BYTES);

	buf_char(b, '{');
	for (; pairs->name != NULL; pairs++) {
		if (pairs->value == NULL)
			continue;
		buf_text(b, b->len > 1 ? "," : "");
		js_text(b, pairs->name);
		buf_char(b, ':');
		if (pairs->is_word)
			buf_text(b, pairs->value);
		else
			js_text(b, pairs->value);
	}
	buf_char(b, '}');
	return b->data;
}
