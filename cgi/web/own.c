/* One's own account: tokens, sessions, the password. */
#include <string.h>

#include "base/clock.h"
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/web.h"
#include "core/own.h"
#include "store/session.h"
#include "store/token.h"
#include "web/cookie.h"
#include "web/html.h"
#include "web/load.h"

#define OWN "/-/tokens"

const struct field web_token_in[] = { FIELD_MAX(own_token_wish, description, 1024),
	FIELD(own_token_wish, scope), FIELD(own_token_wish, days), { 0 } };

/* more than a password has: core says what is too long */
const struct field web_password_in[] = { FIELD_MAX(own_password_wish, old, 4096),
	FIELD_MAX(own_password_wish, new, 4096), FIELD_MAX(own_password_wish, repeated, 4096),
	{ 0 } };

/* ---- the lists */

static void
add_token(struct req *r, const struct token *t)
{
	static const char *const scopes[] = { "nothing", "read", "read and write", "all you may" };
	bool is_over = t->expires_at != 0 && t->expires_at <= clock_now();

	html(r->out, "<tr><th scope=\"row\">");
	html_marked(r->out, t->description);
	html(r->out, "</th><td><code>%s…</code></td><td>%s</td>", t->prefix, scopes[t->scope & 3]);
	page_time_cell(r, t->created_at, "");
	page_time_cell(r, t->last_used_at, "never");
	if (is_over)
		html(r->out, "<td>expired</td>");
	else
		page_time_cell(r, t->expires_at, "never");
	html(r->out, "<td>");
	form_button(r, arena_printf(r->ctx->mem, OWN "/%ld/delete", t->id), NULL, NULL, "Delete");
	html(r->out, "</td></tr>\n");
}

