/* The right a route asks for, and the one place that compares it with what the asker has. */
#ifndef AUTH_PERM_H
#define AUTH_PERM_H

#include <stdbool.h>

#include "store/account.h"

/* 0 is no permission: a route row that forgets the column is refused at start. */
enum perm {
	PERM_PUBLIC = 1, /* everyone (who may read anonymously, see anonymous_read) */
	PERM_USER,	 /* every account */
	PERM_READ,	 /* of the object the row loads */
	PERM_WRITE,
	PERM_ADMIN,
	PERM_OWNER,	/* of the object: access 4 */
	PERM_HUB_ADMIN, /* administrators of the hub */
	/* accounts with the role system (ABF's build machines), whatever their access */
	PERM_SYSTEM,
	PERM_WRITE_OR_SYSTEM,
	PERM_ADMIN_OR_SYSTEM,
	/* to have a mirror synced, as PERM_WRITE; also nobody, if what he sent has that access by
	 * its signature (auth/hook.h gives it, LOAD_PUSH) */
	PERM_PUSH,
	PERM_MAX = PERM_PUSH,
};

enum verdict {
	MAY = 1,
	MAY_NOT,     /* 403 */
	WHO_ARE_YOU, /* 401 */
	NO_SUCH,     /* 404: may not know of it */
};

/* access: what the asker has on the loaded object; -1 when the row loads none. writes: the request
 * changes something (a POST to git-upload-pack does not), so a token must allow writing whatever
 * the right. With anonymous_read off nobody gets WHO_ARE_YOU for everything, hidden or missing:
 * a walk that loads first asks for PERM_PUBLIC before. */
enum verdict perm_may(
    const struct account *asker, enum perm perm, int access, bool writes, bool anonymous_read);

#endif
