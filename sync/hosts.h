/* Which of the hosts that mirrors have are ours: setting net.allow has their name or address. Those
 * are asked without a rate (store/host.h). A name is not looked up here: one whose address alone
 * stands in net.allow counts as a stranger's. */
#ifndef SYNC_HOSTS_H
#define SYNC_HOSTS_H

#include <stdbool.h>

#include "base/ctx.h"

struct net_policy;

struct hosts {
	struct net_policy *policy;
	bool has_begun;
};

/* mem of c: as long as the program. E_INVALID: a setting is wrong. */
must_check int hosts_open(struct hosts *h, struct ctx *c);

/* Looks at all hosts in its first call, since net.allow may be another; then at new ones. Cheap
 * when there are none. */
must_check int hosts_work(struct hosts *h, struct ctx *c);

#endif
