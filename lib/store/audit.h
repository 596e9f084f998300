/* Whose turn it is to be looked at as a whole, what came of it, and what an upkeep took. The rules
 * are in SQL (audit_claim, audit_finish, stores_missing of 017). */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct audit {
	int64_t store_id;
	const char *path; /* of its project */
	bool is_mirror;
	const char *options;	 /* of the mirror, as JSON; "": it is none */
	bool may_repair;	 /* an administrator wants it */
	const char *fingerprint; /* as the hub knows it; "" never published */
};

/* One store in the whole hub at a time, within the settings audit.*. E_NOTFOUND: none now. */
must_check int audit_claim(struct ctx *c, int64_t lease_s, struct audit *out);

struct audit_result {
	const char *found;	 /* "whole", "rebuilt", "damaged", "missing" or "failed" */
	const char *sentence;	 /* what was wrong; "" nothing */
	const char *fingerprint; /* of the refs on disk; "" unknown */
	int64_t bytes;		 /* that were read */
};

/* *news_out: "damaged", "whole" (it was damaged), "rebuilt" or "". */
must_check int audit_finish(
    struct ctx *c, int64_t store_id, const struct audit_result *r, const char **news_out);

struct audit_missing {
	int64_t store_id;
	const char *path;
	bool is_mirror; /* and will be fetched anew */
};

/* Of the ids first..first + 999 those that should have a folder and are not among the n found. */
must_check int audit_missing(struct ctx *c, int64_t first, const int64_t *found, size_t n,
    struct audit_missing **rows_out, size_t *n_out);

/* Has the mirror failed three times in a row (or six, …) because of what the upstream sent? Then
 * what we have may be why, and all of it is worth fetching. */
must_check int audit_wants_anew(struct ctx *c, int64_t project_id, bool *out);

/* Counts an upkeep that took so long. */
must_check int audit_note_upkeep(struct ctx *c, int64_t store_id, int64_t ms);

/* The highest id of a store; 0: there is none. */
must_check int audit_last_store(struct ctx *c, int64_t *id_out);

#endif
