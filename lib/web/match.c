#include "web/match.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

#define JSON_SUFFIX ".json"
#define GIT_SUFFIX ".git"
#define PATH_MAX_BYTES 4096

/* ---- the target */

static int
bad_target(struct ctx *c, const char *why)
{
	fail(c, E_INVALID, "%s", why);
	c->http_status = 400;
	return E_INVALID;
}

static bool
is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] == '%' || (unsigned char)s[i] <= 0x20 || (unsigned char)s[i] >= 0x7f)
			return false;
	return true;
}

/* Decodes one segment, once. */
static int
decode(struct ctx *c, const char *raw, size_t len, const char **out)
{
	char *text;

	if (is_plain(raw, len)) {
		*out = arena_strndup(c->mem, raw, len);
		return OK;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)raw[i] <= 0x20 || raw[i] == 0x7f)
			return bad_target(c, "a target has no blanks or control bytes");
	text = str_unpercent(c->mem, raw, len, false);
	if (text == NULL || !str_is_utf8(text, strlen(text)))
		return bad_target(c, "a target is percent-encoded UTF-8");
	*out = text;
	return OK;
}

/* Whether a name stands in the segment; one that holds %2F holds several. */
static bool
is_name(const char *segment)
{
	size_t len = strcspn(segment, "/");

	if (len == 0 || (len == 1 && segment[0] == '.') ||
	    (len == 2 && segment[0] == '.' && segment[1] == '.'))
		return false;
	return segment[len] == '\0' || is_name(segment + len + 1);
}

int
match_split(struct ctx *c, const char *path, struct target *out)
{
	bool is_nothing = false;

	out->n = 0;
	for (const char *s = path; *s == '/';) {
		const char *raw = s + 1, *segment;
		size_t len = strcspn(raw, "/");

		s = raw + len;
		if (len == 0 && *s == '\0') /* the root, or one slash at the end */
			break;
		TRY(decode(c, raw, len, &segment));
		if (out->n == MATCH_SEGMENTS_MAX || !is_name(segment) || !str_is_printable(segment))
			is_nothing = true; /* but a bad escape behind it is still 400 */
		else
			out->segments[out->n++] = segment;
	}
	return is_nothing ? fail(c, E_NOTFOUND, "not found") : OK;
}

/* ---- patterns */

/* The next part of a pattern, "" at its end; moves *pattern behind it. */
static size_t
next_part(const char **pattern, const char **part_out)
{
	const char *part = *pattern + (**pattern == '/');
	size_t len = strcspn(part, "/?");

	*part_out = part;
	*pattern = part + len;
	return len;
}

static size_t
count_parts(const char *pattern)
{
	size_t n = 0;
	const char *part;

	while (next_part(&pattern, &part) > 0)
		n++;
	return n;
}

static bool
set_param(struct req *r, const char *name, const char *value)
{
	size_t i = 0;

	while (r->params[i].name != NULL)
		i++;
	r->params[i].name = name;
	r->params[i].value = value;
	return true;
}

/* ":path", "*path" or, which is the same as the latter, "*path.git". */
static bool
is_part_path(const char *part, size_t len)
{
	return (len == 5 || (len == 9 && strncmp(part + 5, GIT_SUFFIX, 4) == 0)) &&
	    strncmp(part + 1, "path", 4) == 0;
}

static bool
fits_segment(struct req *r, const char *part, size_t len, const char *segment)
{
	if (part[0] != ':')
		return strlen(segment) == len && memcmp(segment, part, len) == 0;
	if (strchr(segment, '/') != NULL && !is_part_path(part, len))
		return false;
	return set_param(r, part + 1, segment);
}

/* "*path": n segments, joined, that end in ".git". */
static bool
fits_star(struct req *r, const char *part, const char *const *segments, size_t n)
{
	size_t suffix = strlen(GIT_SUFFIX);
	struct buf *path;

	if (!str_ends(segments[n - 1], GIT_SUFFIX) || strlen(segments[n - 1]) == suffix)
		return false;
	path = buf_new(r->ctx->mem, PATH_MAX_BYTES);
	for (size_t i = 0; i < n; i++) {
		if (strchr(segments[i], '/') != NULL)
			return false;
		if (i > 0)
			buf_char(path, '/');
		buf_text(path, segments[i]);
	}
	if (path->full)
		return false;
	return set_param(r, part + 1, arena_strndup(r->ctx->mem, path->data, path->len - suffix));
}

