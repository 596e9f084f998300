/* Routes as rows, and the one walk to a handler. Order of the walk: target (400) -> match ->
 * who is asking (401) -> no row: 404, or 405 with Allow -> transaction -> load the object the row
 * names (404) -> the dialect's admit, before any of these says no -> perm_may (401, 403, 404) ->
 * cross-site check (403) -> declared inputs (400, 413, 415, 422) -> handler -> commit, or roll back
 * on any failure -> one answer -> one log line. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "auth/perm.h"
#include "base/field.h"
#include "web/req.h"

enum load {
	LOAD_NONE = 1,
	LOAD_PROJECT,	   /* by the parameter :path */
	LOAD_MIRROR,	   /* the same; a project that is no mirror is missing */
	LOAD_CLONE,	   /* as LOAD_PROJECT, and by its owner and name where no path is that */
	LOAD_PROJECT_ID,   /* by the number :id, as all that ABF shows */
	LOAD_PROJECT_NAME, /* the same, by owner and name of the query */
	LOAD_PLATFORM,	 /* by the number :id; also one that the asker may not see, with access 0 */
	LOAD_REPOSITORY, /* the same */
	LOAD_PERSON,	 /* by :id, a number or a uname; system accounts are missing */
	LOAD_TEAM,	 /* by the number :id */
	LOAD_PUSH, /* what a push notice names (dialect's named), and what it may (auth/hook.h) */
	LOAD_MAX = LOAD_PUSH,
};

enum route_flags {
	ROUTE_STREAM = 1,    /* the handler reads the body and writes the answer itself */
	ROUTE_READ_TX = 2,   /* a GET of several statements: one repeatable-read transaction */
	ROUTE_ASK_FIRST = 4, /* nobody gets 401 for hidden and missing alike (Git) */
	ROUTE_NO_TX = 8,     /* a changing method that opens its own transactions */
	ROUTE_READS = 16,    /* a POST that only reads (Git's upload-pack): no write scope needed */
	ROUTE_PROBE = 32,    /* health probes: nobody is asked who he is, no database is needed */
	ROUTE_ANYONE = 64,   /* also for people without an account where anonymous_read is off */
	/* calls in the body: the handler gives them to rpc_walk (web/rpc.h), which asks who it is,
	 * for which right, and opens the transaction; headers say nothing of who asks */
	ROUTE_RPC = 128,
	/* fits only if the client names HTML among what it takes, or only if not: one address with
	 * a page and a document for programs (contracts/hpr-and-hub.md B3.4, C1) */
	ROUTE_HTML = 256,
	ROUTE_NOT_HTML = 512,
	/* a POST of nobody who wants to be somebody: its handler checks the password (auth/who.h),
	 * in transactions of its own */
	ROUTE_SIGN_IN = 1024,
};

/* path: a pattern of web/match.h. HEAD is GET without its body; OPTIONS is answered by the walk. */
struct route {
	enum method method;
	const char *path;
	enum perm perm;
	enum load load;
	int (*serve)(struct req *r);
	const struct field *in; /* declared inputs; NULL: the body is not read */
	unsigned flags;
	const void *words; /* the dialect's own column: what it says of this row; NULL: nothing */
};

/* A dialect: its routes, and how it says no. */
struct dialect {
	const char *name;
	const char *realm;	    /* of its WWW-Authenticate */
	const char *type;	    /* Content-Type of its answers, unless they set another */
	const struct route *routes; /* ended by a row without a path */
	/* Shapes the answer for a code: sets r->type and r->out, and r->status where it differs
	 * from what comes in (see route_status). r->ctx->reason is the sentence; for E_INTERNAL
	 * it is for the log only. */
	void (*fail)(struct req *r, int code);
	unsigned inputs; /* enum input_kinds: what bodies it takes */
	/* "/api/v1" and so on, NULL at the end: what lies there or below is no project's page, and
	 * this dialect's to refuse if it fits no row; or NULL */
	const char *const *prefixes;
	unsigned habits; /* enum habits */
	/* who refuses what is no page of this dialect (the row of any path, or none) to a client
	 * that does not name HTML; or NULL */
	const struct dialect *for_programs;
	/* INPUT_RAILS: the name under which a row's inputs may be wrapped, or NULL */
	const char *(*root)(const struct route *row);
	/* Asked once about every request, whatever it comes to, when it is known who asks (or that
	 * nobody may be told) and before anything is told: a limit on requests. Any code but OK
	 * refuses. NULL: all are let in. */
	int (*admit)(struct req *r);
	/* INPUT_RAILS: an input of the body or the query that may hold a token, looked at before
	 * the Authorization header; or NULL */
	const char *token;
	size_t body_bytes; /* the largest body; 0: the setting body_bytes */
	/* LOAD_PUSH: the path of the project that the request names, in its address or its body;
	 * NULL: none. E_INVALID: as body_read, or it cannot be said which. */
	int (*named)(struct req *r, const char **path_out);
};

enum habits {
	/* a path may end in ".json", and the query may say format=json; another format is missing
	 */
	HABIT_JSON_SUFFIX = 1,
	/* an ETag on every 200, also on those of changing methods */
	HABIT_TAG_ALL = 2,
	/* answers may be kept by who asked, and are asked about each time; refusals are not kept */
	HABIT_REVALIDATE = 4,
	/* whoever shows right credentials of a banned account is told so (claim.is_locked) */
	HABIT_SAY_LOCKED = 8,
	/* pages: without an Authorization header a cookie says who asks (web/cookie.h), and
	 * changes need the form's token (checklists C-02). No API has it */
	HABIT_SESSION = 16,
};

enum input_kinds {
	INPUT_FORM = 1,
	INPUT_MULTIPART = 2,
	INPUT_JSON = 4,
	INPUT_IGNORE_UNKNOWN = 8, /* else an input that the row does not declare is 422 */
	INPUT_BOOL_AS_TEXT = 16,  /* JSON's true and false are taken for the words */
	INPUT_RAILS = 32,	  /* as web/rails.h says; a GET may declare inputs too */
	/* whatever its Content-Type says: JSON if '{' is its first byte that is no blank, else JSON
	 * in the field payload of a form, else refused; read by js_parse_loose */
	INPUT_BY_BYTE = 64,
};

/* Walks one request through the dialects (NULL-ended, first match wins; a request that no table
 * knows is answered by the last one). r has ctx and fcgi set. Never fails: what went wrong has
 * been answered. */
void route_serve(struct req *r, const struct dialect *const *dialects);

/* What is left when the answer has gone: a token's last use, and the one log line. */
void route_finish(struct req *r);

/* Asserts that every row has its columns; called at start and by a test. */
void route_check(const struct dialect *const *dialects);

/* May who asks do what another row of the same object asks this right for? For pages, which show
 * what one may do. perm: all but PERM_PUBLIC and PERM_READ are taken for rows that change
 * something. */
bool route_may(const struct req *r, enum perm perm);

/* The status of a failure: ctx->http_status, else by code: 404, 401 (nobody) or 403, 422, 409,
 * 503 (passing) or 500. */
int route_status(const struct req *r, int code);

#endif
