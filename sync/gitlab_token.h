/* The hub's own token for its GitLab: a file that only the supervisor reads, anew each time, so
 * that another line in it is all that a rotation takes. */
#ifndef SYNC_GITLAB_TOKEN_H
#define SYNC_GITLAB_TOKEN_H

#include "base/ctx.h"

/* E_NOTFOUND: there is no file. E_INVALID: others may read it, or it holds no token. */
must_check int gitlab_token_read(struct ctx *c, const char **out);

#endif
