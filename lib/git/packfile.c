#include "git/packfile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "git/delta.h"

#define OID_BYTES 20
#define IDX_HEAD_BYTES ((size_t)8)
#define FANOUT_BYTES ((size_t)256 * 4)
#define PACK_HEAD_BYTES ((size_t)12)
#define TRAILER_BYTES ((size_t)20)
/* Commits, trees and tags only. The largest tree in the wild is some MiB. */
#define OBJECT_MAX_BYTES ((size_t)128 * 1024 * 1024)
#define LIVE_MAX_BYTES ((size_t)512 * 1024 * 1024)
#define KEEP_MAX_BYTES ((size_t)256 * 1024)
#define DEPTH_MAX 10000
#define NONE UINT32_MAX

enum { PACK_OFS_DELTA = 6, PACK_REF_DELTA = 7 };

/* One object where it lies in the pack; entries are in the pack's order. */
struct entry {
	uint64_t offset;
	uint64_t body;	    /* where its zlib stream begins */
	uint64_t len;	    /* of what the stream unpacks to */
	uint32_t oid;	    /* which one of the index */
	uint32_t base;	    /* entry; NONE: not a delta */
	uint32_t child;	    /* the first delta on it */
	uint32_t sibling;   /* the next delta on the same base */
	enum git_kind kind; /* 0: not known yet */
};

struct git_packfile {
	const unsigned char *pack, *idx;
	size_t pack_len, idx_len;
	uint32_t n;
	const unsigned char *fanout, *oids, *offsets, *long_offsets;
	struct entry *entries;
	uint32_t *by_oid; /* index position to entry */
};

struct mapping {
	void *at;
	size_t len;
};

const char *
git_kind_text(enum git_kind kind)
{
	static const char *const words[] = { "object", "commit", "tree", "blob", "tag" };

	return words[kind];
}

static int
broken(struct ctx *c)
{
	return fail(c, E_INVALID, "the upstream's pack is damaged or of an unknown kind");
}

/* ---- mapping */

static void
close_mapping(void *mapping)
{
	const struct mapping *m = mapping;

	munmap(m->at, m->len);
}

