/* An arena: memory and foreign handles that live exactly as long as one request or one job.
 * Allocation never returns NULL: when memory is out the process says so and exits. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* A new arena. Freed by arena_free, emptied by arena_reset. */
struct arena *arena_new(void);

/* Closes everything deferred, newest first, and gives back all memory but the first block. */
void arena_reset(struct arena *a);

/* arena_reset, and the arena itself. NULL is allowed. */
void arena_free(struct arena *a);

/* size_bytes zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size_bytes) __attribute__((malloc, returns_nonnull));

/* The same with whatever is in it: for what is written over at once. */
void *arena_room(struct arena *a, size_t size_bytes) __attribute__((malloc, returns_nonnull));

/* The first len bytes of s, with a NUL behind. */
char *arena_strndup(struct arena *a, const char *s, size_t len) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));

char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0), returns_nonnull));

/* Calls close(object) at the next reset or free, newest first. */
void arena_defer(struct arena *a, void (*close)(void *), void *object);

/* Closes a deferred object now, once. What was never deferred is a bug (assert). */
void arena_close(struct arena *a, void *object);

/* One zeroed T, or n of them. */
#define arena_new_of(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define arena_new_array(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))

#endif
