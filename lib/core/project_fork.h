/* Forks: a project of its own with a copy of another one's store (contracts/abf.md P8). */
#ifndef CORE_PROJECT_FORK_H
#define CORE_PROJECT_FORK_H

#include "core/project_edit.h"

/* The copy is whole, with its rows, or there is none: made under a reserved store (store_reserve),
 * which goes by itself when its maker dies. Opens its own transactions, none while it copies, and
 * has none open when called. Faults, E_NOTFOUND and E_DENIED as project_alias. E_CONFLICT with
 * http_status 503: the source is busy, or a mirror that is not yet cloned. */
must_check int project_fork(struct ctx *c, const struct actor *who,
    const struct project_full *source, const struct copy_wish *wish, int64_t *id_out);

/* What of a fork at any path (RhodeCode) is not as its source has it. */
struct fork_wish {
	int64_t owner_account_id; /* 0: the actor */
	const char *path;
	const char *description; /* NULL: the source's */
	const char *landing;	 /* as repo_wish of core/repo.h has it: nothing but the source's */
	bool is_private;    /* nobody reads it by default; that of a closed source never opens */
	bool copies_grants; /* what others may on the source they may on the fork */
};

/* The same, with the folders on its way (core/folder.h), and in no platform. *is_fork_out: what is
 * at its path already, for the fault "path" (FAULT_TAKEN), was forked from something. Faults of
 * folder_may_create: "folder" and "top". E_INVALID: no path that it may have. */
must_check int project_fork_at(struct ctx *c, const struct actor *who,
    const struct project_full *source, const struct fork_wish *wish, bool *is_fork_out,
    int64_t *id_out);

#endif
