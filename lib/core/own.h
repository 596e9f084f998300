/* What one does with one's own account: tokens, sessions, the password. All of it is for people and
 * for tokens of the scope admin (3): a lesser one would make itself more. E_DENIED otherwise. */
#ifndef CORE_OWN_H
#define CORE_OWN_H

#include "auth/session.h"
#include "core/actor.h"

#define OWN_TOKENS_MOST 200
#define OWN_DAYS_MOST 3650

struct own_token_wish {
	const char *description;
	const char *scope; /* "read", "write" or "admin" */
	const char *days;  /* until it expires; "" or NULL: never */
};

/* Its text is shown once and stored nowhere. Faults of description, scope and days. E_CONFLICT:
 * there are OWN_TOKENS_MOST already. */
must_check int own_create_token(struct ctx *c, const struct actor *who,
    const struct own_token_wish *wish, const char **text_out);

/* E_NOTFOUND: none of the account's. */
must_check int own_delete_token(struct ctx *c, const struct actor *who, int64_t id);
must_check int own_end_session(struct ctx *c, const struct actor *who, int64_t id);

/* All but the one that the actor came by. */
must_check int own_end_other_sessions(struct ctx *c, const struct actor *who);

struct own_password_wish {
	const char *old, *new, *repeated;
};

/* All sessions of the account end; text_out is a new one for the actor, or NULL if he came by
 * something else. The old password is checked behind the limits of auth/who.h. In transactions of
 * its own. Faults of old, new and repeated. E_DENIED with http_status 429: a limit. */
must_check int own_change_password(struct ctx *c, const struct actor *who,
    const struct own_password_wish *wish, const struct session_place *place, const char **text_out);

#endif
