/* A set of object ids with their kinds, for what is asked again and again. */
#ifndef GIT_SEEN_H
#define GIT_SEEN_H

#include <stdbool.h>

#include "git/packfile.h"

struct git_seen;

/* Empty; its memory goes with the arena. */
struct git_seen *git_seen_open(struct arena *mem);

bool git_seen_find(const struct git_seen *s, const unsigned char *oid, enum git_kind *kind_out);

/* What is in the set already must not be added again. */
void git_seen_add(struct git_seen *s, const unsigned char *oid, enum git_kind kind);

#endif
