#include "git/rename.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "git/init.h"

#define ID_CHARS 40
#define SAME_ID_MOST 1000 /* files of the same bytes looked at for one, for the best name */
#define CHUNK_BYTES 64	  /* a line, or so much of a long one */
#define SCORE_MAX 60000	  /* as git counts, so that the limits fall alike */
#define SCORE_LEAST (SCORE_MAX / 100 * GIT_RENAME_LEAST)
#define SCORE_SAME_NAME (SCORE_LEAST + (SCORE_MAX - SCORE_LEAST) / 2)
#define KIND_MASK 0170000
#define REGULAR 0100000
#define HASH_START 2166136261u
#define HASH_FACTOR 16777619u

/* How often a piece of text occurs in a file, in bytes. */
struct chunk {
	uint32_t hash, bytes;
};

/* A file that came or went. */
struct side {
	size_t row;
	const char *base; /* the last part of its path */
	bool is_done;	  /* it is part of a rename */
	int64_t bytes;
	struct chunk *chunks; /* by hash; NULL: it cannot be compared */
	size_t n_chunks;
};

struct sides {
	struct side *rows;
	size_t n;
};

struct pair {
	struct side *from, *to;
	int score;
	bool has_same_name;
};

struct search {
	struct ctx *c;
	git_repository *repo;
	struct git_changes *changes;
	struct sides gone, come;
	struct git_change *rows;
};

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static struct sides
gather(struct search *s, enum git_change_kind kind)
{
	struct sides sides = { .rows = NULL };
	size_t n = 0;

	for (size_t i = 0; i < s->changes->n; i++)
		n += s->rows[i].kind == kind;
	sides.rows = arena_new_array(s->c->mem, struct side, n + 1);
	for (size_t i = 0; i < s->changes->n; i++)
		if (s->rows[i].kind == kind)
			sides.rows[sides.n++] =
			    (struct side){ .row = i, .base = base_of(s->rows[i].new_path) };
	return sides;
}

static void
join(struct search *s, struct side *from, struct side *to, int score)
{
	struct git_change *old = &s->rows[from->row], *new = &s->rows[to->row];

	new->kind = GIT_CHANGE_RENAMED;
	new->old_path = old->old_path;
	new->old_mode = old->old_mode;
	new->similarity = score / (SCORE_MAX / 100);
	memcpy(new->old_id, old->old_id, sizeof(new->old_id));
	old->kind = 0; /* leaves the list at the end */
	from->is_done = to->is_done = true;
}

/* ---- the same bytes */

struct by_id {
	const char *id;
	struct side *side;
	size_t
	    n_done; /* of the first row of an id: so many of its rows are taken, from itself on */
};

static int
order_by_id(const void *a, const void *b)
{
	const struct by_id *x = a, *y = b;
	int order = memcmp(x->id, y->id, ID_CHARS);

	if (order != 0)
		return order;
	return x->side->row < y->side->row ? -1 : x->side->row > y->side->row;
}

static size_t
first_of_id(const struct by_id *rows, size_t n, const char *id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(rows[middle].id, id, ID_CHARS) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_regular(int mode)
{
	return (mode & KIND_MASK) == REGULAR;
}

static bool
do_modes_fit(int from, int to)
{
	return from == to || (is_regular(from) && is_regular(to));
}

/* The one of the same last name, else the first. */
static struct side *
same_bytes(const struct search *s, struct by_id *rows, size_t n, const struct side *to)
{
	const struct git_change *new = &s->rows[to->row];
	size_t first = first_of_id(rows, n, new->new_id), end;
	struct side *best = NULL;

	while (first < n && first + rows[first].n_done < n &&
	    rows[first + rows[first].n_done].side->is_done)
		rows[first].n_done++;
	first += first < n ? rows[first].n_done : 0;
	end = n - first < SAME_ID_MOST ? n : first + SAME_ID_MOST;
	for (size_t i = first; i < end && memcmp(rows[i].id, new->new_id, ID_CHARS) == 0; i++) {
		struct side *from = rows[i].side;

		if (from->is_done || !do_modes_fit(s->rows[from->row].old_mode, new->new_mode))
			continue;
		if (strcmp(from->base, to->base) == 0)
			return from;
		if (best == NULL)
			best = from;
	}
	return best;
}

static void
find_exact(struct search *s)
{
	struct by_id *rows = arena_new_array(s->c->mem, struct by_id, s->gone.n);

	for (size_t i = 0; i < s->gone.n; i++)
		rows[i] = (struct by_id){ .id = s->rows[s->gone.rows[i].row].old_id,
			.side = &s->gone.rows[i] };
	qsort(rows, s->gone.n, sizeof(*rows), order_by_id);
	for (size_t i = 0; i < s->come.n; i++) {
		struct side *from = same_bytes(s, rows, s->gone.n, &s->come.rows[i]);

		if (from != NULL)
			join(s, from, &s->come.rows[i], SCORE_MAX);
	}
}

/* ---- how alike two files are: the share of the larger one's bytes that stand, in lines or pieces
 * of 64 bytes, in both */

static int
order_chunks(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static size_t
join_equal(struct chunk *chunks, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && chunks[kept - 1].hash == chunks[i].hash)
			chunks[kept - 1].bytes += chunks[i].bytes;
		else
			chunks[kept++] = chunks[i];
	}
	return kept;
}

