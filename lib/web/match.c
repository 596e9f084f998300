#include "web/match.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"

#define JSON_SUFFIX ".json"
#define GIT_SUFFIX ".git"
#define PATH_MAX_BYTES 4096
#define REST_MAX_BYTES (32 * 1024) /* more than a request line may have */
#define MATCHES_MAX 8

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
	if (text == NULL)
		return bad_target(c, "a target is percent-encoded UTF-8");
	*out = text;
	return OK;
}

/* Whether a name stands in the segment; one that holds %2F holds several. */
static bool
has_names(const char *segment)
{
	size_t len = strcspn(segment, "/");

	if (len == 0 || (len == 1 && segment[0] == '.') ||
	    (len == 2 && segment[0] == '.' && segment[1] == '.'))
		return false;
	return segment[len] == '\0' || has_names(segment + len + 1);
}

static void
add_segment(struct target *t, const char *text)
{
	bool is_utf8 = str_is_utf8(text, strlen(text));

	if (t->n == MATCH_SEGMENTS_MAX) {
		t->is_long = true;
		return;
	}
	t->is_utf8 = t->is_utf8 && is_utf8;
	t->segments[t->n++] = (struct segment){ .text = text,
		.is_name = is_utf8 && has_names(text) && str_is_printable(text) };
}

int
match_split(struct ctx *c, const char *path, struct target *out)
{
	out->n = 0;
	out->bare = NULL;
	out->is_utf8 = true;
	out->is_long = false;
	for (const char *s = path; *s == '/';) {
		const char *raw = s + 1, *text;
		size_t len = strcspn(raw, "/");

		s = raw + len;
		if (len == 0 && *s == '\0') /* the root, or one slash at the end */
			break;
		TRY(decode(c, raw, len, &text));
		add_segment(out, text);
	}
	return OK;
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

static bool
is_part(const char *part, size_t len, const char *text)
{
	return len == strlen(text) && strncmp(part, text, len) == 0;
}

static bool
fits_segment(struct req *r, const char *part, size_t len, const struct segment *segment)
{
	if (!segment->is_name)
		return false;
	if (part[0] != ':')
		return is_part(part, len, segment->text);
	if (strchr(segment->text, '/') != NULL && !is_part(part, len, ":path") &&
	    !is_part(part, len, ":ref"))
		return false;
	return set_param(r, part + 1, segment->text);
}

/* n segments as one project's path, which none that held a %2F is part of; NULL: too long. */
static const char *
joined(struct req *r, const struct segment *segments, size_t n)
{
	struct buf *path = buf_new(r->ctx->mem, PATH_MAX_BYTES);

	for (size_t i = 0; i < n; i++) {
		if (!segments[i].is_name || strchr(segments[i].text, '/') != NULL)
			return NULL;
		if (i > 0)
			buf_char(path, '/');
		buf_text(path, segments[i].text);
	}
	return path->full ? NULL : path->data;
}

/* No part of a project's path ends in .git (core/name.h). */
static bool
has_git(const struct segment *segments, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ends(segments[i].text, GIT_SUFFIX))
			return true;
	return false;
}

/* "*path.git" or "*path" for n segments: the one ends in .git, in the other nothing does. */
static bool
fits_path(struct req *r, const char *part, size_t len, const struct segment *segments, size_t n)
{
	const char *path = joined(r, segments, n);
	bool is_git = path != NULL && str_ends(path, GIT_SUFFIX);
	size_t suffix = strlen(GIT_SUFFIX);

	if (path == NULL || is_git != (len == strlen("*path" GIT_SUFFIX)))
		return false;
	if (!is_git)
		return !has_git(segments, n) && set_param(r, part + 1, path);
	if (strlen(path) == suffix || path[strlen(path) - suffix - 1] == '/')
		return false;
	return set_param(r, part + 1, arena_strndup(r->ctx->mem, path, strlen(path) - suffix));
}

