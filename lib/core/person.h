/* The verbs on accounts as people see them: ABF's users (contract 5.4, 6.1). What is wrong with an
 * input comes as faults (base/fault.h), of the fields as they are called here. */
#ifndef CORE_PERSON_H
#define CORE_PERSON_H

#include "core/actor.h"
#include "store/person.h"

#define PERSON_UNAME_MOST 30
#define PERSON_NAME_MOST 100
#define PERSON_TEXT_MOST 255
#define PERSON_EXPERIENCE_MOST 10000

struct faults;

/* Adds the faults of a uname of at most `most` characters that a dialect's people choose: [a-z0-9_]
 * alone, which is narrower than account_check_uname. */
void person_check_uname(
    struct ctx *c, const char *uname, size_t most, const char *field, struct faults *f);

struct person_wish {
	const char *uname, *email, *password; /* required */
	const char *name;		      /* NULL or "": none */
	const char *role;		      /* NULL or "": user */
};

/* A new account, by an administrator. E_CONFLICT: uname or email is taken. The password is what
 * password_check takes (auth/password.h), here as everywhere. */
must_check int person_create(
    struct ctx *c, const struct actor *who, const struct person_wish *wish, int64_t *id_out);

/* What is NULL stays as it is. A name is split at its first blank into first and last name. */
struct person_change {
	const char *name;
	const char *email; /* "" is a fault: once there is one, there is always one */
	const char *language;
	const char *professional_experience;
	const char *site, *company, *location;
};

/* The actor changes itself. The old e-mail logs nobody in from the next request on. */
must_check int person_update(
    struct ctx *c, const struct actor *who, const struct person_change *change);

/* The same for what mail it wants (store/person.h). */
must_check int person_want_notifiers(
    struct ctx *c, const struct actor *who, const struct notifiers *wanted);

#endif
