/* Upstreams' lists of repositories: one after the other is read by a worker process of its own, so
 * that no long clone holds up the news of all other mirrors. */
#ifndef SYNC_MANIFESTS_H
#define SYNC_MANIFESTS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ctx.h"
#include "store/manifest.h"
#include "sync/child.h"

struct manifests {
	struct child child;
	struct arena *mem;  /* as long as the list at hand */
	struct arena *text; /* as long as the lines at hand */
	const char *conf_path;
	bool is_busy, is_over; /* a list is at hand; what came of it is known */
	struct manifest manifest;
	struct manifest_end end;
	const char *lines; /* to be written; nothing more is heard before. NULL: none */
	bool has_put;
	bool has_ended; /* one, in the last call of manifests_work: jobs may be due now */
	int64_t n_lines;
	int64_t begun_us, look_us; /* look_us: when to look for one that is due */
};

/* mem: as long as they, which end with it. */
void manifests_open(struct manifests *m, struct arena *mem, const char *conf_path);

/* Reads what the worker says, and ends it when it is silent or dead. */
void manifests_hear(struct manifests *m, struct ctx *c);

/* Writes down what has come, and takes what is due. has_news: something may be due now. */
must_check int manifests_work(struct manifests *m, struct ctx *c, bool may_begin, bool has_news);

/* Adds what to poll, at most one. */
nfds_t manifests_poll(const struct manifests *m, struct pollfd *fds);

bool manifests_have_work(const struct manifests *m); /* for the next turn, whatever comes */
bool manifests_are_done(const struct manifests *m);  /* nothing at hand, and nothing was due */

/* 0: there is none. */
pid_t manifests_pid(const struct manifests *m);

#endif
