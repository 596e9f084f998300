/* What we tell an upstream that we have already, so that it sends only the rest. */
#ifndef GIT_HAVES_H
#define GIT_HAVES_H

#include "git/refs.h"

struct buf;
struct git_repository;

/* "have" lines: the published tips, those that moved first, and for rewritten branches some of the
 * commits before; bounded. */
must_check int git_haves_list(struct ctx *c, struct git_repository *repo,
    const struct git_refs *published, const struct git_refs *advertised, struct buf **out);

#endif
