#include "git/blame.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "git/child.h"
#include "git/init.h"
#include "git/person.h"

#define ID_CHARS 40
#define BINARY_LOOK_BYTES 8000
/* a line of its own for each line, all headers, and paths of the longest kind */
#define OUT_MAX_BYTES (32 * 1024 * 1024)

/* ---- the file */

static void
close_object(void *object)
{
	git_object_free(object);
}

static void
close_entry(void *entry)
{
	git_tree_entry_free(entry);
}

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "there is no such file");
}

static int
open_tree(struct ctx *c, git_repository *repo, const char *id, git_object **out)
{
	git_object *commit;
	git_oid oid;

	if (strlen(id) != ID_CHARS || git_oid_fromstr(&oid, id) < 0 ||
	    git_object_lookup(&commit, repo, &oid, GIT_OBJECT_COMMIT) < 0)
		return no_such(c);
	arena_defer(c->mem, close_object, commit);
	if (git_object_peel(out, commit, GIT_OBJECT_TREE) < 0)
		return git_fail(c, E_INTERNAL, "read the tree of %s", id);
	arena_defer(c->mem, close_object, *out);
	return OK;
}

static int
find_blob(struct ctx *c, git_repository *repo, const char *id, const char *path, git_oid *out)
{
	git_tree_entry *entry;
	git_object *tree;
	int error;

	TRY(open_tree(c, repo, id, &tree));
	error = git_tree_entry_bypath(&entry, (git_tree *)tree, path);
	if (error == GIT_ENOTFOUND || error == GIT_EINVALIDSPEC)
		return no_such(c);
	if (error < 0)
		return git_fail(c, E_INTERNAL, "look for a file in %s", id);
	arena_defer(c->mem, close_entry, entry);
	if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB)
		return no_such(c);
	git_oid_cpy(out, git_tree_entry_id(entry));
	return OK;
}

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

static void
close_odb_object(void *object)
{
	git_odb_object_free(object);
}

static int
read_text(struct ctx *c, git_repository *repo, const git_oid *oid, struct git_blame_file *out)
{
	git_odb_object *object;
	git_object_t type;
	git_odb *odb;
	size_t len;

	if (git_repository_odb(&odb, repo) < 0)
		return git_fail(c, E_INTERNAL, "open the objects");
	arena_defer(c->mem, close_odb, odb);
	if (git_odb_read_header(&len, &type, odb, oid) < 0)
		return git_fail(c, E_INTERNAL, "look at a file");
	out->size_bytes = (int64_t)len;
	out->is_large = len > GIT_BLAME_BYTES;
	if (out->is_large)
		return OK;
	if (git_odb_read(&object, odb, oid) < 0)
		return git_fail(c, E_INTERNAL, "read a file");
	arena_defer(c->mem, close_odb_object, object);
	out->text = git_odb_object_data(object); /* lives as long as the arena */
	out->len = len;
	out->is_binary =
	    memchr(out->text, '\0', len < BINARY_LOOK_BYTES ? len : BINARY_LOOK_BYTES) != NULL;
	return OK;
}

