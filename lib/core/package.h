/* The packages of ABF's repositories. Nobody asks for them to be read by hand: triggers of
 * sql/migrations/004 do, on a push or sync, when a project comes into a repository or becomes a
 * package, and when another branch is published. */
#ifndef CORE_PACKAGE_H
#define CORE_PACKAGE_H

#include "base/ctx.h"
#include "store/package.h"
#include "store/repository.h"

/* Somebody is about to read all packages of a repository (ABF 3.3 R3). E_DENIED: its platform is a
 * personal one, or packages of the platform were read less than abf.packages_window_s ago; a call
 * that is denied does not count. Commits at once: outside of a transaction. */
must_check int package_begin_reading(struct ctx *c, const struct repository *repository);

/* Waits, at most 3 s, until what has been pushed to the repository's projects is in its rows.
 * Outside of a transaction. */
must_check int package_wait(struct ctx *c, int64_t repository_id);

#endif
