#include "web/input.h"

#include <string.h>

#include "base/js.h"
#include "base/str.h"
#include "web/body.h"
#include "web/cookie.h"
#include "web/form.h"
#include "web/rails.h"

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

		if ((r->dialect->habits & HABIT_SESSION) &&
		    strcmp(form->pairs[i].name, COOKIE_FORM_TOKEN) == 0)
			continue; /* the walk has looked at it */
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
read_document(struct req *r, const struct js *document, void *in)
{
	struct js_walk walk = { .r = r, .in = in };

	return js_each(document, read_member, &walk);
}

static int
read_body(struct req *r, void *in)
{
	const struct body *body;

	TRY(body_read(r, &body));
	if (body->json != NULL)
		return read_document(r, body->json, in);
	return body->form != NULL ? read_form(r, body->form, in) : OK;
}

int
input_read(struct req *r, const void **out)
{
	void *in = arena_alloc(r->ctx->mem, field_size(r->route->in));

	if (r->dialect->inputs & INPUT_RAILS)
		TRY(rails_read(r, in));
	else
		TRY(read_body(r, in));
	*out = in;
	return OK;
}
