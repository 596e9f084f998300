#include "net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define HOST_MAX_BYTES 253

static const struct scheme_row {
	const char *name;
	int port;
} schemes[] = {
	[NET_HTTP] = { "http", 80 },
	[NET_HTTPS] = { "https", 443 },
	[NET_GIT] = { "git", 9418 },
	[NET_SSH] = { "ssh", 22 },
	[NET_FILE] = { "file", 0 },
};

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

bool
net_url_is_http(struct ctx *c, const char *text)
{
	struct net_url url;

	return net_url_parse(c, text, &url) == OK &&
	    (url.scheme == NET_HTTP || url.scheme == NET_HTTPS);
}

const char *
net_scheme_text(enum net_scheme scheme)
{
	return schemes[scheme].name;
}

/* 0 for a scheme we do not speak. */
static enum net_scheme
scheme_by_name(const char *name)
{
	if (str_is_equal_nocase(name, "git+ssh") || str_is_equal_nocase(name, "ssh+git"))
		return NET_SSH;
	for (enum net_scheme s = NET_HTTP; s <= NET_FILE; s++)
		if (str_is_equal_nocase(name, schemes[s].name))
			return s;
	return 0;
}

static int
check_bytes(struct ctx *c, const char *text)
{
	if (strlen(text) > NET_URL_MAX_BYTES)
		return fail(c, E_INVALID, "an address has at most %d bytes", NET_URL_MAX_BYTES);
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '\\')
			return fail(
			    c, E_INVALID, "an address has no blanks, control bytes or backslashes");
	return OK;
}

/* ---- host */

/* 127.1, 0x7f000001, 0177.0.0.1 and so on are IPv4 addresses to every resolver; here they become
 * the dotted form, and it is the binary address that is judged later. */
static int
parse_name(struct ctx *c, const char *text, const char **out)
{
	const char *last;
	char *host = str_lower(c->mem, text), dotted[INET_ADDRSTRLEN];
	struct in_addr v4;
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		host[--len] = '\0';
	if (len == 0 || len > HOST_MAX_BYTES || host[strspn(host, LETTERS DIGITS "-._")] != '\0')
		return fail(c, E_INVALID, "a host name has letters, digits, '-' and '.' only");
	if (inet_aton(host, &v4) != 0) {
		inet_ntop(AF_INET, &v4, dotted, sizeof(dotted));
		*out = arena_strdup(c->mem, dotted);
		return OK;
	}
	last = strrchr(host, '.') != NULL ? strrchr(host, '.') + 1 : host;
	if (host[0] == '-' || host[0] == '.' || strstr(host, "..") != NULL || last[0] == '\0' ||
	    isdigit((unsigned char)last[0]))
		return fail(
		    c, E_INVALID, "\"%s\" is neither a host name nor an IPv4 address", host);
	*out = host;
	return OK;
}

