#include "core/upstream.h"

#include <ctype.h>
#include <string.h>

#include "base/conf.h"
#include "base/str.h"

/* What the text says: pieces of it, not ended. */
struct authority {
	const char *user; /* user, or user:password; NULL without */
	size_t user_len;
	const char *host; /* with its port */
	size_t host_len;
};

static const struct scheme {
	const char *name;
	const char *is;	 /* what it is for us */
	bool has_secret; /* a password in it is a credential to seal */
	bool may_be_scp; /* scheme://host:path, which hpr takes too */
} schemes[] = {
	{ "http", "http", true, false },
	{ "https", "https", true, false },
	{ "ssh", "ssh", false, true },
	{ "git+ssh", "ssh", false, true },
	{ "ssh+git", "ssh", false, true },
	{ "git", "git", false, true },
	{ "file", "file", false, false },
};

static int
unknown_form(struct ctx *c)
{
	return fail(c, E_INVALID,
	    "an address is http(s)://host/path, ssh://host/path, git://host/path or "
	    "user@host:path");
}

static const struct scheme *
scheme_of(struct ctx *c, const char *url, size_t len)
{
	const char *name = arena_strndup(c->mem, url, len);

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (str_is_equal_nocase(schemes[i].name, name))
			return &schemes[i];
	return NULL;
}

static int
check_text(struct ctx *c, const char *url)
{
	size_t len = strlen(url);

	if (len > UPSTREAM_MOST_BYTES)
		return fail(c, E_INVALID, "an address has at most %d bytes", UPSTREAM_MOST_BYTES);
	if (!str_is_utf8(url, len) || !str_is_printable(url) || strpbrk(url, " \\") != NULL)
		return fail(
		    c, E_INVALID, "an address has no blanks, control characters or backslashes");
	return OK;
}

static struct authority
split_authority(const char *text, size_t len)
{
	struct authority a = { .host = text, .host_len = len };

	for (size_t i = 0; i < len; i++)
		if (text[i] == '@') /* the last one divides, as libcurl has it */
			a = (struct authority){ .user = text,
				.user_len = i,
				.host = text + i + 1,
				.host_len = len - i - 1 };
	return a;
}

/* Behind the host's colon; NULL without one. An IPv6 address in brackets has colons of its own. */
static const char *
after_colon(const struct authority *a)
{
	const char *from = a->host, *end = a->host + a->host_len, *bracket;

	if (a->host_len > 0 && from[0] == '[') {
		bracket = memchr(from, ']', a->host_len);
		from = bracket != NULL ? bracket + 1 : end;
	}
	from = memchr(from, ':', (size_t)(end - from));
	return from != NULL ? from + 1 : NULL;
}

/* Neither may look like an option to a program. */
static int
check_authority(struct ctx *c, const struct authority *a)
{
	if (a->host_len == 0 || a->host[0] == ':' || a->host[0] == '-' ||
	    (a->user_len > 0 && a->user[0] == '-'))
		return unknown_form(c);
	return OK;
}

/* "user:password", decoded, and the address without it. */
static int
take_secret(struct ctx *c, const char *url, const struct authority *a, struct upstream *out)
{
	const char *colon = memchr(a->user, ':', a->user_len);
	size_t user_len = colon != NULL ? (size_t)(colon - a->user) : a->user_len;
	const char *user = str_unpercent(c->mem, a->user, user_len, false), *password = "";

	if (colon != NULL)
		password = str_unpercent(c->mem, colon + 1, a->user_len - user_len - 1, false);
	if (user == NULL || password == NULL || strchr(user, ':') != NULL ||
	    !str_is_printable(user) || !str_is_printable(password))
		return fail(
		    c, E_INVALID, "the user and password of an address are percent-encoded");
	if (a->user_len > 0)
		out->credentials = arena_printf(c->mem, "%s:%s", user, password);
	out->url = arena_printf(c->mem, "%.*s%s", (int)(a->user - url), url, a->host);
	return OK;
}

/* scheme://… behind its two slashes. */
static int
parse_url(struct ctx *c, const char *url, const struct scheme *scheme, const char *rest,
    struct upstream *out)
{
	size_t authority_len = strcspn(rest, "/?#");
	struct authority a = split_authority(rest, authority_len);
	const char *path = rest + authority_len, *port;
	size_t port_len;

