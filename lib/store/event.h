/* The audit trail: rows are added in the transaction of what they tell, never changed. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "base/ctx.h"

struct event {
	const char *actor;	 /* uname; "" is nobody or the hub itself */
	const char *action;	 /* "project.create", "sync.request", "push", "denied", … */
	const char *object;	 /* path or uname */
	const char *detail;	 /* no secrets */
	const char *remote_addr; /* "" from inside */
	const char *result;	 /* "ok", or the code's word */
};

must_check int event_add(struct ctx *c, const struct event *e);

#endif
