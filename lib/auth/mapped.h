/* A small file under conf->run_dir that all processes of this machine map. It may vanish at any
 * time and is made again then. */
#ifndef AUTH_MAPPED_H
#define AUTH_MAPPED_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

#define MAPPED_KEY_BYTES 32

/* What every such file begins with. The key comes with the file: an old one's contents mean nothing
 * to a new one. */
struct mapped {
	uint64_t format;
	unsigned char key[MAPPED_KEY_BYTES];
};

/* Maps the file of that name, size bytes that begin with a struct mapped; what is missing or of
 * another format or size is made anew, zeros behind the head. The mapping lives as long as the
 * process. */
must_check int mapped_open(
    struct ctx *c, const char *name, uint64_t format, size_t size, void **out);

#endif
