/* Processor architectures: a short list, kept by administrators in psql. */
#ifndef STORE_ARCH_H
#define STORE_ARCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct arch {
	int64_t id;
	const char *name;
};

/* By id. */
must_check int arch_list(
    struct ctx *c, int64_t limit, int64_t offset, struct arch **rows_out, size_t *n_out);

/* How many the list has. */
must_check int arch_count(struct ctx *c, int64_t *out);

#endif
