/* What every fallible call needs: memory, the database, settings, and the reason of the last
 * failure. One ctx per request (cgi) or per job (sync). */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "base/arena.h"

struct conf;
struct db;
struct faults;

#define must_check __attribute__((warn_unused_result))

/* Five codes, because a caller can only do five different things. */
enum {
	OK = 0,
	E_NOTFOUND = 1, /* no such thing, or you may not know of it */
	E_DENIED,	/* you may not; or, with nobody logged in, say who you are */
	E_INVALID,	/* the input is wrong; the reason says how */
	E_CONFLICT,	/* it is taken, or changed meanwhile */
	E_INTERNAL,	/* ours: database, disk, bug; the reason is for the log only */
};

struct ctx {
	struct arena *mem;
	struct db *db; /* NULL where no database is used */
	const struct conf *conf;
	const char *reason; /* of the last failure; never NULL, one line, no secrets */
	int retry_after_s;  /* > 0: the failure passes by itself (database away, limit reached) */
	int http_status;    /* > 0: the failure has a status of its own (413, 415, 429); else 0 */
	const struct faults *faults; /* base/fault.h: what is wrong with the input; NULL: no list */
};

/* Sets the reason and returns code. Reasons: one line, lower case, no full stop, no secrets. */
int fail(struct ctx *c, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* fail(E_INTERNAL) for something that will pass: "503, try again in retry_after_s". */
int fail_passing(struct ctx *c, int retry_after_s, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A short word for a code, for logs: "ok", "notfound", … */
const char *code_text(int code);

#define TRY(call)                                                                                  \
	do {                                                                                       \
		int try_code_ = (call);                                                            \
		if (try_code_ != OK)                                                               \
			return try_code_;                                                          \
	} while (0)

#endif
