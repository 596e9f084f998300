/* The accept loop on libfcgi: one process, one request at a time, no kept connections. */
#ifndef WEB_FCGI_H
#define WEB_FCGI_H

#include "web/route.h"

/* Serves requests on the listening socket (descriptor fd; 0 when a supervisor gave it as standard input)
 * until SIGTERM, SIGINT, or conf->requests_per_process. c is the process's own ctx with the
 * database; every request gets an arena of its own. Returns the exit code. */
int fcgi_serve(struct ctx *c, int fd, const struct dialect *const *dialects);

/* A listening unix socket with mode and a backlog of 1024; an old file is replaced. */
must_check int fcgi_listen(struct ctx *c, const char *path, int mode, int *fd_out);

#endif