static int
add_tokens(struct req *r)
{
	struct token *rows;
	size_t n;

	TRY(token_list(r->ctx, r->account.id, OWN_TOKENS_MOST, &rows, &n));
	if (n == 0) {
		html(r->out, "<p>You have none yet.</p>\n");
		return OK;
	}
	html(r->out,
	    "<table class=\"tokens\">\n<thead><tr><th scope=\"col\">What for</th>"
	    "<th scope=\"col\">Begins with</th><th scope=\"col\">Allows</th>"
	    "<th scope=\"col\">Made</th><th scope=\"col\">Last used</th>"
	    "<th scope=\"col\">Expires</th><th scope=\"col\"><span class=\"hidden\">Delete</span>"
	    "</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n; i++)
		add_token(r, &rows[i]);
	html(r->out, "</tbody>\n</table>\n");
	return OK;
}

static void
add_session(struct req *r, const struct session *s)
{
	html(r->out, "<tr><th scope=\"row\">");
	html_marked(r->out, s->user_agent[0] != '\0' ? s->user_agent : "unknown");
	html(r->out, "</th><td>%s</td>", s->remote_addr);
	page_time_cell(r, s->created_at, "");
	page_time_cell(r, s->seen_at, "");
	html(r->out, "<td>");
	if (s->id == r->account.session_id)
		html(r->out, "this one");
	else
		form_button(r, arena_printf(r->ctx->mem, "/-/sessions/%ld/end", s->id), NULL, NULL,
		    "Sign out");
	html(r->out, "</td></tr>\n");
}

static int
add_sessions(struct req *r)
{
	struct session *rows;
	size_t n;

	TRY(session_list(r->ctx, r->account.id, SESSIONS_MOST, &rows, &n));
	html(r->out, "<h2 id=\"sessions\">Where you are signed in</h2>\n");
	if (n == 0) {
		html(r->out, "<p>Nowhere.</p>\n");
		return OK;
	}
	html(r->out,
	    "<table class=\"sessions\">\n<thead><tr><th scope=\"col\">Browser</th>"
	    "<th scope=\"col\">From</th><th scope=\"col\">Since</th>"
	    "<th scope=\"col\">Last seen</th><th scope=\"col\">"
	    "<span class=\"hidden\">Sign out</span></th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n; i++)
		add_session(r, &rows[i]);
	html(r->out, "</tbody>\n</table>\n");
	if (n > 1)
		form_button(r, "/-/sessions/end-others", NULL, NULL, "Sign out everywhere else");
	return OK;
}

/* ---- the forms */

static void
add_token_form(struct req *r, const struct own_token_wish *in)
{
	static const struct form_choice scopes[] = { { "read", "read" },
		{ "write", "read and write" }, { "admin", "all that you may" }, { 0 } };
	static const struct form_choice days[] = { { "30", "in 30 days" }, { "90", "in 90 days" },
		{ "365", "in a year" }, { "", "never" }, { 0 } };

	form_begin(r, OWN, "new-token");
	form_field(r,
	    &(struct form_field){ .name = "description",
		.label = "What is it for?",
		.value = in->description,
		.hint = "The name of a machine or a script, so that you know it again." });
	form_select(r, "scope", "It allows to", in->scope, scopes);
	form_select(r, "days", "It expires", in->days, days);
	form_end(r, "Make a token");
}

static void
add_password_form(struct req *r)
{
	html(r->out,
	    "<h2 id=\"password\">Password</h2>\n"
	    "<p>A new one signs you out everywhere else. Tokens go on working.</p>\n");
	form_begin(r, "/-/password", "password");
	form_field(r,
	    &(struct form_field){ .name = "old",
		.label = "The one you have",
		.type = "password",
		.autocomplete = "current-password",
		.wrong = "This is not your password." });
	form_field(r,
	    &(struct form_field){ .name = "new",
		.label = "The new one",
		.type = "password",
		.autocomplete = "new-password",
		.hint = "At least 8 characters; long is better than odd.",
		.wrong = "This is one that everybody tries first, or the one you have." });
	form_field(r,
	    &(struct form_field){ .name = "repeated",
		.label = "The new one again",
		.type = "password",
		.autocomplete = "new-password",
		.wrong = "This is not the same as above." });
	form_end(r, "Change the password");
}

/* text: of a token just made, or NULL. */
static int
draw(struct req *r, const struct own_token_wish *in, const char *text)
{
	page_begin(r, &(struct page){ .title = "Your account" });
	html(r->out, "<h1>%s</h1>\n", r->account.uname);
	form_reason(r);
	html(r->out,
	    "<h2 id=\"tokens\">Tokens</h2>\n<p>A token stands for your password where a program "
	    "works for you: git, curl, a build.</p>\n");
	if (text != NULL)
		html(r->out,
		    "<p class=\"done\" role=\"status\">This is the new token. It is shown this "
		    "once: "
		    "<code class=\"secret\">%s</code></p>\n",
		    text);
	TRY(add_tokens(r));
	add_token_form(r, in);
	TRY(add_sessions(r));
	add_password_form(r);
	page_end(r);
	return OK;
}

/* ---- who answers */

int
web_own(struct req *r)
{
	static const struct own_token_wish nothing = { 0 };
	bool is_token = r->route->in == web_token_in && r->in != NULL;

	return draw(r, is_token ? r->in : &nothing, NULL);
}

int
web_create_token(struct req *r)
{
	const struct actor who = req_actor(r);
	const char *text;

	TRY(own_create_token(r->ctx, &who, r->in, &text));
	res_header(r, "Cache-Control", "no-store");
	return draw(r, &(struct own_token_wish){ 0 }, text);
}

int
web_delete_token(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(own_delete_token(r->ctx, &who, id));
	return page_see_other(r, OWN);
}

int
web_end_session(struct req *r)
{
	const struct actor who = req_actor(r);
	int64_t id;

	TRY(load_id(r, "id", &id));
	TRY(own_end_session(r->ctx, &who, id));
	return page_see_other(r, OWN "#sessions");
}

int
web_end_other_sessions(struct req *r)
{
	const struct actor who = req_actor(r);

	TRY(own_end_other_sessions(r->ctx, &who));
	return page_see_other(r, OWN "#sessions");
}

int
web_change_password(struct req *r)
{
	const struct actor who = req_actor(r);
	const struct session_place place = { .remote_addr = r->remote_addr,
		.user_agent = req_header(r, "User-Agent") };
	const char *text;

	TRY(own_change_password(r->ctx, &who, r->in, &place, &text));
	if (text != NULL)
		cookie_set(r, text);
	return page_see_other(r, OWN "#password");
}
