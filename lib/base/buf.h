/* Text that grows, up to a maximum it is born with. Once something did not fit, `full` stays set
 * and later additions do nothing: add many times, test once. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

struct buf {
	char *data; /* never NULL, always with a NUL behind len bytes */
	size_t len, size, max;
	bool full;
	struct arena *mem;
};

/* An empty buffer of at most max_bytes, in the arena. */
struct buf *buf_new(struct arena *mem, size_t max_bytes);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_text(struct buf *b, const char *text);
void buf_char(struct buf *b, char ch);
void buf_int(struct buf *b, long long n);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for len more bytes, or NULL (then full is set). The caller writes there and calls
 * buf_grew with what it wrote. For reading from descriptors. */
char *buf_room(struct buf *b, size_t len);
void buf_grew(struct buf *b, size_t len);

/* Forgets the contents, keeps the memory. */
void buf_clear(struct buf *b);

/* Forgets the first len bytes. */
void buf_drop(struct buf *b, size_t len);

#endif
