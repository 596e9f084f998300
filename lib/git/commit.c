#include "git/commit.h"

#include <git2.h>
#include <iconv.h>
#include <string.h>

#include "base/str.h"
#include "git/object.h"
#include "git/person.h"
#include "git/view.h"

#define HEX_LEN 40
#define DIGITS "0123456789"
#define LATEST_AT INT64_C(253402300799) /* the end of year 9999; what is later is no time */
#define MOST_OFFSET_MIN (24 * 60)

/* ---- bytes of an object, in lines */

struct lines {
	const char *at, *end;
};

struct text {
	const char *bytes;
	size_t len;
};

static void
close_object(void *object)
{
	git_odb_object_free(object);
}

/* Read as it is, not by libgit2's parser, which refuses commits that Git shows. What is taken from
 * it is copied; it is given back at once (arena_close), since a page may be of a thousand. */
static int
open_object(struct ctx *c, struct git_view *view, const char *id, git_object_t type,
    git_odb_object **object_out, struct lines *out)
{
	git_oid oid;

	if (git_oid_fromstr(&oid, id) < 0)
		return fail(c, E_NOTFOUND, "no such commit");
	TRY(git_object_read(c, git_view_odb(view), &oid, type, GIT_COMMIT_MAX, object_out));
	arena_defer(c->mem, close_object, *object_out);
	out->at = git_odb_object_data(*object_out);
	out->end = out->at + git_odb_object_size(*object_out);
	return OK;
}

/* The next line, without its newline, false behind the last one. */
static bool
next_line(struct lines *lines, struct text *out)
{
	const char *newline;

	if (lines->at == lines->end)
		return false;
	newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
	out->bytes = lines->at;
	out->len = (size_t)((newline != NULL ? newline : lines->end) - lines->at);
	lines->at = newline != NULL ? newline + 1 : lines->end;
	return true;
}

/* Whether the line is of that header; then it becomes the value. */
static bool
is_header(struct text *line, const char *name)
{
	size_t len = strlen(name);

	if (line->len <= len || memcmp(line->bytes, name, len) != 0 || line->bytes[len] != ' ')
		return false;
	line->bytes += len + 1;
	line->len -= len + 1;
	return true;
}

struct headers {
	struct text tree, author, committer, tagger, encoding;
	const char *first_parent; /* n_parents lines of PARENT_LINE bytes, one behind the other */
	size_t n_parents;
};

#define PARENT_LINE (strlen("parent \n") + HEX_LEN)

/* What does not stand right behind the others is none, to Git neither. */
static void
take_parent(struct headers *h, struct text id)
{
	if (id.len != HEX_LEN ||
	    (h->n_parents > 0 && id.bytes != h->first_parent + h->n_parents * PARENT_LINE))
		return;
	if (h->n_parents++ == 0)
		h->first_parent = id.bytes;
}

static void
take_header(struct headers *h, struct text line)
{
	if (is_header(&line, "tree"))
		h->tree = line;
	else if (is_header(&line, "parent"))
		take_parent(h, line);
	else if (is_header(&line, "author"))
		h->author = line;
	else if (is_header(&line, "committer"))
		h->committer = line;
	else if (is_header(&line, "tagger"))
		h->tagger = line;
	else if (is_header(&line, "encoding"))
		h->encoding = line;
}

/* Up to the empty line, behind which the message begins. */
static void
take_headers(struct lines *lines, struct headers *out)
{
	struct text line;

	*out = (struct headers){ 0 };
	while (next_line(lines, &line) && line.len > 0)
		take_header(out, line);
}

/* ---- to UTF-8 */

/* One byte or several per character, without shift states: what real histories hold. Names that are
 * not here never reach iconv, which would look for a module of that name. */
static const char *const encodings[] = { "ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4",
	"ISO-8859-5", "ISO-8859-7", "ISO-8859-9", "ISO-8859-13", "ISO-8859-15", "ISO8859-1",
	"ISO8859-2", "ISO8859-5", "ISO8859-15", "LATIN1", "LATIN-1", "CP1250", "CP1251", "CP1252",
	"CP1254", "CP1257", "CP866", "CP932", "CP936", "CP949", "WINDOWS-1250", "WINDOWS-1251",
	"WINDOWS-1252", "WINDOWS-1254", "WINDOWS-1257", "KOI8-R", "KOI8-U", "EUC-JP", "EUCJP",
	"SHIFT_JIS", "SHIFT-JIS", "SJIS", "EUC-KR", "GBK", "GB2312", "GB18030", "BIG5" };

