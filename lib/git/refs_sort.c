#include "git/refs_sort.h"

#include <stdlib.h>
#include <string.h>

void
git_refs_room(struct arena *mem, struct git_refs *refs, size_t *size)
{
	struct git_ref *more;

	if (refs->n < *size)
		return;
	*size = *size == 0 ? 64 : *size * 2;
	more = arena_new_array(mem, struct git_ref, *size);
	if (refs->n > 0)
		memcpy(more, refs->rows, refs->n * sizeof(more[0]));
	refs->rows = more;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct git_ref *)a)->name, ((const struct git_ref *)b)->name);
}

const struct git_ref *
git_refs_find(const struct git_refs *refs, const char *name)
{
	const struct git_ref key = { .name = name };

	if (refs->n == 0)
		return NULL;
	return bsearch(&key, refs->rows, refs->n, sizeof(key), by_name);
}

/* Servers list refs in this order; anything else costs a sort. */
static bool
is_sorted(const struct git_refs *refs)
{
	for (size_t i = 1; i < refs->n; i++)
		if (strcmp(refs->rows[i - 1].name, refs->rows[i].name) > 0)
			return false;
	return true;
}

static bool
is_below_another(const struct git_refs *refs, char *name)
{
	char *slash = name + strlen("refs");

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		bool is_there;

		*slash = '\0';
		is_there = git_refs_find(refs, name) != NULL;
		*slash = '/';
		if (is_there)
			return true;
	}
	return false;
}

int
git_refs_sort(struct ctx *c, struct git_refs *refs)
{
	size_t n = 0;

	if (!is_sorted(refs))
		qsort(refs->rows, refs->n, sizeof(refs->rows[0]), by_name);
	for (size_t i = 1; i < refs->n; i++)
		if (strcmp(refs->rows[i - 1].name, refs->rows[i].name) == 0)
			return fail(c, E_INVALID, "the upstream lists a ref twice");
	for (size_t i = 0; i < refs->n; i++) {
		/* what stands above a name sorts before it: it is among the first n, which stay */
		const struct git_refs stay = { .rows = refs->rows, .n = n };

		if (!is_below_another(&stay, arena_strdup(c->mem, refs->rows[i].name)))
			refs->rows[n++] = refs->rows[i];
	}
	refs->n = n;
	return OK;
}
