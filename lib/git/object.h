/* Objects of a store, read whole and with a limit: a few kB of a pack may be hundreds of MB of a
 * commit or of a folder. */
#ifndef GIT_OBJECT_H
#define GIT_OBJECT_H

#include <git2.h>
#include <stddef.h>

#include "base/ctx.h"

/* More than any history has that people made: a message of 32 MiB, a folder of a million files. */
#define GIT_COMMIT_MAX ((size_t)32 * 1024 * 1024)
#define GIT_TREE_MAX ((size_t)64 * 1024 * 1024)

/* The caller gives it back with git_odb_object_free. E_NOTFOUND: there is none of that type.
 * E_INVALID (413): it has more than max_bytes; it was not read. */
must_check int git_object_read(struct ctx *c, git_odb *odb, const git_oid *oid, git_object_t type,
    size_t max_bytes, git_odb_object **out);

#endif
