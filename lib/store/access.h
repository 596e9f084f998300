/* What somebody may on an object, as the database has it (hub.access of sql/migrations): each level
 * holds all below it; and whom it is given to. */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include <stdint.h>

enum access {
	ACCESS_NONE = 0, /* it is missing, for him */
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_ADMIN,
	ACCESS_OWNER, /* its owner account, those who own the owner team, administrators of the hub
		       */
};

/* Whom a grant on a project, folder or team is for. */
enum grantee_kind { GRANTEE_EVERYONE = 1, GRANTEE_ACCOUNT, GRANTEE_TEAM };

struct grantee {
	enum grantee_kind kind;
	int64_t id;	   /* of the account or team; 0: everyone */
	const char *uname; /* as it is told and recorded */
};

#endif
