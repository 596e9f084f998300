#include "web/input.h"

#include <assert.h>
#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/str.h"
#include "web/form.h"

static int
with_status(struct ctx *c, int status)
{
	c->http_status = status;
	return E_INVALID;
}

/* ---- one value into its field */

static int
set_text(struct ctx *c, const struct field *f, const char *text, void *in)
{
	size_t most = f->max != 0 ? f->max : FIELD_MAX_DEFAULT;

	if (strlen(text) > most)
		return fail(c, E_INVALID, "%s has at most %zu bytes", f->name, most);
	*FIELD_AT(in, f, const char *) = text;
	return OK;
}

static int
wrong_type(struct ctx *c, const struct field *f)
{
	static const char *const words[] = {
		[F_TEXT] = "a text",
		[F_INT] = "a whole number",
		[F_BOOL] = "true or false",
	};

	return fail(c, E_INVALID, "%s is %s", f->name, words[f->type]);
}

static int
set_from_text(struct ctx *c, const struct field *f, const char *text, void *in)
{
	switch (f->type) {
	case F_TEXT:
		return set_text(c, f, text, in);
	case F_INT:
		if (!str_is_int(text, FIELD_AT(in, f, int64_t)))
			return wrong_type(c, f);
		return OK;
	case F_BOOL:
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return wrong_type(c, f);
		*FIELD_AT(in, f, bool) = text[0] == 't';
		return OK;
	}
	return fail(c, E_INTERNAL, "input %s has no type", f->name);
}

static int
set_from_js(struct req *r, const struct field *f, const struct js *v, void *in)
{
	enum js_type type = js_type(v);

	if (type == JS_NULL)
		return OK;
	if (f->type == F_TEXT && type == JS_TEXT)
		return set_text(r->ctx, f, js_text_of(r->ctx, v), in);
	if (f->type == F_TEXT && type == JS_BOOL && (r->dialect->inputs & INPUT_BOOL_AS_TEXT))
		return set_text(r->ctx, f, js_bool_of(v) ? "true" : "false", in);
	if (f->type == F_INT && type == JS_INT) {
		*FIELD_AT(in, f, int64_t) = js_int_of(v);
		return OK;
	}
	if (f->type == F_BOOL && type == JS_BOOL) {
		*FIELD_AT(in, f, bool) = js_bool_of(v);
		return OK;
	}
	return wrong_type(r->ctx, f);
}

static int
unknown(struct req *r)
{
	if (r->dialect->inputs & INPUT_IGNORE_UNKNOWN)
		return OK;
	return fail(r->ctx, E_INVALID, "there is an input that this address does not know");
}

/* ---- the kinds of body */

static int
read_form(struct req *r, const struct form *form, void *in)
{
	for (size_t i = 0; i < form->n; i++) {
		const struct field *f = field_by_name(r->route->in, form->pairs[i].name);

		if (f == NULL)
			TRY(unknown(r));
		else if (form_value(form, f->name) == form->pairs[i].value) /* the first wins */
			TRY(set_from_text(r->ctx, f, form->pairs[i].value, in));
	}
	return OK;
}

struct js_walk {
	struct req *r;
	void *in;
};

static int
read_member(void *payload, const char *key, const struct js *value)
{
	struct js_walk *w = payload;
	const struct field *f = field_by_name(w->r->route->in, key);

	return f != NULL ? set_from_js(w->r, f, value, w->in) : unknown(w->r);
}

static int
read_json(struct req *r, const struct buf *body, void *in)
{
	struct js_walk walk = { .r = r, .in = in };
	const struct js *document;

	if (js_parse(r->ctx, body->data, body->len, &document) != OK)
		return with_status(r->ctx, 400);
	if (js_type(document) != JS_OBJECT) {
		fail(r->ctx, E_INVALID, "the body is a JSON object");
		return with_status(r->ctx, 400);
	}
	return js_each(document, read_member, &walk);
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

static int
read_body(struct req *r, const char *type, enum input_kinds kind, void *in)
{
	struct form *form;
	struct buf *body;

	TRY(req_body(r, (size_t)r->ctx->conf->body_bytes, &body));
	if (body->len == 0 && kind != INPUT_JSON)
		return OK;
	if (kind == 0 || !(r->dialect->inputs & kind)) {
		fail(r->ctx, E_INVALID, "the Content-Type of the body is not read here");
		return with_status(r->ctx, 415);
	}
	if (kind == INPUT_JSON)
		return read_json(r, body, in);
	if (kind == INPUT_FORM)
		TRY(form_parse_urlencoded(r->ctx, body->data, body->len, &form));
	else
		TRY(form_parse_multipart(r->ctx, type, body->data, body->len, &form));
	return read_form(r, form, in);
}

int
input_read(struct req *r, const void **out)
{
	const char *type = req_header(r, "Content-Type");
	void *in = arena_alloc(r->ctx->mem, field_size(r->route->in));

	if (type == NULL)
		type = "";
	TRY(read_body(r, type, kind_of(r->ctx, type), in));
	*out = in;
	return OK;
}
