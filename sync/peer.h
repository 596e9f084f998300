/* The upstream's end of the wire: lib/net underneath, lib/git on top. */
#ifndef SYNC_PEER_H
#define SYNC_PEER_H

#include "base/ctx.h"
#include "git/wire.h"

struct arena;
struct net;
struct net_url;
struct peer;

/* Connects, or asks over HTTP; what comes first from the wire is the advertisement. */
must_check int peer_open(struct net *n, const struct net_url *url, struct peer **out);

/* The same with a receive-pack. */
must_check int peer_open_to_push(struct net *n, const struct net_url *url, struct peer **out);

struct git_wire *peer_wire(struct peer *p);

#define PEER_ADDRESS_MAX 1000

/* The text of an address that may be proposed to people; "" for one that has more bytes. */
const char *peer_address(struct arena *mem, const struct net_url *url);

/* Where an upstream of http(s) says it is from now on (301, 308); "" it does not. NULL: of other
 * schemes, which cannot say it. */
const char *peer_moved_to(const struct peer *p);

/* Is an answer of that content type the one that was asked for? */
must_check int peer_check_type(struct net *n, const char *type, const char *expected);

#endif
