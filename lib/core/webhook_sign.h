/* The header lines of a delivery to a webhook: what it is, and who sent it. */
#ifndef CORE_WEBHOOK_SIGN_H
#define CORE_WEBHOOK_SIGN_H

#include <stdint.h>

#include "base/ctx.h"

struct webhook_message {
	int64_t webhook_id;
	const char *guid;  /* the same for all attempts */
	const char *event; /* "push", … */
	int64_t attempt;   /* from 1 */
	int64_t at;	   /* Unix seconds of this attempt */
	const char *payload;
	const char *secret, *old_secret; /* NULL: none */
	const char *headers;		 /* the webhook's own, lines "Name: value"; NULL: none */
};

/* Lines "Name: value" divided by line feeds (checklists/security.md W-09): GitHub's names, where
 * X-Hub-Signature-256 signs the body; those of Standard Webhooks, where webhook-signature signs
 * "id.timestamp.body"; and our own. Both secrets sign where the form allows it, the new one first.
 */
const char *webhook_headers(struct ctx *c, const struct webhook_message *m);

#endif
