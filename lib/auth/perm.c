#include "auth/perm.h"

#include <assert.h>
#include <string.h>

#include "store/access.h"

#define NONE (ACCESS_OWNER + 1) /* an access that nobody has */

/* What each right asks of an asker. */
struct rule {
	int access;	    /* on the loaded object; 0: none is needed */
	int scope;	    /* of the token */
	bool needs_account; /* nobody is asked who he is */
	bool needs_hub_admin;
	bool lets_system; /* accounts with the role system need no access */
};

/* clang-format off */
static const struct rule rules[] = {
	/*                         access        scope account hub admin  system */
	[PERM_PUBLIC]          = { 0,            0,     false,  false,    false },
	[PERM_USER]            = { 0,            1,     true,   false,    false },
	[PERM_READ]            = { ACCESS_READ,  1,     false,  false,    false },
	[PERM_WRITE]           = { ACCESS_WRITE, 2,     true,   false,    false },
	[PERM_ADMIN]           = { ACCESS_ADMIN, 3,     true,   false,    false },
	[PERM_OWNER]           = { ACCESS_OWNER, 3,     true,   false,    false },
	[PERM_HUB_ADMIN]       = { 0,            3,     true,   true,     false },
	[PERM_SYSTEM]          = { NONE,         3,     true,   false,    true  },
	[PERM_WRITE_OR_SYSTEM] = { ACCESS_WRITE, 2,     true,   false,    true  },
	[PERM_ADMIN_OR_SYSTEM] = { ACCESS_ADMIN, 3,     true,   false,    true  },
	[PERM_PUSH]            = { ACCESS_WRITE, 2,     false,  false,    false },
};
/* clang-format on */

#define SCOPE_WRITE 2

static bool
is_system(const struct account *asker)
{
	return asker->id != 0 && strcmp(asker->role, "system") == 0;
}

enum verdict
perm_may(const struct account *asker, enum perm perm, int access, bool writes, bool anonymous_read)
{
	const struct rule *rule = &rules[perm];
	bool lacks_access;
	int scope = writes && rule->scope < SCOPE_WRITE ? SCOPE_WRITE : rule->scope;

	assert(perm >= PERM_PUBLIC && perm <= PERM_MAX);
	assert(rule->access == 0 || access >= 0); /* a right on an object, but no object */
	if (asker->id == 0 && !anonymous_read)
		return WHO_ARE_YOU; /* before anything is told about the object */
	if (rule->lets_system && is_system(asker))
		return asker->scope < scope ? MAY_NOT : MAY;
	if (access == 0)
		return NO_SUCH;
	lacks_access = rule->access > 0 && access < rule->access;
	if (asker->id == 0)
		return rule->needs_account || lacks_access ? WHO_ARE_YOU : MAY;
	if ((rule->needs_hub_admin && !asker->is_admin) || lacks_access)
		return MAY_NOT;
	return asker->scope < scope ? MAY_NOT : MAY;
}
