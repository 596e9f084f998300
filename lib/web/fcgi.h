/* The accept loop on libfcgi: one process, one request at a time, no kept connections. The only
 * file that knows FCGX; what the rest of the room needs of a connection is below. */
#ifndef WEB_FCGI_H
#define WEB_FCGI_H

#include "web/route.h"

/* Serves requests on the listening socket until SIGTERM, until the socket is shut down and its
 * queue is empty, or for about conf->requests_per_process requests. c is the process's own ctx;
 * every request gets an arena of its own. The database is opened when the first request comes and
 * stays open; while it is away requests are answered with 503. Returns the exit code: 0, or
 * EX_CONFIG (78) when the schema does not fit the program. SIGTERM must be blocked by the caller:
 * it is let in only while nothing is being served. An answer may cost answer_cpu_s seconds of
 * processor time, then the process ends; its children have limits of their own. */
int fcgi_serve(struct ctx *c, int fd, const struct dialect *const *dialects, int64_t answer_cpu_s);

/* A listening, non-blocking unix socket with mode and a backlog of 1024; an old file is replaced
 * in one step. */
must_check int fcgi_listen(struct ctx *c, const char *path, int mode, int *fd_out);

/* ---- one connection */

/* A variable of the request (REQUEST_URI, HTTP_…), or NULL. It lives until the answer is sent. */
const char *fcgi_variable(struct fcgi *f, const char *name);

/* At most len bytes of the body: fewer only at its end, -1 when the connection broke. */
ssize_t fcgi_read(struct fcgi *f, void *buf, size_t len);

/* The whole answer, of which nothing was written before, in one go; nothing may follow. */
void fcgi_answer(struct fcgi *f, const struct buf *head, const void *body, size_t len);

/* Pieces of one. false: the other side has gone. */
bool fcgi_write(struct fcgi *f, const void *bytes, size_t len);
bool fcgi_flush(struct fcgi *f);
bool fcgi_is_closed(struct fcgi *f);

/* From here on the answer at hand may cost any processor time: what a child says is passed on, and
 * may be of any size. */
void fcgi_take_time(void);

#endif
