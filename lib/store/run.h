/* Runs: one row for each sync that has ended, kept for 90 days. */
#ifndef STORE_RUN_H
#define STORE_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct run {
	int64_t id;
	const char *worker;
	int64_t started_at, finished_at;
	int64_t took_ms;
	const char *outcome; /* changed, unchanged, failed */
	const char *error_class, *error_text;
	int64_t bytes, objects, refs_changed;
};

/* Newest first: those before the id; before_id 0 is from the newest on. */
must_check int run_list(struct ctx *c, int64_t project_id, int64_t before_id, int64_t limit,
    struct run **rows_out, size_t *n_out);

/* E_NOTFOUND: no such run of this project. */
must_check int run_by_id(struct ctx *c, int64_t project_id, int64_t id, struct run *out);

#endif
