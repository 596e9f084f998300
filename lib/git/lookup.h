/* Whether a store has a commit whose id begins so, asked of many stores one after the other: what
 * is not there is found out from the indexes of the packs, without opening the repository. */
#ifndef GIT_LOOKUP_H
#define GIT_LOOKUP_H

#include <stdbool.h>

#include "base/ctx.h"
#include "git/view.h"

/* Of GIT_PREFIX_LEAST to 40 hex digits, in any case. */
bool git_lookup_is_id(const char *text);

/* text: git_lookup_is_id. id_out: of 41 bytes. E_NOTFOUND: no such store, no commit of that kind in
 * it, or several; what is no commit does not count. */
must_check int git_lookup_commit(struct ctx *c, const char *dir, const char *text, char *id_out);

#endif
