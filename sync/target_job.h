/* The worker's side of a push to a target: what sync/target.h wants to know and to tell, as lines
 * between worker and supervisor (sync/wire.h). */
#ifndef SYNC_TARGET_JOB_H
#define SYNC_TARGET_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "sync/mirror.h"
#include "sync/wire.h"

/* The worker. */
struct target_line {
	void *worker;
	bool (*say)(void *worker, const struct wire_message *m);
	/* E_CONFLICT: nothing came in time. E_NOTFOUND: nothing will. */
	int (*listen)(void *worker, int64_t wait_ms, struct wire_message *out);
	bool (*progress)(void *worker, enum mirror_phase phase, int64_t bytes, int64_t objects,
	    int64_t objects_total);
	bool (*ask)(void *worker);
	int64_t wait_ms; /* for an answer */
};

/* text: sync/target_spec.h. Says how it ended, and fills *out. */
void target_job(
    struct ctx *c, const struct target_line *line, const char *text, struct wire_result *out);

#endif
