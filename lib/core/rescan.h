/* Projects whose store is missing on disk (RhodeCode's rescan; contracts/rhodecode.md 3.2). Nothing
 * is ever added: a folder without a row is a store that is being removed. */
#ifndef CORE_RESCAN_H
#define CORE_RESCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/actor.h"

/* More than these are no accident of single stores. */
#define RESCAN_MOST 1000

struct rescan {
	const char **paths; /* of projects without a store, oldest first */
	size_t n;
};

/* Looks at all of them, outside of any transaction. removes: deletes the projects that it names, in
 * one transaction of its own; refused (E_CONFLICT) when more stores are missing than are there.
 * E_INTERNAL: the data folder is not the one that was set up (an empty mount has no marker), or
 * more than RESCAN_MOST are missing. */
must_check int rescan(struct ctx *c, const struct actor *who, bool removes, struct rescan *out);

#endif
