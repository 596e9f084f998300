/* Declared inputs: what a row says it reads, from a form, a multipart body or a JSON object into
 * its struct. Dialects with INPUT_RAILS read by the rules of web/rails.h instead. */
#ifndef WEB_INPUT_H
#define WEB_INPUT_H

#include "web/route.h"

/* Fills *out, a struct by r->route->in; what was not sent stays 0 or NULL. E_INVALID with
 * http_status 400 (no such syntax, no object), 413 or 415 (a body of a kind that the dialect does
 * not take), or without one: a field has another type, is too long, or is not known. Reasons name
 * the field and never repeat the value. */
must_check int input_read(struct req *r, const void **out);

#endif
