/* How a mirror is, in words: the one rule for all pages. A state has a word, a class for style
 * sheets and a sign, so that colour is never all that tells it; the sentence says the rest. */
#ifndef CORE_MIRROR_STATE_H
#define CORE_MIRROR_STATE_H

#include "store/mirror.h"

/* The first that fits, in this order: it is being synced; it is paused; the last attempt failed;
 * what its upstream has now is held back until somebody approves it; it was never synced; the last
 * proven look at its upstream is more than two intervals ago, and the next one is late by an
 * interval (or none is planned), also because its host is left alone; it is fresh: as fresh as the
 * schedule means it to be, which leaves quiet ones alone for longer. The statements of
 * store/front.h and hub.mirror_word follow this rule. */
enum mirror_state {
	MIRROR_SYNCING = 1,
	MIRROR_PAUSED,
	MIRROR_FAILING,
	MIRROR_HELD,
	MIRROR_WAITING,
	MIRROR_BEHIND,
	MIRROR_FRESH,
};

#define MIRROR_STATE_MAX MIRROR_FRESH
#define MIRROR_BEHIND_INTERVALS 2

/* interval_s: the hub's (setting schedule), for mirrors without one of their own. now: Unix s. */
enum mirror_state mirror_state_of(const struct mirror *m, int64_t interval_s, int64_t now);

const char *mirror_state_word(enum mirror_state state);	 /* "fresh" */
const char *mirror_state_class(enum mirror_state state); /* "state-fresh" */
const char *mirror_state_sign(enum mirror_state state);	 /* one character that reads as a shape */

/* E_INVALID: no word of a state. */
must_check int mirror_state_by_word(struct ctx *c, const char *word, enum mirror_state *out);

/* "Up to date, checked 3 minutes ago." One or a few sentences, without secrets. */
const char *mirror_state_sentence(
    struct arena *mem, const struct mirror *m, int64_t interval_s, int64_t now);

/* "every hour", "every 15 minutes" */
const char *mirror_interval_text(struct arena *mem, int64_t interval_s);

/* Somebody waits for it: it runs, or will as soon as a worker is free. */
bool mirror_is_moving(const struct mirror *m);

/* How much of a running sync is done, 0 to 100; -1: nobody knows. */
int mirror_percent(const struct mirror *m);

/* What a person can do about an error of that class (sync/mirror.h); "" for an unknown one. */
const char *mirror_error_advice(const char *error_class);

/* An error as the queue keeps it, as a sentence: with a capital, and a full stop. */
const char *mirror_error_sentence(struct arena *mem, const char *error_text);

#endif
