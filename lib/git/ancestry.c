#include "git/ancestry.h"

#include <git2.h>
#include <string.h>

#include "git/init.h"
#include "git/refs.h"

#define TICK_EVERY 256
#define SLOTS_LEAST 1024

enum side { OF_OLD = 1, OF_NEW = 2, OF_BOTH = 3 };

struct node {
	unsigned char oid[GIT_OID_BYTES];
	int64_t at;
	unsigned sides;
	bool is_waiting; /* in the heap */
	bool is_read;
};

struct walk {
	struct ctx *c; /* with an arena of its own */
	git_repository *repo;
	struct node **slots; /* by id, open addressing */
	size_t n_slots, n_nodes;
	struct node **heap; /* the newest on top */
	size_t n_heap, heap_size;
	size_t n_open[OF_BOTH + 1]; /* of the heap, by sides */
	int64_t n_of[OF_BOTH + 1];  /* that were read, by sides */
	int64_t n_read;
};

/* ---- nodes by id */

static struct node **
slot_of(struct node **slots, size_t n_slots, const unsigned char *oid)
{
	uint64_t hash;
	size_t i;

	memcpy(&hash, oid, sizeof(hash));
	for (i = hash % n_slots; slots[i] != NULL; i = (i + 1) % n_slots)
		if (memcmp(slots[i]->oid, oid, GIT_OID_BYTES) == 0)
			break;
	return &slots[i];
}

static void
grow(struct walk *w)
{
	size_t n = w->n_slots == 0 ? SLOTS_LEAST : w->n_slots * 2;
	struct node **slots = arena_new_array(w->c->mem, struct node *, n);

	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i] != NULL)
			*slot_of(slots, n, w->slots[i]->oid) = w->slots[i];
	w->slots = slots;
	w->n_slots = n;
}

static struct node *
node_of(struct walk *w, const unsigned char *oid)
{
	struct node **slot;

	if (w->n_nodes * 2 >= w->n_slots)
		grow(w);
	slot = slot_of(w->slots, w->n_slots, oid);
	if (*slot == NULL) {
		*slot = arena_new_of(w->c->mem, struct node);
		memcpy((*slot)->oid, oid, GIT_OID_BYTES);
		w->n_nodes++;
	}
	return *slot;
}

/* ---- the heap */

static void
swap(struct walk *w, size_t a, size_t b)
{
	struct node *kept = w->heap[a];

	w->heap[a] = w->heap[b];
	w->heap[b] = kept;
}

static void
heap_push(struct walk *w, struct node *n)
{
	if (w->n_heap == w->heap_size) {
		size_t size = w->heap_size == 0 ? SLOTS_LEAST : w->heap_size * 2;
		struct node **heap = arena_new_array(w->c->mem, struct node *, size);

		if (w->n_heap > 0)
			memcpy(heap, w->heap, w->n_heap * sizeof(heap[0]));
		w->heap = heap;
		w->heap_size = size;
	}
	w->heap[w->n_heap] = n;
	for (size_t i = w->n_heap++; i > 0 && w->heap[(i - 1) / 2]->at < w->heap[i]->at;
	     i = (i - 1) / 2)
		swap(w, i, (i - 1) / 2);
}

static struct node *
heap_pop(struct walk *w)
{
	struct node *top = w->heap[0];

	w->heap[0] = w->heap[--w->n_heap];
	for (size_t i = 0;;) {
		size_t next = 2 * i + 1;

		if (next + 1 < w->n_heap && w->heap[next + 1]->at > w->heap[next]->at)
			next++;
		if (next >= w->n_heap || w->heap[next]->at <= w->heap[i]->at)
			return top;
		swap(w, i, next);
		i = next;
	}
}

/* ---- commits */

static int
lookup(struct walk *w, const unsigned char *raw, git_commit **out)
{
	git_oid oid;

	git_oid_fromraw(&oid, raw);
	if (git_commit_lookup(out, w->repo, &oid) < 0)
		return git_fail(w->c, E_INTERNAL, "commit %s", git_oid_tostr_s(&oid));
	return OK;
}

