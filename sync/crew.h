/* The places for workers, and what the database hears of them: claims, leases, results, signs of
 * life. Each call of crew_work is a round of short statements; nothing in it waits for a worker. */
#ifndef SYNC_CREW_H
#define SYNC_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "sync/slot.h"

#define CREW_MOST JOB_BATCH_MAX
#define CREW_UPKEEP_MOST 64 /* what finds no room is left to the hourly sweep */

struct crew {
	struct ctx *c; /* its arena is emptied after each turn */
	const char *conf_path;
	struct slot *slots[CREW_MOST];
	size_t n_slots; /* sync.workers */

	bool wants_claim; /* something may be due */
	bool has_news;	  /* of the same kind, for the others: they set it back */
	bool wants_sweep;
	int n_sweeps_lost;		  /* in a row: their workers died */
	int64_t upkeep[CREW_UPKEEP_MOST]; /* stores that may want it: for the keeper */
	size_t n_upkeep;
	bool is_disk_low;  /* nothing is fetched; also when the data folder is not ours */
	bool is_disk_near; /* so that somebody was told */
	bool is_closing;   /* nothing new is taken */
	int64_t beat_us, pass_us, renew_us, hour_us; /* when these are due */
	int64_t claim_wall_us; /* that claims have taken since the last pass */
	int64_t turn_at;       /* when crew_work was called last; 0: never */
	bool has_slept;	       /* before that: longer than half a lease */
};

/* mem: as long as the crew. c: for the turns, with the database. */
void crew_open(struct crew *w, struct arena *mem, struct ctx *c, const char *conf_path);

/* Reads what the workers say, and ends those that are silent, late or dead. */
void crew_hear(struct crew *w);

/* Ends what dead workers have left running, but for the n others. For each SIGCHLD. */
void crew_tidy(struct crew *w, const pid_t *others, size_t n);
#define CREW_OTHERS_MOST 32

/* Everything between workers and database that is to be done now. A failure leaves the rest for
 * the next call: results are kept until they are written. */
must_check int crew_work(struct crew *w);

size_t crew_count(const struct crew *w, enum slot_state state);

/* Frees the slot of a job that is over, or another's: there is room for one more. */
void crew_clear(struct crew *w, struct slot *slot);

/* Somebody publishes in that store, or removes it. */
bool crew_needs_store(const struct crew *w, int64_t store_id);

/* Nothing in hand, nothing waiting to be written, nothing known to be due (but upkeep). */
bool crew_is_done(const struct crew *w);

/* Takes nothing new, and ends what nobody waits for. */
void crew_close(struct crew *w);

/* Kills whoever is at work; the jobs go back with the next crew_work. */
void crew_stop(struct crew *w);

/* Ends all workers and, if the database is there, their signs of life. */
void crew_end(struct crew *w);

#endif
