#include "sync/target_spec.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/field.h"
#include "base/js.h"

#define TEXT_MAX_BYTES (128 * 1024)

static const struct field spec_fields[] = {
	FIELD(target_spec, id),
	FIELD(target_spec, store_id),
	FIELD(target_spec, path),
	FIELD(target_spec, description),
	FIELD(target_spec, upstream),
	FIELD(target_spec, is_private),
	FIELD(target_spec, is_cloned),
	FIELD(target_spec, url),
	FIELD(target_spec, credentials),
	FIELD(target_spec, provider),
	FIELD(target_spec, provider_url),
	FIELD(target_spec, provider_namespace),
	FIELD(target_spec, provider_project_id),
	FIELD(target_spec, provider_options),
	FIELD(target_spec, token),
	FIELD(target_spec, ref_include),
	FIELD(target_spec, ref_exclude),
	FIELD(target_spec, overwrites),
	FIELD(target_spec, is_thin),
	FIELD(target_spec, last_fingerprint),
	FIELD(target_spec, avoid_ids),
	FIELD(target_spec, is_asked),
	FIELD(target_spec, is_audit),
	FIELD(target_spec, fence),
	{ 0 },
};

const char *
target_spec_text(struct arena *mem, const struct target_spec *t)
{
	struct buf *b = buf_new(mem, TEXT_MAX_BYTES);

	js_row(b, spec_fields, t);
	assert(!b->full); /* its texts are bounded in the database */
	return b->data;
}

static int
fill(struct ctx *c, const struct js *value, const struct field *f, struct target_spec *out)
{
	static const enum js_type wanted[] = {
		[F_TEXT] = JS_TEXT,
		[F_INT] = JS_INT,
		[F_BOOL] = JS_BOOL,
	};

	if (f->type == F_TEXT)
		*FIELD_AT(out, f, const char *) = "";
	if (value == NULL || js_type(value) == JS_NULL)
		return OK;
	if (js_type(value) != wanted[f->type])
		return fail(c, E_INVALID, "%s of a target has the wrong type", f->name);
	if (f->type == F_TEXT)
		*FIELD_AT(out, f, const char *) = js_text_of(c, value);
	else if (f->type == F_INT)
		*FIELD_AT(out, f, int64_t) = js_int_of(value);
	else
		*FIELD_AT(out, f, bool) = js_bool_of(value);
	return OK;
}

int
target_spec_parse(struct ctx *c, const char *text, struct target_spec *out)
{
	struct target_spec t = { 0 };
	const struct js *root;

	TRY(js_parse(c, text, strlen(text), &root));
	if (js_type(root) != JS_OBJECT)
		return fail(c, E_INVALID, "a target is an object");
	for (const struct field *f = spec_fields; f->name != NULL; f++)
		TRY(fill(c, js_get(root, f->name), f, &t));
	*out = t;
	return OK;
}
