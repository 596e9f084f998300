/* The supervisor's side of a push to a target: what the worker has to know of it, the answers to
 * what it asks, and what it tells, into the database. */
#ifndef SYNC_TARGETS_H
#define SYNC_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "sync/slot.h"
#include "sync/wire.h"

struct target_talk;

/* Reads the target, opens its secrets, and gives the job to the slot's worker. One that has gone,
 * or is paused, has nothing to do; one whose secrets cannot be opened has failed. */
void targets_give(struct ctx *c, struct slot *slot, const char *conf_path, const struct job *job);

/* The spec for the job's line, secrets in it. */
const char *targets_spec(const struct target_talk *t);

/* Whether a secret of this target is in the text. */
bool targets_is_secret(const struct target_talk *t, const char *text);

/* It has told more than is kept: it is not listened to until targets_work has written that. */
bool targets_is_full(const struct target_talk *t);

/* Wipes the secrets. */
void targets_forget(struct target_talk *t);

/* A line of the worker. Read as a stranger's: E_INVALID for what cannot be. */
must_check int targets_hear(struct ctx *c, struct slot *slot, const struct wire_message *m);

/* The job went well: completes the slot's result. */
void targets_end(struct slot *slot);

/* Writes what workers told, then answers what they asked. */
must_check int targets_work(struct ctx *c, struct slot *const *slots, size_t n);

#endif
