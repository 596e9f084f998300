/* Git's programs as children that read a store and change nothing: an environment of ours that
 * nothing in the store or on the machine can override, limits, no network, no hooks. */
#ifndef GIT_CHILD_H
#define GIT_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct buf;
struct proc;

struct git_child {
	const char *dir;	 /* the store */
	const char *const *argv; /* of "git", NULL at the end; what a person gave is a full ref
				  * name, an id, or stands behind "--" */
	int64_t wall_ms;	 /* 0: none */
	size_t out_max;		 /* git_child_run: bytes of answer */
	bool is_of_sync;	 /* within sync.cpu_s and sync.memory_bytes instead of git.* */
};

/* Starts it, within git.cpu_s and git.memory_bytes. E_INTERNAL. */
must_check int git_child_start(struct ctx *c, const struct git_child *child, struct proc **out);

/* Runs it to its end. *status_out: its exit code; NULL: anything but 0 is E_INTERNAL with what it
 * said. E_INTERNAL: it could not start, took too long or said too much. */
must_check int git_child_run(
    struct ctx *c, const struct git_child *child, struct buf **out, int *status_out);

#endif