	TRY(check_authority(c, &a));
	port = after_colon(&a);
	if (port != NULL) {
		port_len = (size_t)(a.host + a.host_len - port);
		if (port_len > 5 || strspn(port, "0123456789") < port_len) {
			if (!scheme->may_be_scp)
				return fail(c, E_INVALID, "a port is a number");
			path = port; /* host:path */
		}
	}
	if (a.user != NULL && scheme->has_secret)
		TRY(take_secret(c, url, &a, out));
	else if (a.user != NULL && memchr(a.user, ':', a.user_len) != NULL)
		return fail(c, E_INVALID, "only http and https addresses may hold a password");
	path += path[0] == '/';
	out->path = arena_strndup(c->mem, path, strcspn(path, "?#"));
	return OK;
}

/* user@host:path. Here the first @ divides: the path may have more. */
static int
parse_scp(struct ctx *c, const char *url, struct upstream *out)
{
	size_t user_len = strcspn(url, "@:/");
	struct authority a = { .user = url, .user_len = user_len };
	const char *path;

	if (user_len == 0 || url[user_len] != '@')
		return unknown_form(c);
	a.host = url + user_len + 1;
	a.host_len = strcspn(a.host, "/");
	TRY(check_authority(c, &a));
	path = after_colon(&a);
	if (path == NULL)
		return unknown_form(c);
	out->path = path;
	return OK;
}

static int
parse_file(struct ctx *c, const char *rest, struct upstream *out)
{
	if (rest[0] != '/')
		return fail(c, E_INVALID, "a file address is file:///path");
	out->path = rest + 1;
	return OK;
}

int
upstream_parse(struct ctx *c, const char *url, struct upstream *out)
{
	const char *slashes = strstr(url, "://");
	const struct scheme *scheme;
	struct upstream u = { .url = url, .scheme = "ssh", .is_scp = true };

	TRY(check_text(c, url));
	if (slashes == NULL || strcspn(url, "@/") < (size_t)(slashes - url)) {
		TRY(parse_scp(c, url, &u));
	} else {
		scheme = scheme_of(c, url, (size_t)(slashes - url));
		if (scheme == NULL)
			return unknown_form(c);
		u.scheme = scheme->is;
		u.is_scp = false;
		if (strcmp(scheme->is, "file") == 0)
			TRY(parse_file(c, slashes + 3, &u));
		else
			TRY(parse_url(c, url, scheme, slashes + 3, &u));
	}
	*out = u;
	return OK;
}

int
upstream_check(struct ctx *c, const char *url, struct upstream *out)
{
	struct upstream u;
	char **allowed;
	size_t n;

	TRY(upstream_parse(c, url, &u));
	if (strcmp(u.scheme, "file") == 0 && c->conf->net_allow_file) {
		*out = u;
		return OK;
	}
	allowed = str_split(c->mem, c->conf->net_schemes, ' ', &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(allowed[i], u.scheme) == 0) {
			*out = u;
			return OK;
		}
	return fail(
	    c, E_INVALID, "addresses of this hub begin with one of: %s", c->conf->net_schemes);
}

/* A form that is equal for equal places; NULL: no address. */
static const char *
place(struct ctx *c, const char *url)
{
	const struct ctx before = *c;
	struct upstream u;
	char *text, *host, *at;
	size_t len;

	if (upstream_parse(c, url, &u) != OK) {
		*c = before; /* an answer, not a failure */
		return NULL;
	}
	text = arena_strdup(c->mem, u.url);
	host = u.is_scp ? text : strstr(text, "://") + 3;
	len = strcspn(host, u.is_scp ? ":" : "/");
	at = memrchr(host, '@', len);
	for (char *p = at != NULL ? at : host; p < host + len; p++)
		*p = (char)tolower((unsigned char)*p);
	len = strlen(text);
	if (len > 0 && text[len - 1] == '/')
		text[--len] = '\0';
	if (str_ends(text, ".git"))
		text[len - strlen(".git")] = '\0';
	return text;
}

bool
upstream_is_http(const struct upstream *u)
{
	return strcmp(u->scheme, "http") == 0 || strcmp(u->scheme, "https") == 0;
}

bool
upstream_is_same(struct ctx *c, const char *a, const char *b)
{
	const char *place_a = place(c, a), *place_b = place(c, b);

	return place_a != NULL && str_is_equal(place_a, place_b);
}
