#include "git/spec.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "git/spec_expr.h"
#include "git/spec_macro.h"

#define NESTED_MAX 32
#define EPOCH_MAX 4294967295 /* 32 bits in a package */
#define MACHINE "x86_64"
#define SYSTEM "linux"
#define BOM "\xef\xbb\xbf"

/* One %if that is open. */
struct branch {
	bool is_outer_read; /* is what it stands in read? */
	bool was_taken;	    /* one of its branches has been read */
	bool is_read;
};

struct reader {
	struct arena *mem;	/* until the end of this text */
	struct arena *line_mem; /* until the next line */
	struct spec_macros *macros;
	struct branch nested[NESTED_MAX];
	size_t n_nested;
	bool is_over; /* a section begins, or it is too much */
	const char *tags[4];
};

/* ---- tags */

enum tag { TAG_NAME, TAG_VERSION, TAG_RELEASE, TAG_EPOCH };

static const struct {
	const char *name;
	const char *first; /* the bytes it may begin with, besides letters and digits */
	const char *rest;
} tags[] = {
	[TAG_NAME] = { "name", "_", "_-.+" },
	[TAG_VERSION] = { "version", "._+~^", "._+~^" },
	[TAG_RELEASE] = { "release", "._+~^", "._+~^" },
	[TAG_EPOCH] = { "epoch", "", "" },
};

#define N_TAGS (sizeof(tags) / sizeof(tags[0]))

static bool
is_letter_or_digit(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
}

/* As rpm judges them; a macro that nobody knows is in the text with its '%'. */
static bool
is_good_tag(const char *text, enum tag tag)
{
	if (text[0] == '\0' || strlen(text) > GIT_SPEC_TAG_MAX || strstr(text, "..") != NULL)
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (!is_letter_or_digit(*p) &&
		    strchr(p == text ? tags[tag].first : tags[tag].rest, *p) == NULL)
			return false;
	return true;
}

static char *
upper(struct arena *mem, const char *name)
{
	char *text = arena_strdup(mem, name);

	for (char *p = text; *p != '\0'; p++)
		*p = (char)(*p - 'a' + 'A');
	return text;
}

static void
take_tag(struct reader *r, enum tag tag, const char *value)
{
	size_t len = strlen(value);
	char *text;

	while (len > 0 && strchr(" \t\r", value[len - 1]) != NULL)
		len--;
	text = arena_strndup(r->mem, value, len);
	if (r->tags[tag] != NULL)
		return;
	r->tags[tag] = text;
	spec_macros_set(r->macros, tags[tag].name, text);
	spec_macros_set(r->macros, upper(r->mem, tags[tag].name), text);
}

/* "Name: x", in any case, with blanks before the colon. */
static void
read_tag(struct reader *r, const char *line)
{
	for (size_t i = 0; i < N_TAGS; i++) {
		size_t len = strlen(tags[i].name);
		const char *s = line + len;

		if (strncasecmp(line, tags[i].name, len) != 0)
			continue;
		s += strspn(s, " \t");
		if (*s == ':')
			take_tag(r, (enum tag)i, s + 1 + strspn(s + 1, " \t"));
	}
}

/* ---- words that begin with a '%' */

static const char *const sections[] = { "package", "description", "prep", "generate_buildrequires",
	"conf", "build", "install", "check", "clean", "pre", "preun", "post", "postun", "pretrans",
	"posttrans", "preuntrans", "postuntrans", "verifyscript", "trigger", "triggerin",
	"triggerun", "triggerprein", "triggerpostun", "filetriggerin", "filetriggerun",
	"filetriggerpostun", "transfiletriggerin", "transfiletriggerun", "transfiletriggerpostun",
	"files", "changelog", "sourcelist", "patchlist", "sepolicy" };

static bool
is_section(const char *line)
{
	size_t len = strcspn(line, " \t\r");

	for (size_t i = 0; line[0] == '%' && i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strlen(sections[i]) == len - 1 &&
		    strncasecmp(line + 1, sections[i], len - 1) == 0)
			return true;
	return false;
}

enum condition { IF = 1, IFARCH, IFNARCH, IFOS, IFNOS, ELIF, ELIFARCH, ELIFOS, ELSE, ENDIF };