/* NULL: UTF-8, or one that we do not know. */
static const char *
known_encoding(struct ctx *c, struct text name)
{
	const char *text = arena_strndup(c->mem, name.bytes != NULL ? name.bytes : "", name.len);

	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (str_is_equal_nocase(text, encodings[i])) {
			const char *found = encodings[i];

			/* glibc does not know every spelling */
			if (str_is_equal_nocase(found, "LATIN-1"))
				return "ISO-8859-1";
			return str_is_equal_nocase(found, "SHIFT-JIS") ? "SHIFT_JIS" : found;
		}
	return NULL;
}

/* NULL: it is not of that encoding. No character of those above takes more than twice its bytes,
 * but for a single byte, which takes three at most. */
static char *
converted(struct ctx *c, const char *encoding, struct text text)
{
	size_t in_left = text.len, out_left = 3 * text.len, n;
	char *in = arena_strndup(c->mem, text.bytes, text.len);
	char *out = arena_alloc(c->mem, out_left + 1), *to = out;
	iconv_t conversion = iconv_open("UTF-8", encoding);

	if (conversion == (iconv_t)-1) /* the system has no tables of it */
		return NULL;
	n = iconv(conversion, &in, &in_left, &to, &out_left);
	iconv_close(conversion);
	return n != (size_t)-1 && strlen(out) == (size_t)(to - out) ? out : NULL;
}

static char *
utf8(struct ctx *c, const char *encoding, struct text text)
{
	char *out = NULL;

	if (text.len == 0)
		return arena_strdup(c->mem, "");
	if (encoding != NULL)
		out = converted(c, encoding, text);
	return out != NULL ? out : str_utf8(c->mem, text.bytes, text.len);
}

/* ---- people */

