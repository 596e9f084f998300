/* What a sync does with the refs its upstream lists: publish them, in which form, or not. */
#ifndef SYNC_DECIDE_H
#define SYNC_DECIDE_H

#include <stdbool.h>

#include "base/ctx.h"
#include "git/guard.h"
#include "git/kept.h"
#include "git/moves.h"
#include "git/refs.h"
#include "sync/facts.h"
#include "sync/options.h"

struct decide {
	const struct options *options;
	const char *old_fingerprint;	 /* of what is published; "" nothing ever */
	const char *fingerprint;	 /* of what the upstream lists */
	const char *quarantine_dir;	 /* sees the objects of both */
	const struct git_refs *upstream; /* checked and peeled */
	const struct git_refs *published, *kept;
	bool (*progress)(void *payload);
	void *payload;
};

struct decision {
	enum facts_verdict verdict; /* but for TAKEN: publish nothing */
	struct git_findings findings, notices;
	struct git_refs next; /* to be published */
	struct git_moves moves;
	struct git_kept_rule kept_rule;
};

/* What is known without looking at any object: TAKEN: the upstream has what it had; HELD, REJECTED:
 * it has what was held or rejected; 0: it has to be looked at. Of d only options and fingerprints
 * are read. */
enum facts_verdict decide_early(const struct decide *d);

/* E_INTERNAL: an object cannot be read. E_CONFLICT: progress said to give up. */
must_check int decide(struct ctx *c, const struct decide *d, struct decision *out);

#endif
