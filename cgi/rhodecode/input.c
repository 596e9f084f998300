#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/log.h"
#include "base/str.h"
#include "cgi/rhodecode/rhodecode.h"

/* ---- what may be shown of a body (checklists J-24) */

#define ECHO_MOST_BYTES 200
#define KEY_LEAST_CHARS 20 /* a run of letters and digits that is a key, or part of one */
#define MASK "***"

/* The length of a word at s behind which a secret stands; 0 for none. */
static size_t
secret_word(const char *s, size_t len)
{
	static const char *const words[] = { "api_key", "auth_token", "apikey", "password",
		"passwd", "secret", "token", "%3A%2F" /* of an address, encoded */ };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if (len >= n && strncasecmp(s, words[i], n) == 0)
			return n;
	}
	return 0;
}

/* Where a value that begins at s ends. A text in quotes ends at the quote that a comma, a bracket
 * or the end follows, so that no quote within a secret shows the rest of it. */
static size_t
value_bytes(const char *s, size_t len)
{
	size_t at = 0;

	if (len == 0 || (s[0] != '"' && s[0] != '\'')) {
		while (at < len && strchr(",}& \t\r\n", s[at]) == NULL)
			at++;
		return at;
	}
	for (at = 1; at < len; at++) {
		size_t next = at + 1;

		if (s[at] != s[0] || s[at - 1] == '\\')
			continue;
		while (next < len && isspace((unsigned char)s[next]))
			next++;
		if (next == len || strchr(",}]", s[next]) != NULL)
			return at;
	}
	return len;
}

/* From behind a secret's name to its value: quotes, blanks and a colon or the like; or the first
 * % of these, when they are encoded. */
static size_t
separator_bytes(const char *s, size_t len)
{
	size_t at = 0;

	while (at < len && memchr("\"' \t\r\n", s[at], 6) != NULL)
		at++;
	if (at == len || (s[at] != ':' && s[at] != '=' && s[at] != '%'))
		return 0;
	if (s[at] == '%')
		return at + 1;
	while (at < len && memchr(":= \t\r\n", s[at], 6) != NULL)
		at++;
	return at;
}

/* The name of a secret, what follows it, and the value: all the rest of a body that is encoded,
 * in which nothing tells a secret's own comma from one behind it. */
static size_t
secret_bytes(const char *s, size_t len, size_t from)
{
	return s[from - 1] == '%' ? len : from + value_bytes(s + from, len - from);
}

static size_t
run_bytes(const char *s, size_t len)
{
	size_t at = 0;

	while (at < len && isalnum((unsigned char)s[at]))
		at++;
	return at;
}

const char *
rhodecode_echo(struct arena *mem, const char *body, size_t len)
{
	struct buf *b = buf_new(mem, 4 * len + 16);
	const char *text = str_redact(mem, str_utf8(mem, body, len));
	size_t n;

	len = strlen(text);
	for (const char *end = text + len; text < end;) {
		size_t left = (size_t)(end - text), word = secret_word(text, left);
		size_t gap = word > 0 ? separator_bytes(text + word, left - word) : 0;

		n = run_bytes(text, left);
		if (gap > 0) {
			buf_add(b, text, word + gap);
			buf_text(b, MASK);
			n = secret_bytes(text, left, word + gap);
		} else if (word > 0) {
			n = word;
			buf_add(b, text, n);
		} else if (n >= KEY_LEAST_CHARS) {
			buf_text(b, MASK);
		} else {
			n = 1;
			buf_add(b, text, n);
		}
		text += n;
	}
	n = b->len < ECHO_MOST_BYTES ? b->len : ECHO_MOST_BYTES;
	while (n > 0 && n < b->len && ((unsigned char)b->data[n] & 0xc0) == 0x80)
		n--;
	return arena_strndup(mem, b->data, n);
}

/* ---- the body */

static int
say(struct req *r, const char *text, const char *why)
{
	r->call->said = text;
	return fail(r->ctx, E_INVALID, "%s", why);
}

static int
parse(struct req *r, const struct buf *body, const struct js **out)
{
	struct ctx *c = r->ctx;
	const char *reason, *text;

	if (js_parse(c, body->data, body->len, out) == OK)
		return OK;
	reason = c->reason;
	text = str_unpercent(c->mem, body->data, body->len, true);
	if (text != NULL && js_parse(c, text, strlen(text), out) == OK)
		return OK;
	return say(r,
	    arena_printf(c->mem, "JSON parse error ERR:%s RAW:'%s'", reason,
		rhodecode_echo(c->mem, body->data, body->len)),
	    reason);
}

static int
read_body(struct req *r, const struct js **out)
{
	struct buf *body;

	if (r->length < 0)
		return say(r, "No Content-Length in request", "no body");
	if (r->length == 0)
		return say(r, "Content-Length is 0", "an empty body");
	TRY(req_body(r, (size_t)r->ctx->conf->body_bytes, &body));
	return parse(r, body, out);
}

/* ---- its members */

static int
need(struct req *r, const struct js *object, const char *name, const struct js **out)
{
	*out = js_type(object) == JS_OBJECT ? js_get(object, name) : NULL;
	if (*out != NULL)
		return OK;
	return say(r, arena_printf(r->ctx->mem, "Incorrect JSON query missing '%s'", name),
	    "the call is not complete");
}

static const struct js *
key_of(const struct js *object)
{
	const struct js *key = NULL;

	if (js_type(object) == JS_OBJECT)
		key = js_get(object, "api_key");
	if (key == NULL && js_type(object) == JS_OBJECT)
		key = js_get(object, "auth_token");
	return key;
}

static unsigned
forced_profile(const struct conf *conf)
{
	if (strcmp(conf->rhodecode_profile, "auto") == 0)
		return 0;
	return conf->rhodecode_profile[0] == 'S' ? RPC_S : RPC_M;
}

int
rhodecode_read(struct req *r)
{
	struct rpc_call *call = r->call;
	const struct js *document, *key, *name, *args, *id;

	TRY(read_body(r, &document));
	id = js_type(document) == JS_OBJECT ? js_get(document, "id") : NULL;
	if (id != NULL)
		call->id = js_source(r->ctx, id);
	key = key_of(document);
	if (key == NULL)
		TRY(need(r, document, "api_key", &key));
	TRY(need(r, document, "method", &name));
	TRY(need(r, document, "args", &args));
	if (js_type(key) == JS_TEXT)
		call->key = js_text_of(r->ctx, key);
	call->name = js_type(name) == JS_TEXT ? js_text_of(r->ctx, name) : js_source(r->ctx, name);
	call->args = js_type(args) == JS_OBJECT ? args : NULL;
	call->profiles_forced = forced_profile(r->ctx->conf);
	return OK;
}

bool
rhodecode_bool(const bool *given, bool otherwise)
{
	return given != NULL ? *given : otherwise;
}
