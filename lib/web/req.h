/* One HTTP request and its answer, as a handler sees it. lib/web is the only room that knows
 * FastCGI; nothing of it shows here. */
#ifndef WEB_REQ_H
#define WEB_REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "store/account.h"
#include "store/project.h"

enum method { GET = 1, HEAD, POST, PUT, PATCH, DELETE, OPTIONS };

struct route;
struct dialect;
struct fcgi; /* the connection; req.c's own */
struct js;

#define REQ_PARAMS_MAX 8

struct req {
	struct ctx *ctx;
	struct fcgi *fcgi;
	enum method method;
	const char *path;	 /* of REQUEST_URI, raw: not decoded, without the query */
	const char *query;	 /* raw; "" without */
	const char *id;		 /* request id: the client's if well formed, else ours */
	const char *remote_addr;
	const struct route *route;
	const struct dialect *dialect; /* of the table that matched, else the last one's */
	struct {
		const char *name, *value; /* ":name" parts of the pattern, decoded once */
	} params[REQ_PARAMS_MAX];

	struct claim claim;
	struct account account;	 /* who asks; id 0 is nobody */
	struct project *project; /* what LOAD_PROJECT loaded; else NULL */
	const void *in;		 /* the struct of the row's input table, filled */

	int status;	   /* of the answer: 200 until set */
	struct buf *out;   /* its body */
	const char *type;  /* its Content-Type */
	bool is_streaming; /* the head is sent; out is flushed as it comes */
};

/* A request header by its HTTP name, any case; NULL without. */
const char *req_header(struct req *r, const char *name);

/* A ":name" of the pattern; a name the row does not have is a bug (assert). */
const char *req_param(struct req *r, const char *name);

/* A value of the query, decoded; the first of several; NULL without. */
const char *req_query(struct req *r, const char *name);

/* Adds a header to the answer. CR, LF and NUL in the value end the program (assert): a bug. */
void res_header(struct req *r, const char *name, const char *value);

/* ---- raw bodies and streams, for rows with the STREAM flag (Git) */

/* Reads at most len bytes of the request body: > 0, 0 at its true end, -1 when the client broke off or
 * sent less than it promised. */
ssize_t req_read(struct req *r, void *buf, size_t len);

/* Sends status, headers and what out holds; from now on res_write goes to the client. */
must_check int res_begin(struct req *r);

/* E_INTERNAL when the client has gone (reason "client went away"). */
must_check int res_write(struct req *r, const void *bytes, size_t len);

/* Whether the client has closed its side; cheap enough to ask every 100 ms. */
bool req_is_abandoned(struct req *r);

#endif
