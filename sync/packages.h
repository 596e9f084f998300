/* Reading a project's spec files, in a worker: they are a stranger's bytes. */
#ifndef SYNC_PACKAGES_H
#define SYNC_PACKAGES_H

#include <stdint.h>

#include "base/ctx.h"
#include "git/spec_files.h"

#define PACKAGES_BRANCHES_MAX 50

struct packages_hooks {
	void *payload;
	/* One package of a branch. false: nobody listens any more. */
	bool (*found)(void *payload, const char *branch, const struct git_spec_tip *tip,
	    const struct git_spec *spec);
};

/* branches: a JSON list of names, as claimed. A branch that is missing, or a store that no sync has
 * made yet, has no packages. E_INVALID: no such list. E_INTERNAL: the store is damaged. */
must_check int packages_read(
    struct ctx *c, int64_t store_id, const char *branches, const struct packages_hooks *hooks);

#endif
