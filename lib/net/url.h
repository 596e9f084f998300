/* Addresses of other hosts, taken apart once: what connects later is rebuilt from these parts, so
 * no second parser can see something else in the text (mirroring.md section 3.2). */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdbool.h>

#include "base/ctx.h"

#define NET_URL_MAX_BYTES 2000

enum net_scheme { NET_HTTP = 1, NET_HTTPS, NET_GIT, NET_SSH, NET_FILE };

struct net_url {
	enum net_scheme scheme;
	const char *user; /* ssh only; NULL: none was given */
	const char
	    *host; /* lower case, no dot at the end; IPv4 always dotted, IPv6 bare; "" of file: */
	int port;  /* the scheme's own if none was given; 0 of file: */
	const char *path; /* starts with "/"; of ssh it may be relative. No query, no fragment */
};

/* Takes http(s), git and ssh URLs, "user@host:path", file: and absolute local paths. E_INVALID with
 * the rule that was broken: control bytes, blanks, backslashes, user data where none belongs, IPv6
 * zones, hosts that are not plain ASCII, dot parts, quotes towards a shell. Says nothing about
 * what is allowed: that is net/policy.h. Query and fragment mean nothing to Git and are dropped. */
must_check int net_url_parse(struct ctx *c, const char *text, struct net_url *out);

/* The clean text again: never with user data, but for ssh's user name. */
const char *net_url_text(struct arena *mem, const struct net_url *url);

/* Is it an http(s) URL, of at most NET_URL_MAX_BYTES? */
bool net_url_is_http(struct ctx *c, const char *text);

const char *net_scheme_text(enum net_scheme scheme);

/* Same scheme, host and port: credentials of one are good for the other. */
bool net_url_is_same_origin(const struct net_url *a, const struct net_url *b);

#endif
