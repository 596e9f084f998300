#include "web/body.h"

#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/str.h"
#include "web/form.h"

static int
refused(struct ctx *c, int status, const char *why)
{
	fail(c, E_INVALID, "%s", why);
	c->http_status = status;
	return E_INVALID;
}

/* The kind of body that a Content-Type names, 0 for none of ours. */
static enum input_kinds
kind_of(struct ctx *c, const char *type)
{
	static const struct {
		const char *type;
		enum input_kinds kind;
	} kinds[] = {
		{ "application/x-www-form-urlencoded", INPUT_FORM },
		{ "multipart/form-data", INPUT_MULTIPART },
		{ "application/json", INPUT_JSON },
	};
	const char *charset = form_header_param(c, type, "charset");
	const char *media = arena_strndup(c->mem, type, strcspn(type, "; \t"));

	if (charset != NULL && !str_is_equal_nocase(charset, "utf-8"))
		return 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_is_equal_nocase(media, kinds[i].type))
			return kinds[i].kind;
	return 0;
}

/* What a parser made of a body: an object, or nothing. */
static int
take_json(struct ctx *c, int code, struct body *out)
{
	if (code == OK && js_type(out->json) != JS_OBJECT) {
		out->json = NULL;
		code = fail(c, E_INVALID, "the body is a JSON object");
	}
	if (code == E_INVALID)
		c->http_status = 400;
	return code;
}

static int
parse_json(struct ctx *c, const struct buf *bytes, struct body *out)
{
	return take_json(c, js_parse(c, bytes->data, bytes->len, &out->json), out);
}

/* What a program of others sends may be called anything, or be wrapped in a form. */
static int
parse_by_byte(struct req *r, enum input_kinds kind, const struct buf *bytes, struct body *out)
{
	struct ctx *c = r->ctx;
	const char *text = bytes->data + (str_starts(bytes->data, "\xef\xbb\xbf") ? 3 : 0);
	size_t len = bytes->len;
	struct form *form;

	text += strspn(text, " \t\r\n");
	if (*text == '\0' && len == strlen(bytes->data))
		return OK;
	if (*text != '{' && kind == INPUT_FORM) {
		TRY(form_parse_urlencoded(c, bytes->data, len, &form));
		text = form_value(form, "payload");
		if (text == NULL)
			return refused(c, 400, "a form has its JSON in the field payload");
		len = strlen(text);
	} else {
		text = bytes->data;
	}
	return take_json(c, js_parse_loose(c, text, len, &out->json), out);
}

static int
parse_form(struct ctx *c, enum input_kinds kind, const char *type, const struct buf *bytes,
    struct body *out)
{
	struct form *form;

	if (kind == INPUT_FORM)
		TRY(form_parse_urlencoded(c, bytes->data, bytes->len, &form));
	else
		TRY(form_parse_multipart(c, type, bytes->data, bytes->len, &form));
	out->form = form;
	return OK;
}

static int
read_once(struct req *r, struct body *out)
{
	const char *header = req_header(r, "Content-Type"), *type = header != NULL ? header : "";
	enum input_kinds kind = kind_of(r->ctx, type);
	size_t most =
	    r->dialect->body_bytes != 0 ? r->dialect->body_bytes : (size_t)r->ctx->conf->body_bytes;
	struct buf *bytes;

	TRY(req_body(r, most, &bytes));
	out->bytes = bytes;
	if (r->dialect->inputs & INPUT_BY_BYTE)
		return parse_by_byte(r, kind, bytes, out);
	/* Rails' clients name the type of a body that they do not send */
	if (bytes->len == 0 && (kind != INPUT_JSON || (r->dialect->inputs & INPUT_RAILS)))
		return OK;
	if (kind == 0 || !(r->dialect->inputs & kind))
		return refused(r->ctx, 415, "the Content-Type of the body is not read here");
	if (kind == INPUT_JSON)
		return parse_json(r->ctx, bytes, out);
	return parse_form(r->ctx, kind, type, bytes, out);
}

int
body_read(struct req *r, const struct body **out)
{
	struct ctx *c = r->ctx;
	struct body *body = r->body;

	if (body == NULL) {
		body = r->body = arena_new_of(c->mem, struct body);
		body->code = read_once(r, body);
		body->http_status = c->http_status;
		body->reason = c->reason;
	}
	if (body->code != OK) {
		fail(c, body->code, "%s", body->reason);
		c->http_status = body->http_status;
		return body->code;
	}
	*out = body;
	return OK;
}
