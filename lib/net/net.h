/* One conversation with one upstream: its limits, and why it failed. Everything in lib/net takes
 * one of these; all of it ends with the arena. */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/ctx.h"
#include "net/policy.h"
#include "net/url.h"

/* What a caller can do about a failure (mirroring.md section 5.5). */
enum net_why {
	NET_WHY_NETWORK = 1, /* time-out, reset, DNS for now, 5xx: again later */
	NET_WHY_BUSY,	     /* 429, 503 with Retry-After: again after net->retry_after_s */
	NET_WHY_AUTH,	     /* 401, 403, key refused */
	NET_WHY_GONE,	     /* 404, 410, no such host or repository */
	NET_WHY_TLS,	     /* certificate or host key */
	NET_WHY_POLICY,	     /* address, scheme, port, redirect, a limit of ours */
	NET_WHY_PROTOCOL,    /* it does not speak what was asked */
	NET_WHY_STOPPED,     /* tick said so */
	NET_WHY_LOCAL,	     /* a program or file of ours is missing */
};

struct net {
	struct ctx *c;
	struct net_policy *policy;
	const char *credentials; /* "user:password" for the first origin only; "" none */
	int64_t deadline_us;	 /* of clock_mono_us: the end of all of it */
	/* Called at least each second while waiting, and as bytes come. false: give up. */
	bool (*tick)(void *payload);
	void *tick_payload;
	/* filled here */
	enum net_why why;      /* of the last failure; 0: none */
	int64_t retry_after_s; /* the other side asked for it; 0: it did not */
	int64_t bytes;	       /* received in all */
};

/* credentials "" for none; ends total_s from now. tick may be NULL. */
must_check int net_open(struct ctx *c, const char *credentials, int64_t total_s,
    bool (*tick)(void *payload), void *payload, struct net **out);

/* Records why, sets the reason; the code follows from why. */
int net_fail(struct net *n, enum net_why why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Milliseconds until the deadline, 0 when it is past. */
int64_t net_left_ms(const struct net *n);

/* The tick, and the deadline. */
must_check int net_tick(struct net *n);

/* How fast bytes move while we wait for them; our own work between two reads does not count. */
struct net_pace {
	int64_t waited_us, moved_bytes;
};

/* Adds a wait, and what moved by then. NET_WHY_NETWORK once less than net.low_speed_bytes a second
 * came in net.low_speed_s of waiting. We wait for a second at a time: where it became more than
 * twice that, we were stopped ourselves, and what came meanwhile has yet to be read. */
#define NET_WAIT_MOST_US 2000000
must_check int net_pace_add(
    struct net *n, struct net_pace *pace, int64_t waited_us, int64_t moved_bytes);

/* The same for a wait of asked_us at the most; the deadline is put off by what we were stopped. */
must_check int net_waited(
    struct net *n, struct net_pace *pace, int64_t waited_us, int64_t asked_us, int64_t moved_bytes);

/* Text of the other side for a reason: printable ASCII or '?', at most 200 bytes. */
const char *net_clean(struct arena *mem, const char *text);

#define NET_ADDRESSES_MAX 8

struct net_address {
	struct sockaddr_storage socket;
	socklen_t len;
	char text[64]; /* without brackets */
};

/* Where a URL's host is: the only addresses that may be connected to. */
struct net_place {
	const char *host;
	int port;
	struct net_address addresses[NET_ADDRESSES_MAX];
	size_t n;
};

struct net_answers;

/* Checks the URL, looks its host up and checks every answer. */
must_check int net_find(struct net *n, const struct net_url *url, struct net_place *out);

/* The last half of it, for answers of a look-up of one's own: checks every one, and keeps the first
 * NET_ADDRESSES_MAX. The URL was checked by net_policy_check_url. */
must_check int net_place_fill(struct net *n, const struct net_url *url,
    const struct net_answers *answers, struct net_place *out);

bool net_place_has(const struct net_place *place, const struct sockaddr *address);

#endif
