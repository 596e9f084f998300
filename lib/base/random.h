/* Random bytes for secrets, from the kernel by way of libsodium. The only source of them. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct arena;

void random_bytes(void *out, size_t len);

/* 2 * len_bytes hex digits. */
char *random_hex(struct arena *mem, size_t len_bytes);

/* 0 <= result < limit, without bias. */
uint32_t random_below(uint32_t limit);

#endif
