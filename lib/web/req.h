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
#include "core/actor.h"
#include "store/account.h"
#include "store/person.h"
#include "store/project.h"
#include "store/folder.h"
#include "store/team.h"

/* ANY: of a row (ROUTE_RPC), also what nothing here knows */
enum method { GET = 1, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, ANY };

struct platform;     /* store/platform.h */
struct project_full; /* store/project_full.h */
struct repository;   /* store/repository.h */
struct route;
struct rpc_call;
struct dialect;
struct fcgi; /* the connection; fcgi.c's own */
struct form;
struct body;

#define REQ_PARAMS_MAX 8

struct req {
	struct ctx *ctx;
	struct fcgi *fcgi;
	enum method method; /* 0: a method that nothing here knows */
	const char *path;   /* of REQUEST_URI, raw: not decoded, without the query */
	const char *query;  /* raw; "" without */
	const char *id;	    /* request id: the client's if well formed, else ours */
	const char *remote_addr;
	const struct route *route;     /* NULL: no row fits */
	const struct dialect *dialect; /* of the table that matched, else the last one's */
	struct param {
		/* ":name" parts of the pattern, decoded once; "*rest" is bytes */
		const char *name, *value;
	} params[REQ_PARAMS_MAX];

	struct claim claim;
	struct account account; /* who asks; id 0 is nobody */
	/* what the row's load column loaded; the others are NULL */
	struct project *project;
	struct project_full *project_full; /* by number or name: project is its base */
	struct person *person;
	struct team *team;
	struct folder *folder;
	struct platform *platform;
	struct repository *repository;
	int64_t access;	       /* of the asker, on what was loaded; -1: nothing was */
	struct rpc_call *call; /* ROUTE_RPC: the call in the body; NULL: none, or not read yet */
	const void *in;	       /* the struct of the row's input table, filled */

	/* requests the asker may make in a while, and how many are left; limit 0: not told */
	struct {
		int64_t limit, left;
	} rate;

	int status;	   /* of the answer: 200 until set */
	struct buf *out;   /* its body, at most RES_BODY_MAX bytes */
	const char *type;  /* its Content-Type; the dialect's until set */
	bool is_streaming; /* the head is sent; what res_write gets goes out at once */

	/* lib/web's own */
	struct matches *matches; /* of an address that can be read in several ways, else NULL */
	struct buf *head;	 /* headers of res_header */
	struct form *args;	 /* the query, parsed; NULL without one */
	struct body *body;	 /* web/body.h; NULL: not read yet */
	const char *cookie;  /* web/cookie.h: its text, well formed; NULL: none, or not looked at */
	bool is_cookie_over; /* the answer removes it */
	const char *allow;   /* the methods of a path that matched, for 405 and OPTIONS */
	int64_t length;	     /* Content-Length; -1: unknown */
	int64_t length_read; /* of the body, so far */
	int64_t started_us, took_us;
	int64_t statements; /* to the database, for the log */
	bool is_admitted;   /* the dialect's admit was asked */
	int code;	    /* how it ended */
};

#define RES_BODY_MAX (64 * 1024 * 1024)

/* ---- reading */

/* A request header by its HTTP name, any case; NULL without. */
const char *req_header(struct req *r, const char *name);

/* A ":name" of the pattern; a name the row does not have is a bug (assert). */
const char *req_param(struct req *r, const char *name);

/* A value of the query, decoded; the first of several (INPUT_RAILS: the last); NULL without. */
const char *req_query(struct req *r, const char *name);

/* "GET" and so on; "-" for one that nothing here knows. */
const char *req_method_text(enum method method);

/* Whether the method is one that changes things: POST, PUT, PATCH, DELETE. */
bool req_is_changing(const struct req *r);

/* Who asks, for the verbs of lib/core; nobody (whom a signature let in) has no name. */
struct actor req_actor(const struct req *r);

/* Reads the request line's parts and the headers that every walk needs. E_INVALID with
 * http_status 400: a target that is no path, bad escapes, NUL or bytes that are not UTF-8 in the
 * query, more than FORM_PAIRS_MAX parameters, a Content-Length that is no number. */
must_check int req_start(struct req *r);

/* The whole body, at most max_bytes. E_INVALID with http_status 413 (too large) or 400 (shorter
 * than Content-Length promised: nothing of it may be used). */
must_check int req_body(struct req *r, size_t max_bytes, struct buf **out);

/* ---- answering */

/* Adds a header to the answer. CR and LF in the value end the program (assert): a bug. Values
 * that come from people go through res_header_text. */
void res_header(struct req *r, const char *name, const char *value);

/* The same for a sentence that may quote a person: bytes that are not printable ASCII become '?',
 * what is longer than 500 bytes is cut. */
void res_header_text(struct req *r, const char *name, const char *value);

/* Whether one of that name has been added. */
bool res_has_header(const struct req *r, const char *name);

/* Forgets the answer made so far: body and headers. */
void res_clear(struct req *r);

/* Adds an ETag to an answer that nobody has begun to make. true: the client has it; the answer is
 * 304, and nothing is left to do. tag: with its quotes; for GET and HEAD. */
bool res_tag(struct req *r, const char *tag);

/* Sends the answer that r->status, r->type, r->out and the headers make: with Content-Length, the
 * fixed security headers, and ETag with 304 on a 200 to GET and HEAD (HABIT_TAG_ALL: ETag on every
 * 200). For the walk. */
void res_send(struct req *r);

/* ---- raw bodies and streams, for rows with the STREAM flag (Git) */

/* Reads at most len bytes of the request body, and waits for all of them unless it ends before:
 * > 0, 0 at its true end, -1 when the client broke off or sent less than it promised. */
ssize_t req_read(struct req *r, void *buf, size_t len);

/* From here on the answer at hand may cost any processor time (see fcgi_serve): what a child says
 * is passed on, and may be of any size. */
void res_take_time(void);

/* Sends status, headers and what out holds, without Content-Length unless the handler added one;
 * from now on res_write goes to the client. E_INTERNAL as res_write. */
must_check int res_begin(struct req *r);

/* Sends these bytes at once. E_INTERNAL when the client has gone (reason "the client went away",
 * http_status 499: nothing of ours failed). */
must_check int res_write(struct req *r, const void *bytes, size_t len);

/* Whether the client has closed its side; cheap enough to ask every 100 ms. */
bool req_is_abandoned(struct req *r);

#endif
