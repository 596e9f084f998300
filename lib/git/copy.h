/* A store from another one: independent from then on. */
#ifndef GIT_COPY_H
#define GIT_COPY_H

#include "base/ctx.h"

/* For the holder of both stores' locks. Makes `to` (which must not be there, in a folder that is)
 * with HEAD and all refs of `from`, and its objects as hard links: Git never writes into a file of
 * objects/ again (docs/decisions.md). Where the file system gives no link the bytes are copied.
 * refs/mirrorhub/ stays behind. Durable when it returns; what a failure leaves is the caller's to
 * remove, and nobody's to see: no project has this store yet.
 * *head_out: the branch that HEAD names, without refs/heads/. E_NOTFOUND: there is no source.
 * E_INVALID: it has more than max_refs refs. */
must_check int git_store_copy(
    struct ctx *c, const char *from, const char *to, size_t max_refs, const char **head_out);

#endif
