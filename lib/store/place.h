/* Where a repository's packages lie on disk, by its platform and name: what the disk should have
 * (core/platform_tree.h). */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct place {
	int64_t id; /* of the repository; 0: unknown */
	int64_t platform_id;
	const char *name; /* of the repository; NULL: the platform itself */
};

#define PLACES_MAX 1000

/* Repositories of main platforms with an id above that one, by id; at most PLACES_MAX. */
must_check int place_list(struct ctx *c, int64_t above_id, struct place **rows_out, size_t *n_out);

/* Those of the n places (at most PLACES_MAX) that have no row. */
must_check int place_list_unknown(
    struct ctx *c, const struct place *places, size_t n, struct place **rows_out, size_t *n_out);

#endif
