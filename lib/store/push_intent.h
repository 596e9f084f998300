/* Pushes that are about to happen, and what is written down once they have (hub.push_intent,
 * hub.push_record). The store's lock is the caller's while he touches its row. */
#ifndef STORE_PUSH_INTENT_H
#define STORE_PUSH_INTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "store/ref_list.h"

#define PUSH_INTENT_REFS REF_LIST_MAX /* no more are told one by one */
#define PUSH_INTENT_BYTES (1024 * 1024)
#define PUSH_INTENTS_PAGE 64

struct push_intent {
	int64_t id, store_id, project_id;
	const char *actor, *remote_addr; /* as events have them */
	const char *refs; /* "<40 hex digits> <name>" lines; read back, base64 of them */
	size_t refs_bytes;
	int64_t n_refs; /* of the whole push: refs may have fewer */
	bool is_old;	/* read back: nobody could tell of it for PUSH_INTENT_MOST_S */
};

#define PUSH_INTENT_MOST_S 3600

/* E_CONFLICT: the store has one already. */
must_check int push_intent_add(struct ctx *c, const struct push_intent *intent, int64_t *id_out);

/* E_NOTFOUND: there is none. */
must_check int push_intent_of_store(struct ctx *c, int64_t store_id, struct push_intent *out);

/* Nothing came of it. */
must_check int push_intent_drop(struct ctx *c, int64_t id);

struct push_told {
	const char *detail; /* of the event */
	const char *head;   /* a branch's short name; NULL: as it is */
	const struct ref_change *refs;
	size_t n;
	bool with_hooks;
};

/* All that a push leads to, and the intent's end. *is_new_out false: it was told before, nothing is
 * done. Safe to repeat. */
must_check int push_intent_tell(
    struct ctx *c, int64_t id, const struct push_told *told, bool *is_new_out);

struct push_intent_place {
	int64_t id, store_id;
};

/* Above that id, at most PUSH_INTENTS_PAGE, by id. */
must_check int push_intent_list(
    struct ctx *c, int64_t above_id, struct push_intent_place **rows_out, size_t *n_out);

#endif
