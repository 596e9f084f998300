/* Is a store still what was written into it? All of it is read: objects are hashed, everything that
 * the refs (kept tips too) need is looked for, and the files that Git makes of others (indexes,
 * commit-graph, bitmaps) are held against those. Git's own programs do it, in child processes with
 * limits: libgit2 1.5 spins for ever on a truncated loose object (mirroring.md section 4.5). */
#ifndef GIT_AUDIT_H
#define GIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

enum git_audit_found {
	GIT_AUDIT_WHOLE = 1,
	GIT_AUDIT_DERIVED, /* only what can be made again of the rest */
	GIT_AUDIT_DAMAGED,
};

struct git_audit {
	enum git_audit_found found;
	const char *sentence; /* the first that is wrong; "" nothing */
	const char
	    *fingerprint; /* git_refs_fingerprint of the refs on disk; "" they cannot be read */
	const char *fingerprint_without_head;
	int64_t bytes;
};

/* Changes nothing and takes no lock: what somebody replaces meanwhile may look damaged, so that is
 * asked again under the store's lock. E_NOTFOUND: there is no store. E_INTERNAL: it could not be
 * done within the limits (audit.total_s, sync.memory_bytes); nothing is said about the store. */
must_check int git_audit(struct ctx *c, const char *store_dir, struct git_audit *out);

/* For the holder of the store's lock: makes again what is derived and does not fit.
 * *has_mended_out: something was. What cannot be made again stays as it is. */
must_check int git_audit_mend(struct ctx *c, const char *store_dir, bool *has_mended_out);

/* A note in the store that it is damaged: the next sync of a mirror fetches it anew (sync/anew.h).
 * A reader has no use for it: he sees what he asks for, or an error. */
must_check int git_audit_mark(struct ctx *c, const char *store_dir, const char *sentence);
must_check int git_audit_unmark(struct ctx *c, const char *store_dir);
bool git_audit_is_marked(struct arena *mem, const char *store_dir);

#endif
