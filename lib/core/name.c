#include "core/name.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/upstream.h"

#define PART_MOST_BYTES 255
#define PATH_MOST_BYTES 1000
/* of hpr's names, and of the others */
#define ALLOWED                                                                                    \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	"0123456789_.-"
#define ALLOWED_OTHERS ALLOWED "+"

/* Both sorted, lower case. The first part of a path stands where the dialects have their routes
 * (hpr and Hub part C, pages); a uname stands there too and is refused what ABF refuses besides,
 * and the words behind its prefix. */
static const char *const reserved_parts[] = { "-", "_admin", "account", "api", "auth", "commit",
	"commits", "config", "docs", "favicon.ico", "health", "healthz", "help", "info", "log-in",
	"log-out", "log_in", "log_out", "login", "logout", "manifest.js.gz", "metrics", "new",
	"oauth", "projects", "readyz", "register", "repositores", "repositories", "robots.txt",
	"search", "sessions", "settings", "sign-in", "sign-out", "sign-up", "sign_in", "sign_out",
	"sign_up", "signin", "signout", "signup", "static", "tags" };

static const char *const reserved_unames[] = { "about", "add", "admin", "administrator", "app",
	"apps", "arches", "archive", "archives", "autocomplete_group_uname", "blog", "connect",
	"contact", "create", "dashboard", "default", "delete", "direct_messages", "download",
	"downloads", "edit", "email", "faq", "favorites", "feed", "feeds", "follow", "followers",
	"following", "git", "groups", "home", "invitations", "invite", "jobs", "logs", "map",
	"maps", "new_user", "none", "oauth_clients", "openid", "platforms", "privacy", "remove",
	"replies", "root", "rss", "save", "sitemap", "ssl", "subscribe", "teams", "terms", "test",
	"tour", "tree", "trends", "unfollow", "unsubscribe", "upload", "uploads", "url", "user",
	"users", "widget", "widgets", "wiki", "xfn", "xmpp" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_among(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (str_is_equal_nocase(words[i], word))
			return true;
	return false;
}

bool
name_is_reserved(const char *part)
{
	return is_among(reserved_parts, COUNT(reserved_parts), part);
}

bool
name_is_reserved_uname(const char *uname)
{
	return name_is_reserved(uname) || is_among(reserved_unames, COUNT(reserved_unames), uname);
}

/* ---- what is allowed */

static bool
has_bad_end(const char *part)
{
	static const char *const ends[] = { ".git", ".lock", ".atom" };
	size_t len = strlen(part);

	for (size_t i = 0; i < COUNT(ends); i++) {
		size_t n = strlen(ends[i]);

		if (len >= n && str_is_equal_nocase(part + len - n, ends[i]))
			return true;
	}
	return part[len - 1] == '.';
}

static int
check_part(struct ctx *c, const char *part, const char *allowed)
{
	size_t len = strlen(part);

	if (len < 1 || len > PART_MOST_BYTES)
		return fail(c, E_INVALID, "a name has 1 to %d bytes", PART_MOST_BYTES);
	if (strspn(part, allowed) != len)
		return fail(c, E_INVALID, "a name has only letters, digits and %s",
		    strchr(allowed, '+') != NULL ? ". _ - +" : ". _ -");
	if (part[0] == '-')
		return fail(c, E_INVALID, "a name does not begin with -");
	if (strstr(part, "..") != NULL || strcmp(part, ".") == 0)
		return fail(c, E_INVALID, "a name has no two dots in a row");
	if (has_bad_end(part))
		return fail(c, E_INVALID, "a name does not end in .git, .lock, .atom or a dot");
	return OK;
}

static bool
is_all_digits(const char *s)
{
	return s[strspn(s, "0123456789")] == '\0';
}

static int
check_path(struct ctx *c, const char *path, const char *allowed)
{
	char **parts;
	size_t n;

	if (strlen(path) > PATH_MOST_BYTES)
		return fail(c, E_INVALID, "a path has at most %d bytes", PATH_MOST_BYTES);
	parts = str_split(c->mem, path, '/', &n);
	for (size_t i = 0; i < n; i++)
		TRY(check_part(c, parts[i], allowed));
	if (path[0] == '.')
		return fail(c, E_INVALID, "a name does not begin with a dot");
	if (is_all_digits(path))
		return fail(c, E_INVALID, "a name is not all digits");
	if (name_is_reserved(parts[0]))
		return fail(c, E_INVALID, "the name %s is reserved", parts[0]);
	return OK;
}

int
name_check_path(struct ctx *c, const char *path)
{
	return check_path(c, path, ALLOWED_OTHERS);
}

int
name_check_mirror(struct ctx *c, const char *path)
{
	return check_path(c, path, ALLOWED);
}

/* rm__<digits…>, the name of what was deleted. */
static bool
is_trash(const char *part)
{
	return str_starts(part, "rm__") && part[4] >= '0' && part[4] <= '9';
}

static int
check_slug(struct ctx *c, const char *part)
{
	if (part[0] == '.')
		return fail(c, E_INVALID, "a name does not begin with a dot");
	if (strstr(part, "--") != NULL || part[strlen(part) - 1] == '-')
		return fail(c, E_INVALID, "a name has no two - in a row, and none at its end");
	if (is_trash(part))
		return fail(c, E_INVALID, "the name %s is reserved", part);
	return OK;
}

int
name_check_slug(struct ctx *c, const char *path)
{
	char **parts;
	size_t n;

	if (strlen(path) > NAME_PATH_MOST_BYTES)
		return fail(c, E_INVALID, "a path has at most %d bytes", NAME_PATH_MOST_BYTES);
	TRY(name_check_mirror(c, path));
	parts = str_split(c->mem, path, '/', &n);
	if (n > NAME_PARTS_MOST)
		return fail(c, E_INVALID, "a path has at most %d parts", NAME_PARTS_MOST);
	for (size_t i = 0; i < n; i++)
		TRY(check_slug(c, parts[i]));
	return OK;
}

bool
name_has_characters(const char *part)
{
	return part[strspn(part, ALLOWED_OTHERS)] == '\0';
}

int
name_check(struct ctx *c, const char *name)
{
	if (strchr(name, '/') != NULL)
		return fail(c, E_INVALID, "a name has only letters, digits and . _ -");
	return name_check_mirror(c, name);
}

/* ---- from a URL (hpr A5.1) */

/* A part of a URL's path as it enters the name; "" for an empty one. */
static int
clean_part(struct ctx *c, const char *part, bool is_encoded, const char **out)
{
	const char *text = part;

	if (is_encoded)
		text = str_unpercent(c->mem, part, strlen(part), false);
	if (text == NULL)
		return fail(c, E_INVALID, "a %% in an address stands before two hex digits");
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return fail(c, E_INVALID, "an address has no parts . or ..");
	*out = text;
	return OK;
}

/* The last two parts that are not empty; namespace "" when there is one only. */
static int
last_parts(
    struct ctx *c, const struct upstream *u, const char **namespace_out, const char **last_out)
{
	const char *part = "", *namespace = "", *last = "";
	char **parts;
	size_t n;

	parts = str_split(c->mem, u->path, '/', &n);
	for (size_t i = 0; i < n; i++) {
		TRY(clean_part(c, parts[i], !u->is_scp, &part));
		if (part[0] == '\0')
			continue;
		namespace = last;
		last = part;
	}
	*namespace_out = namespace;
	*last_out = last;
	return OK;
}

/* Each run of other characters becomes one '-'; none in front, neither '-' nor '.' behind. */
static const char *
squeezed(struct ctx *c, const char *s)
{
	struct buf *b = buf_new(c->mem, strlen(s) + 1);

	while (*s != '\0') {
		size_t good = strspn(s, ALLOWED), bad = strcspn(s + good, ALLOWED);

		buf_add(b, s, good);
		if (bad > 0)
			buf_char(b, '-');
		s += good + bad;
	}
	while (b->len > 0 && strchr("-.", b->data[b->len - 1]) != NULL)
		b->data[--b->len] = '\0';
	return b->data + strspn(b->data, "-");
}

int
name_from_url(struct ctx *c, const char *url, const char **name_out)
{
	struct upstream u;
	const char *namespace, *last, *name;

	TRY(upstream_parse(c, url, &u));
	if (strcmp(u.scheme, "file") == 0)
		return fail(c, E_INVALID, "a file address gives no name: give one");
	TRY(last_parts(c, &u, &namespace, &last));
	if (str_ends(last, ".git"))
		last = arena_strndup(c->mem, last, strlen(last) - strlen(".git"));
	name = squeezed(c,
	    arena_printf(c->mem, "%s%s%s", namespace + strspn(namespace, "~"),
		namespace[0] != '\0' ? "-" : "", last + strspn(last, "~")));
	if (name[0] == '\0')
		return fail(c, E_INVALID, "no name can be made from this address: give one");
	TRY(name_check(c, name));
	*name_out = name;
	return OK;
}
