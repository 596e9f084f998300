/* Hundreds of HTTP requests at once, in one process and without waiting: connections and names are
 * shared, HTTP/2 where TLS offers it. The rules are those of net/http.h: only checked addresses are
 * connected to, redirects are followed by hand, each hop checked, credentials are for the first
 * origin alone. */
#ifndef NET_MULTI_H
#define NET_MULTI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "net/net.h"

struct net_multi;

/* What requests have in common; static, so that its header lines are made once. */
struct net_form {
	const char *suffix;	  /* behind the URL's path */
	const char *query;	  /* without '?'; NULL: none */
	bool is_post;		  /* with a body */
	const char *headers[5];	  /* lines "Name: value" */
	const char *content_type; /* of a 2xx answer whose body is wanted */
};

#define NET_ERROR_BYTES 256

/* One request. The first part is filled in by who starts it, and stays in place until the end. */
struct net_ask {
	struct net *net;    /* its policy, credentials, deadline and arena; policy may be shared */
	struct net_url url; /* where redirects led, at the end */
	const struct net_form *form;
	const char *body; /* of a POST */
	size_t body_len;
	int64_t max_bytes; /* of the answer */
	int64_t idle_s;	   /* without a byte; while it waits for its turn nothing counts */
	int64_t host_most; /* requests to this host at the same time */
	void *payload;
	/* More of the body of a 2xx answer with the form's content type. A code but OK ends it. */
	int (*on_bytes)(void *payload, const char *bytes, size_t len);
	/* Once. OK: a 2xx answer has come whole (see has_type); else net->why is set. May start
	 * another request with the same struct. */
	void (*on_end)(void *payload, int code);
	/* the answer */
	long status;		  /* 0: there was none */
	bool has_type;		  /* it is the form's content type */
	const char *content_type; /* lower case, without parameters; "" none */
	bool is_moved;		  /* all redirects there were said: for good */

	/* of net/multi.c */
	struct net_multi *multi;
	struct net_host *host;
	struct net_ask *next;	/* that waits for the same host */
	struct net_place place; /* the addresses that it may go to */
	size_t at;		/* among those under way */
	int64_t total_s;
	void *easy, *pin;
	const char *query, *location;
	int hops, code;
	int64_t heard_us, came, still_us;
	size_t head_bytes;
	bool is_too_much, is_wrong_address, has_credentials;
	char error[NET_ERROR_BYTES];
};

/* For at most `most` requests at a time; ends with c's arena, without calling anybody. E_INTERNAL;
 * E_INVALID: net.resolvers is wrong. */
must_check int net_multi_open(struct ctx *c, size_t most, struct net_multi **out);

/* The shared rules for addresses: for net->policy. */
struct net_policy *net_multi_policy(struct net_multi *m);

/* Starts it; on_end may be called at once. net->deadline_us 0 is set to total_s behind the moment
 * at which its turn comes. */
void net_multi_start(struct net_multi *m, struct net_ask *ask, int64_t total_s);

size_t net_multi_count(const struct net_multi *m); /* under way, or waiting for their host */

/* One more descriptor to watch, for reading, and for writing while that is wanted. */
must_check int net_multi_watch(struct net_multi *m, int fd, bool for_writing);

/* Waits for something to happen, at most wait_ms, and lets it. *is_ready_out: the watched
 * descriptor can be read or written. */
must_check int net_multi_turn(struct net_multi *m, int wait_ms, bool *is_ready_out);

#endif
