#include "base/random.h"

#include <sodium.h>

#include "base/arena.h"
#include "base/str.h"

void
random_bytes(void *out, size_t len)
{
	randombytes_buf(out, len);
}

char *
random_hex(struct arena *mem, size_t len_bytes)
{
	unsigned char *bytes = arena_alloc(mem, len_bytes);

	randombytes_buf(bytes, len_bytes);
	return str_hex(mem, bytes, len_bytes);
}

uint32_t
random_below(uint32_t limit)
{
	return randombytes_uniform(limit);
}
