/* What makes clones of a store cheap: few packs, a bitmap over them, a commit-graph, all refs in
 * one file. Git's own programs do it, in child processes; nothing that a ref or a reader may need
 * is ever deleted, and unreachable objects stay too. */
#ifndef GIT_UPKEEP_H
#define GIT_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

/* Whether so much came since the last time that it pays: cheap, reads one folder. A store that was
 * never looked after is due once its packs hold more than a few objects. */
must_check int git_upkeep_is_due(struct ctx *c, const char *store_dir, bool *out);

/* For the holder of the store's lock. Joins small packs (each pack stays at least twice as large as
 * all smaller ones), writes the bitmap and the commit-graph, packs loose refs. Within
 * sync.memory_bytes, sync.cpu_s and sync.total_s. Killed anywhere it leaves a whole store and
 * temporary files for git_store_tidy. E_INTERNAL: Git failed; the store serves as before. */
must_check int git_upkeep(struct ctx *c, const char *store_dir);

/* For the holder of the store's lock. Objects that no ref needs (kept tips are refs) are set aside
 * in a pack of their own, and go when they have been there for that many days: Git's cruft packs.
 * Only if there are any; costs a pass over all objects. E_INTERNAL: as git_upkeep. */
must_check int git_upkeep_prune(struct ctx *c, const char *store_dir, int64_t days);

#endif
