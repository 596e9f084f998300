/* A worker process as the supervisor sees it: started from our own program with --worker, a socket
 * pair as its descriptor 3, a process group and limits of its own; ended by SIGKILL to the group.
 */
#ifndef SYNC_CHILD_H
#define SYNC_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/ctx.h"
#include "sync/wire.h"

struct child {
	pid_t pid; /* also its group; 0: there is none */
	int fd;	   /* our end of the pair, non-blocking; -1: none */
	int jobs;  /* that it has begun */
	size_t n_in;
	char in[WIRE_LINE_MAX]; /* received, up to a line not yet whole */
};

#define CHILD_FD 3

/* conf_path: for its --conf. The limits are those of c->conf. E_INTERNAL. */
must_check int child_start(struct ctx *c, struct child *ch, const char *conf_path);

/* The same with another role than --worker: an option of our own program. */
must_check int child_start_as(
    struct ctx *c, struct child *ch, const char *conf_path, const char *role);

/* E_INTERNAL when it does not take the whole line at once: it is not reading. */
must_check int child_send(struct ctx *c, struct child *ch, const char *line);

/* The next whole line without its line feed, in the arena; NULL: none for now. E_NOTFOUND: it has
 * closed its end. E_INVALID: a line too long. */
must_check int child_line(struct ctx *c, struct child *ch, char **line_out);

/* Has it ended? Then *status_out is what waitpid gave, and the child is none any more. */
bool child_has_ended(struct child *ch, int *status_out);

/* SIGKILL to the group, and reaped before it returns. What waitpid gave: of a process that was
 * dying by itself, the true cause. */
int child_kill(struct child *ch);

/* Makes this process the parent of what its workers' children leave behind: git starts processes of
 * its own, and when a worker is killed nobody else would end those. */
void child_adopt(void);

/* Kills and reaps adopted processes: our children that are none of the n. Their own children are
 * ours next: to be called again at each SIGCHLD. */
void child_kill_adopted(struct ctx *c, const pid_t *known, size_t n);

/* Done with more jobs, or more of its processor time, than one process should have: time for
 * another one. */
bool child_is_worn(struct ctx *c, const struct child *ch);

/* The latter alone. */
bool child_is_tired(struct ctx *c, const struct child *ch);

#endif
