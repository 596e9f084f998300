/* Moves bytes between the client and a Git child, in both directions at once, until the child has
 * said everything or one of the two is gone. */
#ifndef CGI_GIT_PUMP_H
#define CGI_GIT_PUMP_H

#include <stdbool.h>

#include "web/req.h"

struct body;
struct proc;

struct pump {
	struct req *r;
	struct proc *child;
	struct body *body; /* goes to the child; NULL: it gets none */
	/* up to so many bytes of answer wait for the child's end: such an answer has a length, and
	 * a child that fails before has a status of its own. 0: each byte is passed on as it comes
	 */
	size_t hold_bytes;
	int64_t answer_bytes; /* more than so many of answer end the child; 0: no limit */
	int copy_fd;	      /* what the child says is written there too; 0: nowhere */
	int64_t copy_bytes;   /* at most so many */

	/* filled in */
	int status;	/* the child's exit code */
	bool is_copied; /* all of it */
};

/* Status, type and headers are set by the caller, and what r->out holds already comes before the
 * child's first byte. Whatever happens, the child is dead and awaited afterwards: when the client
 * goes away or breaks off (within a second), when the body is bad (body.h), when time is up. Its
 * errors are logged, not shown. E_INTERNAL: it failed, took too long (passing), said too much, or
 * the client went away (http_status 499). E_INVALID with 400: Git could make nothing of the body.
 */
must_check int pump_run(struct pump *p);

#endif
