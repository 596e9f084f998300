/* What a platform has on disk: data_dir/platforms/<platform id>/repository/<SRPMS or architecture>/
 * <repository name>/, the home of a repository's lock files. Main platforms only: nothing is locked
 * on personal ones. The rows are the truth and come first; the disk follows, and what a kill
 * between them left undone is done by platform_tree_sweep. Links below data_dir/platforms are never
 * followed. */
#ifndef CORE_PLATFORM_TREE_H
#define CORE_PLATFORM_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/place.h"

/* Folders for n repositories whose rows are committed. What older ones of these names left there
 * goes. */
must_check int platform_tree_make(struct ctx *c, const struct place *places, size_t n);

/* Removes the folders of a repository whose row is gone; if it is there again meanwhile, they are
 * left to it. */
must_check int platform_tree_remove(struct ctx *c, const struct place *place);

/* Removes all of a platform: one whose row is gone, or a personal one's. */
must_check int platform_tree_remove_all(struct ctx *c, int64_t platform_id);

/* Sets or removes .repo.lock in the folders of a repository. It tells whoever publishes packages
 * there to wait. Folders that are missing are left out; both may be repeated. */
must_check int platform_tree_lock(struct ctx *c, const struct place *place);
must_check int platform_tree_unlock(struct ctx *c, const struct place *place);

/* Brings the disk to the rows: makes folders that are missing, removes those without a row. At most
 * once an hour on this data folder, or with is_full. *removed_out counts folders.
 * E_INTERNAL also when something that is out of the way already cannot be removed for good. */
must_check int platform_tree_sweep(struct ctx *c, bool is_full, int64_t *removed_out);

#endif
