/* The last step of a sync: from the quarantine into the store, all refs at one instant. */
#ifndef SYNC_PUBLISH_H
#define SYNC_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/kept.h"
#include "git/moves.h"
#include "git/refs.h"

struct publication {
	int64_t store_id;
	const char *store_dir;		 /* made when it is missing */
	const char *pack;		 /* checked; path without ".pack"; NULL: none */
	const struct git_refs *refs;	 /* checked and peeled; head NULL: HEAD stays if it can */
	const struct git_refs *upstream; /* of refs those that were fetched and checked */
	const struct git_moves *moves;	 /* from what is published to what the upstream lists */
	const struct git_kept_rule *kept_rule;
	bool (*may_publish)(void *payload);
	void *payload;
	const char *old_fingerprint; /* of the refs that the database has heard of; "" none */
	size_t changes_most;
	bool is_anew; /* the pack is complete: a fresh store takes this one's place (sync/anew.h) */
	/* filled in */
	size_t refs_changed;
	struct git_ref_change *changes; /* since old_fingerprint, the first changes_most of them */
	size_t n_changes;
	int64_t size_bytes;
	const char *latest_version;
};

/* Under the store's lock. E_CONFLICT: may_publish said no, nothing was changed. E_INTERNAL: the
 * store, the disk, or the lock was not to be had; what is half done is repaired by the next run. */
must_check int publish_refs(struct ctx *c, struct publication *p);

#endif
