/* Where this machine may connect to on behalf of a person: schemes, ports, and addresses by their
 * binary value (checklists/security.md M-01 to M-10). */
#ifndef NET_POLICY_H
#define NET_POLICY_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/ctx.h"
#include "net/url.h"

struct net_policy;

/* From the net.* settings. E_INVALID: a setting is wrong.
 */
must_check int net_policy_open(struct ctx *c, struct net_policy **out);

/* Scheme and port, before any name is looked up. E_DENIED with the rule. */
must_check int net_policy_check_url(
    struct ctx *c, const struct net_policy *p, const struct net_url *url);

/* One answer for host, as it will be connected to. Addresses that hold an IPv4 address (mapped,
 * NAT64, 6to4) are judged by it. E_DENIED: private, local, reserved, or this machine itself. */
must_check int net_policy_check_address(
    struct ctx *c, struct net_policy *p, const char *host, const struct sockaddr *address);

/* Does net.allow have this host: its name, or the network of the address that it is? Nothing is
 * looked up. */
bool net_policy_is_own(const struct net_policy *p, const char *host);

#endif
