/* What people decide about a mirror's upstream: approving or rejecting what is held, what is taken
 * over at all, and taking back tips that are kept. In the caller's transaction; each verb adds its
 * event. */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "core/actor.h"
#include "git/guard.h"
#include "git/kept.h"
#include "store/guard.h"
#include "store/project.h"

/* Publish what is held, whatever the rules say of it: a sync is asked for. fingerprint: of what was
 * looked at; NULL or "": whatever is held. E_NOTFOUND: nothing is held. E_CONFLICT: something else
 * is by now. */
must_check int guard_approve(
    struct ctx *c, const struct actor *who, const struct project *p, const char *fingerprint);

/* Pass it over until the upstream has something else. As above. */
must_check int guard_reject(
    struct ctx *c, const struct actor *who, const struct project *p, const char *fingerprint);

/* The findings of struct guard, which the database keeps as JSON. */
must_check int guard_findings(struct ctx *c, const char *json, struct git_findings *out);

/* What is NULL stays as it is; "" is the hub's setting. Faults by the names of the members. */
must_check int guard_set_options(struct ctx *c, const struct actor *who, const struct project *p,
    const struct mirror_options *in);

/* Kept tips of the store, by ref, the newest first; *refs_out: what is published now. */
must_check int kept_list(struct ctx *c, const struct project *p, struct git_refs *refs_out,
    struct git_kept_tip **rows_out, size_t *n_out);

/* Publishes a kept tip again, with the next sync, which is asked for: under the name of its ref, or
 * one made of it if that is taken, or under `as` (NULL or "": none was given). It stays until it is
 * let go, or the upstream has a ref of that name. *ref_out: the name. Faults "name" (FAULT_UNKNOWN:
 * no such tip is kept) and "as". E_CONFLICT: there is a ref of that name. */
must_check int kept_restore(struct ctx *c, const struct actor *who, const struct project *p,
    const char *name, const char *as, const char **ref_out);

/* The ref goes with the next sync; its tip is kept again. E_NOTFOUND: it was not taken back. */
must_check int kept_let_go(
    struct ctx *c, const struct actor *who, const struct project *p, const char *ref);

#endif
