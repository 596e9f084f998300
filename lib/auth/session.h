/* Sessions of people at the pages: what the cookie holds, and the token that each form carries.
 *
 * A cookie's text is a kind and 256 random bits. Of SESSION_SIGNED_IN the database knows the
 * SHA-256; SESSION_BEFORE is what the log-in form is bound to (security.md C-07): it stands for
 * nobody, is stored nowhere, and is never taken for a session, so nobody can be made to use one
 * that somebody else knows (C-05). */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include <stdbool.h>

#include "store/account.h"

enum session_kind { SESSION_NONE = 0, SESSION_BEFORE, SESSION_SIGNED_IN };

/* NULL and everything malformed: SESSION_NONE. */
enum session_kind session_kind_of(const char *text);

/* A new text of SESSION_BEFORE; no log will show it. */
const char *session_before(struct ctx *c);

/* The claim of a cookie; nobody for what is not SESSION_SIGNED_IN. No log will show the text. */
void session_claim(const char *text, struct claim *out);

/* The token of the forms that belong to the cookie: a keyed hash, so that it can be made from the
 * cookie alone and does not give it away. It looks different in each place (the address of the
 * page), and any will do: pages are compressed, and hold what the address says, so a text that is
 * always the same could be guessed by its length, bit by bit (BREACH); and a page stays the same as
 * long as its address does. */
const char *session_form_token(struct arena *mem, const char *text, const char *place);

/* In constant time; false for NULL. */
bool session_is_form_token(const char *text, const char *token);

/* Where a session is made from. */
struct session_place {
	const char *remote_addr;
	const char *user_agent; /* NULL: none was told */
};

/* A new session for an account whose password was just right (CLAIM_ACCOUNT, by who_claim…), and
 * its event, in the caller's transaction. An account has SESSIONS_MOST at most: the oldest ends.
 * E_DENIED: the claim holds no more. */
#define SESSIONS_MOST 100
must_check int session_begin(struct ctx *c, const struct claim *claim,
    const struct session_place *place, const char **text_out);

/* Ends one session of the account, by its number, with its event. E_NOTFOUND: it is none of its.
 * remote_addr: of who ends it. */
must_check int session_end(
    struct ctx *c, const struct account *account, int64_t id, const char *remote_addr);

/* Ends all of the account but `but_id` (0: really all). */
must_check int session_end_others(
    struct ctx *c, const struct account *account, int64_t but_id, const char *remote_addr);

#endif
