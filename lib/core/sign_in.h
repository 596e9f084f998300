/* Signing in to the pages, and what follows: the session. */
#ifndef CORE_SIGN_IN_H
#define CORE_SIGN_IN_H

#include "auth/session.h"

/* A new session for whom the name and password belong to; before, which may be nobody's, ends. The
 * limits and the count of failures are those of auth/who.h. In transactions of its own. E_INVALID:
 * faults of uname and password, which are blank. E_DENIED: wrong, with a sentence for the person
 * (only who knows the password of a banned account is told that it is); with http_status 429 when a
 * limit is reached. */
must_check int sign_in(struct ctx *c, const struct account *before,
    const struct session_place *place, const char *uname, const char *password,
    const char **text_out);

/* Ends the session that the account came by; nothing for who came by something else. */
must_check int sign_out(struct ctx *c, const struct account *account, const char *remote_addr);

#endif
