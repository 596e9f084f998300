/* The upstream's end of the wire: lib/net underneath, lib/git on top. */
#ifndef SYNC_PEER_H
#define SYNC_PEER_H

#include "base/ctx.h"
#include "git/wire.h"

struct net;
struct net_url;
struct peer;

/* Connects, or asks over HTTP; what comes first from the wire is the advertisement. */
must_check int peer_open(struct net *n, const struct net_url *url, struct peer **out);

/* The same with a receive-pack. */
must_check int peer_open_to_push(struct net *n, const struct net_url *url, struct peer **out);

struct git_wire *peer_wire(struct peer *p);

/* Is an answer of that content type the one that was asked for? */
must_check int peer_check_type(struct net *n, const char *type, const char *expected);

#endif
