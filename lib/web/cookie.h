/* The one cookie of the pages (dialects with HABIT_SESSION): who is signed in, and the token that
 * their forms carry. What its text means is auth/session.h.
 *
 * "__Host-mirrorhub" with an https base_url, else "mirrorhub"; HttpOnly, SameSite=Lax, for the
 * whole site, until the browser ends (checklists C-06). A request that has two of them has none:
 * one may be a neighbour host's. */
#ifndef WEB_COOKIE_H
#define WEB_COOKIE_H

#include "web/route.h"

/* Sets r->cookie and r->claim by the Cookie header. */
void cookie_claim(struct req *r);

/* The session that the cookie names holds no more: the answer removes it, unless it brings another.
 * The request is nobody's. */
void cookie_drop(struct req *r);

/* The answer brings this one, and its forms belong to it. */
void cookie_set(struct req *r, const char *text);

/* For a page with the log-in form: r->cookie is one of SESSION_BEFORE. The one the browser has
 * stays if it is such a one, so that several tabs work. */
void cookie_before(struct req *r);

#define COOKIE_FORM_TOKEN "form_token" /* the input */

/* Its value in the forms of this answer; "" for whom nothing is to be checked (Authorization). */
const char *cookie_form_token(struct req *r);

/* What the cookie has to say in the head of an answer. For res.c. */
void cookie_headers(struct req *r, struct buf *head, bool is_set);

#endif
