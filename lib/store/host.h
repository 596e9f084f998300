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

/* ---- for administrators */

#define HOST_MIRRORS_MOST 10000

struct host_view {
	int64_t id;
	const char *name;
	const char *state;	/* open, trying, ok: hub.host_word */
	int64_t until_at;	/* nobody asks before; 0: now */
	int64_t mirrors;	/* at most HOST_MIRRORS_MOST + 1 are counted */
	int64_t running;	/* jobs that ask it now */
	int64_t slots;		/* so many may */
	bool is_own;		/* asked without a rate */
	int64_t failures;	/* in a row */
	const char *error_text; /* of the last of them */
	int64_t error_at;	/* 0: never */
};

/* Those with text ("": any) in their names, the ones in trouble first. */
must_check int host_page(struct ctx *c, const char *text, int64_t limit, int64_t offset,
    struct host_view **rows_out, size_t *n_out);

/* Ends its breaker, so that one of its mirrors tries it now (hub.host_try). E_NOTFOUND. */
must_check int host_try(struct ctx *c, int64_t id, const char **name_out);

#endif
