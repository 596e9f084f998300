/* Push notices: the project that one names, with what lets a notice in, and those that came. */
#ifndef STORE_PUSH_H
#define STORE_PUSH_H

#include "store/project.h"

struct push_target {
	struct project project; /* id 0: there is none. access 0: the asker may not read it */
	const char *secret;	/* of the senders of notices, sealed for the web; NULL: none */
};

/* In one statement who asks, and what is at that path in any case, hidden or not (path "": nothing
 * is). E_DENIED: the claim no longer holds; that it is not there is no failure. */
must_check int push_target_by_path(struct ctx *c, const struct claim *claim, const char *path,
    struct account *account_out, struct push_target *out);

/* Notes a notice by its sender's number. false: it has been here within a day. */
#define PUSH_DELIVERY_MOST_BYTES 100
must_check int push_note_delivery(
    struct ctx *c, int64_t project_id, const char *delivery, bool *is_new_out);

/* sealed NULL: none any more. E_NOTFOUND: no such mirror. */
must_check int push_set_secret(struct ctx *c, int64_t project_id, const char *sealed);

must_check int push_has_secret(struct ctx *c, int64_t project_id, bool *out);

#endif