/* "?name=value" at the end of a pattern. */
static bool
fits_query(struct req *r, const char *query)
{
	size_t n = strcspn(query, "=");
	const char *value = req_query(r, arena_strndup(r->ctx->mem, query, n));

	assert(query[n] == '=');
	return value != NULL && strcmp(value, query + n + 1) == 0;
}

static bool
fits(struct req *r, const char *pattern, const struct target *t)
{
	const char *part;
	size_t i = 0, len;

	if (r->params[0].name != NULL) /* of a row that fitted only in part */
		memset(r->params, 0, sizeof(r->params));
	while ((len = next_part(&pattern, &part)) > 0) {
		if (i == t->n)
			return false;
		if (part[0] != '*') {
			if (!fits_segment(r, part, len, t->segments[i++]))
				return false;
			continue;
		}
		if (t->n - i <= count_parts(pattern))
			return false;
		if (!fits_star(r, part, t->segments + i, t->n - i - count_parts(pattern)))
			return false;
		i = t->n - count_parts(pattern);
	}
	return i == t->n && (*pattern != '?' || fits_query(r, pattern + 1));
}

/* ---- the match */

static bool
has_prefix(const struct dialect *d, const char *path)
{
	return d->prefix != NULL && str_starts(path, d->prefix) &&
	    strchr("/", path[strlen(d->prefix)]) != NULL;
}

const struct dialect *
match_dialect(const struct dialect *const *dialects, const char *path)
{
	for (; dialects[1] != NULL; dialects++)
		if (has_prefix(*dialects, path))
			break;
	return *dialects;
}

/* "GET, HEAD, …" of a set of methods, by the alphabet. */
static const char *
method_list(struct ctx *c, unsigned set)
{
	static const enum method order[] = { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT };
	struct buf *b = buf_new(c->mem, 100);

	set |= 1U << OPTIONS;
	if (set & 1U << GET)
		set |= 1U << HEAD;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (set & 1U << order[i])
			buf_printf(b, "%s%s", b->len > 0 ? ", " : "", req_method_text(order[i]));
	return b->data;
}

/* The target without its ".json". */
static struct target
without_suffix(struct req *r, const struct target *t)
{
	struct target bare = *t;
	const char *last = t->n > 0 ? t->segments[t->n - 1] : "";
	size_t len = strlen(last), suffix = strlen(JSON_SUFFIX);

	if (len > suffix && str_ends(last, JSON_SUFFIX))
		bare.segments[t->n - 1] = arena_strndup(r->ctx->mem, last, len - suffix);
	return bare;
}

static bool
fits_row(struct req *r, const struct dialect *d, const struct route *row, const struct target *t)
{
	const char *format;
	struct target bare;

	if (!(d->habits & HABIT_JSON_SUFFIX))
		return fits(r, row->path, t);
	if (!has_prefix(d, r->path))
		return false;
	if (fits(r, row->path, t) && str_ends(row->path, ".csv"))
		return true;
	format = req_query(r, "format");
	bare = without_suffix(r, t);
	return (format == NULL || strcmp(format, "json") == 0) && fits(r, row->path, &bare);
}

void
match_find(struct req *r, const struct dialect *const *dialects, const struct target *t)
{
	enum method wanted = r->method == HEAD ? GET : r->method;
	const struct dialect *first = NULL, *last;
	unsigned others = 0;

	for (; *dialects != NULL; dialects++) {
		last = *dialects;
		for (const struct route *row = last->routes; row->path != NULL; row++) {
			if (!fits_row(r, last, row, t))
				continue;
			if (row->method == wanted || row->method == ANY) {
				r->route = row;
				r->dialect = last;
				return;
			}
			others |= 1U << row->method;
			if (first == NULL)
				first = last;
		}
	}
	memset(r->params, 0, sizeof(r->params));
	if (first != NULL)
		r->dialect = first;
	if (others != 0)
		r->allow = method_list(r->ctx, others);
}

/* ---- the patterns themselves */

void
match_check(const char *pattern)
{
	const char *part, *at = pattern;
	size_t len, n_params = 0, n_stars = 0;

	assert(pattern[0] == '/' && (pattern[1] == '\0' || !str_ends(pattern, "/")));
	while ((len = next_part(&at, &part)) > 0) {
		n_params += part[0] == ':' || part[0] == '*';
		n_stars += part[0] == '*';
		assert(part[0] != '*' || is_part_path(part, len));
		assert(part[0] != ':' || len > 1);
	}
	assert(*at == '\0' || (*at == '?' && strchr(at, '=') != NULL)); /* no "//" */
	assert(n_params <= REQ_PARAMS_MAX && n_stars <= 1);
}
