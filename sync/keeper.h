/* Looking after stores: upkeep of those that changed, and the rolling audit of all. One worker
 * process of its own, nice to the others, with one store at a time. It begins nothing while syncs
 * want places or the machine is busy, and makes way at once for whoever publishes or removes the
 * store that it has in hand. */
#ifndef SYNC_KEEPER_H
#define SYNC_KEEPER_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "store/audit.h"
#include "sync/child.h"
#include "sync/crew.h"

enum keeper_chore { KEEPER_UPKEEP = 1, KEEPER_AUDIT };

struct keeper {
	const char *conf_path;
	struct child child;
	struct arena *mem; /* as long as the chore */

	enum keeper_chore chore; /* 0: none */
	bool is_done;		 /* what came of it has to be written down */
	int64_t store_id;
	const char *path; /* of its project; "" for an upkeep */
	int64_t begun_us, took_us;
	struct audit_result result; /* of an audit */
	bool has_kept;		    /* an upkeep was due and done */
	const char *error;	    /* of an upkeep; "" none */

	bool is_paused;	  /* by the machine's load, or the hour's budget */
	int64_t waits_us; /* since when an upkeep waits for a quieter machine; 0: none does */
	int64_t audit_us; /* when to ask for another audit */
	int64_t hour_us, spent_us; /* the hour's end, and what upkeep has taken of it */
};

/* mem: as long as the keeper, which ends with it. */
void keeper_open(struct keeper *k, struct arena *mem, const char *conf_path);

/* Reads what the worker says; ends one that is silent, dead, or in the way of a sync. */
void keeper_hear(struct keeper *k, const struct crew *w);

/* Writes down what came of a chore and begins the next: stores of w->upkeep first. */
must_check int keeper_work(struct keeper *k, struct crew *w);

/* Nothing in hand, and nothing that could begin now. */
bool keeper_is_done(const struct keeper *k, const struct crew *w);

nfds_t keeper_poll(const struct keeper *k, struct pollfd *fds); /* at most one */
pid_t keeper_pid(const struct keeper *k);			/* 0: none */

/* Ends the chore: it is done again. */
void keeper_stop(struct keeper *k);

#endif
