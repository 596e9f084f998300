#include "core/actor.h"

#include "store/event.h"

int
actor_record(struct ctx *c, const struct actor *who, const char *action, const char *object,
    const char *detail)
{
	const struct event event = { .actor = who->account->uname,
		.action = action,
		.object = object,
		.detail = detail,
		.remote_addr = who->remote_addr,
		.result = "ok" };

	return event_add(c, &event);
}
