/* Post-fetch hooks: the administrator's programs, run one after another for each branch that a sync
 * or a push changed (contracts/hpr-and-hub.md B6). As children of the supervisor, which never waits
 * for them; a call that was under way when it died is made once more. */
#ifndef SYNC_HOOKS_H
#define SYNC_HOOKS_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/ctx.h"
#include "base/proc.h"
#include "store/outbox.h"

#define HOOK_OUTPUT_MAX_BYTES (8 * 1024) /* of each call, that are logged */

struct hooks {
	const char **programs; /* of hub.post_fetch_hooks, as paths; NULL at the end */
	size_t n_programs;
	const char *conf_path;

	bool has_task;
	struct arena *mem; /* as long as the task */
	struct outbox_task task;
	char **lines;	    /* of task.refs */
	const char *before; /* what their branches pointed at: ids with a blank between them */
	int64_t n_calls;

	struct proc *proc; /* of the call under way; NULL: none */
	struct arena *call_mem;
	bool is_late; /* the call: killed for it */
	bool is_over; /* its end has to be written down */
	int64_t begun_us;
	char output[HOOK_OUTPUT_MAX_BYTES + 1];
	size_t n_output;
};

/* mem: as long as the hooks. A name that cannot be one is logged and left out. */
void hooks_open(struct hooks *h, struct ctx *c, struct arena *mem, const char *conf_path);

/* Reads what the program says; notices its end; kills it when it takes too long. */
void hooks_hear(struct hooks *h, struct ctx *c);

/* Writes down what has ended, and begins the next call. may_begin: also another task, of which
 * *has_more_out says whether there may be some. */
must_check int hooks_work(struct hooks *h, struct ctx *c, bool may_begin, bool *has_more_out);

/* Adds what to poll; at most two. */
nfds_t hooks_poll(const struct hooks *h, struct pollfd *fds);

/* Of the program at work; 0: none. */
pid_t hooks_pid(const struct hooks *h);

/* Kills it; the task goes back, if the database is there. */
void hooks_end(struct hooks *h, struct ctx *c);

#endif
