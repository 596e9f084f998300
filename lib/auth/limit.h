/* Limits on failed log-ins, counted in the database, so that they hold for all processes and over
 * restarts. The rule is in who.h. */
#ifndef AUTH_LIMIT_H
#define AUTH_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

/* Who is counted together: IPv4 /24, IPv6 /56; "local" for what is no address (a unix socket). */
const char *limit_network(struct arena *mem, const char *remote_addr);

/* E_DENIED with http_status 429 and retry_after_s while this log-in may not be tried. uname in
 * lower case, network from limit_network. When *wait_s_out is above 0, the limit of the account is
 * on but this network is heard; if it is wrong too, it is told to wait so long. */
must_check int limit_check(
    struct ctx *c, const char *uname, const char *network, int64_t *wait_s_out);

/* The answer of a limit: E_DENIED, 429, and remembered by all processes. */
must_check int limit_refuse(struct ctx *c, const char *uname, const char *network, int64_t wait_s);

/* Whether limit_check said no a moment ago, by what the processes remember: no statement. */
bool limit_is_on(struct ctx *c, const char *uname, const char *network);

#endif
