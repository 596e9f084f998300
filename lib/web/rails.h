/* Inputs as Rails' clients send them, for dialects with INPUT_RAILS (contracts/abf.md 1.1).
 *
 * A field is taken from the first of these that has it: the body under the row's root
 * (project[name]=x, {"project":{"name":"x"}}), the body without it (name=x, {"name":"x"}), the
 * query under the root, the query without it. A GET reads its query alone. Of repeated names the
 * last one wins. All fields are texts: numbers, true and false are taken as they are written, null
 * is "". What no field wants is ignored. */
#ifndef WEB_RAILS_H
#define WEB_RAILS_H

#include "web/route.h"

/* Fills in, a struct by r->route->in. E_INVALID: as body_read; with http_status 400 when the root
 * is sent and is no object; with ctx->faults when a list or an object stands where a text is due
 * (FAULT_INVALID), or a text has more characters than its field's max (FAULT_TOO_LONG). */
must_check int rails_read(struct req *r, void *in);

/* The text under a plain name at the top of the body or the query, in this order; NULL without, and
 * when the body is none that can be read: who reads the inputs is told that. */
const char *rails_text(struct req *r, const char *name);

#endif
