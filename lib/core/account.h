/* The verbs of the hub on accounts. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "core/actor.h"

/* E_INVALID with a sentence: 1 to 100 of [A-Za-z0-9_.-], begins with a letter, digit or _, not all
 * digits, not reserved, but for admin and root. */
must_check int account_check_uname(struct ctx *c, const char *uname);

/* E_INVALID with a sentence: name@host, at most 255 bytes. */
must_check int account_check_email(struct ctx *c, const char *email);

/* E_INVALID with a sentence: user, admin, system or tester. */
must_check int account_check_role(struct ctx *c, const char *role);

/* What account_add or a change of an account came to, with its E_CONFLICT as the fault FAULT_TAKEN
 * of uname or email. */
must_check int account_taken(struct ctx *c, int code);

/* The same for the further addresses of others, which no index keeps apart: one logs in by them
 * too, and whoever had it as his first one would be taken for its owner. NULL or "": none. Asked
 * behind the constraints, so that a taken uname is told first. */
must_check int account_check_other_emails(struct ctx *c, int64_t id, const char *email);

/* A new account, by whoever runs the hub: its e-mail may be "". password NULL: none fits until one
 * is set. role: user, admin, system, tester. */
must_check int account_create(struct ctx *c, const struct actor *who, const char *uname,
    const char *email, const char *role, const char *password, int64_t *id_out);

must_check int account_change_password(
    struct ctx *c, const struct actor *who, const char *uname, const char *password);

/* A new token for the account. scope: the most it allows, 1 read, 2 write, 3 admin. Its text is
 * shown once and stored nowhere. */
must_check int account_create_token(struct ctx *c, const struct actor *who, const char *uname,
    const char *description, int64_t scope, const char **text_out);

#endif
