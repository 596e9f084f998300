#include "git/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define OID_BYTES 20
#define FIRST_SIZE 1024

struct slot {
	unsigned char oid[OID_BYTES];
	unsigned char kind; /* 0: empty */
};

struct git_seen {
	struct slot *slots;
	size_t n, size; /* size is a power of two, at most half full */
};

static void
close_seen(void *seen)
{
	free(((struct git_seen *)seen)->slots);
}

static struct slot *
slots_new(size_t size)
{
	struct slot *slots = calloc(size, sizeof(*slots));

	if (slots == NULL)
		abort(); /* as the arena does when memory is out */
	return slots;
}

struct git_seen *
git_seen_open(struct arena *mem)
{
	struct git_seen *s = arena_new_of(mem, struct git_seen);

	s->size = FIRST_SIZE;
	s->slots = slots_new(s->size);
	arena_defer(mem, close_seen, s);
	return s;
}

/* The slot of an id, or the empty one where it would be. An id is a hash already. */
static struct slot *
slot_of(const struct git_seen *s, const unsigned char *oid)
{
	size_t i;

	memcpy(&i, oid, sizeof(i));
	for (i &= s->size - 1; s->slots[i].kind != 0; i = (i + 1) & (s->size - 1))
		if (memcmp(s->slots[i].oid, oid, OID_BYTES) == 0)
			break;
	return &s->slots[i];
}

bool
git_seen_find(const struct git_seen *s, const unsigned char *oid, enum git_kind *kind_out)
{
	const struct slot *slot = slot_of(s, oid);

	if (slot->kind == 0)
		return false;
	*kind_out = (enum git_kind)slot->kind;
	return true;
}

static void
grow(struct git_seen *s)
{
	struct slot *old = s->slots;
	size_t old_size = s->size;

	s->size *= 2;
	s->slots = slots_new(s->size);
	for (size_t i = 0; i < old_size; i++)
		if (old[i].kind != 0)
			*slot_of(s, old[i].oid) = old[i];
	free(old);
}

void
git_seen_add(struct git_seen *s, const unsigned char *oid, enum git_kind kind)
{
	struct slot *slot;

	if (s->n * 2 >= s->size)
		grow(s);
	slot = slot_of(s, oid);
	memcpy(slot->oid, oid, OID_BYTES);
	slot->kind = (unsigned char)kind;
	s->n++;
}
