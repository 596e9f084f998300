/* Failed log-ins, for the limits: rows that live for minutes, counted by account and network. */
#ifndef STORE_FAILURE_H
#define STORE_FAILURE_H

#include <stdint.h>

#include "base/ctx.h"

/* What is known within the windows. Ages are in seconds; 0 where nothing was counted. */
struct failures {
	int64_t account, account_oldest_s, account_newest_s; /* for the account, from anywhere */
	int64_t pair;			   /* for the account, from this network */
	int64_t network, network_oldest_s; /* from this network, for anyone */
};

/* uname in lower case. account_s, network_s: how far back is counted. */
must_check int failures_by(struct ctx *c, const char *uname, const char *network, int64_t account_s,
    int64_t network_s, struct failures *out);

must_check int failure_add(struct ctx *c, const char *uname, const char *network);

must_check int failure_clean(struct ctx *c, int64_t older_than_s);

#endif
