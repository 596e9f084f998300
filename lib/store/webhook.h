/* Webhooks as people see them: rows of hub.webhook, and what became of their deliveries. How these
 * are sent is store/outbox.h. Secrets go in sealed, and never come out here. */
#ifndef STORE_WEBHOOK_H
#define STORE_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct webhook {
	int64_t id;
	int64_t project_id; /* 0: of all projects */
	const char *url;
	bool has_secret, has_headers;
	bool has_old_secret; /* which signs too, for a day after a change */
	bool on_push, on_sync, on_failure;
	bool active;
	const char *off_why;  /* why it is not, when nobody switched it off; "" */
	const char *answerer; /* uname of who answers for it; NULL: the owner of the database */
	int64_t failures;     /* in a row */
	int64_t next_at;      /* Unix seconds: nothing is sent before; 0: now */
	int64_t last_at;      /* 0: never */
	int64_t last_status;  /* HTTP; 0: no answer */
	const char *last_error;
	int64_t dropped;   /* deliveries there was no room for */
	int64_t n_waiting; /* at most 1000 */
};

/* What a person says of it. */
struct webhook_change {
	const char *url;
	bool on_push, on_sync, on_failure, active;
	int64_t account_id; /* who answers for it now */
};

/* The number a new one will have: its secrets are sealed with it. */
must_check int webhook_next_id(struct ctx *c, int64_t *out);

/* sealed texts: NULL for none. project_id 0: of all projects. */
must_check int webhook_insert(struct ctx *c, int64_t id, int64_t project_id,
    const struct webhook_change *w, const char *sealed_secret, const char *sealed_headers);

/* Its breaker closes, so that it is tried at once. E_NOTFOUND: no such webhook of that project. */
must_check int webhook_update(
    struct ctx *c, int64_t project_id, int64_t id, const struct webhook_change *w);

/* NULL: none. The old secret signs too, for a day. E_NOTFOUND. The headers' webhook must be there.
 */
must_check int webhook_set_secret(struct ctx *c, int64_t id, const char *sealed);
must_check int webhook_set_headers(struct ctx *c, int64_t id, const char *sealed);

must_check int webhook_delete(struct ctx *c, int64_t project_id, int64_t id);

#define WEBHOOKS_MAX 20 /* of one project, and of all together */

/* E_NOTFOUND. */
must_check int webhook_by_id(struct ctx *c, int64_t project_id, int64_t id, struct webhook *out);
must_check int webhook_list(
    struct ctx *c, int64_t project_id, struct webhook **rows_out, size_t *n_out);

struct webhook_delivery {
	int64_t id;
	const char *guid, *event;
	const char *state; /* "waiting", "delivered", "failed" or "refused" */
	int64_t attempts, created_at, sent_at /* 0: not yet */, took_ms, status;
	const char *error, *answer, *payload; /* "" when there is none */
};

/* Newest first, below before_id (0: from the newest). The list leaves payload and answer out. */
must_check int webhook_deliveries(struct ctx *c, int64_t webhook_id, int64_t before_id,
    int64_t limit, struct webhook_delivery **rows_out, size_t *n_out);
must_check int webhook_delivery(
    struct ctx *c, int64_t webhook_id, int64_t id, struct webhook_delivery *out);

/* Again, under a new guid. E_NOTFOUND: no such delivery, or there was nothing to send. */
must_check int webhook_redeliver(struct ctx *c, int64_t webhook_id, int64_t id);
must_check int webhook_ping(struct ctx *c, int64_t webhook_id);

#endif