static const char *const condition_words[] = {
	[IF] = "%if",
	[IFARCH] = "%ifarch",
	[IFNARCH] = "%ifnarch",
	[IFOS] = "%ifos",
	[IFNOS] = "%ifnos",
	[ELIF] = "%elif",
	[ELIFARCH] = "%elifarch",
	[ELIFOS] = "%elifos",
	[ELSE] = "%else",
	[ENDIF] = "%endif",
};

/* 0: the line is none. */
static enum condition
condition_of(const char *line)
{
	size_t len = strcspn(line, " \t\r\n#");

	for (enum condition k = IF; k <= ENDIF; k++)
		if (strlen(condition_words[k]) == len && memcmp(condition_words[k], line, len) == 0)
			return k;
	return 0;
}

static bool
has_word(const char *text, const char *word)
{
	for (text += strspn(text, " \t\r,"); *text != '\0'; text += strspn(text, " \t\r,")) {
		size_t len = strcspn(text, " \t\r,");

		if (strlen(word) == len && memcmp(word, text, len) == 0)
			return true;
		text += len;
	}
	return false;
}

static bool
holds(enum condition k, const char *rest)
{
	bool result = true;

	switch (k) {
	case IFARCH:
	case ELIFARCH:
		return has_word(rest, MACHINE);
	case IFNARCH:
		return !has_word(rest, MACHINE);
	case IFOS:
	case ELIFOS:
		return has_word(rest, SYSTEM);
	case IFNOS:
		return !has_word(rest, SYSTEM);
	case IF:
	case ELIF:
		(void)spec_expr(rest, &result); /* one that cannot be told holds */
		return result;
	case ELSE:
	case ENDIF:
		break;
	}
	return true;
}

static bool
is_reading(const struct reader *r)
{
	return r->n_nested == 0 || r->nested[r->n_nested - 1].is_read;
}

static void
open_branch(struct reader *r, enum condition k, const char *rest)
{
	struct branch b = { .is_outer_read = is_reading(r) };

	if (r->n_nested == NESTED_MAX) {
		r->is_over = true;
		return;
	}
	b.is_read = b.was_taken = b.is_outer_read && holds(k, rest);
	r->nested[r->n_nested++] = b;
}

static void
take_condition(struct reader *r, enum condition k, const char *rest)
{
	struct branch *b = r->n_nested > 0 ? &r->nested[r->n_nested - 1] : NULL;

	if (k < ELIF) {
		open_branch(r, k, rest);
	} else if (b == NULL) {
		r->is_over = true; /* rpm reads no such file at all */
	} else if (k == ENDIF) {
		r->n_nested--;
	} else {
		b->is_read = b->is_outer_read && !b->was_taken && holds(k, rest);
		b->was_taken |= b->is_read;
	}
}

/* ---- lines */

/* A line with its macros expanded, which may have made more than one of it. */
static void
take_line(struct reader *r, char *line)
{
	enum condition k;

	line += strspn(line, " \t");
	k = condition_of(line);
	if (k != 0)
		take_condition(r, k, line + strlen(condition_words[k]));
	else if (is_reading(r) && is_section(line))
		r->is_over = true;
	else if (is_reading(r))
		read_tag(r, line);
}

/* What is not read is not expanded either, but for the conditions that may end that. */
static bool
is_expanded(const struct reader *r, const char *line)
{
	enum condition k = condition_of(line + strspn(line, " \t"));

	if (k == ELIF || k == ELIFARCH || k == ELIFOS)
		return r->nested[r->n_nested > 0 ? r->n_nested - 1 : 0].is_outer_read;
	return is_reading(r);
}

/* A condition may go on behind a backslash; other lines with one mean nothing to us. */
static void
join_condition(char *text)
{
	if (condition_of(text + strspn(text, " \t")) == 0)
		return;
	for (char *p = strstr(text, "\\\n"); p != NULL; p = strstr(p, "\\\n"))
		p[0] = p[1] = ' ';
}

static void
read_line(struct reader *r, const char *line)
{
	const char *expanded = is_expanded(r, line) ? spec_macros_expand(r->macros, line) : line;
	char *text, **lines;
	size_t n;

	if (expanded == NULL) {
		r->is_over = true;
		return;
	}
	text = arena_strdup(r->line_mem, expanded);
	join_condition(text);
	lines = str_split(r->line_mem, text, '\n', &n);
	for (size_t i = 0; i < n && !r->is_over; i++)
		take_line(r, lines[i]);
}

