#include "base/field.h"

#include <assert.h>
#include <string.h>

static const size_t sizes[] = {
	[F_TEXT] = sizeof(const char *),
	[F_INT] = sizeof(int64_t),
	[F_BOOL] = sizeof(bool),
};

size_t
field_size(const struct field *fields)
{
	size_t size = 0;

	for (const struct field *f = fields; f->name != NULL; f++) {
		assert(f->type >= F_TEXT && f->type <= F_BOOL);
		if (f->offset + sizes[f->type] > size)
			size = f->offset + sizes[f->type];
	}
	return size;
}

const struct field *
field_by_name(const struct field *fields, const char *name)
{
	for (const struct field *f = fields; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
