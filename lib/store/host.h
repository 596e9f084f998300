/* The hosts that mirrors have in common: what a person sees of them, and which of them are ours. */
#ifndef STORE_HOST_H
#define STORE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

#define HOST_BATCH_MAX 1000

struct host {
	int64_t id;
	const char *name; /* host:port in lower case; [address]:port for IPv6 */
	bool is_known;	  /* somebody has said whether it is ours */
	bool is_own;	  /* net.allow has it: asked without a rate */
};

/* Hosts of which nobody has said yet whether they are ours; at most HOST_BATCH_MAX. */
must_check int host_list_unknown(struct ctx *c, struct host **rows_out, size_t *n_out);

/* Says so. */
must_check int host_set_own(struct ctx *c, const struct host *rows, size_t n);

/* All of them by id, from behind after_id; at most HOST_BATCH_MAX. */
must_check int host_list(struct ctx *c, int64_t after_id, struct host **rows_out, size_t *n_out);

/* Deletes at most HOST_BATCH_MAX hosts that no mirror has any more; *n_out says how many. */
must_check int host_delete_unused(struct ctx *c, int64_t *n_out);

#endif
