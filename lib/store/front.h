/* The front page: all projects that the asker may read, with how they are, page by page. */
#ifndef STORE_FRONT_H
#define STORE_FRONT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/account.h"
#include "store/mirror.h"

struct front_row {
	int64_t id;
	const char *path;
	const char *description;
	bool is_hidden;	    /* not for everyone to read */
	int64_t changed_at; /* of its refs, by a push or a sync; 0: never */
	bool is_mirror;	    /* the mirror's texts are "" without one */
	struct mirror mirror;
	/* the last RUNS_SHOWN runs, oldest first: "c1200 u90 f30000" is the outcome's first letter
	 * (changed, unchanged, held, failed) and milliseconds */
	const char *runs;
};

#define FRONT_RUNS_SHOWN 20

enum front_order { FRONT_BY_PATH = 1, FRONT_BY_CHANGE };

/* The states of core/mirror_state.h, whose rule these statements follow. */
enum front_set {
	FRONT_ALL = 1,
	FRONT_SYNCING,
	FRONT_PAUSED,
	FRONT_FAILING,
	FRONT_HELD,
	FRONT_WAITING,
	FRONT_BEHIND,
	FRONT_FRESH,
};

struct front_wish {
	/* somewhere in path or description, literally, in any case; of one or two characters in the
	 * path alone; "" any */
	const char *text;
	enum front_set set;
	enum front_order order;
	int64_t interval_s; /* of mirrors without one of their own */
	int64_t limit, offset;
};

/* What is found by a text or a state is at most so much, whoever asks; the rest is not shown. */
#define FRONT_FOUND_MOST 5000

must_check int front_list(struct ctx *c, const struct account *asker, const struct front_wish *wish,
    struct front_row **rows_out, size_t *n_out);

/* How many there are that the asker may read. Of each state but fresh, which is what is left of the
 * mirrors, no more than FRONT_FOUND_MOST + 1 are counted. */
struct front_counts {
	int64_t projects, mirrors;
	int64_t syncing, paused, failing, held, waiting, behind;
};

must_check int front_count(
    struct ctx *c, const struct account *asker, int64_t interval_s, struct front_counts *out);

#endif
