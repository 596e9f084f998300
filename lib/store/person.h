/* Accounts as others see them: no password, no token. */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include "base/ctx.h"
#include "store/account.h"

/* Texts that are empty are NULL, but for uname, language and role. */
struct person {
	int64_t id;
	const char *uname;
	const char *name; /* first and last name, with a blank between them */
	const char *email;
	const char *role;
	const char *language;
	const char *professional_experience;
	const char *site, *company, *location;
	int64_t build_priority;
	int64_t own_projects_count; /* those that the asker may read */
	int64_t created_at, updated_at;
};

/* E_NOTFOUND: there is none, or it is a system account (ABF contract 6.1). */
must_check int person_by_id(
    struct ctx *c, const struct account *asker, int64_t id, struct person *out);
must_check int person_by_uname(
    struct ctx *c, const struct account *asker, const char *uname, struct person *out);

/* The asker as a person, whatever its role. */
must_check int person_by_self(struct ctx *c, const struct account *asker, struct person *out);

#endif
