/* Limits on failed log-ins, counted in the database, so that they hold for all processes and over
 * restarts. The rule is in who.h. */
#ifndef AUTH_LIMIT_H
#define AUTH_LIMIT_H

#include <stdbool.h>

#include "base/ctx.h"

/* Who is counted together: IPv4 /24, IPv6 /56; "local" for what is no address (a unix socket). */
const char *limit_network(struct arena *mem, const char *remote_addr);

/* E_DENIED with http_status 429 and retry_after_s while this log-in may not be tried. uname in
 * lower case, network from limit_network. */
must_check int limit_check(struct ctx *c, const char *uname, const char *network);

/* Whether limit_check said no a moment ago, by what the processes remember: no statement. */
bool limit_is_on(struct ctx *c, const char *uname, const char *network);

#endif
