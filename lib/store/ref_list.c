#include "store/ref_list.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/field.h"
#include "base/js.h"
#include "base/str.h"

#define LIST_MAX_BYTES (16 * 1024 * 1024)

static const struct field change_in[] = {
	FIELD(ref_change, name),
	FIELD(ref_change, raw),
	FIELD(ref_change, before),
	FIELD(ref_change, after),
	{ 0 },
};

struct ref_change
ref_change_of(struct ctx *c, const char *name, const char *before, const char *after)
{
	size_t len = strlen(name);

	return (struct ref_change){
		.name = str_utf8(c->mem, name, len),
		.raw = str_is_utf8(name, len) ? NULL : str_base64(c->mem, name, len),
		.before = before,
		.after = after,
	};
}

const char *
ref_list_json(struct ctx *c, const struct ref_change *rows, size_t n)
{
	struct buf *b = buf_new(c->mem, LIST_MAX_BYTES);

	js_list(b, change_in, rows, n < REF_LIST_MAX ? n : REF_LIST_MAX, sizeof(*rows));
	assert(!b->full); /* names are limited, by us and by Git's clients' command lines */
	return b->data;
}
