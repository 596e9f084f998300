/* How long a project's builds take, per architecture, and where its packages go. */
#ifndef STORE_STATISTIC_H
#define STORE_STATISTIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/account.h"

struct statistic {
	int64_t average_build_time; /* seconds */
	int64_t build_count;
	int64_t arch_id;
};

/* By architecture. */
must_check int statistic_list(
    struct ctx *c, int64_t project_id, struct statistic **rows_out, size_t *n_out);

/* One more build that went well: new average = (average * count + duration) / (count + 1).
 * E_CONFLICT: no such architecture ("project_statistic_arch_id_fkey") or project. */
must_check int statistic_add(
    struct ctx *c, int64_t project_id, int64_t arch_id, int64_t duration_s);

/* A package repository that has the project. */
struct attachment {
	int64_t id;
	const char *name;
	int64_t platform_id;
	const char *platform_name;
};

/* Those on platforms that the asker may see, by id. */
must_check int attachment_list(struct ctx *c, const struct account *asker, int64_t project_id,
    struct attachment **rows_out, size_t *n_out);

#endif
