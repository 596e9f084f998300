#include "git/filter.h"

#include <git2.h>
#include <string.h>

#include "base/str.h"
#include "git/refs.h"

#define HEADS "refs/heads/"
#define TAGS "refs/tags/"
#define OURS "refs/mirrorhub/"
#define BLANKS " \t\r"

/* "start*end", or just "start". */
struct pattern {
	const char *start, *end; /* end NULL: there is no star */
};

struct list {
	struct pattern *rows;
	size_t n;
};

struct git_filter {
	struct list include, exclude;
};

static struct pattern usual_rows[] = { { HEADS, "" }, { TAGS, "" } };
static const struct git_filter usual = { .include = { usual_rows, 2 } };

/* ---- names */

bool
git_ref_is_name(const char *name)
{
	int valid = 0;

	if (!str_starts(name, "refs/") || strlen(name) > GIT_REF_NAME_MAX)
		return false;
	/* 0x7f: git refuses it, libgit2 does not */
	return strchr(name, 0x7f) == NULL && git_reference_name_is_valid(&valid, name) == 0 &&
	    valid;
}

static bool
is_match(const struct pattern *p, const char *name)
{
	size_t start_len = strlen(p->start);

	if (p->end == NULL)
		return strcmp(p->start, name) == 0;
	return strncmp(name, p->start, start_len) == 0 &&
	    strlen(name) >= start_len + strlen(p->end) && str_ends(name, p->end);
}

static bool
is_in(const struct list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (is_match(&list->rows[i], name))
			return true;
	return false;
}

bool
git_filter_takes(const struct git_filter *f, const char *name)
{
	f = f != NULL ? f : &usual;
	return is_in(&f->include, name) && !is_in(&f->exclude, name) && !str_starts(name, OURS) &&
	    git_ref_is_name(name);
}

/* ---- reading */

static int
wrong(struct ctx *c, const char *pattern, const char *why)
{
	return fail(c, E_INVALID, "the pattern %s %s", pattern, why);
}

/* A pattern is good when some name that fits it is one. */
static int
check(struct ctx *c, const char *pattern, const char *full)
{
	const char *star = strchr(full, '*');
	const char *name = full;

	if (pattern[0] == '!' || pattern[0] == '^')
		return wrong(
		    c, pattern, "belongs into the list of exclusions, without its first sign");
	if (strchr(pattern, ':') != NULL || pattern[0] == '+')
		return wrong(c, pattern, "is a refspec; only its left side is wanted, without +");
	if (star != NULL && strchr(star + 1, '*') != NULL)
		return wrong(c, pattern, "has more than one *");
	if (str_starts(full, OURS))
		return wrong(c, pattern, "is below refs/mirrorhub/, where the hub keeps its own");
	if (star != NULL)
		name = arena_printf(c->mem, "%.*sx%s", (int)(star - full), full, star + 1);
	if (!git_ref_is_name(name))
		return wrong(c, pattern, "is not how a ref can be named");
	return OK;
}

static void
add(struct ctx *c, struct list *list, const char *full)
{
	const char *star = strchr(full, '*');

	list->rows[list->n++] = (struct pattern){
		.start = star != NULL ? arena_strndup(c->mem, full, (size_t)(star - full)) : full,
		.end = star != NULL ? star + 1 : NULL,
	};
}

static int
add_pattern(struct ctx *c, struct list *list, const char *text)
{
	static const char *const places[] = { HEADS, TAGS };

	if (str_starts(text, "refs/")) {
		TRY(check(c, text, text));
		add(c, list, text);
		return OK;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *full = arena_printf(c->mem, "%s%s", places[i], text);

		TRY(check(c, text, full));
		add(c, list, full);
	}
	return OK;
}

static int
parse(struct ctx *c, const char *text, struct list *out)
{
	size_t n, n_patterns = 0;
	char **lines;

	if (strlen(text) > GIT_FILTER_BYTES_MAX)
		return fail(
		    c, E_INVALID, "a list of patterns has at most %d bytes", GIT_FILTER_BYTES_MAX);
	lines = str_split(c->mem, text, '\n', &n);
	out->rows = arena_new_array(c->mem, struct pattern, 2 * GIT_FILTER_PATTERNS_MAX + 1);
	for (size_t i = 0; i < n; i++) {
		char *line = lines[i] + strspn(lines[i], BLANKS);
		size_t len = strlen(line);

		while (len > 0 && strchr(BLANKS, line[len - 1]) != NULL)
			len--;
		line[len] = '\0';
		if (len == 0)
			continue;
		if (++n_patterns > GIT_FILTER_PATTERNS_MAX)
			return fail(c, E_INVALID, "a list has at most %d patterns",
			    GIT_FILTER_PATTERNS_MAX);
		TRY(add_pattern(c, out, line));
	}
	return OK;
}

int
git_filter_parse(
    struct ctx *c, const char *include, const char *exclude, const struct git_filter **out)
{
	struct git_filter *f = arena_new_of(c->mem, struct git_filter);

	if (include == NULL || include[0] == '\0')
		f->include = usual.include;
	else
		TRY(parse(c, include, &f->include));
	if (exclude != NULL && exclude[0] != '\0')
		TRY(parse(c, exclude, &f->exclude));
	*out = f;
	return OK;
}

/* ---- what to ask for */

/* A beginning that another one covers is left out. */
static bool
is_covered(const struct list *list, size_t i)
{
	for (size_t k = 0; k < list->n; k++) {
		const char *a = list->rows[k].start, *b = list->rows[i].start;

		if (k != i && str_starts(b, a) && (strcmp(a, b) != 0 || k < i))
			return true;
	}
	return false;
}

size_t
git_filter_prefixes(struct ctx *c, const struct git_filter *f, const char *const **out)
{
	const struct list *list = f != NULL ? &f->include : &usual.include;
	const char **prefixes = arena_new_array(c->mem, const char *, list->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!is_covered(list, i))
			prefixes[n++] = list->rows[i].start;
	*out = prefixes;
	return n;
}
