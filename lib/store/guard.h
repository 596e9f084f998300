/* What a mirror takes over, what of it waits for approval, and the refs that were taken back from
 * among the kept ones. The rules are in SQL (015) and sync/decide.h. */
#ifndef STORE_GUARD_H
#define STORE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/field.h"

struct guard {
	const char *fingerprint; /* 64 hex digits of what is held; "" nothing is */
	int64_t held_at;	 /* Unix seconds; 0 */
	const char *findings;	 /* JSON: [{rule, ref, sentence}] */
	const char *notices;	 /* the same, about what was published last */
	bool is_approved;	 /* waits for the sync that publishes it */
	bool is_rejected;	 /* what upstream has is passed over */
	int64_t decided_at;	 /* 0: never */
	const char *decided_by;
};

/* E_NOTFOUND: no mirror. */
must_check int guard_of(struct ctx *c, int64_t project_id, struct guard *out);

/* fingerprint: of what was looked at; "": whatever is held. E_NOTFOUND: nothing is held.
 * E_CONFLICT: something else is. */
must_check int guard_decide(struct ctx *c, int64_t project_id, bool is_approved,
    const char *fingerprint, const char *actor);

/* As they are typed; "" is the hub's setting. */
struct mirror_options {
	const char *mode;		       /* exact, additive, archival */
	const char *ref_include, *ref_exclude; /* one pattern per line */
	const char *prunes, *allow_rewrite;    /* yes, no */
	const char *kept_count, *kept_days;
	const char *most_bytes, *most_objects, *most_refs, *most_blob_bytes;
};

extern const struct field mirror_options_fields[]; /* all of it, by the names people type */

must_check int mirror_options_of(struct ctx *c, int64_t project_id, struct mirror_options *out);

/* Values that core has judged. */
must_check int mirror_options_set(
    struct ctx *c, int64_t project_id, const struct mirror_options *o);

struct mirror_pin {
	const char *ref, *oid;
	const char *actor;
	int64_t created_at;
};

#define MIRROR_PINS_MOST 1000

/* By ref; those that were let go are left out. */
must_check int mirror_pin_list(
    struct ctx *c, int64_t project_id, struct mirror_pin **rows_out, size_t *n_out);

/* One of the same name is replaced. */
must_check int mirror_pin_set(struct ctx *c, int64_t project_id, const struct mirror_pin *pin);

/* E_NOTFOUND: there is none of that name. */
must_check int mirror_pin_let_go(struct ctx *c, int64_t project_id, const char *ref);

#endif