/* What goes on in the next line: an open %{, %( or %[, or a backslash at the end. */
struct join {
	int open[3];
	bool is_joined;
};

static void
look_for_open(struct join *j, const char *line)
{
	static const char open[] = "{([", close[] = "})]";

	j->is_joined = false;
	for (const char *p = line; *p != '\0'; p++) {
		const char *o = strchr(open, *p), *c = strchr(close, *p);

		if (*p == '%' && p[1] != '\0' && strchr(open, p[1]) != NULL)
			j->open[strchr(open, *++p) - open]++;
		else if (*p == '\\' && p[1] == '\0')
			j->is_joined = true;
		else if (*p == '\\' || (*p == '%' && p[1] == '%'))
			p++;
		else if (o != NULL && j->open[o - open] > 0)
			j->open[o - open]++;
		else if (c != NULL && j->open[c - close] > 0)
			j->open[c - close]--;
	}
}

static bool
goes_on(const struct join *j)
{
	return j->is_joined || j->open[0] > 0 || j->open[1] > 0 || j->open[2] > 0;
}

/* The lines of the text from *at on that belong together, *at behind them. NULL: too many. */
static const char *
next_line(struct reader *r, const char **at)
{
	struct buf *line = buf_new(r->line_mem, SPEC_TEXT_MAX);
	struct join join = { 0 };
	size_t begin, len;

	do {
		if (goes_on(&join))
			buf_char(line, '\n');
		begin = line->len;
		len = strcspn(*at, "\n");
		buf_add(line, *at, len);
		*at += len + ((*at)[len] == '\n');
		look_for_open(&join, line->data + begin);
	} while (**at != '\0' && !line->full && goes_on(&join));
	return line->full ? NULL : line->data;
}

/* Windows' line ends are blanks before a line end. */
static void
drop_carriage_returns(char *text)
{
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\r')
			*p = p[1] == '\n' || p[1] == '\0' ? ' ' : '\r';
}

/* ---- the whole */

static const char *
tag_of(struct arena *mem, const struct reader *r, enum tag tag)
{
	const char *text = r->tags[tag];

	return text != NULL && is_good_tag(text, tag) ? arena_strdup(mem, text) : "";
}

static int64_t
epoch_of(const struct reader *r)
{
	const char *text = r->tags[TAG_EPOCH];
	int64_t epoch;

	if (text == NULL || !str_is_int(text, &epoch) || epoch < 0 || epoch > EPOCH_MAX)
		return 0;
	return epoch;
}

void
git_spec_read(struct arena *mem, const char *text, size_t len, struct git_spec *out)
{
	struct arena *own = arena_new();
	struct reader *r = arena_new_of(own, struct reader);
	char *all = str_utf8(own, text, len < GIT_SPEC_MAX_BYTES ? len : GIT_SPEC_MAX_BYTES);
	const char *at = all, *line;

	drop_carriage_returns(all);
	if (str_starts(all, BOM))
		at += strlen(BOM);
	r->mem = own;
	r->macros = spec_macros_new(own);
	r->line_mem = arena_new();
	while (*at != '\0' && !r->is_over && (line = next_line(r, &at)) != NULL) {
		read_line(r, line);
		arena_reset(r->line_mem);
	}
	*out = (struct git_spec){
		.name = tag_of(mem, r, TAG_NAME),
		.version = tag_of(mem, r, TAG_VERSION),
		.release = tag_of(mem, r, TAG_RELEASE),
		.epoch = epoch_of(r),
	};
	arena_free(r->line_mem);
	arena_free(own);
}

bool
git_spec_is_possible(const struct git_spec *spec)
{
	return is_good_tag(spec->name, TAG_NAME) &&
	    (spec->version[0] == '\0' || is_good_tag(spec->version, TAG_VERSION)) &&
	    (spec->release[0] == '\0' || is_good_tag(spec->release, TAG_RELEASE)) &&
	    spec->epoch >= 0 && spec->epoch <= EPOCH_MAX;
}
