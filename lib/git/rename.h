/* Which files that came are files that went: the same bytes, or bytes that are alike. */
#ifndef GIT_RENAME_H
#define GIT_RENAME_H

#include "git/changes.h"

#define GIT_RENAME_CANDIDATES 400		/* files come and gone, compared by pairs */
#define GIT_RENAME_LOAD_BYTES (8 * 1024 * 1024) /* of all candidates */
#define GIT_RENAME_LEAST 50			/* percent alike, as git's default */

/* Joins rows of the kinds added and deleted to renamed ones. Files of the same bytes always, files
 * that are alike within the limits above; else changes->are_renames_cut. E_INTERNAL. */
must_check int git_rename_detect(
    struct ctx *c, struct git_repository *repo, struct git_changes *changes);

#endif