static bool
is_blank(char ch)
{
	return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

static struct text
trimmed(const char *from, const char *to)
{
	while (from < to && is_blank(*from))
		from++;
	while (from < to && is_blank(to[-1]))
		to--;
	return (struct text){ from, (size_t)(to - from) };
}

static const char *
person(struct ctx *c, const char *encoding, struct text text)
{
	return git_person_text(c->mem, utf8(c, encoding, text));
}

/* "+0530": hours and minutes. 0 if it makes no sense. */
static int
offset(const char *at, const char *end)
{
	int number = 0, minutes;

	if (at == end || (*at != '+' && *at != '-'))
		return 0;
	for (const char *p = at + 1; p < end && *p >= '0' && *p <= '9' && number < 10000; p++)
		number = 10 * number + (*p - '0');
	minutes = number / 100 * 60 + number % 100;
	if (minutes > MOST_OFFSET_MIN)
		return 0;
	return *at == '-' ? -minutes : minutes;
}

/* What is behind the address: "1600000000 +0200". */
static void
take_time(struct text when, struct git_sign *out)
{
	const char *p = when.bytes, *end = when.bytes + when.len;
	int64_t at = 0;

	for (; p < end && *p >= '0' && *p <= '9' && at <= LATEST_AT; p++)
		at = 10 * at + (*p - '0');
	if (at > LATEST_AT || p == when.bytes)
		return;
	while (p < end && is_blank(*p))
		p++;
	out->at = at;
	out->offset_min = offset(p, end);
}

/* As git does: the first '<' and the first '>' behind it are the address, the last '>' of the line
 * is what the time stands behind. */
static struct git_sign
sign(struct ctx *c, const char *encoding, struct text line)
{
	struct git_sign out = { .name = "", .email = "" };
	const char *end = line.bytes + line.len, *open, *shut, *last;

	if (line.len == 0)
		return out;
	open = memchr(line.bytes, '<', line.len);
	shut = open != NULL ? memchr(open, '>', (size_t)(end - open)) : NULL;
	if (shut == NULL) {
		out.name = person(c, encoding, trimmed(line.bytes, end));
		return out;
	}
	out.name = person(c, encoding, trimmed(line.bytes, open));
	out.email = person(c, encoding, trimmed(open + 1, shut));
	last = memrchr(shut, '>', (size_t)(end - shut));
	take_time(trimmed(last + 1, end), &out);
	return out;
}

/* ---- messages */

static const char *
message(struct ctx *c, const char *encoding, struct lines lines, ptrdiff_t most)
{
	while (lines.at < lines.end && *lines.at == '\n')
		lines.at++;
	if (lines.end - lines.at > most)
		lines.end = lines.at + most;
	while (lines.end > lines.at && lines.end[-1] == '\n')
		lines.end--;
	return utf8(c, encoding, (struct text){ lines.at, (size_t)(lines.end - lines.at) });
}

static bool
is_blank_line(const char *line, size_t len)
{
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	return len == 0;
}

static const char *
subject(struct ctx *c, const char *all)
{
	char *out = arena_alloc(c->mem, strlen(all) + 1), *to = out;
	size_t len;

	for (len = strcspn(all, "\n"); *all != '\0' && is_blank_line(all, len);
	     len = strcspn(all, "\n"))
		all += len + (all[len] == '\n');
	for (; *all != '\0' && !is_blank_line(all, len); len = strcspn(all, "\n")) {
		size_t used = len;

		while (is_blank(all[used - 1]))
			used--;
		if (to > out)
			*to++ = ' ';
		memcpy(to, all, used);
		to += used;
		all += len + (all[len] == '\n');
	}
	return out;
}

/* ---- the whole */

static void
take_parents(struct ctx *c, const struct headers *h, struct git_commit_info *out)
{
	char(*parents)[HEX_LEN + 1] = arena_alloc(c->mem, (h->n_parents + 1) * sizeof(*parents));

	for (size_t i = 0; i < h->n_parents; i++)
		memcpy(parents[i], h->first_parent + i * PARENT_LINE, HEX_LEN);
	out->parents = (const char(*)[HEX_LEN + 1]) parents;
	out->n_parents = h->n_parents;
}

static int
take_commit(
    struct ctx *c, struct lines lines, const char *id, ptrdiff_t most, struct git_commit_info *out)
{
	struct git_commit_info info = { 0 };
	const char *encoding;
	struct headers h;

	take_headers(&lines, &h);
	if (h.tree.len != HEX_LEN)
		return fail(c, E_NOTFOUND, "no such commit");
	memcpy(info.id, str_lower(c->mem, id), HEX_LEN);
	memcpy(info.tree, h.tree.bytes, HEX_LEN);
	take_parents(c, &h, &info);
	encoding = known_encoding(c, h.encoding);
	info.author = sign(c, encoding, h.author);
	info.committer = sign(c, encoding, h.committer);
	info.message = message(c, encoding, lines, most);
	info.subject = subject(c, info.message);
	*out = info;
	return OK;
}

static int
read_commit(struct ctx *c, struct git_view *view, const char *id, ptrdiff_t most,
    struct git_commit_info *out)
{
	git_odb_object *object = NULL;
	struct lines lines;

	TRY(open_object(c, view, id, GIT_OBJECT_COMMIT, &object, &lines));
	TRY(take_commit(c, lines, id, most, out));
	arena_close(c->mem, object);
	return OK;
}

int
git_commit_read(struct ctx *c, struct git_view *view, const char *id, struct git_commit_info *out)
{
	return read_commit(c, view, id, GIT_MESSAGE_MAX, out);
}

int
git_commit_read_row(
    struct ctx *c, struct git_view *view, const char *id, struct git_commit_info *out)
{
	return read_commit(c, view, id, GIT_MESSAGE_ROW_MAX, out);
}

int
git_commit_date(struct ctx *c, struct git_view *view, const char *id, int64_t *at_out)
{
	struct git_sign committer = { 0 };
	git_odb_object *object = NULL;
	struct lines lines;
	struct headers h;
	const char *last;

	TRY(open_object(c, view, id, GIT_OBJECT_COMMIT, &object, &lines));
	take_headers(&lines, &h);
	last = h.committer.len > 0 ? memrchr(h.committer.bytes, '>', h.committer.len) : NULL;
	if (last != NULL)
		take_time(trimmed(last + 1, h.committer.bytes + h.committer.len), &committer);
	arena_close(c->mem, object);
	*at_out = committer.at;
	return OK;
}

static bool
is_signature(struct text line)
{
	static const char *const begins[] = { "-----BEGIN PGP SIGNATURE",
		"-----BEGIN SSH SIGNATURE", "-----BEGIN SIGNED MESSAGE" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (line.len >= strlen(begins[i]) &&
		    memcmp(line.bytes, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* A signature stands behind the message, in lines of its own. */
static const char *
before_signature(struct lines lines)
{
	struct text line;

	while (next_line(&lines, &line))
		if (is_signature(line))
			return line.bytes;
	return lines.end;
}

int
git_tag_read(struct ctx *c, struct git_view *view, const char *id, struct git_tag_info *out)
{
	git_odb_object *object = NULL;
	struct lines lines;
	const char *encoding;
	struct headers h;

	TRY(open_object(c, view, id, GIT_OBJECT_TAG, &object, &lines));
	take_headers(&lines, &h);
	encoding = known_encoding(c, h.encoding);
	lines.end = before_signature(lines);
	out->tagger = sign(c, encoding, h.tagger);
	out->message = message(c, encoding, lines, GIT_MESSAGE_ROW_MAX);
	arena_close(c->mem, object);
	return OK;
}
