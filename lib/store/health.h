/* How the hub is, for `mirrorhub check`: numbers, and the first names of what is not well. */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct health {
	int64_t clock_ms;  /* the database's, Unix milliseconds */
	int64_t pass_s;	   /* since a sync program last looked at the queue; -1: never */
	int64_t mirrors;   /* that are not paused */
	int64_t failing;   /* of these: three failures in a row, or more */
	int64_t stale;	   /* not checked for alert.age_intervals of their intervals */
	int64_t held;	   /* wait for somebody's approval */
	int64_t damaged;   /* stores */
	int64_t unaudited; /* stores whose audit is overdue by a week */
	int64_t hosts_blocked;
};

must_check int health_of(struct ctx *c, struct health *out);

struct health_name {
	const char *name, *why;
};

/* At most 10 of them. */
must_check int health_damaged(struct ctx *c, struct health_name **rows_out, size_t *n_out);
must_check int health_blocked(struct ctx *c, struct health_name **rows_out, size_t *n_out);
must_check int health_stale(struct ctx *c, struct health_name **rows_out, size_t *n_out);

#endif
