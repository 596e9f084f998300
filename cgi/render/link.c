#include "cgi/render/link.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* Of RFC 3986: what an address may hold as it is, besides letters and digits. */
#define PLAIN "-._~!$&'()*+,;=:@/?%"
/* ... and in front of the path, where an IPv6 address may be */
#define PLAIN_HOST PLAIN "[]"

static const char *const image_types[] = { "image/png;", "image/jpeg;", "image/jpg;", "image/gif;",
	"image/webp;" };

/* ---- bytes */

static bool
is_hex_pair(const char *s)
{
	return isxdigit((unsigned char)s[0]) && isxdigit((unsigned char)s[1]);
}

/* Everything that is not plain as %XX; what is an escape already stays one. */
static void
add_encoded(struct buf *b, const char *s, size_t len, const char *plain)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch < 0x80 && (isalnum(ch) || strchr(plain, ch) != NULL) &&
		    (ch != '%' || (i + 2 < len && is_hex_pair(s + i + 1))))
			buf_char(b, (char)ch);
		else
			buf_printf(b, "%%%02X", ch);
	}
}

static bool
starts_nocase(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

/* The length of a scheme with its colon (RFC 3986, 3.1), or 0. */
static size_t
scheme_len(const char *url)
{
	size_t n = 0;

	if (!isalpha((unsigned char)url[0]))
		return 0;
	while (isalnum((unsigned char)url[n]) || (url[n] != '\0' && strchr("+-.", url[n]) != NULL))
		n++;
	return url[n] == ':' ? n + 1 : 0;
}

bool
link_is_markdown(const char *name)
{
	static const char *const endings[] = { ".md", ".markdown", ".mdown", ".mkd", ".mkdn" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = strlen(endings[i]);

		if (len > n && str_is_equal_nocase(name + len - n, endings[i]))
			return true;
	}
	return false;
}

/* ---- addresses elsewhere */

static struct link
nowhere(void)
{
	return (struct link){ .kind = LINK_NOWHERE };
}

static struct link
made(enum link_kind kind, const struct buf *b)
{
	return b->full ? nowhere() : (struct link){ .kind = kind, .url = b->data };
}

/* front is what comes before the host: "https://", "//". Browsers take a backslash for a slash, so
 * it is encoded like the rest. */
static struct link
outside(struct arena *mem, const char *url, size_t front)
{
	struct buf *b = buf_new(mem, 3 * LINK_URL_MAX);
	size_t host = strcspn(url + front, "/?#\\"), rest = strcspn(url, "#");

	if (host == 0 || rest < front + host)
		return nowhere();
	add_encoded(b, url, front + host, PLAIN_HOST);
	add_encoded(b, url + front + host, rest - front - host, PLAIN);
	if (url[rest] == '#') {
		buf_char(b, '#');
		add_encoded(b, url + rest + 1, strlen(url + rest + 1), PLAIN);
	}
	return made(LINK_OUTSIDE, b);
}

static struct link
mail(struct arena *mem, const char *url)
{
	struct buf *b = buf_new(mem, 3 * LINK_URL_MAX);

	add_encoded(b, url, strlen(url), PLAIN);
	return made(LINK_MAIL, b);
}

static struct link
with_scheme(struct arena *mem, const char *url)
{
	if (starts_nocase(url, "https://"))
		return outside(mem, url, strlen("https://"));
	if (starts_nocase(url, "http://"))
		return outside(mem, url, strlen("http://"));
	return starts_nocase(url, "mailto:") ? mail(mem, url) : nowhere();
}

/* ---- addresses in the repository */

/* The parts of a path, as a stack. */
struct parts {
	const char **rows;
	size_t n;
	bool is_folder; /* it ends in '/', "." or ".." */
};

/* Browsers resolve %2e like a dot, so it is one here. */
static bool
is_dots(const char *part, const char *dots)
{
	for (; *dots != '\0'; dots++) {
		if (*part == '.')
			part++;
		else if (starts_nocase(part, "%2e"))
			part += 3;
		else
			return false;
	}
	return *part == '\0';
}

static void
add_parts(struct arena *mem, struct parts *p, const char *path)
{
	size_t n;
	char **parts = str_split(mem, path, '/', &n);
	const char **rows = arena_new_array(mem, const char *, p->n + n + 1);

	if (p->n > 0)
		memcpy(rows, p->rows, p->n * sizeof(rows[0]));
	p->rows = rows;
	for (size_t i = 0; i < n; i++) {
		bool is_up = is_dots(parts[i], "..");

		p->is_folder = is_up || parts[i][0] == '\0' || is_dots(parts[i], ".");
		if (!p->is_folder)
			rows[p->n++] = parts[i];
		else if (is_up && p->n > 0)
			p->n--;
	}
}

/* The ids of headings are lower case; links to them are sometimes not. */
static void
add_fragment(struct arena *mem, struct buf *b, const char *fragment, bool is_rendered)
{
	buf_text(b, is_rendered ? "#" LINK_ID_PREFIX : "#");
	if (is_rendered)
		fragment = str_lower(mem, fragment);
	add_encoded(b, fragment, strlen(fragment), PLAIN);
}

static struct parts
parts_of(struct arena *mem, const struct link_base *base, const char *path)
{
	struct parts p = { 0 };
	struct buf *encoded = buf_new(mem, 3 * LINK_URL_MAX);

	if (path[0] != '/')
		add_parts(mem, &p, base->folder);
	add_encoded(encoded, path, strlen(path), PLAIN);
	add_parts(mem, &p, encoded->data);
	return p;
}

static struct link
inside(struct arena *mem, const struct link_base *base, const char *url, const char *of_file)
{
	size_t path_len = strcspn(url, "?#"), query_len = strcspn(url + path_len, "#");
	struct parts p = parts_of(mem, base, arena_strndup(mem, url, path_len));
	const char *fragment = url + path_len + query_len;
	struct buf *b = buf_new(mem, 6 * LINK_URL_MAX);

	buf_text(b, p.is_folder ? base->tree : of_file);
	for (size_t i = 0; i < p.n; i++) {
		buf_char(b, '/');
		buf_text(b, p.rows[i]);
	}
	add_encoded(b, url + path_len, query_len, PLAIN);
	if (fragment[0] == '#' && fragment[1] != '\0')
		add_fragment(
		    mem, b, fragment + 1, p.is_folder || link_is_markdown(p.rows[p.n - 1]));
	return made(LINK_INSIDE, b);
}

static struct link
anchor(struct arena *mem, const char *fragment)
{
	struct buf *b = buf_new(mem, 3 * LINK_URL_MAX);

	add_fragment(mem, b, fragment, true);
	return made(LINK_INSIDE, b);
}

/* ---- both kinds */

struct link
link_of(struct arena *mem, const struct link_base *base, const char *url)
{
	if (url[0] == '\0' || strlen(url) > LINK_URL_MAX)
		return nowhere();
	if (url[0] == '#')
		return url[1] == '\0' ? nowhere() : anchor(mem, url + 1);
	if (scheme_len(url) > 0)
		return with_scheme(mem, url);
	if (str_starts(url, "//"))
		return outside(mem, url, strlen("//"));
	return inside(mem, base, url, base->blob);
}

static struct link
data(struct arena *mem, const char *url)
{
	const char *type = url + strlen("data:");
	struct buf *b = buf_new(mem, 3 * LINK_DATA_MAX);

	if (strlen(url) > LINK_DATA_MAX)
		return nowhere();
	for (size_t i = 0; i < sizeof(image_types) / sizeof(image_types[0]); i++)
		if (starts_nocase(type, image_types[i])) {
			add_encoded(b, url, strlen(url), PLAIN);
			return made(LINK_INSIDE, b);
		}
	return nowhere();
}

struct link
link_of_image(struct arena *mem, const struct link_base *base, const char *url)
{
	if (starts_nocase(url, "data:"))
		return data(mem, url);
	if (url[0] == '#')
		return nowhere();
	if (scheme_len(url) > 0 || str_starts(url, "//") || url[0] == '\0' ||
	    strlen(url) > LINK_URL_MAX)
		return link_of(mem, base, url);
	return inside(mem, base, url, base->raw);
}
