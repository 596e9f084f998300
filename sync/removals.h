/* Projects at forges that people have deleted here (hub.removal): one after another they are
 * deleted there, by a worker process of its own, apart from those that mirror. */
#ifndef SYNC_REMOVALS_H
#define SYNC_REMOVALS_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/ctx.h"
#include "store/forge.h"
#include "sync/child.h"
#include "sync/mirror.h"

struct removals {
	struct child child;
	const char *conf_path;
	struct arena *mem; /* as long as the one in hand */
	bool is_busy, is_done;
	struct forge_removal row;
	const char *token;
	int64_t begun_us;
	int64_t look_us;       /* when the database is asked next */
	bool has_looked;       /* and there was none */
	enum sync_error error; /* what came of it */
	const char *error_text;
	int64_t retry_after_s;
};

/* mem: as long as they. */
void removals_open(struct removals *r, struct ctx *c, struct arena *mem, const char *conf_path);

/* Reads what the worker says; ends one that is silent or dead. */
void removals_hear(struct removals *r, struct ctx *c);

/* Writes down what has come back, and takes the next one if one is due. */
must_check int removals_work(struct removals *r, struct ctx *c, bool may_begin);

/* Nothing is in hand, and nothing was due when we looked. */
bool removals_is_done(const struct removals *r);

/* Adds what to poll; at most one. */
nfds_t removals_poll(const struct removals *r, struct pollfd *fds);

pid_t removals_pid(const struct removals *r); /* 0: none */

#endif
