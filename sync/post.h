/* One delivery to a webhook's receiver, in a worker process: it is a stranger, and so is what it
 * answers. */
#ifndef SYNC_POST_H
#define SYNC_POST_H

#include "base/ctx.h"
#include "sync/wire.h"

#define POST_CONNECT_S 5
#define POST_READ_MAX_BYTES (64 * 1024) /* of the answer; what is behind is not read */
#define POST_ANSWER_MAX_BYTES 1024	/* of it, that are kept */

/* Always fills *out. One request: no redirect is followed, the address has to be one that a mirror
 * could have too (net/policy.h). An answer whose body breaks off is an answer. */
void post_send(struct ctx *c, const struct wire_post *post, struct wire_posted *out);

#endif