static int
parse_ip6(struct ctx *c, const char *text, const char **out)
{
	char canonical[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	if (strchr(text, '%') != NULL)
		return fail(c, E_INVALID, "an IPv6 address here has no zone");
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return fail(c, E_INVALID, "what is in brackets has to be an IPv6 address");
	inet_ntop(AF_INET6, &v6, canonical, sizeof(canonical));
	*out = arena_strdup(c->mem, canonical);
	return OK;
}

/* Reads the host at *text and moves *text behind it: to ':', '/' or the end. */
static int
take_host(struct ctx *c, const char **text, const char **out)
{
	size_t len;

	if (**text == '[') {
		len = strcspn(*text, "]");
		if ((*text)[len] == '\0')
			return fail(c, E_INVALID, "a bracket is missing in the host");
		TRY(parse_ip6(c, arena_strndup(c->mem, *text + 1, len - 1), out));
		*text += len + 1;
		if (**text != '\0' && strchr(":/", **text) == NULL)
			return fail(c, E_INVALID, "behind the host comes a port or a path");
		return OK;
	}
	len = strcspn(*text, ":/");
	TRY(parse_name(c, arena_strndup(c->mem, *text, len), out));
	*text += len;
	return OK;
}

/* ---- user, port, path */

/* The user name stands before the first of `ends`. */
static int
take_user(struct ctx *c, const char **text, const char *ends, struct net_url *url)
{
	const char *at = memchr(*text, '@', strcspn(*text, ends));
	char *user;

	if (at == NULL)
		return OK;
	if (url->scheme != NET_SSH)
		return fail(c, E_INVALID, "user name and password do not belong into the address");
	user = arena_strndup(c->mem, *text, (size_t)(at - *text));
	if (user[0] == '\0' || user[0] == '-' || user[0] == '.' ||
	    str_lower(c->mem, user)[strspn(str_lower(c->mem, user), LETTERS DIGITS "-._")] != '\0')
		return fail(c, E_INVALID, "an ssh user has letters, digits, '-', '_' and '.' only");
	url->user = user;
	*text = at + 1;
	return OK;
}

/* ":222/path" has a port; ssh://host:path and git://host:path are written too, as in the scp form
 * (contracts/hpr-and-hub.md A5.1). */
static int
take_port(struct ctx *c, const char **text, struct net_url *url)
{
	size_t digits;
	long port;

	url->port = schemes[url->scheme].port;
	if (**text != ':')
		return OK;
	++*text;
	digits = strspn(*text, DIGITS);
	if ((*text)[digits] != '\0' && (*text)[digits] != '/') {
		if (url->scheme == NET_SSH || url->scheme == NET_GIT)
			return OK;
		return fail(c, E_INVALID, "a port is a number");
	}
	if (digits == 0)
		return OK;
	port = digits > 5 ? 0 : strtol(*text, NULL, 10);
	if (port < 1 || port > 65535)
		return fail(c, E_INVALID, "a port is from 1 to 65535");
	url->port = (int)port;
	*text += digits;
	return OK;
}

static bool
has_dot_part(const char *path)
{
	for (const char *part = path; *part != '\0';) {
		size_t len = strcspn(part, "/");

		if ((len == 1 && part[0] == '.') || (len == 2 && strncmp(part, "..", 2) == 0))
			return true;
		part += len + (part[len] == '/');
	}
	return false;
}

/* Bytes above ASCII and the few that no URL may hold raw, as %XX; escapes that are there stay. */
static const char *
escaped_path(struct arena *mem, const char *path)
{
	char *out = arena_alloc(mem, 3 * strlen(path) + 1), *p = out;

	for (; *path != '\0'; path++) {
		unsigned char byte = (unsigned char)*path;

		if (byte >= 0x80 || strchr("\"<>^`{|}", byte) != NULL) {
			*p++ = '%';
			*p++ = "0123456789ABCDEF"[byte >> 4];
			*p++ = "0123456789ABCDEF"[byte & 15];
		} else {
			*p++ = (char)byte;
		}
	}
	return out;
}

static int
set_path(struct ctx *c, const char *text, struct net_url *url)
{
	char *path = arena_strdup(c->mem, text);
	size_t len;

	if (url->scheme == NET_HTTP || url->scheme == NET_HTTPS)
		path[strcspn(path, "?#")] = '\0';
	if (url->scheme == NET_SSH && str_starts(path, "/~"))
		path++;
	if (url->scheme == NET_GIT && path[0] != '/')
		path = arena_printf(c->mem, "/%s", path);
	for (len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	if (path[0] == '\0' || strcmp(path, "/") == 0)
		return fail(c, E_INVALID, "an address names a repository, not only a host");
	if (path[0] == '-' || path[0] == ':')
		return fail(c, E_INVALID, "a path does not start with '-' or ':'");
	if (has_dot_part(path))
		return fail(c, E_INVALID, "a path has no '.' or '..' parts");
	if (url->scheme == NET_SSH && strpbrk(path, "'\"`$;&|<>()*!") != NULL)
		return fail(c, E_INVALID, "a path for ssh has nothing that a shell would read");
	url->path =
	    url->scheme == NET_HTTP || url->scheme == NET_HTTPS ? escaped_path(c->mem, path) : path;
	return OK;
}

/* ---- the forms */

/* Behind "scheme://". */
static int
parse_authority(struct ctx *c, const char *text, struct net_url *url)
{
	TRY(take_user(c, &text, "/", url));
	TRY(take_host(c, &text, &url->host));
	TRY(take_port(c, &text, url));
	return set_path(c, text, url);
}

static int
parse_file(struct ctx *c, const char *text, struct net_url *url)
{
	if (str_starts(text, "localhost/"))
		text += strlen("localhost");
	if (text[0] != '/')
		return fail(c, E_INVALID, "a local path starts with '/'");
	url->host = "";
	return set_path(c, text, url);
}

static int
parse_scp(struct ctx *c, const char *text, struct net_url *url)
{
	TRY(take_user(
	    c, &text, ":/", url)); /* git, too, takes the first ':' for the end of the host */
	TRY(take_host(c, &text, &url->host));
	if (text[0] != ':' || scheme_by_name(url->host) != 0)
		return fail(c, E_INVALID,
		    "an address starts with https://, http://, git:// or ssh://, or is "
		    "user@host:path");
	url->port = schemes[NET_SSH].port;
	return set_path(c, text + 1, url);
}

int
net_url_parse(struct ctx *c, const char *text, struct net_url *out)
{
	const char *colon = strstr(text, "://");
	struct net_url url = { 0 };

	TRY(check_bytes(c, text));
	if (colon != NULL && (size_t)(colon - text) == strcspn(text, ":")) {
		url.scheme = scheme_by_name(arena_strndup(c->mem, text, (size_t)(colon - text)));
		if (url.scheme == 0)
			return fail(c, E_INVALID,
			    "an address starts with https://, http://, git:// or ssh://");
		TRY((url.scheme == NET_FILE ? parse_file : parse_authority)(c, colon + 3, &url));
	} else if (text[0] == '/') {
		url.scheme = NET_FILE;
		TRY(parse_file(c, text, &url));
	} else {
		url.scheme = NET_SSH;
		TRY(parse_scp(c, text, &url));
	}
	*out = url;
	return OK;
}

const char *
net_url_text(struct arena *mem, const struct net_url *url)
{
	const char *open = strchr(url->host, ':') != NULL ? "[" : "";
	const char *user = url->user != NULL ? arena_printf(mem, "%s@", url->user) : "";
	const char *close = open[0] != '\0' ? "]" : "";

	if (url->path[0] != '/' && url->port == schemes[NET_SSH].port)
		return arena_printf(mem, "%s%s%s%s:%s", user, open, url->host, close, url->path);
	if (url->port == schemes[url->scheme].port)
		return arena_printf(mem, "%s://%s%s%s%s%s", net_scheme_text(url->scheme), user,
		    open, url->host, close, url->path);
	return arena_printf(mem, "%s://%s%s%s%s:%d%s%s", net_scheme_text(url->scheme), user, open,
	    url->host, close, url->port, url->path[0] == '/' ? "" : "/", url->path);
}

bool
net_url_is_same_origin(const struct net_url *a, const struct net_url *b)
{
	return a->scheme == b->scheme && a->port == b->port && strcmp(a->host, b->host) == 0;
}
