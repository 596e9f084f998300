/* The verbs on accounts that an administrator of the hub has: make, change, delete (contracts/
 * rhodecode.md 2.3, 3.2). Faults are of the fields uname, email, first_name, last_name, password,
 * admin and role. */
#ifndef CORE_USER_H
#define CORE_USER_H

#include "core/actor.h"
#include "store/user.h"

struct user_wish {
	const char *uname;
	const char *email, *first_name, *last_name; /* NULL or "": none */
	const char *password;			    /* NULL or "": none fits */
	bool is_active, is_admin;
	const char *role; /* NULL: by is_admin; else user, tester or admin */
};

/* unames are account_check_uname's, in the capitals given; e-mails are any text without blanks, in
 * small letters: whoever runs the hub answers for them. Passwords are password_check's, here as
 * everywhere. Taken (FAULT_TAKEN): uname is told before email. */
must_check int user_create(
    struct ctx *c, const struct actor *who, const struct user_wish *wish, int64_t *id_out);

/* What is NULL stays as it is. */
struct user_change {
	const char *uname, *email, *first_name, *last_name;
	const char *password; /* "": none fits from now on */
	const bool *is_active, *is_admin;
};

/* A banned account stays banned. E_CONFLICT: the hub's last active administrator cannot be
 * demoted or disabled. */
must_check int user_update(
    struct ctx *c, const struct actor *who, const struct user *u, const struct user_change *change);

/* The same with a password that the hub chooses, to be shown this once. */
must_check int user_create_random(struct ctx *c, const struct actor *who,
    const struct user_wish *wish, const char **password_out);

/* role: user, tester, admin, or banned, which ends its sessions and keeps everything it has. The
 * fault of the field role: none of these. E_CONFLICT: the hub's last active administrator, or the
 * actor itself, who could not take it back. E_NOTFOUND: a system account. */
must_check int user_set_role(
    struct ctx *c, const struct actor *who, const struct user *u, const char *role);

/* Its tokens, grants, memberships and its personal platform go with it. E_CONFLICT: it owns
 * projects, teams or platforms, or is the hub's last active administrator. */
must_check int user_delete(struct ctx *c, const struct actor *who, const struct user *u);

#endif