static int
map(struct ctx *c, const char *path, const unsigned char **out, size_t *len_out)
{
	struct mapping *m = arena_new_of(c->mem, struct mapping);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return fail(c, E_INTERNAL, "open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || st.st_size < (off_t)(PACK_HEAD_BYTES + TRAILER_BYTES)) {
		close(fd);
		return broken(c);
	}
	m->len = (size_t)st.st_size;
	m->at = mmap(NULL, m->len, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (m->at == MAP_FAILED && errno == ENOMEM)
		return fail(c, E_INTERNAL,
		    "a pack of %zu bytes cannot be checked within sync.memory_bytes", m->len);
	if (m->at == MAP_FAILED)
		return fail(c, E_INTERNAL, "map %s: %s", path, strerror(errno));
	arena_defer(c->mem, close_mapping, m);
	*out = m->at;
	*len_out = m->len;
	return OK;
}

static uint32_t
number(const unsigned char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return ntohl(n);
}

/* Version 2: magic, fan-out, ids, checksums, offsets, long offsets, two trailers. */
static int
read_index(struct ctx *c, struct git_packfile *p)
{
	size_t need;

	if (p->idx_len < IDX_HEAD_BYTES + FANOUT_BYTES || number(p->idx) != 0xff744f63 ||
	    number(p->idx + 4) != 2)
		return broken(c);
	p->fanout = p->idx + IDX_HEAD_BYTES;
	p->n = number(p->fanout + FANOUT_BYTES - 4);
	need =
	    IDX_HEAD_BYTES + FANOUT_BYTES + (size_t)p->n * (OID_BYTES + 4 + 4) + 2 * TRAILER_BYTES;
	if (p->idx_len < need)
		return broken(c);
	p->oids = p->fanout + FANOUT_BYTES;
	p->offsets = p->oids + (size_t)p->n * (OID_BYTES + 4);
	p->long_offsets = p->offsets + (size_t)p->n * 4;
	return OK;
}

static bool
offset_of(const struct git_packfile *p, uint32_t i, uint64_t *out)
{
	uint32_t offset = number(p->offsets + (size_t)i * 4);
	const unsigned char *end = p->idx + p->idx_len - 2 * TRAILER_BYTES, *at;

	*out = offset;
	if (offset & 0x80000000) {
		at = p->long_offsets + (size_t)(offset & 0x7fffffff) * 8;
		if (at + 8 > end)
			return false;
		*out = (uint64_t)number(at) << 32 | number(at + 4);
	}
	return *out >= PACK_HEAD_BYTES && *out < p->pack_len - TRAILER_BYTES;
}

/* The index position of an id, or NONE. Ids are spread evenly, so a guess by its next bytes inside
 * the fan-out's range is nearly right. */
static uint32_t
position(const struct git_packfile *p, const unsigned char *oid)
{
	uint32_t low = oid[0] == 0 ? 0 : number(p->fanout + (size_t)(oid[0] - 1) * 4);
	uint32_t high = number(p->fanout + (size_t)oid[0] * 4);
	bool first = true;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order;

		if (first)
			middle = low +
			    (uint32_t)((uint64_t)(high - low) * ((uint32_t)oid[1] << 8 | oid[2]) >>
				16);
		first = false;
		order = memcmp(oid, p->oids + (size_t)middle * OID_BYTES, OID_BYTES);
		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NONE;
}

/* ---- entries */

static int
by_offset(const void *a, const void *b)
{
	uint64_t x = ((const struct entry *)a)->offset, y = ((const struct entry *)b)->offset;

	return (x > y) - (x < y);
}

static uint32_t
entry_at(const struct git_packfile *p, uint64_t offset)
{
	const struct entry key = { .offset = offset };
	const struct entry *e = bsearch(&key, p->entries, p->n, sizeof(key), by_offset);

	return e == NULL ? NONE : (uint32_t)(e - p->entries);
}

/* Kind and length: four bits, then seven a byte. Moves *at behind them. */
static bool
take_head(const unsigned char **at, const unsigned char *end, unsigned *kind, uint64_t *len)
{
	unsigned char byte = *(*at)++;
	unsigned shift = 4;

	*kind = (byte >> 4) & 7;
	*len = byte & 15;
	while (byte & 0x80) {
		if (*at == end || shift > 57)
			return false;
		byte = *(*at)++;
		*len |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	}
	return *at < end;
}

/* How far before the delta its base lies: seven bits a byte, highest first, plus one each. */
static bool
take_distance(const unsigned char **at, const unsigned char *end, uint64_t *out)
{
	unsigned char byte = *(*at)++;
	uint64_t distance = byte & 0x7f;

	while (byte & 0x80) {
		if (*at == end || distance > UINT64_MAX >> 8)
			return false;
		byte = *(*at)++;
		distance = ((distance + 1) << 7) | (byte & 0x7f);
	}
	*out = distance;
	return true;
}

static int
read_entry(struct ctx *c, struct git_packfile *p, struct entry *e)
{
	const unsigned char *at = p->pack + e->offset, *end = p->pack + p->pack_len - TRAILER_BYTES;
	unsigned kind;
	uint64_t distance;

	e->base = e->child = e->sibling = NONE;
	if (!take_head(&at, end, &kind, &e->len))
		return broken(c);
	if (kind == PACK_OFS_DELTA) {
		if (!take_distance(&at, end, &distance) || distance > e->offset)
			return broken(c);
		e->base = entry_at(p, e->offset - distance);
	} else if (kind == PACK_REF_DELTA) {
		uint32_t i = end - at < OID_BYTES ? NONE : position(p, at);

		at += OID_BYTES;
		e->base = i == NONE ? NONE : p->by_oid[i];
	} else if (kind >= GIT_KIND_COMMIT && kind <= GIT_KIND_TAG) {
		e->kind = (enum git_kind)kind;
	}
	e->body = (uint64_t)(at - p->pack);
	return (e->kind == 0) == (e->base != NONE) && at < end ? OK : broken(c);
}

/* A delta is of its base's kind. Follows the bases up to a known kind, then tells it to all of them
 * on the way. */
static int
settle_kind(struct ctx *c, struct git_packfile *p, uint32_t i)
{
	enum git_kind kind = 0;
	uint32_t steps = 0;

	for (uint32_t k = i; kind == 0; k = p->entries[k].base) {
		kind = p->entries[k].kind;
		if (kind == 0 && (p->entries[k].base == NONE || steps++ > p->n))
			return broken(c);
	}
	for (uint32_t k = i; p->entries[k].kind == 0; k = p->entries[k].base)
		p->entries[k].kind = kind;
	return OK;
}

static int
read_entries(struct ctx *c, struct git_packfile *p)
{
	p->entries = arena_new_array(c->mem, struct entry, (size_t)p->n + 1);
	p->by_oid = arena_new_array(c->mem, uint32_t, (size_t)p->n + 1);
	for (uint32_t i = 0; i < p->n; i++) {
		p->entries[i].oid = i;
		if (!offset_of(p, i, &p->entries[i].offset))
			return broken(c);
	}
	qsort(p->entries, p->n, sizeof(p->entries[0]), by_offset);
	for (uint32_t i = 0; i < p->n; i++)
		p->by_oid[p->entries[i].oid] = i;
	for (uint32_t i = 0; i < p->n; i++)
		TRY(read_entry(c, p, &p->entries[i]));
	for (uint32_t i = 0; i < p->n; i++)
		TRY(settle_kind(c, p, i));
	/* from the end, so that the lists of children are in the pack's order */
	for (uint32_t i = p->n; i-- > 0;) {
		struct entry *e = &p->entries[i];

		if (e->base == NONE || e->kind == GIT_KIND_BLOB)
			continue;
		e->sibling = p->entries[e->base].child;
		p->entries[e->base].child = i;
	}
	return OK;
}

int
git_packfile_open(struct ctx *c, const char *path, struct git_packfile **out)
{
	struct git_packfile *p = arena_new_of(c->mem, struct git_packfile);

	TRY(map(c, arena_printf(c->mem, "%s.pack", path), &p->pack, &p->pack_len));
	TRY(map(c, arena_printf(c->mem, "%s.idx", path), &p->idx, &p->idx_len));
	TRY(read_index(c, p));
	TRY(read_entries(c, p));
	*out = p;
	return OK;
}

size_t
git_packfile_count(const struct git_packfile *p)
{
	return p->n;
}

bool
git_packfile_has(const struct git_packfile *p, const unsigned char *oid, enum git_kind *kind_out)
{
	uint32_t i = position(p, oid);

	if (i == NONE)
		return false;
	*kind_out = p->entries[p->by_oid[i]].kind;
	return true;
}

/* ---- reading all of it */

/* The objects from a base down to the one at hand. */
struct frame {
	uint32_t entry, next_child;
	struct git_bytes bytes;
};

struct descent {
	struct ctx *c;
	const struct git_packfile *p;
	struct frame *frames;
	size_t n, size;
	struct git_bytes delta;
	void *z;
	size_t live; /* bytes in frames */
	enum git_indexed_by by;
};

static void
close_descent(void *descent)
{
	struct descent *d = descent;

	for (size_t i = 0; i < d->size; i++)
		git_bytes_free(&d->frames[i].bytes);
	free(d->frames);
	git_bytes_free(&d->delta);
	git_inflate_end(d->z);
}

static bool
unpack(struct descent *d, const struct entry *e, struct git_bytes *out)
{
	const struct git_packfile *p = d->p;

	return e->len <= OBJECT_MAX_BYTES &&
	    git_inflate(
		&d->z, p->pack + e->body, p->pack_len - TRAILER_BYTES - e->body, e->len, out);
}

/* A blob is not read, only measured. */
static int
measure(struct descent *d, const struct entry *e)
{
	const struct git_packfile *p = d->p;
	unsigned char head[GIT_DELTA_HEAD_BYTES];
	size_t len = e->len, n;

	if (e->base != NONE) { /* says how long it will be */
		n = git_inflate_head(&d->z, p->pack + e->body,
		    p->pack_len - TRAILER_BYTES - e->body, head, sizeof(head));
		if (!git_delta_result_len(head, n, &len))
			return broken(d->c);
	}
	if (len > (uint64_t)d->c->conf->sync_object_bytes)
		return fail(d->c, E_DENIED,
		    "the upstream has a file larger than the %lld bytes it may be",
		    (long long)d->c->conf->sync_object_bytes);
	if (e->base == NONE && d->by == GIT_INDEXED_BY_LIBGIT2 &&
	    !git_inflate_measure(
		&d->z, p->pack + e->body, p->pack_len - TRAILER_BYTES - e->body, e->len))
		return fail(d->c, E_INVALID, "the upstream's pack has a file of a false length");
	return OK;
}

/* Frames are used again: their memory stays. */
static struct frame *
push(struct descent *d, uint32_t i)
{
	struct frame *f;

	if (d->n == d->size) {
		size_t more = d->size == 0 ? 64 : d->size * 2;

		f = realloc(d->frames, more * sizeof(*f));
		if (f == NULL)
			abort(); /* as the arena does when memory is out */
		memset(f + d->size, 0, (more - d->size) * sizeof(*f));
		d->frames = f;
		d->size = more;
	}
	f = &d->frames[d->n++];
	f->entry = i;
	f->next_child = d->p->entries[i].child;
	return f;
}

/* Large ones give their memory back: chains of many depths must not add up. */
static void
pop(struct descent *d)
{
	struct frame *f = &d->frames[--d->n];

	d->live -= f->bytes.len;
	if (f->bytes.size > KEEP_MAX_BYTES)
		git_bytes_free(&f->bytes);
}

/* Puts entry i on top: unpacked, or made from the frame below it. */
static int
enter(struct descent *d, uint32_t i)
{
	const struct entry *e = &d->p->entries[i];
	struct frame *f;
	size_t len;
	bool good;

	if (d->n >= DEPTH_MAX)
		return fail(d->c, E_INVALID, "the upstream's pack has too long chains of deltas");
	f = push(d, i);
	if (e->base == NONE) {
		good = unpack(d, e, &f->bytes);
	} else {
		good = unpack(d, e, &d->delta) &&
		    git_delta_result_len(d->delta.data, d->delta.len, &len) &&
		    len <= OBJECT_MAX_BYTES && git_delta_apply(&f[-1].bytes, &d->delta, &f->bytes);
	}
	if (!good)
		return fail(d->c, E_INVALID,
		    "the upstream's pack has a commit, tree or tag that is damaged or too large");
	d->live += f->bytes.len;
	if (d->live > LIVE_MAX_BYTES)
		return fail(d->c, E_INVALID, "the upstream's pack needs too much memory to read");
	return OK;
}

int
git_packfile_each(struct ctx *c, const struct git_packfile *p, enum git_indexed_by by,
    int (*each)(
	void *payload, const unsigned char *oid, enum git_kind kind, const char *bytes, size_t len),
    void *payload)
{
	struct descent *d = arena_new_of(c->mem, struct descent);

	d->c = c;
	d->p = p;
	d->by = by;
	arena_defer(c->mem, close_descent, d);
	for (uint32_t root = 0; root < p->n; root++) {
		uint32_t next = root;

		if (p->entries[root].kind == GIT_KIND_BLOB)
			TRY(measure(d, &p->entries[root]));
		if (p->entries[root].base != NONE || p->entries[root].kind == GIT_KIND_BLOB)
			continue;
		while (next != NONE || d->n > 0) {
			struct frame *top;

			if (next == NONE) { /* all below it is done */
				pop(d);
			} else {
				const struct entry *e = &p->entries[next];

				TRY(enter(d, next));
				top = &d->frames[d->n - 1];
				TRY(each(payload, p->oids + (size_t)e->oid * OID_BYTES, e->kind,
				    top->bytes.data, top->bytes.len));
			}
			if (d->n == 0)
				break;
			top = &d->frames[d->n - 1];
			next = top->next_child;
			if (next != NONE)
				top->next_child = p->entries[next].sibling;
		}
	}
	arena_close(c->mem, d);
	return OK;
}
