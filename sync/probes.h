/* Probes as the supervisor sees them: takes what is due from the queue, many at once, gives it to
 * the prober (a process of its own, sync/prober.h) and writes down what that saw, in batches. A
 * prober that dies or falls silent has failed nobody: its jobs go back, and another one is started,
 * later and later. What was in hand when a second one in a row died may be what it dies of: these
 * become whole syncs, where each has a worker of its own, and the one that kills it fails alone. */
#ifndef SYNC_PROBES_H
#define SYNC_PROBES_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/ctx.h"
#include "store/probe.h"
#include "sync/child.h"
#include "sync/probe_count.h"

enum probe_state { PROBE_FREE = 0, PROBE_BUSY, PROBE_DONE, PROBE_RETURNED, PROBE_SUSPECT };

/* A probe in hand. */
struct probe_slot {
	enum probe_state state;
	struct arena *mem; /* as long as the job; made at first use */
	struct probe_job job;
	const char *secret; /* the opened password, to keep it out of logs; "" none */
	int64_t begun_us, renewed_us;
	struct probe_result result; /* of PROBE_DONE */
};

struct probes {
	const char *conf_path;
	struct child child;
	struct probe_slot *slots;
	size_t n;      /* sync.probes; 0: there are none, and the workers do it all */
	size_t n_busy; /* in the states of that name */
	size_t n_done, n_returned, n_suspect;
	const char *worker; /* the name under which jobs are claimed */

	/* lines that the prober has not taken yet, in out_mem */
	struct arena *out_mem;
	char *out;
	size_t out_len;

	bool is_closing;
	int deaths;			  /* in a row, with jobs in hand, by itself */
	int64_t heard_us;		  /* a sign of life */
	int64_t done_us;		  /* since when something waits to be written */
	int64_t start_us, start_after_us; /* when a prober may be started again */
	bool is_behind;	  /* mirrors were put off for hosts that we asked last … */
	int64_t again_us; /* … and are looked for again then */
	struct probe_count count;
};

/* mem: as long as the probes. */
void probes_open(struct probes *p, struct ctx *c, struct arena *mem, const char *conf_path);

/* Reads what the prober says; ends one that is silent or dead. */
void probes_hear(struct probes *p, struct ctx *c);

/* Renews the leases of what is in hand. Before lost leases are looked for (crew_work): a program
 * that stood still for longer than its leases must not take its own away. */
must_check int probes_renew(struct probes *p, struct ctx *c);

/* Writes down what has come back, and takes what is due while *has_more and there is room.
 * *has_more: there may be more now, or not before another look; *has_passed_out: some have
 * something new or may be what killed probers, and are ordinary jobs from here on. */
must_check int probes_work(
    struct probes *p, struct ctx *c, bool may_begin, bool *has_more, bool *has_passed_out);

size_t probes_count(const struct probes *p); /* in hand, or not yet written down */

/* Milliseconds after which it wants to work; -1: when it hears something. */
int probes_wait_ms(const struct probes *p);

nfds_t probes_poll(const struct probes *p, struct pollfd *fds); /* at most one */
pid_t probes_pid(const struct probes *p);			/* 0: none */

/* Ends the prober: the jobs in hand go back with the next probes_work. */
void probes_stop(struct probes *p);

#endif
