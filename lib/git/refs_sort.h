/* Lists of refs while they are made: room, order, names that cannot stand side by side. */
#ifndef GIT_REFS_SORT_H
#define GIT_REFS_SORT_H

#include "git/refs.h"

/* Room for one more row; *size is how many there is room for. */
void git_refs_room(struct arena *mem, struct git_refs *refs, size_t *size);

/* Sorts by name and leaves out names below another ref's name (a and a/b). E_INVALID: a name twice.
 */
must_check int git_refs_sort(struct ctx *c, struct git_refs *refs);

#endif
