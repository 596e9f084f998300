/* What the hook jira has commented, so that a commit that comes on a second branch, or a call that
 * is made once more, says nothing twice. A file of lines "COMMIT TICKET SERVER". */
#ifndef SYNC_JIRA_SEEN_H
#define SYNC_JIRA_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"

#define JIRA_SEEN_MOST 5000	/* comments that are remembered, the last ones */
#define JIRA_SEEN_SLACK 1000	/* more of them before the file is written anew */
#define JIRA_SEEN_LINE_MAX 2100 /* bytes: an address has at most NET_URL_MAX_BYTES */

struct jira_seen {
	const char *path;
	struct buf *text; /* the lines, behind an empty one */
};

/* For the holder of a lock: one program at a time. No such file is as an empty one. */
must_check int jira_seen_open(struct ctx *c, const char *path, struct jira_seen *out);

bool jira_seen_has(struct ctx *c, const struct jira_seen *s, const char *server, const char *ticket,
    const char *commit);

/* Durable when it returns. */
must_check int jira_seen_add(
    struct ctx *c, struct jira_seen *s, const char *server, const char *ticket, const char *commit);

#endif
