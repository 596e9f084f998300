/* What became of probes, for the log: a line for each mirror would say a thousand times that
 * nothing is new. */
#ifndef SYNC_PROBE_COUNT_H
#define SYNC_PROBE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct probe_count {
	int64_t unchanged, changed, held, failed; /* since the last line */
	int64_t told_us;
};

/* outcome: of struct probe_end. */
void probe_count_add(struct probe_count *n, const char *outcome);

/* Writes a line, if there is something to say and the last one is some seconds old; at_once: in any
 * case. */
void probe_count_tell(struct probe_count *n, bool at_once);

#endif
