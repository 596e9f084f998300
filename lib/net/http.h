/* HTTP requests to other hosts. Only checked addresses are connected to, redirects are never
 * followed by libcurl, certificates are always verified, no proxy, no cookies, no .netrc. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "net/net.h"

struct net_http;

/* One request; the body of the answer is read as a stream. */
struct net_request {
	const char *suffix;	  /* behind the URL's path: "/info/refs" */
	const char *query;	  /* without '?'; NULL: none */
	const char *accept;	  /* NULL: anything */
	const char *content_type; /* of the body; NULL: there is none */
	const char *method;	  /* NULL: POST with a body, else GET */
	const void *body;	  /* stays in place until the next request */
	size_t body_len;
	/* More of the body, read in pieces behind `body`: at least one byte and at most size;
	 * *got_out 0: the end. NULL: there is no more. A failure ends the request and comes back.
	 * What is short goes out with its length, all else in chunks. */
	int (*more)(void *payload, void *bytes, size_t size, size_t *got_out);
	void *more_payload;
	/* Never sent twice: libcurl does that when a kept connection dies before the answer begins.
	 */
	bool is_once;
	bool may_gzip;	   /* the body may go out packed */
	int64_t max_bytes; /* of the answer; more is a broken policy */
	/* Follows up to three hops by hand, each checked; the path must still end in suffix, and
	 * later requests go where this one ended. */
	bool may_redirect;
	const char *const *headers; /* more lines "Name: value", NULL at the end; NULL: none */
	bool any_status; /* the headers of any answer will do: net_http_status says which */
};

/* For one repository. Connections are kept and used again by this whole process. */
must_check int net_http_open(struct net *n, const struct net_url *url, struct net_http **out);

/* Sends, and waits for the headers of a 2xx answer; everything else (but for any_status) is a
 * failure with its class (401, 404, 429 …). Ends the request before it. */
must_check int net_http_request(struct net_http *h, const struct net_request *r);

/* Of the last answer. */
long net_http_status(const struct net_http *h);

/* "" when there was none; lower case, without parameters. */
const char *net_http_content_type(const struct net_http *h);

/* A header of the last answer, name in any case; the last one of that name; "" when it had none. */
const char *net_http_header(const struct net_http *h, const char *name);

/* At least one byte and at most size; *got_out 0: the end of the body. */
must_check int net_http_read(struct net_http *h, void *bytes, size_t size, size_t *got_out);

/* Where requests go now: the URL it was opened with, or where redirects led. */
const struct net_url *net_http_url(const struct net_http *h);

/* The last redirects that were followed said, all of them: for good (301, 308). */
bool net_http_is_moved(const struct net_http *h);

#endif
