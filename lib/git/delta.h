/* Unpacking what a pack holds: zlib streams and deltas (gitformat-pack). */
#ifndef GIT_DELTA_H
#define GIT_DELTA_H

#include <stdbool.h>
#include <stddef.h>

/* Memory that is used again and again; data has a NUL behind len bytes. */
struct git_bytes {
	char *data;
	size_t len, size;
};

/* Room for len bytes and a NUL; what was in it is gone. */
void git_bytes_room(struct git_bytes *b, size_t len);
void git_bytes_free(struct git_bytes *b);

/* Exactly len bytes out of the zlib stream at packed. zlib's state is kept in *state between
 * calls: NULL at first; ended by git_inflate_end. */
bool git_inflate(void **state, const unsigned char *packed, size_t packed_len, size_t len,
    struct git_bytes *out);
/* Does the stream unpack to exactly len bytes? They go nowhere. */
bool git_inflate_measure(void **state, const unsigned char *packed, size_t packed_len, size_t len);
/* The first bytes of it, at most size; how many there were. 0: damaged. */
size_t git_inflate_head(
    void **state, const unsigned char *packed, size_t packed_len, unsigned char *out, size_t size);
void git_inflate_end(void *state);

#define GIT_DELTA_HEAD_BYTES 20 /* enough for git_delta_result_len */

/* The length of the result that a delta declares in its first bytes; false: it is cut off. */
bool git_delta_result_len(const void *delta, size_t len, size_t *len_out);

/* false: not a delta for this base. */
bool git_delta_apply(
    const struct git_bytes *base, const struct git_bytes *delta, struct git_bytes *out);

#endif
