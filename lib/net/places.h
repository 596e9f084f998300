/* Where requests go: each host with its checked addresses, for as long as these may be kept, and
 * whoever waits for a place there. For net/multi.c. */
#ifndef NET_PLACES_H
#define NET_PLACES_H

#include "base/ctx.h"
#include "net/multi.h"
#include "net/resolve.h"

struct net_places;

/* turn is called once for each that joined: OK, and ask->place has the addresses; or it failed, and
 * why is in ask->net. Ends with c's arena. */
must_check int net_places_open(struct ctx *c, struct net_policy *policy,
    void (*watch)(void *payload, int fd, bool for_reading, bool for_writing),
    void (*turn)(void *payload, struct net_ask *ask, int code), void *payload,
    struct net_places **out);

struct net_resolver *net_places_resolver(struct net_places *p);

/* For ask->url; at most ask->host_most have their turn there at a time. */
void net_places_join(struct net_places *p, struct net_ask *ask);

/* Whose turn it was has come to its end. */
void net_places_leave(struct net_places *p, struct net_ask *ask);

#endif
