/* Routes as rows, and the one walk to a handler. Order of the walk: match (404, or 405 with Allow)
 * -> who is asking (401) -> transaction -> load the object the row names (404) -> perm_may ->
 * cross-site check -> declared inputs (400, 413, 415, 422) -> handler -> commit, or roll back on
 * any failure -> one answer -> one log line. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "auth/perm.h"
#include "base/field.h"
#include "web/req.h"

enum load {
	LOAD_NONE = 1,
	LOAD_PROJECT, /* by the parameter :path */
};

enum route_flags {
	ROUTE_STREAM = 1,     /* the handler reads the body and writes the answer itself */
	ROUTE_READ_TX = 2,    /* a GET of several statements: one repeatable-read transaction */
	ROUTE_ASK_FIRST = 4,  /* nobody gets 401 for hidden and missing alike (Git) */
	ROUTE_NO_TX = 8,      /* a changing method that opens its own transactions */
};

/* Patterns: literal segments, ":name" for one segment (a '/' that was %2F is not matched),
 * ":path" for one segment that may hold %2F, and "*path" for one or more segments, ending in
 * ".git" (which is taken off) and followed by literal segments. A pattern may end in "?name=value":
 * then the row matches only when that is the value of the query (Git's two kinds of info/refs need
 * different rights). */
struct route {
	enum method method;
	const char *path;
	enum perm perm;
	enum load load;
	int (*serve)(struct req *r);
	const struct field *in; /* declared inputs of the body; NULL: the body is not read */
	unsigned flags;
};

/* A dialect: its routes, and how it says no. */
struct dialect {
	const char *name;
	const char *realm;	    /* of its WWW-Authenticate */
	const struct route *routes; /* ended by a row without a path */
	/* Shapes the answer for a code: sets r->status, r->type and r->out. r->ctx->reason is the
	 * sentence; for E_INTERNAL it is for the log only. r->status comes in with the default
	 * status of the code (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503). */
	void (*fail)(struct req *r, int code);
	unsigned inputs; /* enum input_kinds: what bodies it takes */
};

enum input_kinds { INPUT_FORM = 1, INPUT_MULTIPART = 2, INPUT_JSON = 4, INPUT_IGNORE_UNKNOWN = 8 };

/* Walks one request through the dialects (NULL-ended, first match wins; a request that no table
 * knows is answered by the last one). Never fails: what went wrong has been answered and logged. */
void route_serve(struct req *r, const struct dialect *const *dialects);

/* Asserts that every row has its columns; called at start and by a test. */
void route_check(const struct dialect *const *dialects);

#endif
