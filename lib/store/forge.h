/* Projects at the hub's own GitLab, as hpr's door makes and deletes them: hub.target with of_hub,
 * and hub.removal. */
#ifndef STORE_FORGE_H
#define STORE_FORGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct forge_target {
	const char *provider_url, *provider_namespace, *provider_options;
	const char *shown_url; /* until the provider tells the true one */
};

/* E_CONFLICT: the project has one. */
must_check int forge_target_add(
    struct ctx *c, int64_t project_id, const struct forge_target *t, int64_t *id_out);

/* How the first attempt went. */
struct forge_attempt {
	bool is_made;			      /* the provider has told where it is */
	bool is_tried;			      /* an attempt is over */
	const char *error_class, *error_text; /* of that; "" it went well */
};

/* E_NOTFOUND: it has gone. */
must_check int forge_attempt_of(struct ctx *c, int64_t target_id, struct forge_attempt *out);

/* Whether a sync program is alive. */
must_check int forge_has_sync(struct ctx *c, bool *out);

/* What the hub has made for this project is deleted there, by sync. Before the project is deleted,
 * in the same transaction. */
must_check int forge_ask_removal(struct ctx *c, int64_t project_id);

/* ---- what sync does */

/* Whether a target is the hub's own, and the ids that are being deleted where it is, divided by
 * commas. */
struct forge_hints {
	bool of_hub;
	const char *avoid_ids;
};

must_check int forge_hints_of(struct ctx *c, int64_t target_id, struct forge_hints *out);

struct forge_removal {
	int64_t id, attempts;
	const char *provider, *provider_url, *provider_namespace, *provider_options,
	    *provider_project_id, *path;
};

/* E_NOTFOUND: none is due. */
must_check int forge_claim_removal(struct ctx *c, int64_t lease_s, struct forge_removal *out);

/* error_class "": it is gone. */
must_check int forge_finish_removal(struct ctx *c, const struct forge_removal *r,
    const char *error_class, const char *error_text, int64_t delay_s);

#endif
