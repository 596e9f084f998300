#include "web/rails.h"

#include <string.h>

#include "base/fault.h"
#include "base/js.h"
#include "base/str.h"
#include "web/body.h"
#include "web/form.h"

/* What was found under a name: nothing, a text, or a list or object. */
enum found { NOTHING = 1, TEXT, MANY };

/* Where a row's inputs may stand. */
struct sources {
	struct ctx *ctx;
	const char *root; /* NULL: the row has none */
	const struct body *body;
	const struct form *query; /* NULL: none */
};

/* ---- one name in one place */

/* name=…, or name[…]=… which is a list or an object. The last one wins. */
static enum found
in_form(const struct form *form, const char *name, const char **out)
{
	size_t len = strlen(name);

	for (size_t i = form != NULL ? form->n : 0; i-- > 0;) {
		const char *at = form->pairs[i].name;

		if (strncmp(at, name, len) != 0)
			continue;
		if (at[len] == '[')
			return MANY;
		if (at[len] == '\0') {
			*out = form->pairs[i].value;
			return TEXT;
		}
	}
	return NOTHING;
}

static enum found
in_json(struct ctx *c, const struct js *object, const char *name, const char **out)
{
	const struct js *value = object != NULL ? js_get(object, name) : NULL;

	if (value == NULL)
		return NOTHING;
	switch (js_type(value)) {
	case JS_ARRAY:
	case JS_OBJECT:
		return MANY;
	case JS_NULL:
		*out = "";
		return TEXT;
	case JS_TEXT:
		*out = js_text_of(c, value);
		return TEXT;
	case JS_BOOL:
	case JS_INT:
	case JS_DOUBLE:
		break;
	}
	*out = js_source(c, value);
	return TEXT;
}

static const struct js *
rooted(const struct sources *s)
{
	if (s->root == NULL || s->body->json == NULL)
		return NULL;
	return js_get(s->body->json, s->root);
}

/* ---- a field in all places */

static enum found
find(const struct sources *s, const char *name, const char **out)
{
	const char *under =
	    s->root != NULL ? arena_printf(s->ctx->mem, "%s[%s]", s->root, name) : NULL;
	enum found found = in_json(s->ctx, rooted(s), name, out);

	if (found == NOTHING && under != NULL)
		found = in_form(s->body->form, under, out);
	if (found == NOTHING)
		found = in_json(s->ctx, s->body->json, name, out);
	if (found == NOTHING)
		found = in_form(s->body->form, name, out);
	if (found == NOTHING && under != NULL)
		found = in_form(s->query, under, out);
	if (found == NOTHING)
		found = in_form(s->query, name, out);
	return found;
}

static void
read_field(const struct sources *s, const struct field *f, struct faults *faults, void *in)
{
	size_t most = f->max != 0 ? f->max : FIELD_MAX_DEFAULT;
	const char *text = NULL;

	switch (find(s, f->name, &text)) {
	case NOTHING:
		return;
	case MANY:
		faults_add(faults, f->name, FAULT_INVALID, 0);
		return;
	case TEXT:
		break;
	}
	if (str_characters(text) > most)
		faults_add(faults, f->name, FAULT_TOO_LONG, (int64_t)most);
	else
		*FIELD_AT(in, f, const char *) = text;
}

/* ---- the root itself */

static bool
is_bare(const struct form *form, const char *root)
{
	const char *text, *list = NULL;

	for (size_t i = 0; form != NULL && i < form->n; i++)
		if (str_starts(form->pairs[i].name, root) &&
		    str_starts(form->pairs[i].name + strlen(root), "[]"))
			list = form->pairs[i].name;
	return list != NULL || in_form(form, root, &text) == TEXT;
}

/* project=x, project[]=x and {"project":"x"} are not Rails' way to name a project's fields. */
static int
check_root(const struct sources *s)
{
	const struct js *object = rooted(s);

	if (s->root == NULL ||
	    (!is_bare(s->body->form, s->root) && !is_bare(s->query, s->root) &&
		(object == NULL || js_type(object) == JS_OBJECT)))
		return OK;
	fail(s->ctx, E_INVALID, "%s is an object", s->root);
	s->ctx->http_status = 400;
	return E_INVALID;
}

/* ---- all of it */

static const char *
root_of(const struct req *r)
{
	const char *root = r->dialect->root != NULL ? r->dialect->root(r->route) : NULL;

	/* a field of that name is meant, then */
	return root != NULL && field_by_name(r->route->in, root) == NULL ? root : NULL;
}

int
rails_read(struct req *r, void *in)
{
	static const struct body none;
	struct sources s = { .ctx = r->ctx, .root = root_of(r), .body = &none, .query = r->args };
	struct faults *faults = faults_new(r->ctx->mem);

	if (req_is_changing(r))
		TRY(body_read(r, &s.body));
	TRY(check_root(&s));
	for (const struct field *f = r->route->in; f->name != NULL; f++)
		read_field(&s, f, faults, in);
	return faults_end(r->ctx, faults);
}

const char *
rails_text(struct req *r, const char *name)
{
	struct ctx *c = r->ctx;
	const struct body *body = NULL;
	const char *text = NULL;
	enum found found = NOTHING;

	if (req_is_changing(r) && body_read(r, &body) == OK) {
		found = in_json(c, body->json, name, &text);
		if (found == NOTHING)
			found = in_form(body->form, name, &text);
	}
	c->http_status = 0;
	if (found == NOTHING)
		found = in_form(r->args, name, &text);
	return found == TEXT ? text : NULL;
}
