/* What somebody may on an object, as the database has it (hub.access of sql/migrations): each level
 * holds all below it. */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

enum access {
	ACCESS_NONE = 0, /* it is missing, for him */
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_ADMIN,
	ACCESS_OWNER, /* its owner account, those who own the owner team, administrators of the hub
		       */
};

#endif
