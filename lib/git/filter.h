/* Which refs of an upstream a mirror takes over. One function decides it, for the probe, the
 * reading of an advertisement and what is pushed on.
 *
 * Patterns are those of git's refspecs, one per line: a full name, or one with a single "*", which
 * stands for any text, slashes too ("refs/heads/rel*", "refs/pull/" and a star). What does not
 * begin with refs/ is meant as a branch or a tag of that name: "main", or "v1." and a star.
 * Exclusions are a list of their own, and win. */
#ifndef GIT_FILTER_H
#define GIT_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

#define GIT_FILTER_PATTERNS_MAX 200
#define GIT_FILTER_BYTES_MAX 20000 /* of one list */

struct git_filter;

/* include NULL or "": branches and tags. A list that is given but holds no pattern ("\n") selects
 * nothing: no slip of the pen makes a mirror of everything. exclude NULL or "": none. Blank lines
 * and blanks around a pattern do not count. Behind git_init. E_INVALID: what is wrong with which
 * pattern. */
must_check int git_filter_parse(
    struct ctx *c, const char *include, const char *exclude, const struct git_filter **out);

/* Whether a ref of that name is taken. Never: names that Git or we cannot keep (git_ref_is_name),
 * and our own refs/mirrorhub/. NULL: the filter of branches and tags. */
bool git_filter_takes(const struct git_filter *f, const char *name);

/* The least list of beginnings that all names it takes have: what to ask ls-refs for, besides HEAD.
 * Names with one of these beginnings may still not be taken. None: nothing is ever taken. */
size_t git_filter_prefixes(struct ctx *c, const struct git_filter *f, const char *const **out);

/* Whether git and we can keep a ref of that name: below refs/, well-formed, not too long. */
bool git_ref_is_name(const char *name);

#endif
