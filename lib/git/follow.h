/* Which refs a mirror publishes next: what its upstream lists, and what it does not let go. */
#ifndef GIT_FOLLOW_H
#define GIT_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "git/moves.h"
#include "git/refs.h"

/* A ref of ours. */
struct git_pin {
	const char *name;
	unsigned char oid[GIT_OID_BYTES];
	bool is_let_go; /* it was one: it is published no more */
};

struct git_follow {
	const struct git_refs *published, *upstream; /* both checked and peeled */
	const struct git_moves *moves;		     /* between them */
	const struct git_refs *kept; /* refs/mirrorhub/: where pins come from, too */
	bool keeps_deleted;	     /* what upstream has no more stays */
	bool keeps_forced;	     /* what does not go on from what is published stays as it is */
	const struct git_pin *pins;  /* published while the upstream has no ref of that name */
	size_t n_pins;
};

/* Where two names cannot stand side by side (a and a/b), the upstream's goes first, then what
 * stays, then pins. A pin whose object is neither published nor kept is left out. head is the
 * upstream's. */
must_check int git_follow(struct ctx *c, const struct git_follow *f, struct git_refs *out);

#endif
