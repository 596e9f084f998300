/* Form bodies and queries: names and values, decoded once, bounded. */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include <stddef.h>

#include "base/ctx.h"

#define FORM_PAIRS_MAX 100 /* checklists P-29 */

struct form {
	size_t n;
	struct {
		const char *name, *value; /* UTF-8 without NUL */
	} pairs[FORM_PAIRS_MAX];
};

/* application/x-www-form-urlencoded, also the query of a URL. Every failure of this module is
 * E_INVALID with http_status 400. */
must_check int form_parse_urlencoded(
    struct ctx *c, const char *text, size_t len, struct form **out);

/* multipart/form-data (RFC 7578). Parts that are files are left out. */
must_check int form_parse_multipart(
    struct ctx *c, const char *content_type, const char *body, size_t len, struct form **out);

/* The first value of that name, and the last; or NULL. */
const char *form_value(const struct form *f, const char *name);
const char *form_last_value(const struct form *f, const char *name);

/* The parameter of a header value (name=token or name="quoted"), or NULL. */
const char *form_header_param(struct ctx *c, const char *header, const char *name);

#endif
