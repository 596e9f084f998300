/* The body of a request, by its Content-Type: read and parsed once, whoever asks first. */
#ifndef WEB_BODY_H
#define WEB_BODY_H

#include "web/route.h"

struct js;

struct body {
	const struct buf *bytes; /* as they came */
	const struct form *form; /* of a form or a multipart body; NULL: another kind, or empty */
	const struct js *json;	 /* of a JSON body, always an object; NULL: another kind */

	/* body.c's own: how reading ended, to say it again */
	int code, http_status;
	const char *reason;
};

/* E_INVALID with http_status 400 (no such syntax, no object, shorter than promised), 413, or 415 (a
 * body of a kind that the dialect does not take). Fails alike however often it is asked. */
must_check int body_read(struct req *r, const struct body **out);

#endif