/* A CR before a line's end counts for nothing: files that change their line ends stay alike. */
static void
cut_up(struct arena *mem, const char *text, size_t len, struct side *out)
{
	struct chunk now = { .hash = HASH_START };
	size_t n = 0, most = len / CHUNK_BYTES + 2;

	for (size_t i = 0; i < len; i++)
		most += text[i] == '\n';
	out->chunks = arena_new_array(mem, struct chunk, most);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		now.hash = (now.hash ^ (unsigned char)text[i]) * HASH_FACTOR;
		if (++now.bytes < CHUNK_BYTES && text[i] != '\n')
			continue;
		out->chunks[n++] = now;
		now = (struct chunk){ .hash = HASH_START };
	}
	if (now.bytes > 0)
		out->chunks[n++] = now;
	qsort(out->chunks, n, sizeof(*out->chunks), order_chunks);
	out->n_chunks = join_equal(out->chunks, n);
}

static int64_t
common_bytes(const struct side *a, const struct side *b)
{
	int64_t bytes = 0;

	for (size_t i = 0, j = 0; i < a->n_chunks && j < b->n_chunks;) {
		const struct chunk *x = &a->chunks[i], *y = &b->chunks[j];

		if (x->hash == y->hash)
			bytes += x->bytes < y->bytes ? x->bytes : y->bytes;
		i += x->hash <= y->hash;
		j += y->hash <= x->hash;
	}
	return bytes;
}

static int
score_of(const struct side *from, const struct side *to)
{
	int64_t larger = from->bytes > to->bytes ? from->bytes : to->bytes;
	int64_t smaller = from->bytes > to->bytes ? to->bytes : from->bytes;

	if (from->chunks == NULL || to->chunks == NULL || smaller * 100 < larger * GIT_RENAME_LEAST)
		return 0;
	return (int)(common_bytes(from, to) * SCORE_MAX / larger);
}

/* ---- loading the candidates */

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

static void
close_object(void *object)
{
	git_odb_object_free(object);
}

static int
load(struct ctx *c, git_odb *odb, const git_oid *oid, struct side *out)
{
	git_odb_object *object;

	if (git_odb_read(&object, odb, oid) < 0)
		return git_fail(c, E_INTERNAL, "read a file");
	arena_defer(c->mem, close_object, object);
	cut_up(c->mem, git_odb_object_data(object), git_odb_object_size(object), out);
	arena_close(c->mem, object);
	return OK;
}

/* Only plain files that hold something can be alike; of large ones nothing is known. */
static int
load_side(struct search *s, git_odb *odb, const char *id, int mode, struct side *side,
    int64_t *left_bytes)
{
	git_object_t type;
	git_oid oid;
	size_t len;

	if (side->is_done || !is_regular(mode))
		return OK;
	if (git_oid_fromstr(&oid, id) < 0 || git_odb_read_header(&len, &type, odb, &oid) < 0)
		return git_fail(s->c, E_INTERNAL, "look at file %s", id);
	if (len == 0)
		return OK;
	side->bytes = (int64_t)len;
	*left_bytes -= side->bytes;
	if (len > GIT_CHANGES_BLOB_BYTES || *left_bytes < 0) {
		s->changes->are_renames_cut = true;
		return OK;
	}
	return load(s->c, odb, &oid, side);
}

