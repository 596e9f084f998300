/* The packages of ABF's repositories, as their spec files name them. Rows are written by sync
 * (store/job.h, job_put_packages). */
#ifndef STORE_PACKAGE_H
#define STORE_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

/* A row of packages.csv (ABF 3.3 R3). "" is not known. */
struct package {
	int64_t id;
	const char *owner_uname, *project_name;
	const char *name;
	int64_t epoch; /* 0: none */
	const char *version, *release;
	const char *maintainer_uname, *maintainer_email; /* the project's; "" without one */
	/* of the commit: the account whose address it is, else what Git has */
	const char *committer_uname, *committer_email;
};

/* By id, those above after_id. */
must_check int package_list(struct ctx *c, int64_t repository_id, int64_t after_id, int64_t limit,
    struct package **rows_out, size_t *n_out);

/* Is a project of the repository waiting for its spec files to be read, or are they being read? */
must_check int package_is_pending(struct ctx *c, int64_t repository_id, bool *out);

/* Notes that the platform's packages are read now. E_CONFLICT: they were, less than window_s ago.
 */
must_check int package_note_reading(struct ctx *c, int64_t platform_id, int64_t window_s);

#endif