/* What lies behind the last newline is a line too. */
static int
count_lines(const char *text, size_t len)
{
	const char *end = text + len, *at = text, *next;
	int n = 0;

	while ((next = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at = next + 1;
		n++;
	}
	return n + (at < end);
}

/* ---- what git says of it */

struct reading {
	struct ctx *c;
	struct git_blame_commit **commits;
	size_t n_commits;
	struct git_blame_run *entries; /* in git's order: by when it found out */
	size_t n;
	int n_lines;
	int *owner; /* of each line: its entry's number from 1 */
};

static int
garbled(struct ctx *c, const char *line)
{
	return fail(c, E_INTERNAL, "git blame says \"%s\"", git_clean(c->mem, line));
}

/* Git puts a path with special bytes between double quotes, with escapes as in C. */
static const char *
unquoted(struct arena *mem, const char *text)
{
	static const char from[] = "abtnvfr", to[] = "\a\b\t\n\v\f\r";
	char *out, *p;

	if (text[0] != '"')
		return text;
	p = out = arena_strdup(mem, text);
	for (text++; *text != '\0' && *text != '"'; text++) {
		const char *known;

		if (*text != '\\') {
			*p++ = *text;
			continue;
		}
		text++;
		known = *text != '\0' ? strchr(from, *text) : NULL;
		if (known != NULL) {
			*p++ = to[known - from];
		} else if (*text >= '0' && *text <= '3' && strspn(text, "01234567") >= 3) {
			*p++ = (char)((text[0] - '0') * 64 + (text[1] - '0') * 8 + text[2] - '0');
			text += 2;
		} else {
			*p++ = *text;
		}
	}
	*p = '\0';
	return out;
}

/* The rest of the line behind a word and a blank; NULL: it begins otherwise. */
static const char *
after(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

/* "<a@x>" */
static const char *
address(struct arena *mem, const char *text)
{
	size_t len;

	text += *text == '<';
	len = strlen(text);
	len -= len > 0 && text[len - 1] == '>';
	return git_person_text(mem, arena_strndup(mem, text, len));
}

/* "-0730" is 450 minutes behind. */
static int
offset_of(const char *zone)
{
	int hhmm = atoi(zone), minutes = abs(hhmm) / 100 * 60 + abs(hhmm) % 100;

	return hhmm < 0 ? -minutes : minutes;
}

static void
read_commit_line(struct arena *mem, struct git_blame_commit *commit, const char *line)
{
	const char *rest;

	if ((rest = after(line, "author")) != NULL)
		commit->author = git_person_text(mem, rest);
	else if ((rest = after(line, "author-mail")) != NULL)
		commit->email = address(mem, rest);
	else if ((rest = after(line, "author-time")) != NULL)
		commit->at = strtoll(rest, NULL, 10);
	else if ((rest = after(line, "author-tz")) != NULL)
		commit->offset_min = offset_of(rest);
	else if ((rest = after(line, "summary")) != NULL)
		commit->subject = str_utf8(mem, rest, strlen(rest));
}

static void
read_place(struct arena *mem, struct git_blame_run *entry, const char *line)
{
	const char *rest;

	if ((rest = after(line, "filename")) != NULL)
		entry->path = unquoted(mem, rest);
	if ((rest = after(line, "previous")) == NULL || strlen(rest) <= ID_CHARS)
		return;
	memcpy(entry->previous, rest, ID_CHARS);
	entry->previous_path = unquoted(mem, rest + ID_CHARS + 1);
}

/* Each commit's header comes once, with its first lines; the others stand among those before. */
static struct git_blame_commit *
commit_of(struct reading *r, const char *id)
{
	struct git_blame_commit *commit;

	for (size_t i = r->n_commits; i > 0; i--)
		if (memcmp(r->commits[i - 1]->id, id, ID_CHARS) == 0)
			return r->commits[i - 1];
	commit = arena_new_of(r->c->mem, struct git_blame_commit);
	*commit = (struct git_blame_commit){ .author = "", .email = "", .subject = "" };
	memcpy(commit->id, id, ID_CHARS);
	return r->commits[r->n_commits++] = commit;
}

/* "ID THEN FIRST N" */
static int
read_head(struct reading *r, const char *line, struct git_blame_run *out,
    struct git_blame_commit **commit_out)
{
	char *at;

	if (strspn(line, "0123456789abcdef") != ID_CHARS || r->n == (size_t)r->n_lines)
		return garbled(r->c, line);
	out->then_first = (int)strtol(line + ID_CHARS, &at, 10);
	out->first = (int)strtol(at, &at, 10);
	out->n = (int)strtol(at, &at, 10);
	if (out->first < 1 || out->n < 1 || out->n > r->n_lines - out->first + 1)
		return garbled(r->c, line);
	out->commit = *commit_out = commit_of(r, line);
	return OK;
}

/* One entry, up to its "filename". *at moves behind it. */
static int
read_entry(struct reading *r, char **lines, size_t *at)
{
	struct git_blame_run *entry = &r->entries[r->n];
	struct git_blame_commit *commit = NULL;

	TRY(read_head(r, lines[*at], entry, &commit));
	for (++*at; lines[*at] != NULL && entry->path == NULL; ++*at) {
		read_commit_line(r->c->mem, commit, lines[*at]);
		read_place(r->c->mem, entry, lines[*at]);
	}
	if (entry->path == NULL)
		return garbled(r->c, "an entry without a path");
	r->n++;
	for (int i = 0; i < entry->n; i++)
		r->owner[entry->first - 1 + i] = (int)r->n;
	return OK;
}

/* In the order of the lines; what git splits for reasons of its own stays split. */
static int
put_in_order(struct reading *r, struct git_blame_file *out)
{
	int last = 0;

	out->runs = arena_new_array(r->c->mem, struct git_blame_run, r->n + 1);
	for (int i = 0; i < r->n_lines; i++) {
		if (r->owner[i] == 0)
			return garbled(r->c, "nothing of a line");
		if (r->owner[i] != last)
			out->runs[out->n++] = r->entries[r->owner[i] - 1];
		last = r->owner[i];
	}
	return OK;
}

static int
parse(struct ctx *c, const struct buf *told, int n_lines, struct git_blame_file *out)
{
	struct reading r = { .c = c, .n_lines = n_lines };
	size_t at = 0, n;
	char **lines = str_split(c->mem, told->data, '\n', &n);

	r.commits = arena_new_array(c->mem, struct git_blame_commit *, n_lines + 1);
	r.entries = arena_new_array(c->mem, struct git_blame_run, n_lines + 1);
	r.owner = arena_new_array(c->mem, int, n_lines + 1);
	while (lines[at] != NULL && lines[at][0] != '\0')
		TRY(read_entry(&r, lines, &at));
	return put_in_order(&r, out);
}

/* Git takes the path as it stands behind "--"; its own limit is the time. */
static int
ask_git(struct ctx *c, const char *dir, const char *id, const char *path, int n_lines,
    struct git_blame_file *out)
{
	const char *lines = arena_printf(c->mem, "-L1,%d", n_lines);
	const char *const argv[] = { "git", "blame", "--incremental", "--encoding=UTF-8",
		"--no-progress", lines, id, "--", path, NULL };
	const struct git_child child = {
		.dir = dir, .argv = argv, .wall_ms = GIT_BLAME_WALL_MS, .out_max = OUT_MAX_BYTES
	};
	int64_t until_us = clock_mono_us() + GIT_BLAME_WALL_MS * 1000;
	struct buf *told;
	int code = git_child_run(c, &child, &told, NULL);

	out->is_late = code != OK && clock_mono_us() >= until_us;
	if (out->is_late)
		return OK;
	TRY(code);
	return parse(c, told, n_lines, out);
}

int
git_blame_read(struct ctx *c, const char *dir, git_repository *repo, const char *id,
    const char *path, struct git_blame_file *out)
{
	git_oid blob;
	int n_lines;

	*out = (struct git_blame_file){ .n = 0 };
	TRY(find_blob(c, repo, id, path, &blob));
	TRY(read_text(c, repo, &blob, out));
	if (out->is_large || out->is_binary || out->len == 0)
		return OK;
	n_lines = count_lines(out->text, out->len);
	out->is_cut = n_lines > GIT_BLAME_LINES;
	return ask_git(c, dir, id, path, out->is_cut ? GIT_BLAME_LINES : n_lines, out);
}
