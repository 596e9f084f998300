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

#endif