/* "*rest": what is left, as it is. */
static bool
fits_rest(struct req *r, const char *part, const struct segment *segments, size_t n)
{
	struct buf *rest = buf_new(r->ctx->mem, REST_MAX_BYTES);

	for (size_t i = 0; i < n; i++) {
		if (segments[i].text[0] == '\0')
			continue;
		if (rest->len > 0)
			buf_char(rest, '/');
		buf_text(rest, segments[i].text);
	}
	return rest->len > 0 && !rest->full && set_param(r, part + 1, rest->data);
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

/* What stands behind a "*path", or the whole of a pattern without one. */
static bool
fits_behind(struct req *r, const char *pattern, const struct segment *segments, size_t n)
{
	const char *part;
	size_t i = 0, len;

	while ((len = next_part(&pattern, &part)) > 0) {
		if (i == n)
			return false;
		if (part[0] == '*')
			return fits_rest(r, part, segments + i, n - i);
		if (!fits_segment(r, part, len, &segments[i++]))
			return false;
	}
	return i == n && (*pattern != '?' || fits_query(r, pattern + 1));
}

static bool
has_path(const char *pattern)
{
	return str_starts(pattern, "/*path");
}

/* n_path: how many segments are the project's path; 0: the pattern has no "*path". */
static bool
fits(struct req *r, const char *pattern, const struct target *t, size_t n_path)
{
	const char *part;
	size_t len;

	if (r->params[0].name != NULL) /* of a row that fitted only in part */
		memset(r->params, 0, sizeof(r->params));
	if (n_path == 0)
		return fits_behind(r, pattern, t->segments, t->n);
	len = next_part(&pattern, &part);
	return fits_path(r, part, len, t->segments, n_path) &&
	    fits_behind(r, pattern, t->segments + n_path, t->n - n_path);
}

/* ---- the match */

static bool
has_prefix(const struct dialect *d, const char *path)
{
	for (const char *const *prefix = d->prefixes; prefix != NULL && *prefix != NULL; prefix++)
		if (str_starts(path, *prefix) && strchr("/", path[strlen(*prefix)]) != NULL)
			return true;
	return false;
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

/* The last segment without its ".json". */
static const char *
bare_of(struct req *r, const char *last)
{
	size_t len = strlen(last), suffix = strlen(JSON_SUFFIX);

	if (len <= suffix || !str_ends(last, JSON_SUFFIX))
		return last;
	return arena_strndup(r->ctx->mem, last, len - suffix);
}

static bool
fits_suffixed(struct req *r, const struct route *row, struct target *t)
{
	const char *format = req_query(r, "format"), *full;
	bool is_fit;

	if (fits(r, row->path, t, 0) && str_ends(row->path, ".csv"))
		return true;
	if (t->n == 0 || (format != NULL && strcmp(format, "json") != 0))
		return false;
	full = t->segments[t->n - 1].text;
	if (t->bare == NULL)
		t->bare = bare_of(r, full);
	t->segments[t->n - 1].text = t->bare;
	is_fit = fits(r, row->path, t, 0);
	t->segments[t->n - 1].text = full;
	return is_fit;
}

static bool
fits_row(struct req *r, const struct dialect *d, const struct route *row, struct target *t)
{
	if (d->habits & HABIT_JSON_SUFFIX)
		return has_prefix(d, r->path) && fits_suffixed(r, row, t);
	if (!has_path(row->path))
		return fits(r, row->path, t, 0);
	for (size_t n = 1; n <= t->n; n++)
		if (fits(r, row->path, t, n))
			return true;
	return false;
}

/* "*path", which may end anywhere; of "*path.git" the .git says where. */
static bool
is_open(const struct route *row)
{
	return has_path(row->path) && !str_starts(row->path, "/*path" GIT_SUFFIX);
}

/* Of an address with several matches: the rows and their parameters, the shortest path first. */
struct matches {
	size_t n, at;
	struct match {
		const struct route *route;
		size_t n_path;
		struct param params[REQ_PARAMS_MAX];
	} rows[MATCHES_MAX];
};

static void
add_match(struct req *r, const struct route *row, size_t n_path)
{
	struct matches *m = r->matches;
	size_t i;

	if (m == NULL)
		m = r->matches = arena_new_of(r->ctx->mem, struct matches);
	for (i = m->n; i > 0 && m->rows[i - 1].n_path > n_path; i--)
		if (i < MATCHES_MAX)
			m->rows[i] = m->rows[i - 1];
	if (i == MATCHES_MAX)
		return;
	m->rows[i] = (struct match){ .route = row, .n_path = n_path };
	memcpy(m->rows[i].params, r->params, sizeof(r->params));
	if (m->n < MATCHES_MAX)
		m->n++;
}

static void
take_match(struct req *r, size_t i)
{
	r->matches->at = i;
	r->route = r->matches->rows[i].route;
	memcpy(r->params, r->matches->rows[i].params, sizeof(r->params));
}

bool
match_next(struct req *r)
{
	struct matches *m = r->matches;

	if (m == NULL)
		return false;
	take_match(r, m->at + 1 < m->n ? m->at + 1 : 0);
	return m->at > 0;
}

/* Rows of projects at any path. What another dialect has claimed is none. */
static void
find_open(struct req *r, const struct dialect *d, const struct route *row, enum method wanted,
    const struct target *t, unsigned *others)
{
	for (size_t n = 1; n <= t->n; n++) {
		if (!fits(r, row->path, t, n))
			continue;
		if (row->method == wanted) {
			add_match(r, row, n);
			r->dialect = d;
		} else if (row->path[strlen("/*path")] != '\0') { /* which takes everything */
			*others |= 1U << row->method;
		}
	}
}

/* Whether the client names HTML among what it takes: a browser does, curl does not. */
bool
match_wants_html(struct req *r)
{
	const char *accept = req_header(r, "Accept");

	return accept != NULL &&
	    (strstr(accept, "text/html") != NULL ||
		strstr(accept, "application/xhtml+xml") != NULL);
}

static bool
is_for_client(struct req *r, const struct route *row)
{
	if (!(row->flags & (ROUTE_HTML | ROUTE_NOT_HTML)))
		return true;
	return match_wants_html(r) == ((row->flags & ROUTE_HTML) != 0);
}

/* The row that takes the method, or NULL; rows at any path are gathered. */
static const struct route *
find_row(
    struct req *r, const struct dialect *d, bool is_claimed, struct target *t, unsigned *others)
{
	enum method wanted = r->method == HEAD ? GET : r->method;

	for (const struct route *row = d->routes; row->path != NULL; row++) {
		if (is_open(row)) {
			if (!is_claimed)
				find_open(r, d, row, wanted, t, others);
			continue;
		}
		if (!is_for_client(r, row) || !fits_row(r, d, row, t))
			continue;
		if (row->method == wanted || row->method == ANY)
			return row;
		*others |= 1U << row->method;
	}
	return NULL;
}

int
match_find(struct req *r, const struct dialect *const *dialects, struct target *t)
{
	const struct dialect *owner = match_dialect(dialects, r->path), *first = NULL;
	unsigned others = 0, before;

	for (; *dialects != NULL && !t->is_long; dialects++) {
		before = others;
		r->route = find_row(r, *dialects, has_prefix(owner, r->path), t, &others);
		if (r->route != NULL) {
			r->dialect = *dialects;
			r->matches = NULL;
			return OK;
		}
		if (others != before && first == NULL)
			first = *dialects;
	}
	memset(r->params, 0, sizeof(r->params));
	if (r->matches != NULL) {
		take_match(r, 0);
		return OK;
	}
	if (!t->is_utf8)
		return bad_target(r->ctx, "a target is percent-encoded UTF-8");
	if (first != NULL)
		r->dialect = first;
	if (others != 0)
		r->allow = method_list(r->ctx, others);
	return OK;
}

/* ---- the patterns themselves */

void
match_check(const char *pattern)
{
	const char *part, *at = pattern;
	size_t len, n_params = 0;

	assert(pattern[0] == '/' && (pattern[1] == '\0' || !str_ends(pattern, "/")));
	while ((len = next_part(&at, &part)) > 0) {
		n_params += part[0] == ':' || part[0] == '*';
		assert(part[0] != ':' || len > 1);
		if (part[0] != '*')
			continue;
		assert(is_part(part, len, "*path") || is_part(part, len, "*path.git") ||
		    is_part(part, len, "*rest"));
		assert((part[1] == 'p') == (part == pattern + 1)); /* in front */
		assert(part[1] == 'p' || *at == '\0');		   /* behind */
	}
	assert(*at == '\0' || (*at == '?' && strchr(at, '=') != NULL)); /* no "//" */
	assert(n_params <= REQ_PARAMS_MAX);
}
