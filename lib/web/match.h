/* From the raw path of a request to a row. Everything is split at '/' first and decoded once, so
 * that nothing encoded can change where a segment ends.
 *
 * Patterns: literal segments; ":name" for one segment (a '/' that was %2F is not matched); ":path"
 * and ":ref" for one segment that may hold %2F; "*path.git" in front for one or more segments, the
 * last ending in ".git", which is taken off; "*path" in front for one or more segments of any
 * project, none of which ends in ".git"; "*rest" behind for all segments that are left, at least
 * one. The rest is bytes: names from Git, which may be anything but NUL and need not be UTF-8;
 * empty segments in it are dropped. A pattern may end in "?name=value": then the row matches only
 * when that is the value of the query (Git's two kinds of info/refs need different rights). One
 * slash at the end of the request's path is ignored.
 *
 * Where "*path" ends cannot be seen in the address (/a/tree/b/tree/c): such a request has several
 * matches. The first has the shortest path; who loads the object goes on to the next when there is
 * none (match_next). What lies below another dialect's prefix is no project. */
#ifndef WEB_MATCH_H
#define WEB_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "web/route.h"

#define MATCH_SEGMENTS_MAX 256

struct target {
	size_t n;
	struct segment {
		const char *text; /* decoded once */
		/* no empty one, no "." or "..", no control bytes, UTF-8: else only "*rest" has it
		 */
		bool is_name;
	} segments[MATCH_SEGMENTS_MAX];
	bool is_utf8;	  /* all of them */
	bool is_long;	  /* there are more */
	const char *bare; /* match.c's own */
};

/* The segments of a raw path. E_INVALID with http_status 400: bad escape, NUL, a raw blank or
 * control byte. */
must_check int match_split(struct ctx *c, const char *path, struct target *out);

/* Who refuses what fits no row, by the raw path: the dialect with that prefix, else the last. */
const struct dialect *match_dialect(const struct dialect *const *dialects, const char *path);

/* Sets r->route, r->dialect and r->params, or r->dialect and r->allow when only another method has
 * the path. E_INVALID with http_status 400: no row takes it, and it is not UTF-8. */
must_check int match_find(struct req *r, const struct dialect *const *dialects, struct target *t);

/* Goes on to the next match: the row and its parameters. false: there is none; it begins anew. */
bool match_next(struct req *r);

/* Whether the client names HTML among what it takes: a browser does, curl does not. */
bool match_wants_html(struct req *r);

/* Asserts that a pattern is one. */
void match_check(const char *pattern);

#endif
