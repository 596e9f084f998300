/* `mirrorhub check`: a table of checks, each of which says one or a few lines. A new one is a
 * function and a row in admin_check.c. */
#ifndef SYNC_ADMIN_CHECK_H
#define SYNC_ADMIN_CHECK_H

#include "sync/admin.h"

enum check_level {
	CHECK_OK = 1,
	CHECK_WARN,  /* works, but somebody should know */
	CHECK_FATAL, /* does not work, or will not for long: exit code 1 */
};

/* A line. Checks that find nothing wrong say so too: what was not looked at is not fine. */
void check_say(enum check_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The checks that are files of their own. A code other than OK is a fatal line with its reason. */
must_check int check_clock(struct ctx *c, const struct admin_args *args);
must_check int check_sync(struct ctx *c, const struct admin_args *args);
must_check int check_sockets(struct ctx *c, const struct admin_args *args);
must_check int check_mirrors(struct ctx *c, const struct admin_args *args);
must_check int check_hosts(struct ctx *c, const struct admin_args *args);
must_check int check_stores(struct ctx *c, const struct admin_args *args);
must_check int check_gitlab(struct ctx *c, const struct admin_args *args); /* if one is set */

#endif
