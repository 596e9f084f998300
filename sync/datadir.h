/* The data folder: is it the one we were set up with, and may we write there? An empty mount point
 * must never look like "all repositories deleted" (checklists: R-21). */
#ifndef SYNC_DATADIR_H
#define SYNC_DATADIR_H

#include "base/ctx.h"

#define DATADIR_MARKER "mirrorhub.instance"

/* E_INVALID unless data.dir is there with its marker file: asked again and again, because a disk
 * can go away. What is missing then is not deleted. */
must_check int datadir_is_ours(struct ctx *c);

/* E_INVALID, with what to do about it, unless data.dir is a folder with the marker file and repos/,
 * writable for us and, for root, root's own. Makes quarantine/ if that is missing. */
must_check int datadir_check(struct ctx *c);

#endif
