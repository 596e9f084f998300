/* Who does something, for the rules and the audit trail. */
#ifndef CORE_ACTOR_H
#define CORE_ACTOR_H

#include "store/account.h"

struct actor {
	const struct account *account;
	const char *remote_addr;
};

/* The event of a verb that went well, in its transaction. detail: no secrets. */
must_check int actor_record(struct ctx *c, const struct actor *who, const char *action,
    const char *object, const char *detail);

#endif
