/* Host names to addresses, by c-ares: /etc/hosts and resolv.conf hold as for everybody, or the
 * servers of net.resolvers. Nothing is kept here; what is found is not checked yet (net_place_fill
 * of net/net.h does that, for all of it). */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "net/net.h"

#define NET_RESOLVE_MS 5000	   /* then a name cannot be looked up now */
#define NET_RESOLVE_KEEP_MOST_S 60 /* however long the owner of the name would allow */

/* What a name stands for. All of it: where one address is bad, the name is. */
struct net_answers {
	enum net_why why;  /* 0: found */
	const char *error; /* a sentence, when it was not */
	/* those that this machine has a route to first, either family by turns */
	const struct net_address *rows;
	size_t n;
	int64_t ttl_s; /* for how long this may be kept, at most NET_RESOLVE_KEEP_MOST_S */
};

/* Waits for the answer, with net_tick. Addresses in the arena of n. */
must_check int net_resolve(struct net *n, const char *host, int port, struct net_answers *out);

/* ---- many at once, without waiting: for who has an event loop of its own */

struct net_resolver;

/* watch is called when a descriptor has to be watched for something else; neither: not any more. It
 * closes with c's arena. E_INVALID: net.resolvers is wrong. */
must_check int net_resolver_open(struct ctx *c,
    void (*watch)(void *payload, int fd, bool for_reading, bool for_writing), void *payload,
    struct net_resolver **out);

/* Calls done once: maybe at once, NET_RESOLVE_MS later at the latest. The answers are there as long
 * as the call. */
void net_resolver_ask(struct net_resolver *r, const char *host, int port,
    void (*done)(void *payload, const struct net_answers *answers), void *payload);

/* Something can be done with a watched descriptor. */
void net_resolver_ready(struct net_resolver *r, int fd, bool can_read, bool can_write);

/* The machine stood still for so long (clock_stood_still_us): nobody has had that time to answer.
 */
void net_resolver_stood_still(struct net_resolver *r, int64_t still_us);

/* Notices what took too long: to be called at the latest after this many milliseconds; -1: nothing
 * is under way. */
int net_resolver_turn(struct net_resolver *r);

#endif
