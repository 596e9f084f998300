/* Git's programs as children that look after a store: they may write in it. An environment of ours
 * that nothing in the store or on the machine can override, limits, no network, no hooks. */
#ifndef GIT_CHORE_H
#define GIT_CHORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_chore {
	const char *dir;	     /* the store */
	const char *const *argv;     /* of "git", NULL at the end */
	const char *const *settings; /* more of Git's: name, value, name, value, …, NULL; or NULL */
	const void *input;	     /* for its standard input */
	size_t input_len;
	const char *alternate; /* a folder of objects to find there what it lacks; NULL: none */
	int64_t wall_ms;
};

#define GIT_CHORE_SAID_MAX (64 * 1024) /* bytes that are kept of each of the two outputs */

/* Runs it to its end, within sync.memory_bytes and sync.cpu_s. *said_out: what it said on both
 * outputs, errors first. *status_out: its exit code, or 128 + the signal. E_INTERNAL: it could not
 * start, or took too long. */
must_check int git_chore_try(
    struct ctx *c, const struct git_chore *chore, const char **said_out, int *status_out);

/* The same; anything but 0 is E_INTERNAL with what it said. */
must_check int git_chore_run(struct ctx *c, const struct git_chore *chore);

#endif