/* It belongs to these sides, too; what is below it hears of that in its turn. */
static int
paint(struct walk *w, struct node *n, unsigned sides)
{
	git_commit *commit;

	if ((n->sides & sides) == sides)
		return OK;
	if (n->at == 0 && n->sides == 0) {
		TRY(lookup(w, n->oid, &commit));
		n->at = git_commit_time(commit);
		git_commit_free(commit);
	}
	if (n->is_waiting)
		w->n_open[n->sides]--;
	if (n->is_read)
		w->n_of[n->sides]--;
	n->sides |= sides;
	if (n->is_read)
		w->n_of[n->sides]++;
	w->n_open[n->sides]++;
	if (!n->is_waiting)
		heap_push(w, n);
	n->is_waiting = true;
	return OK;
}

static int
start(struct walk *w, const unsigned char *oid, unsigned side)
{
	return paint(w, node_of(w, oid), side);
}

/* The newest that waits. */
static int
step(struct walk *w, const struct git_ancestry_in *in)
{
	struct node *n = heap_pop(w);
	git_commit *commit;
	int code = OK;

	n->is_waiting = false;
	w->n_open[n->sides]--;
	if (!n->is_read) {
		w->n_of[n->sides]++;
		w->n_read++;
	}
	n->is_read = true;
	if (w->n_read % TICK_EVERY == 0 && in->progress != NULL && !in->progress(in->payload))
		return fail(w->c, E_CONFLICT, "given up because it was told to");
	TRY(lookup(w, n->oid, &commit));
	for (unsigned i = 0; i < git_commit_parentcount(commit) && code == OK; i++)
		code = paint(w, node_of(w, git_commit_parent_id(commit, i)->id), n->sides);
	git_commit_free(commit);
	return code;
}

/* ---- the questions */

static bool
is_related(const struct walk *w)
{
	return w->n_of[OF_BOTH] + (int64_t)w->n_open[OF_BOTH] > 0;
}

/* Whatever else is read changes no answer. */
static bool
is_known(const struct walk *w, const struct git_ancestry_in *in)
{
	int64_t lost = w->n_of[OF_OLD], common = w->n_of[OF_BOTH];

	if (w->n_heap == 0)
		return true;
	if (w->n_open[OF_NEW] > 0)
		return false; /* that may still lead to old */
	if (in->percent < 0)
		return is_related(w);
	return w->n_open[OF_OLD] == 0 && lost * 100 <= in->percent * (lost + common);
}

bool
git_ancestry_has(struct git_repository *repo, const unsigned char *id)
{
	git_commit *commit;
	git_oid oid;

	git_oid_fromraw(&oid, id);
	if (git_commit_lookup(&commit, repo, &oid) < 0)
		return false;
	git_commit_free(commit);
	return true;
}

static int
compare(struct walk *w, const struct git_ancestry_in *in, struct git_ancestry *out)
{
	const struct node *old;

	if (!git_ancestry_has(w->repo, in->old)) { /* a damaged store may have lost it */
		*out = (struct git_ancestry){ .is_cut = true };
		return OK;
	}
	TRY(start(w, in->old, OF_OLD));
	TRY(start(w, in->new, OF_NEW));
	old = node_of(w, in->old);
	while (old->sides != OF_BOTH && !is_known(w, in) && w->n_read < in->most)
		TRY(step(w, in));
	*out = (struct git_ancestry){
		.is_on = old->sides == OF_BOTH,
		.is_related = is_related(w),
		.is_cut = old->sides != OF_BOTH && !is_known(w, in),
		.n_read = w->n_read,
		.lost = w->n_of[OF_OLD],
		.common = w->n_of[OF_BOTH],
	};
	if (out->is_on)
		out->lost = 0;
	return OK;
}

int
git_ancestry(struct ctx *c, struct git_repository *repo, const struct git_ancestry_in *in,
    struct git_ancestry *out)
{
	struct ctx inner = *c;
	struct walk w = { .c = &inner, .repo = repo };
	int code;

	inner.mem = arena_new();
	code = compare(&w, in, out);
	if (code != OK)
		fail(c, code, "%s", inner.reason);
	arena_free(inner.mem);
	return code;
}

int
git_ancestry_count(struct ctx *c, struct git_repository *repo, const unsigned char *id,
    int64_t most, int64_t *n_out)
{
	const struct git_ancestry_in in = { .most = most };
	struct ctx inner = *c;
	struct walk w = { .c = &inner, .repo = repo };
	int code;

	inner.mem = arena_new();
	code = start(&w, id, OF_OLD);
	while (code == OK && w.n_heap > 0 && w.n_read < most)
		code = step(&w, &in);
	if (code != OK)
		fail(c, code, "%s", inner.reason);
	arena_free(inner.mem);
	*n_out = w.n_read;
	return code;
}
