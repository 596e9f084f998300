/* A fresh store that takes a damaged one's place (mirroring.md section 5.2, "corrupt"): made beside
 * it, filled by a fetch that relies on nothing of the old one, and exchanged with it in one step.
 * Whoever has the old one open reads on in it; it stays for upkeep.old_days. */
#ifndef SYNC_ANEW_H
#define SYNC_ANEW_H

#include "base/ctx.h"
#include "git/refs.h"

/* For the holder of the store's lock, as all below. Makes an empty one, with HEAD at that branch.
 * What an earlier try has left is removed. */
must_check int anew_make(
    struct ctx *c, const char *store_dir, const char *branch, const char **fresh_out);

/* The refs of the old one, as far as its packed-refs can still be read. *is_all_out: all of it. */
must_check int anew_refs(struct ctx *c, const char *store_dir, struct git_refs *out,
    struct git_refs *kept_out, bool *is_all_out);

/* Copies what the kept tips need and the refs of upstream do not have: from the old store into the
 * fresh one. Tips of which something cannot be read any more leave the list. */
must_check int anew_carry(struct ctx *c, const char *store_dir, const char *fresh_dir,
    const struct git_refs *refs, struct git_refs *kept);

/* The fresh one takes the name of the old one, which becomes <name>.<word>-<now>: "old" for those
 * that sweeps remove after upkeep.old_days, "damaged" for those that nobody does. Durable. */
must_check int anew_swap(struct ctx *c, int64_t store_id, const char *store_dir,
    const char *fresh_dir, const char *word);

#endif
