#include "git/push_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "git/filter.h"

#define HEADS "refs/heads/"
#define TAGS "refs/tags/"

enum { RANK_IN_THE_WAY = 1, RANK_HEAD, RANK_BRANCH, RANK_TAG, RANK_OTHER, RANK_DELETE, RANK_REST };

static bool
is_same(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, GIT_OID_BYTES) == 0;
}

static const struct git_push_owned *
find_owned(const struct git_push_facts *f, const char *name)
{
	size_t from = 0, to = f->n_owned;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(f->owned[middle].name, name);

		if (order == 0)
			return &f->owned[middle];
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

/* That id is what we put there, or meant to when somebody was killed. */
static bool
is_from_us(const struct git_push_owned *o, const unsigned char *oid)
{
	return o != NULL &&
	    ((o->has_oid && is_same(o->oid, oid)) || (o->has_planned && is_same(o->planned, oid)));
}

static const char *
why_not(const struct git_push_facts *f, const struct git_ref *ours, const struct git_ref *there)
{
	if (f->is_behind(f->payload, ours->oid, there->oid))
		return "it is ahead of what is here";
	return str_starts(ours->name, HEADS) ? "it has something that is not here"
					     : "it is something else there";
}

/* ---- rows */

static struct git_push_row *
add(struct git_push_plan *p, enum git_push_kind kind, const char *name, const unsigned char *old,
    const unsigned char *new)
{
	struct git_push_row *row = &p->rows[p->n++];

	*row = (struct git_push_row){ .kind = kind, .name = name, .why = "" };
	if (old != NULL)
		memcpy(row->old, old, GIT_OID_BYTES);
	if (new != NULL)
		memcpy(row->new, new, GIT_OID_BYTES);
	return row;
}

static void
plan_ours(const struct git_push_facts *f, const struct git_ref *ours, struct git_push_plan *p)
{
	const struct git_ref *there = git_refs_find(f->there, ours->name);
	const struct git_push_owned *owned = find_owned(f, ours->name);
	struct git_push_row *row;

	if (there == NULL) {
		add(p, PUSH_CREATE, ours->name, NULL, ours->oid);
		return;
	}
	row = add(p, PUSH_UPDATE, ours->name, there->oid, ours->oid);
	if (is_same(there->oid, ours->oid)) {
		row->kind = PUSH_SAME;
		row->is_claimed =
		    owned != NULL && owned->has_planned && is_same(owned->planned, ours->oid);
		row->is_stale =
		    owned != NULL && !row->is_claimed && (owned->has_planned || owned->is_refused);
	} else if (!is_from_us(owned, there->oid) && !f->overwrites &&
	    !(str_starts(ours->name, HEADS) && f->is_behind(f->payload, there->oid, ours->oid))) {
		row->kind = PUSH_CONFLICT;
		row->why = why_not(f, ours, there);
		row->is_stale = owned != NULL && (owned->has_planned || owned->is_refused);
	}
}

/* What we put there and have no more. What the filter leaves out is not ours to delete now. */
static void
plan_owned(
    const struct git_push_facts *f, const struct git_push_owned *owned, struct git_push_plan *p)
{
	const struct git_ref *there;

	if (git_refs_find(f->ours, owned->name) != NULL ||
	    !git_filter_takes(f->filter, owned->name))
		return;
	there = git_refs_find(f->there, owned->name);
	if (there != NULL && is_from_us(owned, there->oid))
		add(p, PUSH_DELETE, owned->name, there->oid, NULL);
	else
		add(p, PUSH_GONE, owned->name, NULL, NULL);
}

/* ---- order */

static int
rank_of(const struct git_push_row *row, const char *head)
{
	if (row->kind == PUSH_DELETE)
		return RANK_DELETE;
	if (row->kind != PUSH_CREATE && row->kind != PUSH_UPDATE)
		return RANK_REST;
	if (str_is_equal(row->name, head))
		return RANK_HEAD;
	if (str_starts(row->name, HEADS))
		return RANK_BRANCH;
	return str_starts(row->name, TAGS) ? RANK_TAG : RANK_OTHER;
}

static int
by_rank(const void *a, const void *b)
{
	const struct git_push_row *x = a, *y = b;

	return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : strcmp(x->name, y->name);
}

/* Whether one of our refs lies below `name`, or `name` below one of ours. */
static bool
is_in_the_way(struct ctx *c, const struct git_refs *ours, const char *name)
{
	const char *folder = arena_printf(c->mem, "%s/", name);
	char *above = arena_strdup(c->mem, name), *slash;
	size_t from = 0, to = ours->n;

	while (from < to) { /* the first of ours that is not before the folder */
		size_t middle = from + (to - from) / 2;

		if (strcmp(ours->rows[middle].name, folder) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from < ours->n && str_starts(ours->rows[from].name, folder))
		return true;
	while ((slash = strrchr(above, '/')) != NULL) {
		*slash = '\0';
		if (git_refs_find(ours, above) != NULL)
			return true;
	}
	return false;
}

/* a and a/b cannot be there at the same time: what goes has to go first. */
static void
rank_in_the_way(struct ctx *c, const struct git_refs *ours, struct git_push_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->rows[i].kind == PUSH_DELETE && is_in_the_way(c, ours, p->rows[i].name))
			p->rows[i].rank = RANK_IN_THE_WAY;
}

static void
put_in_order(struct git_push_plan *p)
{
	qsort(p->rows, p->n, sizeof(p->rows[0]), by_rank);
	p->n_moves = p->n_deletes = p->n_conflicts = 0;
	for (size_t i = 0; i < p->n; i++) {
		p->n_moves += p->rows[i].rank < RANK_DELETE;
		p->n_deletes += p->rows[i].rank == RANK_DELETE;
		p->n_conflicts += p->rows[i].kind == PUSH_CONFLICT;
	}
}

void
git_push_plan(struct ctx *c, const struct git_push_facts *f, struct git_push_plan *out)
{
	struct git_push_plan p = { 0 };

	p.rows = arena_new_array(c->mem, struct git_push_row, f->ours->n + f->n_owned + 1);
	for (size_t i = 0; i < f->ours->n; i++)
		plan_ours(f, &f->ours->rows[i], &p);
	for (size_t i = 0; i < f->n_owned; i++)
		plan_owned(f, &f->owned[i], &p);
	for (size_t i = 0; i < p.n; i++)
		p.rows[i].rank = rank_of(&p.rows[i], f->ours->head);
	rank_in_the_way(c, f->ours, &p);
	put_in_order(&p);
	*out = p;
}

void
git_push_spare(struct git_push_plan *plan, const struct git_refs *ours, const char *head)
{
	bool has_branch = false;

	for (size_t i = 0; i < ours->n; i++)
		has_branch |= str_starts(ours->rows[i].name, HEADS);
	for (size_t i = 0; i < plan->n; i++) {
		struct git_push_row *row = &plan->rows[i];

		if (row->kind != PUSH_DELETE || !str_starts(row->name, HEADS))
			continue;
		if (has_branch && !str_is_equal(row->name, head))
			continue;
		row->kind = PUSH_CONFLICT;
		row->why = has_branch ? "it is the default branch there, which is never deleted"
				      : "it is one of the last branches there";
		row->rank = RANK_REST;
		memcpy(row->new, row->old, GIT_OID_BYTES);
	}
	put_in_order(plan);
}
