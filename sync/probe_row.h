/* What is said of one probe, as a line of the text in a message: fields divided by tabs, one line a
 * probe. Hundreds of them go in one message. Read strictly on both sides. */
#ifndef SYNC_PROBE_ROW_H
#define SYNC_PROBE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct buf;

/* The supervisor's: ask this. */
struct probe_order {
	int64_t fence;		 /* names it */
	int64_t host_v2;	 /* of its host: 0 unknown, 1 speaks version 2, 2 does not */
	int64_t most;		 /* probes of its host at the same time */
	const char *url;	 /* clean, printable */
	const char *credentials; /* opened; "" none */
	const char *options;	 /* JSON, "" none */
};

/* The prober's: that is what I saw. */
struct probe_report {
	int64_t fence;
	const char *fingerprint; /* 64 hex digits; "" it failed */
	const char *error;	 /* a sync_error_text, or "" */
	int64_t retry_after_s;
	int64_t host_v2;	/* as found; 0: not found out */
	const char *moved_to;	/* the upstream says: for good; "" it does not */
	const char *error_text; /* a plain sentence */
};

/* What a probe needs of a mirror's options (sync/options.h): that which selects refs. The rest may
 * be long. */
const char *probe_order_options(struct ctx *c, const char *json);

void probe_order_add(struct buf *rows, const struct probe_order *o);
must_check int probe_order_parse(struct ctx *c, const char *row, struct probe_order *out);

void probe_report_add(struct buf *rows, const struct probe_report *r);

/* How many bytes the whole rows at the beginning have, as many as there are in `most` bytes. */
size_t probe_rows_fit(const char *rows, size_t len, size_t most);

/* E_INVALID: no report that could be true. */
must_check int probe_report_parse(struct ctx *c, const char *row, struct probe_report *out);

#endif
