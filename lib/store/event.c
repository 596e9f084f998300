#include "store/event.h"

#include "store/store.h"

enum { EVENT_ADD };

const struct db_stmt event_sql[] = {
	[EVENT_ADD] = { "event_add",
	    "INSERT INTO hub.event (actor, action, object, detail, remote_addr, result) "
	    "VALUES ($1, $2, $3, $4, $5, $6)",
	    NULL, 0 },
	{ 0 }
};

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

int
event_add(struct ctx *c, const struct event *e)
{
	return db_do(c, &event_sql[EVENT_ADD], NULL, db_text(or_empty(e->actor)),
	    db_text(e->action), db_text(or_empty(e->object)), db_text(or_empty(e->detail)),
	    db_text(or_empty(e->remote_addr)), db_text(e->result != NULL ? e->result : "ok"));
}
