/* Numbers for those who watch the hub: sums, and what was measured a moment ago (the SQL is in
 * sql/migrations/018). Nothing here names a project, a host or a person. */
#ifndef STORE_METRICS_H
#define STORE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct metrics_row {
	const char *name;  /* of a counter or a gauge */
	const char *label; /* as Prometheus has it, without braces: "state=\"fresh\""; "" none */
	const char *value; /* a number */
};

must_check int metrics_list(struct ctx *c, struct metrics_row **rows_out, size_t *n_out);

/* The newest migration that the database has. */
must_check int metrics_schema(struct ctx *c, int64_t *version_out);

/* For sync: measures, unless that was done a moment ago, and tells webhooks which mirrors have
 * become stale or fresh again (conf: schedule, alert.age_intervals). kills: workers that were
 * killed since the last call. *n_out: mirrors that were told of. */
must_check int metrics_watch(struct ctx *c, int64_t kills, int64_t *n_out);

#endif
