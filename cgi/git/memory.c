#include "cgi/git/memory.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

#define S_IN_US 1000000

struct known_list {
	struct arena *mem; /* holds the list; NULL: an empty place */
	int64_t store_id, bytes;
	uint64_t used; /* when, in requests */
	struct git_reflist list;
};

/* The process's own, for as long as it lives. */
static struct {
	struct known_list lists[MEMORY_LISTS];
	uint64_t clock;
	struct {
		struct arena *mem;
		const char *text; /* NULL: not known */
		int64_t learned_us;
	} words[MEMORY_VERSIONS];
} memory;

/* ---- lists of refs */

static void
forget(struct known_list *k)
{
	arena_free(k->mem);
	*k = (struct known_list){ 0 };
}

static struct known_list *
known_by_store(int64_t store_id)
{
	for (size_t i = 0; i < MEMORY_LISTS; i++)
		if (memory.lists[i].mem != NULL && memory.lists[i].store_id == store_id)
			return &memory.lists[i];
	return NULL;
}

/* An empty place, once the lists used longest ago have gone for it and for so many bytes. */
static struct known_list *
place_for(int64_t bytes)
{
	for (;;) {
		struct known_list *empty = NULL, *oldest = NULL;
		int64_t all = bytes;

		for (struct known_list *k = memory.lists; k < memory.lists + MEMORY_LISTS; k++) {
			all += k->bytes;
			if (k->mem == NULL)
				empty = k;
			else if (oldest == NULL || k->used < oldest->used)
				oldest = k;
		}
		if (empty != NULL && (all <= MEMORY_BYTES || oldest == NULL))
			return empty;
		assert(oldest != NULL); /* no place is empty, so each holds a list */
		forget(oldest);
	}
}

/* Loads into an arena of its own, which outlives the request. */
static const struct git_reflist *
load(struct req *r, const char *dir, const struct git_reflist_id *id)
{
	struct ctx c = *r->ctx;
	struct known_list k = { .store_id = r->project->store_id, .used = ++memory.clock };
	struct known_list *place;

	/* the text, the rows made of it, and what they were made with */
	k.bytes = id->packed[2] * 6;
	c.mem = k.mem = arena_new();
	if (git_reflist_load(&c, dir, id, &k.list) != OK) {
		arena_free(k.mem);
		return NULL;
	}
	place = place_for(k.bytes);
	*place = k;
	return &place->list;
}

const struct git_reflist *
memory_refs(struct req *r, const char *dir)
{
	struct ctx c = *r->ctx; /* that Git has to be asked is no failure of the request */
	struct known_list *k = known_by_store(r->project->store_id);
	struct git_reflist_id id;

	if (git_reflist_identify(&c, dir, &id) != OK)
		return NULL;
	if (k == NULL)
		return load(r, dir, &id);
	if (memcmp(&k->list.id, &id, sizeof(id)) != 0) {
		forget(k);
		return load(r, dir, &id);
	}
	k->used = ++memory.clock;
	return &k->list;
}

/* ---- words */

const char *
memory_words(int version)
{
	assert(version >= 0 && version < MEMORY_VERSIONS);
	if (clock_mono_us() - memory.words[version].learned_us > MEMORY_WORDS_S * (int64_t)S_IN_US)
		return NULL;
	return memory.words[version].text;
}

void
memory_set_words(int version, const char *words)
{
	struct arena *mem = arena_new();

	assert(version >= 0 && version < MEMORY_VERSIONS);
	memory.words[version].text = arena_strdup(mem, words);
	memory.words[version].learned_us = clock_mono_us();
	arena_free(memory.words[version].mem);
	memory.words[version].mem = mem;
}
