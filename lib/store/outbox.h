/* What sync tells others: deliveries to webhooks, and tasks of post-fetch hooks. The rules on
 * turns, leases and breakers are in SQL (sql/migrations/012_webhooks.sql); rows come in there too,
 * with job_finish and refs_changed. What the web does with webhooks is store/webhook.h. */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

/* One attempt at a delivery. */
struct outbox_delivery {
	int64_t id, attempt, webhook_id;
	const char *guid;  /* the same for all attempts */
	const char *event; /* "push", "sync", … */
	const char *url;
	/* NULL: none. Contexts: "webhook:<id>:secret" of the first two, "webhook:<id>:headers" */
	const char *sealed_secret, *sealed_old_secret, *sealed_headers;
	const char *payload; /* JSON */
	const char *path;    /* of the project; NULL: a ping of a webhook of all */
};

/* At most `most`, one for each webhook whose turn it is. They are ours for lease_s. */
must_check int outbox_claim(
    struct ctx *c, size_t most, int64_t lease_s, struct outbox_delivery **rows_out, size_t *n_out);

/* status 0: there was no answer. answer: at most 1024 bytes of UTF-8. An attempt that is not the
 * last one any more changes nothing. */
must_check int outbox_finish(struct ctx *c, const struct outbox_delivery *d, int64_t status,
    const char *error, const char *answer, int64_t took_ms);

/* The branches that a sync or a push changed; hooks run for each. */
struct outbox_task {
	int64_t id, attempt;
	const char *path;
	const char *upstream; /* of a mirror, without credentials; else "" */
	int64_t store_id;
	const char *refs; /* lines "before after name"; "=" and base64 if it is no UTF-8 */
	int64_t done;	  /* calls that are over: of each branch all hooks, in order */
};

/* E_NOTFOUND: there is nothing to do. Ours for lease_s, which each note renews. */
must_check int outbox_claim_task(struct ctx *c, int64_t lease_s, struct outbox_task *out);

/* One more call is over. E_NOTFOUND: the task is another's now, or its project is gone. */
must_check int outbox_note_call(
    struct ctx *c, const struct outbox_task *t, int64_t done, int64_t lease_s);

must_check int outbox_end_task(struct ctx *c, const struct outbox_task *t);

/* Back to the queue, at once. */
must_check int outbox_return_task(struct ctx *c, const struct outbox_task *t);

/* Removes deliveries after 30 days, at most 1000; *n_out says how many. */
must_check int outbox_clean(struct ctx *c, int64_t *n_out);

#endif
