#include "git/moves.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "git/ancestry.h"

struct comparing {
	struct ctx *c;
	struct git_repository *repo;
	const struct git_moves_in *in;
	int64_t left; /* commits that may still be read */
};

static int
compare(struct comparing *x, struct git_move *m)
{
	const struct git_ancestry_in in = {
		.old = m->before->oid,
		.new = m->after->oid,
		.most = x->left,
		.percent = -1,
		.progress = x->in->progress,
		.payload = x->in->payload,
	};
	struct git_ancestry out;

	m->kind = GIT_MOVE_FORCED;
	if (!str_starts(m->name, "refs/heads/"))
		return OK;
	TRY(git_ancestry(x->c, x->repo, &in, &out));
	x->left -= out.n_read < x->left ? out.n_read : x->left;
	m->is_related = out.is_related;
	if (out.is_on)
		m->kind = GIT_MOVE_ON;
	return OK;
}

static int
judge(struct comparing *x, struct git_move *m)
{
	if (m->before == NULL)
		m->kind = GIT_MOVE_NEW;
	else if (m->after == NULL)
		m->kind = GIT_MOVE_GONE;
	else
		return compare(x, m);
	return OK;
}

static bool
is_same(const struct git_ref *a, const struct git_ref *b)
{
	return a != NULL && b != NULL && memcmp(a->oid, b->oid, GIT_OID_BYTES) == 0;
}

int
git_moves(struct ctx *c, struct git_repository *repo, const struct git_moves_in *in,
    struct git_moves *out)
{
	const struct git_refs *a = in->before, *b = in->after;
	struct comparing x = { .c = c, .repo = repo, .in = in, .left = in->most };
	struct git_moves moves = { .n = 0 };

	moves.rows = arena_new_array(c->mem, struct git_move, a->n + b->n + 1);
	for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
		int order = i == a->n ? 1
		    : k == b->n	      ? -1
				      : strcmp(a->rows[i].name, b->rows[k].name);
		struct git_move m = { .before = order <= 0 ? &a->rows[i++] : NULL,
			.after = order >= 0 ? &b->rows[k++] : NULL };

		if (is_same(m.before, m.after))
			continue;
		m.name = m.before != NULL ? m.before->name : m.after->name;
		TRY(judge(&x, &m));
		moves.rows[moves.n++] = m;
	}
	*out = moves;
	return OK;
}

static int
by_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct git_move *)row)->name);
}

const struct git_move *
git_moves_find(const struct git_moves *moves, const char *name)
{
	return moves->n == 0
	    ? NULL
	    : bsearch(name, moves->rows, moves->n, sizeof(moves->rows[0]), by_name);
}
