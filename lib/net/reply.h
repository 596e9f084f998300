/* What HTTP answers mean to us, and what holds for every request: for net/http.c, which waits for
 * one, and net/multi.c, which has hundreds under way. */
#ifndef NET_REPLY_H
#define NET_REPLY_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "net/net.h"

#define NET_HOPS_MAX 3
#define NET_HEAD_MAX_BYTES ((size_t)128 * 1024) /* libcurl limits each line, not all of them */

/* The value of a header line, when it is that name; otherwise NULL. */
const char *net_reply_header(struct arena *mem, const char *line, size_t len, const char *name);

/* Into n->retry_after_s, at most a day: seconds or a date. */
void net_reply_retry_after(struct net *n, const char *value);

/* ---- failures: net_fail with the class. Never OK. */

/* libcurl's; text: what it wrote to its error buffer. */
int net_reply_failure(struct net *n, const char *host, CURLcode result, const char *text);

/* More header lines, or a larger body, than may be. */
int net_reply_head_failure(struct net *n, const char *host);
int net_reply_size_failure(struct net *n, int64_t max_bytes);

/* A status that is no 2xx. */
int net_reply_status(struct net *n, long status);

/* "the upstream redirects <why>" */
int net_reply_bad_redirect(struct net *n, const char *why);

/* ---- redirects */

bool net_reply_is_redirect(long status);
bool net_reply_is_for_good(long status); /* 301, 308 */

/* Where a redirect of from leads: its Location (NULL: none was sent), which may leave scheme and
 * host out, as a URL without the request's suffix, and its query (NULL: none). Not looked up yet.
 */
must_check int net_reply_redirect(struct net *n, const struct net_url *from, const char *suffix,
    const char *location, struct net_url *out, const char **query_out);

/* ---- requests */

/* Protocols, certificates, no proxy, no redirects, who we are: what no request may do otherwise. */
void net_reply_set_limits(CURL *easy, const struct conf *conf);

/* host:port:address,address for CURLOPT_RESOLVE, with prefix in front. NULL: the host is an
 * address, which needs no looking up, and an IPv6 one would not fit this form. */
const char *net_reply_pin(struct arena *mem, const struct net_place *place, const char *prefix);

#endif