static int
load_sides(struct search *s)
{
	int64_t left = GIT_RENAME_LOAD_BYTES;
	git_odb *odb;

	if (git_repository_odb(&odb, s->repo) < 0)
		return git_fail(s->c, E_INTERNAL, "open the objects");
	arena_defer(s->c->mem, close_odb, odb);
	for (size_t i = 0; i < s->gone.n; i++) {
		struct side *side = &s->gone.rows[i];
		const struct git_change *row = &s->rows[side->row];

		TRY(load_side(s, odb, row->old_id, row->old_mode, side, &left));
	}
	for (size_t i = 0; i < s->come.n; i++) {
		struct side *side = &s->come.rows[i];
		const struct git_change *row = &s->rows[side->row];

		TRY(load_side(s, odb, row->new_id, row->new_mode, side, &left));
	}
	arena_close(s->c->mem, odb);
	return OK;
}

/* ---- files that are alike */

/* The one file of that last name which is not yet part of a rename; NULL: none, or several. */
static struct side *
only_one_named(struct sides *sides, const char *base)
{
	struct side *found = NULL;

	for (size_t i = 0; i < sides->n; i++) {
		if (sides->rows[i].is_done || strcmp(sides->rows[i].base, base) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &sides->rows[i];
	}
	return found;
}

/* A file that moved to another folder keeps its name: such pairs come first. */
static void
find_by_name(struct search *s)
{
	for (size_t i = 0; i < s->come.n; i++) {
		struct side *to = &s->come.rows[i], *from;
		int score;

		if (to->is_done || only_one_named(&s->come, to->base) != to)
			continue;
		from = only_one_named(&s->gone, to->base);
		score = from != NULL ? score_of(from, to) : 0;
		if (score >= SCORE_SAME_NAME)
			join(s, from, to, score);
	}
}

static int
order_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->score != y->score)
		return y->score - x->score;
	if (x->has_same_name != y->has_same_name)
		return y->has_same_name - x->has_same_name;
	if (x->to->row != y->to->row)
		return x->to->row < y->to->row ? -1 : 1;
	return x->from->row < y->from->row ? -1 : x->from->row > y->from->row;
}

static size_t
score_all(struct search *s, struct pair *pairs)
{
	size_t n = 0;

	for (size_t i = 0; i < s->come.n; i++)
		for (size_t j = 0; j < s->gone.n; j++) {
			struct side *to = &s->come.rows[i], *from = &s->gone.rows[j];
			int score = to->is_done || from->is_done ? 0 : score_of(from, to);

			if (score >= SCORE_LEAST)
				pairs[n++] = (struct pair){ from, to, score,
					strcmp(from->base, to->base) == 0 };
		}
	return n;
}

/* The best pair first; who is taken is taken. */
static void
find_alike(struct search *s)
{
	struct pair *pairs = arena_new_array(s->c->mem, struct pair, s->come.n * s->gone.n);
	size_t n = score_all(s, pairs);

	qsort(pairs, n, sizeof(*pairs), order_pairs);
	for (size_t i = 0; i < n; i++)
		if (!pairs[i].from->is_done && !pairs[i].to->is_done)
			join(s, pairs[i].from, pairs[i].to, pairs[i].score);
}

static void
drop_gone(struct git_changes *changes)
{
	size_t kept = 0;

	for (size_t i = 0; i < changes->n; i++)
		if (changes->rows[i].kind != 0)
			changes->rows[kept++] = changes->rows[i];
	changes->n = kept;
}

static int
find_inexact(struct search *s)
{
	/* those that are part of a rename are of another kind by now */
	s->gone = gather(s, GIT_CHANGE_DELETED);
	s->come = gather(s, GIT_CHANGE_ADDED);
	if (s->gone.n == 0 || s->come.n == 0)
		return OK;
	if (s->gone.n + s->come.n > GIT_RENAME_CANDIDATES) {
		s->changes->are_renames_cut = true;
		return OK;
	}
	TRY(load_sides(s));
	find_by_name(s);
	find_alike(s);
	return OK;
}

int
git_rename_detect(struct ctx *c, git_repository *repo, struct git_changes *changes)
{
	struct search s = { .c = c, .repo = repo, .changes = changes, .rows = changes->rows };

	s.gone = gather(&s, GIT_CHANGE_DELETED);
	s.come = gather(&s, GIT_CHANGE_ADDED);
	if (s.gone.n == 0 || s.come.n == 0)
		return OK;
	find_exact(&s);
	TRY(find_inexact(&s));
	drop_gone(changes);
	return OK;
}
