/* The hub's rules on webhooks: what they may be, and who hears of it. Each verb runs in the
 * caller's transaction and adds its event. A webhook of all projects is for administrators: its
 * door asks. */
#ifndef CORE_WEBHOOK_H
#define CORE_WEBHOOK_H

#include <stdbool.h>

#include "core/actor.h"
#include "store/project.h"
#include "store/webhook.h"

#define WEBHOOK_SECRET_LEAST 8
#define WEBHOOK_SECRET_MOST 200
#define WEBHOOK_HEADERS_MOST 10
#define WEBHOOK_HEADERS_MOST_BYTES 2000

/* What a person asks for. */
struct webhook_wish {
	const char *url;
	bool on_push, on_sync, on_failure, active;
	const char *secret;	    /* NULL or "": as it was */
	const char *header_lines;   /* lines "Name: value"; NULL or "": as they were */
	bool no_secret, no_headers; /* what there was goes */
};

/* An address that a delivery may be sent to, by its text: http or https as webhook.schemes has it,
 * without user data and fragment. Where it leads is for sync to find out. E_INVALID. */
must_check int webhook_check_url(struct ctx *c, const char *url);

/* Header lines as a person types them, in the form they are sent in; "" without any. NULL: they may
 * not be: no name or value, control bytes, more than WEBHOOK_HEADERS_MOST, or the name of a line
 * that the hub or the connection has itself (checklists/security.md W-12). */
const char *webhook_clean_headers(struct ctx *c, const char *text);

/* project NULL: of all projects. Faults: url, secret, header_lines, events (none is chosen),
 * webhooks (WEBHOOKS_MAX). E_INVALID. */
must_check int webhook_create(struct ctx *c, const struct actor *who, const struct project *project,
    const struct webhook_wish *wish, int64_t *id_out);

/* From now on the actor answers for it. E_NOTFOUND. */
must_check int webhook_edit(struct ctx *c, const struct actor *who, const struct project *project,
    int64_t id, const struct webhook_wish *wish);

must_check int webhook_remove(
    struct ctx *c, const struct actor *who, const struct project *project, int64_t id);

/* A ping, or one of its deliveries again. E_NOTFOUND. */
must_check int webhook_try(
    struct ctx *c, const struct actor *who, const struct project *project, int64_t id);
must_check int webhook_send_again(struct ctx *c, const struct actor *who,
    const struct project *project, int64_t id, int64_t delivery_id);

/* Another secret for any webhook: for the command. E_INVALID, E_NOTFOUND. */
must_check int webhook_change_secret(
    struct ctx *c, const struct actor *who, int64_t id, const char *secret);

#endif
