/* What a mirror takes over, and what was decided about its upstream: the text of
 * hub.mirror_options, as the queue hands it to probes and workers. */
#ifndef SYNC_OPTIONS_H
#define SYNC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/filter.h"
#include "git/follow.h"

enum options_mode {
	OPTIONS_EXACT = 1, /* as upstream is */
	OPTIONS_ADDITIVE,  /* no ref is ever deleted or forced */
	OPTIONS_ARCHIVAL,  /* as exact; what is replaced is kept for ever */
};

/* Where the mirror says nothing, the hub's settings stand. Fingerprints are 64 hex digits or "". */
struct options {
	enum options_mode mode;
	const char *ref_include, *ref_exclude; /* "" not given; as git_filter_parse reads them */
	const struct git_filter *filter;
	bool prunes;
	bool allow_rewrite;
	int64_t kept_count, kept_days; /* archival: both are not asked for */
	int64_t most_bytes, most_objects, most_refs, most_blob_bytes; /* never above the hub's */
	int64_t version, taken_version; /* they differ: what is published may be of other options */
	const char *upstream; /* refs that were taken over last; "": those that are published */
	const char *held, *approved, *rejected;
	const struct git_pin *pins; /* by name */
	size_t n_pins;
};

#define OPTIONS_PINS_MAX 1000

/* json "" is {}: all as the settings have it. Behind git_init. E_INVALID: not such a text, or a
 * pattern in it is wrong. */
must_check int options_parse(struct ctx *c, const char *json, struct options *out);

/* "exact", "additive", "archival"; 0 for another word. */
enum options_mode options_mode_by_name(const char *name);

#endif
