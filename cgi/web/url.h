/* Addresses of pages, from the root of the hub. Everything is percent-encoded; names from Git are
 * bytes. */
#ifndef CGI_WEB_URL_H
#define CGI_WEB_URL_H

#include "store/project.h"
#include "web/req.h"

/* "/foo/bar" */
const char *url_project(struct req *r, const struct project *p);

/* "/foo/bar/<view>", "/foo/bar/<view>/<rev>", "/foo/bar/<view>/<rev>/<path>": rev and path may be
 * NULL or "". rev as a person writes it: a ref's short name (its slashes stay) or an id. */
const char *url_view(
    struct req *r, const struct project *p, const char *view, const char *rev, const char *path);

/* next if it is an address of this hub, as a browser reads it too: it begins with one slash, and
 * has neither backslashes nor bytes that a browser would leave out (RFC 3986 4.2; WHATWG URL 4.4).
 * Else
 * "/". */
const char *url_local(const char *next);

/* "/login?next=…", which comes back to what was asked for; alone for what cannot be asked again. */
const char *url_sign_in(struct req *r);

/* The same with base_url in front: for feeds and mails. */
const char *url_absolute(struct req *r, const char *url);

#endif
