#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (32 * 1024)
#define ALIGN 16

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(ALIGN) unsigned char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*close)(void *);
	void *object;
};

struct arena {
	struct block *blocks;	   /* newest first; the last one is kept over a reset */
	struct deferred *deferred; /* newest first; lives in the blocks */
};

static void *
must_alloc(size_t size)
{
	void *p = malloc(size);

	if (p == NULL) {
		fputs("{\"level\":\"err\",\"event\":\"out of memory\"}\n", stderr);
		exit(71);
	}
	return p;
}

static struct block *
block_new(struct block *next, size_t size)
{
	struct block *b = must_alloc(sizeof(*b) + size);

	b->next = next;
	b->used = 0;
	b->size = size;
	return b;
}

struct arena *
arena_new(void)
{
	struct arena *a = must_alloc(sizeof(*a));

	a->blocks = block_new(NULL, BLOCK_BYTES);
	a->deferred = NULL;
	return a;
}

void
arena_reset(struct arena *a)
{
	while (a->deferred != NULL) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		if (d->object != NULL)
			d->close(d->object);
	}
	while (a->blocks->next != NULL) {
		struct block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->blocks->used = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a->blocks);
	free(a);
}

void *
arena_room(struct arena *a, size_t size_bytes)
{
	size_t size = (size_bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct block *b = a->blocks;
	void *p;

	assert(size >= size_bytes); /* an overflow in the caller's sum */
	if (b->size - b->used < size) {
		a->blocks = block_new(a->blocks, size > BLOCK_BYTES ? size : BLOCK_BYTES);
		b = a->blocks;
	}
	p = b->bytes + b->used;
	b->used += size;
	return p;
}

void *
arena_alloc(struct arena *a, size_t size_bytes)
{
	return memset(arena_room(a, size_bytes), 0, size_bytes);
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_room(a, len + 1);

	if (len > 0)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

/* Written where it may stay, if it fits there: nearly always. */
char *
arena_vprintf(struct arena *a, const char *format, va_list args)
{
	struct block *b = a->blocks;
	char *text = (char *)b->bytes + b->used;
	size_t room = b->size - b->used;
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(text, room, format, again);
	va_end(again);
	assert(len >= 0);
	if ((size_t)len < room)
		return arena_room(a, (size_t)len + 1); /* the same place */
	text = arena_room(a, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *
arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(a, format, args);
	va_end(args);
	return text;
}

void
arena_defer(struct arena *a, void (*close)(void *), void *object)
{
	struct deferred *d = arena_new_of(a, struct deferred);

	d->next = a->deferred;
	d->close = close;
	d->object = object;
	a->deferred = d;
}

void
arena_close(struct arena *a, void *object)
{
	struct deferred *d;

	for (d = a->deferred; d != NULL && d->object != object; d = d->next)
		;
	assert(d != NULL);
	d->object = NULL;
	d->close(object);
}
