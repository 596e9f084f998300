#include "sync/options.h"

#include <string.h>

#include "base/conf.h"
#include "base/field.h"
#include "base/js.h"
#include "base/str.h"

static const char *const mode_names[] = {
	[OPTIONS_EXACT] = "exact",
	[OPTIONS_ADDITIVE] = "additive",
	[OPTIONS_ARCHIVAL] = "archival",
};

enum options_mode
options_mode_by_name(const char *name)
{
	for (enum options_mode m = OPTIONS_EXACT; m <= OPTIONS_ARCHIVAL; m++)
		if (strcmp(mode_names[m], name) == 0)
			return m;
	return 0;
}

/* ---- members */

static int
wrong(struct ctx *c, const char *key)
{
	return fail(c, E_INVALID, "%s of a mirror's options makes no sense", key);
}

static int
take_text(struct ctx *c, const struct js *root, const char *key, const char **out)
{
	const struct js *value = js_get(root, key);

	if (value == NULL)
		return OK;
	if (js_type(value) != JS_TEXT)
		return wrong(c, key);
	*out = js_text_of(c, value);
	return OK;
}

static int
take_bool(struct ctx *c, const struct js *root, const char *key, bool *out)
{
	const struct js *value = js_get(root, key);

	if (value == NULL)
		return OK;
	if (js_type(value) != JS_BOOL)
		return wrong(c, key);
	*out = js_bool_of(value);
	return OK;
}

static int
take_int(struct ctx *c, const struct js *root, const char *key, int64_t *out)
{
	const struct js *value = js_get(root, key);

	if (value == NULL)
		return OK;
	if (js_type(value) != JS_INT || js_int_of(value) < 0)
		return wrong(c, key);
	*out = js_int_of(value);
	return OK;
}

/* A limit of the mirror's own only lowers the hub's, which *out is. */
static int
take_limit(struct ctx *c, const struct js *root, const char *key, int64_t *out)
{
	int64_t own = *out;

	TRY(take_int(c, root, key, &own));
	*out = own < *out ? own : *out;
	return OK;
}

static int
take_fingerprint(struct ctx *c, const struct js *root, const char *key, const char **out)
{
	unsigned char bytes[32];

	*out = "";
	TRY(take_text(c, root, key, out));
	return (*out)[0] == '\0' || str_is_hex(*out, bytes, sizeof(bytes)) ? OK : wrong(c, key);
}

/* ---- groups of them */

static int
take_mode(struct ctx *c, const struct js *root, struct options *o)
{
	const char *name = c->conf->mirror_mode;

	TRY(take_text(c, root, "mode", &name));
	o->mode = options_mode_by_name(name);
	return o->mode == 0 ? wrong(c, "mode") : OK;
}

/* A list that is given ends in a newline, so that an empty one is not taken for none. */
static int
take_filter(struct ctx *c, const struct js *root, struct options *o)
{
	const char *include = NULL, *exclude = "";

	TRY(take_text(c, root, "ref_include", &include));
	TRY(take_text(c, root, "ref_exclude", &exclude));
	o->ref_include = include != NULL ? arena_printf(c->mem, "%s\n", include) : "";
	o->ref_exclude = exclude;
	return git_filter_parse(c, o->ref_include, o->ref_exclude, &o->filter);
}

static int
take_limits(struct ctx *c, const struct js *root, struct options *o)
{
	o->most_bytes = c->conf->sync_pack_bytes;
	o->most_objects = c->conf->sync_objects;
	o->most_refs = c->conf->sync_refs;
	o->most_blob_bytes = c->conf->sync_object_bytes;
	TRY(take_limit(c, root, "most_bytes", &o->most_bytes));
	TRY(take_limit(c, root, "most_objects", &o->most_objects));
	TRY(take_limit(c, root, "most_refs", &o->most_refs));
	return take_limit(c, root, "most_blob_bytes", &o->most_blob_bytes);
}

static int
take_decisions(struct ctx *c, const struct js *root, struct options *o)
{
	TRY(take_int(c, root, "version", &o->version));
	TRY(take_int(c, root, "taken_version", &o->taken_version));
	TRY(take_fingerprint(c, root, "upstream", &o->upstream));
	TRY(take_fingerprint(c, root, "held", &o->held));
	TRY(take_fingerprint(c, root, "approved", &o->approved));
	return take_fingerprint(c, root, "rejected", &o->rejected);
}

static int
take_pin(struct ctx *c, const struct js *value, struct git_pin *out)
{
	const char *oid = "";

	out->name = "";
	if (js_type(value) != JS_OBJECT)
		return wrong(c, "pins");
	TRY(take_text(c, value, "ref", &out->name));
	TRY(take_text(c, value, "oid", &oid));
	TRY(take_bool(c, value, "is_let_go", &out->is_let_go));
	if (!git_ref_is_name(out->name) || str_starts(out->name, "refs/mirrorhub/") ||
	    !str_is_hex(oid, out->oid, sizeof(out->oid)))
		return wrong(c, "pins");
	return OK;
}

static int
take_pins(struct ctx *c, const struct js *root, struct options *o)
{
	const struct js *list = js_get(root, "pins");
	struct git_pin *pins;

	if (list == NULL)
		return OK;
	if (js_type(list) != JS_ARRAY || js_count(list) > OPTIONS_PINS_MAX)
		return wrong(c, "pins");
	o->n_pins = js_count(list);
	o->pins = pins = arena_new_array(c->mem, struct git_pin, o->n_pins + 1);
	for (size_t i = 0; i < o->n_pins; i++)
		TRY(take_pin(c, js_at(list, i), &pins[i]));
	return OK;
}

int
options_parse(struct ctx *c, const char *json, struct options *out)
{
	struct options o = {
		.prunes = c->conf->mirror_prune,
		.allow_rewrite = c->conf->guard_allow_rewrite,
		.kept_count = c->conf->kept_count,
		.kept_days = c->conf->kept_days,
	};
	const struct js *root;

	json = json[0] != '\0' ? json : "{}";
	/* of our own database; a thousand pins have more keys than a stranger may send */
	TRY(js_parse_loose(c, json, strlen(json), &root));
	if (js_type(root) != JS_OBJECT)
		return fail(c, E_INVALID, "a mirror's options are an object");
	TRY(take_mode(c, root, &o));
	TRY(take_filter(c, root, &o));
	TRY(take_bool(c, root, "prunes", &o.prunes));
	TRY(take_bool(c, root, "allow_rewrite", &o.allow_rewrite));
	TRY(take_int(c, root, "kept_count", &o.kept_count));
	TRY(take_int(c, root, "kept_days", &o.kept_days));
	TRY(take_limits(c, root, &o));
	TRY(take_decisions(c, root, &o));
	TRY(take_pins(c, root, &o));
	*out = o;
	return OK;
}
