#include "git/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "git/refs_sort.h"

/* While the list is made. rows of `next` are in order; those of `more` come among them at the end.
 */
struct following {
	struct ctx *c;
	const struct git_follow *f;
	struct git_refs next, more;
	size_t next_size, more_size;
};

static void
add(struct following *x, struct git_refs *list, size_t *size, const struct git_ref *row)
{
	git_refs_room(x->c->mem, list, size);
	list->rows[list->n++] = *row;
}

/* ---- names that cannot stand side by side */

/* Whether a name of the list stands above this one: a for a/b. */
static bool
has_above(struct following *x, const struct git_refs *list, const char *name)
{
	char *copy = arena_strdup(x->c->mem, name);
	char *slash = copy + strlen("refs");

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		bool is_there;

		*slash = '\0';
		is_there = git_refs_find(list, copy) != NULL;
		*slash = '/';
		if (is_there)
			return true;
	}
	return false;
}

/* Whether a name of the list stands below this one: the first that is not before "a/". */
static bool
has_below(struct following *x, const struct git_refs *list, const char *name)
{
	const char *start = arena_printf(x->c->mem, "%s/", name);
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(list->rows[middle].name, start) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->n && str_starts(list->rows[low].name, start);
}

static bool
has_room(struct following *x, const struct git_refs *list, const char *name)
{
	return git_refs_find(list, name) == NULL && !has_above(x, list, name) &&
	    !has_below(x, list, name);
}

/* ---- what stays */

static void
take_upstream(struct following *x)
{
	const struct git_refs *upstream = x->f->upstream;

	for (size_t i = 0; i < upstream->n; i++) {
		const struct git_ref *row = &upstream->rows[i];
		const struct git_move *m = git_moves_find(x->f->moves, row->name);

		if (x->f->keeps_forced && m != NULL && m->kind == GIT_MOVE_FORCED)
			row = m->before;
		add(x, &x->next, &x->next_size, row);
	}
}

static bool
is_pin(const struct git_follow *f, const char *name)
{
	for (size_t i = 0; i < f->n_pins; i++)
		if (strcmp(f->pins[i].name, name) == 0)
			return true;
	return false;
}

/* Pins were never the upstream's. */
static void
take_deleted(struct following *x)
{
	const struct git_moves *moves = x->f->moves;

	for (size_t i = 0; i < moves->n; i++) {
		const struct git_move *m = &moves->rows[i];

		if (m->kind == GIT_MOVE_GONE && !is_pin(x->f, m->name) &&
		    has_room(x, x->f->upstream, m->name))
			add(x, &x->more, &x->more_size, m->before);
	}
}

/* What a pin names, with what it peels to. */
static const struct git_ref *
row_by_oid(const struct git_refs *list, const unsigned char *oid)
{
	for (size_t i = 0; i < list->n; i++)
		if (memcmp(list->rows[i].oid, oid, GIT_OID_BYTES) == 0)
			return &list->rows[i];
	return NULL;
}

static void
take_pin(struct following *x, const struct git_pin *pin)
{
	const struct git_ref *from = row_by_oid(x->f->published, pin->oid);
	struct git_ref row;

	if (from == NULL)
		from = row_by_oid(x->f->kept, pin->oid);
	if (pin->is_let_go || from == NULL || !has_room(x, &x->next, pin->name))
		return;
	row = *from;
	row.name = pin->name;
	add(x, &x->more, &x->more_size, &row);
}

/* Takes what was added among the rest. */
static int
settle(struct following *x)
{
	for (size_t i = 0; i < x->more.n; i++)
		add(x, &x->next, &x->next_size, &x->more.rows[i]);
	x->more.n = 0;
	return git_refs_sort(x->c, &x->next);
}

int
git_follow(struct ctx *c, const struct git_follow *f, struct git_refs *out)
{
	struct following x = { .c = c, .f = f };

	git_refs_room(c->mem, &x.next, &x.next_size);
	take_upstream(&x);
	if (f->keeps_deleted)
		take_deleted(&x);
	TRY(settle(&x));
	for (size_t i = 0; i < f->n_pins; i++)
		take_pin(&x, &f->pins[i]);
	TRY(settle(&x));
	x.next.head = f->upstream->head;
	*out = x.next;
	return OK;
}
