#include "web/req.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/str.h"
#include "web/fcgi.h"
#include "web/form.h"
#include "web/route.h"

#define ID_BYTES 8
#define ID_LEAST 8
#define ID_MOST 64
#define LENGTH_DIGITS_MAX 18 /* fits int64_t */
#define READ_BYTES 8192

bool
req_is_changing(const struct req *r)
{
	return r->method == POST || r->method == PUT || r->method == PATCH || r->method == DELETE;
}

struct actor
req_actor(const struct req *r)
{
	static const struct account nobody = { .uname = "" };

	return (struct actor){ .account = r->account.id != 0 ? &r->account : &nobody,
		.remote_addr = r->remote_addr };
}

/* ---- headers, parameters, query */

const char *
req_header(struct req *r, const char *name)
{
	/* CGI names: HTTP_ and the name in capitals; two go without the prefix */
	char variable[64] = "HTTP_";
	size_t prefix = strlen(variable), n = strlen(name);

	if (str_is_equal_nocase(name, "Content-Type") ||
	    str_is_equal_nocase(name, "Content-Length"))
		prefix = 0;
	assert(prefix + n < sizeof(variable));
	for (size_t i = 0; i <= n; i++)
		variable[prefix + i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
	return fcgi_variable(r->fcgi, variable);
}

/* The names in params point into the pattern, so they end at the next slash or its end; "*path"
 * may be written "*path.git". */
static bool
is_name(const char *in_pattern, const char *name)
{
	size_t n = strlen(name);

	return strncmp(in_pattern, name, n) == 0 && strchr("/?.", in_pattern[n]) != NULL;
}

const char *
req_param(struct req *r, const char *name)
{
	for (size_t i = 0; i < REQ_PARAMS_MAX && r->params[i].name != NULL; i++)
		if (is_name(r->params[i].name, name))
			return r->params[i].value;
	assert(!"the pattern has no such parameter");
	return NULL;
}

const char *
req_query(struct req *r, const char *name)
{
	if (r->args == NULL)
		return NULL;
	if (r->dialect->inputs & INPUT_RAILS)
		return form_last_value(r->args, name);
	return form_value(r->args, name);
}

/* ---- the start */

static const char *const method_names[] = {
	[0] = "-",
	[GET] = "GET",
	[HEAD] = "HEAD",
	[POST] = "POST",
	[PUT] = "PUT",
	[PATCH] = "PATCH",
	[DELETE] = "DELETE",
	[OPTIONS] = "OPTIONS",
};

const char *
req_method_text(enum method method)
{
	return method_names[method];
}

static enum method
method_by_name(const char *name)
{
	for (enum method m = GET; m <= OPTIONS; m++)
		if (strcmp(method_names[m], name) == 0)
			return m;
	return 0;
}

/* The client's id is taken when it cannot hurt a log (checklists S-06). */
static const char *
request_id(struct req *r)
{
	const char *id = req_header(r, "X-Request-Id");
	size_t n = id != NULL ? strlen(id) : 0;

	if (n < ID_LEAST || n > ID_MOST)
		return random_hex(r->ctx->mem, ID_BYTES);
	for (const char *p = id; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
			return random_hex(r->ctx->mem, ID_BYTES);
	return arena_strdup(r->ctx->mem, id);
}

static int
bad_request(struct ctx *c, const char *why)
{
	fail(c, E_INVALID, "%s", why);
	c->http_status = 400;
	return E_INVALID;
}

static int
read_length(struct req *r)
{
	const char *text = req_header(r, "Content-Length");

	r->length = -1;
	if (text == NULL || text[0] == '\0')
		return OK;
	if (strlen(text) > LENGTH_DIGITS_MAX || text[0] == '-' || !str_is_int(text, &r->length))
		return bad_request(r->ctx, "Content-Length is a number");
	return OK;
}

int
req_start(struct req *r)
{
	const char *method = fcgi_variable(r->fcgi, "REQUEST_METHOD");
	const char *target = fcgi_variable(r->fcgi, "REQUEST_URI");
	const char *remote = fcgi_variable(r->fcgi, "REMOTE_ADDR");
	size_t path_len;

	r->started_us = clock_mono_us();
	r->status = 200;
	r->out = buf_new(r->ctx->mem, RES_BODY_MAX);
	r->head = buf_new(r->ctx->mem, 8192);
	r->method = method != NULL ? method_by_name(method) : 0;
	r->remote_addr = remote != NULL ? remote : "";
	r->id = request_id(r);
	if (target == NULL)
		target = "";
	path_len = strcspn(target, "?");
	r->path = arena_strndup(r->ctx->mem, target, path_len);
	r->query = target[path_len] == '?' ? target + path_len + 1 : "";
	if (r->path[0] != '/')
		return bad_request(r->ctx, "a target begins with a slash");
	TRY(read_length(r));
	if (r->query[0] != '\0')
		TRY(form_parse_urlencoded(r->ctx, r->query, strlen(r->query), &r->args));
	return OK;
}

/* ---- the body */

ssize_t
req_read(struct req *r, void *buf, size_t len)
{
	ssize_t n = fcgi_read(r->fcgi, buf, len);

	if (n > 0)
		r->length_read += n;
	if (n == 0 && len > 0 && r->length >= 0 && r->length_read < r->length)
		return -1;
	return n;
}

int
req_body(struct req *r, size_t max_bytes, struct buf **out)
{
	struct buf *body = buf_new(r->ctx->mem, max_bytes);
	char chunk[READ_BYTES];
	ssize_t n = 0;

	if (r->length <= (int64_t)max_bytes)
		while ((n = req_read(r, chunk, sizeof(chunk))) > 0 && !body->full)
			buf_add(body, chunk, (size_t)n);
	if (n < 0)
		return bad_request(r->ctx, "the body ended before its length");
	if (r->length > (int64_t)max_bytes || body->full) {
		fail(r->ctx, E_INVALID, "a body has at most %zu bytes", max_bytes);
		r->ctx->http_status = 413;
		return E_INVALID;
	}
	*out = body;
	return OK;
}

bool
req_is_abandoned(struct req *r)
{
	return fcgi_is_closed(r->fcgi);
}
