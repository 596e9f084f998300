/* From the raw path of a request to a row. Everything is split at '/' first and decoded once, so
 * that nothing encoded can change where a segment ends.
 *
 * Patterns: literal segments; ":name" for one segment (a '/' that was %2F is not matched); ":path"
 * for one segment that may hold %2F; "*path" for one or more segments, ending in ".git" (which is
 * taken off; "*path.git" says so in the pattern and means the same) and followed by literal
 * segments. A pattern may end in "?name=value": then the row matches only when that is the value of
 * the query (Git's two kinds of info/refs need different rights). One slash at the end of the
 * request's path is ignored. */
#ifndef WEB_MATCH_H
#define WEB_MATCH_H

#include <stddef.h>

#include "web/route.h"

#define MATCH_SEGMENTS_MAX 64

struct target {
	size_t n;
	const char *segments[MATCH_SEGMENTS_MAX]; /* decoded once */
};

/* The segments of a raw path. E_INVALID with http_status 400: bad escape, NUL, not UTF-8, a raw
 * blank or control byte. E_NOTFOUND: what is well formed and never names anything: empty, "." and
 * ".." segments, control bytes, too many segments. */
must_check int match_split(struct ctx *c, const char *path, struct target *out);

/* Who refuses what fits no row, by the raw path: the dialect with that prefix, else the last. */
const struct dialect *match_dialect(const struct dialect *const *dialects, const char *path);

/* Sets r->route, r->dialect and r->params, or r->dialect and r->allow when only another method has
 * the path. */
void match_find(struct req *r, const struct dialect *const *dialects, const struct target *t);

/* Asserts that a pattern is one. */
void match_check(const char *pattern);

#endif
