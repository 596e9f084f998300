#include "web/cookie.h"

#include <string.h>

#include "auth/session.h"
#include "base/conf.h"
#include "base/str.h"

#define BLANKS " \t"

static bool
is_secure(const struct req *r)
{
	return strncasecmp(r->ctx->conf->base_url, "https://", 8) == 0;
}

static const char *
cookie_name(const struct req *r)
{
	return is_secure(r) ? "__Host-mirrorhub" : "mirrorhub";
}

/* The value of the only pair with that name in a Cookie header (RFC 6265, 4.2.1), or NULL. */
static const char *
only_value(struct arena *mem, const char *header, const char *name)
{
	size_t n = strlen(name);
	const char *value = NULL;

	while (*header != '\0') {
		const char *pair = header + strspn(header, BLANKS);
		size_t len = strcspn(pair, ";");

		if (len > n && strncmp(pair, name, n) == 0 && pair[n] == '=') {
			if (value != NULL)
				return NULL;
			value = arena_strndup(mem, pair + n + 1, len - n - 1);
		}
		header = pair + len + (pair[len] == ';');
	}
	return value;
}

void
cookie_claim(struct req *r)
{
	const char *header = req_header(r, "Cookie");

	if (header != NULL)
		r->cookie = only_value(r->ctx->mem, header, cookie_name(r));
	if (session_kind_of(r->cookie) == SESSION_NONE)
		r->cookie = NULL;
	session_claim(r->cookie, &r->claim);
}

void
cookie_drop(struct req *r)
{
	r->cookie = NULL;
	r->is_cookie_over = true;
	session_claim(NULL, &r->claim);
}

static const char *
set_cookie(const struct req *r, const char *value, const char *more)
{
	return arena_printf(r->ctx->mem, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s",
	    cookie_name(r), value, is_secure(r) ? "; Secure" : "", more);
}

void
cookie_set(struct req *r, const char *text)
{
	r->cookie = text;
	res_header(r, "Set-Cookie", set_cookie(r, text, ""));
}

void
cookie_before(struct req *r)
{
	if (session_kind_of(r->cookie) != SESSION_BEFORE)
		cookie_set(r, session_before(r->ctx));
}

const char *
cookie_form_token(struct req *r)
{
	const char *place;

	if (r->cookie == NULL)
		return "";
	place = arena_printf(r->ctx->mem, "%s?%s", r->path, r->query);
	return session_form_token(r->ctx->mem, r->cookie, place);
}

void
cookie_headers(struct req *r, struct buf *head, bool is_set)
{
	buf_text(head, "Vary: Cookie\r\n");
	if (r->is_cookie_over && !is_set)
		buf_printf(head, "Set-Cookie: %s\r\n", set_cookie(r, "", "; Max-Age=0"));
}
