/* What /metrics shows: sums and measurements of the database, and what the web programs of this
 * machine have counted together, in shared memory. Text format 0.0.4 of Prometheus. No name of a
 * project, a host or a person is in it (checklists/security.md S-13). */
#ifndef CORE_METRICS_H
#define CORE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"

/* Maps the file under conf->run_dir; once per process. Without it nothing is counted. E_INVALID:
 * metrics.allow is no list of networks. */
must_check int metrics_open(struct ctx *c);

/* Counts one request. dialect: its name; one that is not known counts as "none". */
void metrics_count(const char *dialect, int status, int64_t took_us);

/* For tests: whether requests of that dialect are counted under its own name. */
bool metrics_has_dialect(const char *dialect);

/* E_NOTFOUND unless the address is in conf->metrics_allow: for strangers there is nothing. */
must_check int metrics_check_reader(struct ctx *c, const char *remote_addr);

/* The whole page; two statements. */
must_check int metrics_write(struct ctx *c, struct buf *out);

#endif
