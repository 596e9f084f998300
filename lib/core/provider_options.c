#include "core/provider_options.h"

#include <string.h>

#include "base/buf.h"
#include "base/field.h"
#include "base/js.h"
#include "base/str.h"

#define TEXT_MAX_BYTES 4096
#define NAME_MAX_BYTES 255
#define PORT_MAX 65535

static const struct field fields[] = {
	FIELD(provider_options, name),
	FIELD(provider_options, visibility),
	FIELD(provider_options, without_create),
	FIELD(provider_options, issues),
	FIELD(provider_options, wiki),
	FIELD(provider_options, merge_requests),
	FIELD(provider_options, snippets),
	FIELD(provider_options, ssh),
	FIELD(provider_options, ssh_port),
	FIELD(provider_options, token_type),
	{ 0 },
};

static const char *const visibilities[] = { "", "public", "internal", "private", NULL };
static const char *const token_types[] = { "", "private", "oauth", NULL };

struct filling {
	struct ctx *c;
	struct provider_options *out;
};

static int
fill(void *payload, const char *key, const struct js *value)
{
	static const enum js_type wanted[] = {
		[F_TEXT] = JS_TEXT, [F_INT] = JS_INT, [F_BOOL] = JS_BOOL
	};
	static const char *const words[] = {
		[F_TEXT] = "a text", [F_INT] = "a number", [F_BOOL] = "true or false"
	};
	struct filling *x = payload;
	const struct field *f = field_by_name(fields, key);

	if (f == NULL)
		return fail(x->c, E_INVALID, "no option of a provider is called so");
	if (js_type(value) == JS_NULL)
		return OK;
	if (js_type(value) != wanted[f->type])
		return fail(x->c, E_INVALID, "the option %s is %s", f->name, words[f->type]);
	if (f->type == F_TEXT)
		*FIELD_AT(x->out, f, const char *) = js_text_of(x->c, value);
	else if (f->type == F_INT)
		*FIELD_AT(x->out, f, int64_t) = js_int_of(value);
	else
		*FIELD_AT(x->out, f, bool) = js_bool_of(value);
	return OK;
}

static bool
is_one_of(const char *text, const char *const *words)
{
	while (*words != NULL && strcmp(*words, text) != 0)
		words++;
	return *words != NULL;
}

/* What GitLab, Gitea and GitHub all take as a name. */
static bool
is_name(const char *name)
{
	return strlen(name) <= NAME_MAX_BYTES &&
	    name[strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] == '\0' &&
	    name[0] != '-' && name[0] != '.' && !str_ends(name, ".git") && !str_ends(name, ".");
}

int
provider_options_parse(struct ctx *c, const char *text, struct provider_options *out)
{
	struct provider_options o = { .name = "", .visibility = "", .token_type = "" };
	struct filling filling = { c, &o };
	const struct js *root;

	TRY(js_parse(c, text, strlen(text), &root));
	if (js_type(root) != JS_OBJECT)
		return fail(c, E_INVALID, "the options of a provider are an object");
	TRY(js_each(root, fill, &filling));
	if (!is_name(o.name))
		return fail(c, E_INVALID,
		    "the option name has letters, digits, '_', '-' and '.', and no .git at its "
		    "end");
	if (!is_one_of(o.visibility, visibilities))
		return fail(c, E_INVALID, "the option visibility is public, internal or private");
	if (!is_one_of(o.token_type, token_types))
		return fail(c, E_INVALID, "the option token_type is private or oauth");
	if (o.ssh_port < 0 || o.ssh_port > PORT_MAX)
		return fail(c, E_INVALID, "the option ssh_port is a port");
	*out = o;
	return OK;
}

const char *
provider_options_text(struct arena *mem, const struct provider_options *o)
{
	struct buf *b = buf_new(mem, TEXT_MAX_BYTES);

	js_row(b, fields, o);
	return b->data;
}
