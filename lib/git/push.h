/* One push: commands, the pack they need, and what the target reports of each. The pack is made by
 * `git pack-objects` and goes through this process in pieces. */
#ifndef GIT_PUSH_H
#define GIT_PUSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "git/push_plan.h"
#include "git/receive.h"

struct git_repository;
struct git_wire;

#define GIT_PUSH_MOST 500 /* refs of one push: more than that chokes servers (mirroring.md 2.4) */

/* Which of the ids a target has are those of objects that we have, too: a pack for it need not hold
 * what is behind them. repo: the store. */
struct git_push_known {
	unsigned char (*oids)[GIT_OID_BYTES];
	size_t n;
};

/* With room for n_more, which the caller adds as they are pushed. */
must_check int git_push_known(struct ctx *c, struct git_repository *repo,
    const struct git_receive *there, size_t n_more, struct git_push_known *out);

/* For struct git_push_facts: payload is the store's repository. */
bool git_push_is_behind(void *repo, const unsigned char *old, const unsigned char *new);

struct git_push_order {
	const char *store_dir;
	const struct git_receive *there;
	const struct git_push_row *rows; /* create, update and delete only; at most GIT_PUSH_MOST */
	size_t n;
	const struct git_push_known *known;
	bool is_thin;	       /* the pack may lean on what is known, if the target takes that */
	struct git_wire *wire; /* its advertisement has been read */
	/* Called each second or so while the pack is made. false: give up. */
	bool (*tick)(void *payload);
	void *payload;
	/* For each row what the target said against it; NULL: it is done. Filled in where OK comes
	 * back. */
	const char **errors;
};

/* E_INVALID: what comes back is no report. E_CONFLICT: tick said so. E_INTERNAL: no pack could be
 * made. Failures of the wire as they are: then nobody knows what has happened there. */
must_check int git_push_send(struct ctx *c, const struct git_push_order *p);

#endif
