/* Coming and going. */
#include "cgi/web/form.h"
#include "cgi/web/page.h"
#include "cgi/web/url.h"
#include "cgi/web/web.h"
#include "core/sign_in.h"
#include "web/cookie.h"
#include "web/html.h"

#define NEXT_MOST 2000

struct sign_in {
	const char *uname, *password, *next;
};

const struct field web_sign_in_in[] = { FIELD(sign_in, uname), FIELD_MAX(sign_in, password, 1024),
	FIELD_MAX(sign_in, next, NEXT_MOST), { 0 } };

static int
draw(struct req *r, const char *uname, const char *next)
{
	bool has_name = uname != NULL && uname[0] != '\0';

	res_header(r, "Cache-Control", "no-store"); /* it belongs to one cookie */
	cookie_before(r);
	page_begin(r, &(struct page){ .title = "Sign in" });
	html(r->out, "<h1>Sign in</h1>\n");
	form_reason(r);
	form_begin(r, "/login", "sign-in");
	html(r->out, "<input type=\"hidden\" name=\"next\" value=\"%s\">\n", url_local(next));
	form_field(r,
	    &(struct form_field){ .name = "uname",
		.label = "User name or e-mail address",
		.value = uname,
		.autocomplete = "username",
		.is_first = !has_name });
	form_field(r,
	    &(struct form_field){ .name = "password",
		.label = "Password",
		.type = "password",
		.autocomplete = "current-password",
		.is_first = has_name });
	form_end(r, "Sign in");
	html(r->out,
	    "<p class=\"hint\">Accounts are made by who runs this hub. Programs and git use a name "
	    "and a password or token instead of this page.</p>\n");
	page_end(r);
	return OK;
}

int
web_sign_in_form(struct req *r)
{
	const char *next = req_query(r, "next");

	if (r->account.id != 0)
		return page_redirect(r, url_local(next));
	return draw(r, NULL, next);
}

int
web_sign_in_again(struct req *r)
{
	const struct sign_in *in = r->in;

	return draw(r, in != NULL ? in->uname : NULL, in != NULL ? in->next : NULL);
}

int
web_sign_in(struct req *r)
{
	const struct sign_in *in = r->in;
	const struct session_place place = { .remote_addr = r->remote_addr,
		.user_agent = req_header(r, "User-Agent") };
	const char *text;

	TRY(sign_in(r->ctx, &r->account, &place, in->uname, in->password, &text));
	cookie_set(r, text);
	return page_see_other(r, url_local(in->next));
}

/* Who came by Basic has no session: the browser remembers the password, and /logout makes it
 * forget. */
int
web_sign_out(struct req *r)
{
	if (r->account.session_id == 0)
		return page_see_other(r, "/logout");
	TRY(sign_out(r->ctx, &r->account, r->remote_addr));
	cookie_drop(r);
	return page_see_other(r, "/");
}

/* Contract B5: 401 with Basic's challenge, so that a browser forgets the password it had. */
int
web_logout(struct req *r)
{
	fail(r->ctx, E_DENIED, "the browser is asked to forget your password");
	r->ctx->http_status = 401;
	return E_DENIED;
}
