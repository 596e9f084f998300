#include "git/lines.h"

#include <git2.h>
#include <string.h>

#include "base/clock.h"
#include "git/init.h"

#define BINARY_LOOK_BYTES 8000 /* where git looks for a NUL */
#define CONTEXT_LINES 3
#define SUBMODULE GIT_FILEMODE_COMMIT

/* What libgit2's callbacks fill. */
struct reading {
	struct ctx *c;
	struct git_lines_left *left;
	struct git_change *row;
	size_t hunks_room, lines_room;
	int64_t n_lines; /* shown of this file */
	bool was_shown;	 /* the line before: then what is told of its end is told of ours */
};

static void
close_blob(void *blob)
{
	git_blob_free(blob);
}

/* ---- what libgit2 tells */

static struct git_hunk *
new_hunk(struct reading *r)
{
	struct git_change *row = r->row;

	if (row->n_hunks == r->hunks_room) {
		size_t room = r->hunks_room == 0 ? 4 : r->hunks_room * 2;
		struct git_hunk *more = arena_new_array(r->c->mem, struct git_hunk, room);

		if (row->n_hunks > 0)
			memcpy(more, row->hunks, row->n_hunks * sizeof(*more));
		row->hunks = more;
		r->hunks_room = room;
	}
	r->lines_room = 0;
	return &row->hunks[row->n_hunks++];
}

static bool
has_room(const struct reading *r)
{
	return r->n_lines < GIT_CHANGES_LINES_MAX && r->left->lines > 0 && r->left->text_bytes > 0;
}

/* "@@ -1,2 +3,4 @@ heading\n" */
static const char *
heading_of(struct arena *mem, const git_diff_hunk *hunk)
{
	const char *end = hunk->header + hunk->header_len;
	const char *at = memmem(hunk->header + 2, hunk->header_len - 2, "@@", 2);

	if (at == NULL)
		return "";
	at += 2;
	while (at < end && *at == ' ')
		at++;
	while (end > at && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	return arena_strndup(mem, at, (size_t)(end - at));
}

static int
take_hunk(const git_diff_delta *delta, const git_diff_hunk *hunk, void *payload)
{
	struct reading *r = payload;
	struct git_hunk *ours;

	(void)delta;
	if (!has_room(r))
		return 0;
	ours = new_hunk(r);
	*ours = (struct git_hunk){
		.old_start = hunk->old_start,
		.old_lines = hunk->old_lines,
		.new_start = hunk->new_start,
		.new_lines = hunk->new_lines,
		.heading = heading_of(r->c->mem, hunk),
	};
	return 0;
}

static struct git_line *
new_line(struct reading *r)
{
	struct git_hunk *hunk = &r->row->hunks[r->row->n_hunks - 1];

	if (hunk->n == r->lines_room) {
		size_t room = r->lines_room == 0 ? 16 : r->lines_room * 2;
		struct git_line *more = arena_new_array(r->c->mem, struct git_line, room);

		if (hunk->n > 0)
			memcpy(more, hunk->lines, hunk->n * sizeof(*more));
		hunk->lines = more;
		r->lines_room = room;
	}
	return &hunk->lines[hunk->n++];
}

static void
show_line(struct reading *r, const git_diff_line *line)
{
	size_t len = line->content_len;
	bool is_cut;

	if (len > 0 && line->content[len - 1] == '\n')
		len--;
	is_cut = len > GIT_CHANGES_LINE_BYTES;
	if (is_cut)
		len = GIT_CHANGES_LINE_BYTES;
	*new_line(r) = (struct git_line){
		.sign = line->origin,
		.is_cut = is_cut,
		.old_no = line->old_lineno > 0 ? line->old_lineno : 0,
		.new_no = line->new_lineno > 0 ? line->new_lineno : 0,
		.text = arena_strndup(r->c->mem, line->content, len),
		.len = len,
	};
	r->n_lines++;
	r->left->lines--;
	r->left->text_bytes -= (int64_t)len;
}

/* "\ No newline at end of file" comes as a line of its own behind the one it is said of. */
static void
mark_end(struct reading *r)
{
	struct git_hunk *hunk;

	if (!r->was_shown)
		return;
	hunk = &r->row->hunks[r->row->n_hunks - 1];
	hunk->lines[hunk->n - 1].has_no_end = true;
}

/* Every line is counted, the first ones are kept. */
static int
take_line(const git_diff_delta *delta, const git_diff_hunk *hunk, const git_diff_line *line,
    void *payload)
{
	struct reading *r = payload;

	(void)delta;
	(void)hunk;
	if (line->origin != GIT_DIFF_LINE_CONTEXT && line->origin != GIT_DIFF_LINE_ADDITION &&
	    line->origin != GIT_DIFF_LINE_DELETION) {
		mark_end(r);
		return 0;
	}
	r->row->added += line->origin == GIT_DIFF_LINE_ADDITION;
	r->row->removed += line->origin == GIT_DIFF_LINE_DELETION;
	r->was_shown = has_room(r) && r->row->n_hunks > 0;
	if (r->was_shown)
		show_line(r, line);
	else
		r->row->lines_left_out++;
	return 0;
}

/* ---- one file */

static int
size_of(struct ctx *c, git_odb *odb, const char *hex, int mode, int64_t *out)
{
	git_object_t type;
	git_oid oid;
	size_t len;

	*out = mode == 0 || mode == SUBMODULE ? -1 : 0;
	if (*out < 0)
		return OK;
	if (git_oid_fromstr(&oid, hex) < 0 || git_odb_read_header(&len, &type, odb, &oid) < 0)
		return git_fail(c, E_INTERNAL, "look at file %s", hex);
	*out = (int64_t)len;
	return OK;
}

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

static int
read_sizes(struct ctx *c, git_repository *repo, struct git_change *row)
{
	git_odb *odb;

	if (git_repository_odb(&odb, repo) < 0)
		return git_fail(c, E_INTERNAL, "open the objects");
	arena_defer(c->mem, close_odb, odb);
	TRY(size_of(c, odb, row->old_id, row->old_mode, &row->old_bytes));
	TRY(size_of(c, odb, row->new_id, row->new_mode, &row->new_bytes));
	arena_close(c->mem, odb);
	return OK;
}

/* NULL where that side has no file. */
static int
open_blob(struct ctx *c, git_repository *repo, const char *hex, int64_t size, git_blob **out)
{
	git_oid oid;

	*out = NULL;
	if (size < 0)
		return OK;
	if (git_oid_fromstr(&oid, hex) < 0 || git_blob_lookup(out, repo, &oid) < 0)
		return git_fail(c, E_INTERNAL, "read file %s", hex);
	arena_defer(c->mem, close_blob, *out);
	return OK;
}

static bool
is_binary(const git_blob *blob)
{
	size_t len;

	if (blob == NULL)
		return false;
	len = (size_t)git_blob_rawsize(blob);
	return memchr(git_blob_rawcontent(blob), '\0',
		   len < BINARY_LOOK_BYTES ? len : BINARY_LOOK_BYTES) != NULL;
}

static bool
has_many_lines(const git_blob *blob)
{
	const char *at, *end;
	size_t n = 0;

	if (blob == NULL)
		return false;
	at = git_blob_rawcontent(blob);
	end = at + git_blob_rawsize(blob);
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL && n <= GIT_CHANGES_BLOB_LINES) {
		at++;
		n++;
	}
	return n > GIT_CHANGES_BLOB_LINES;
}

/* No path is told to libgit2: it would look for attributes and drivers in the store's settings. */
static int
compare(struct reading *r, const struct git_changes_options *options, const git_blob *old,
    const git_blob *new)
{
	git_diff_options how;

	git_diff_options_init(&how, GIT_DIFF_OPTIONS_VERSION);
	how.context_lines = CONTEXT_LINES;
	how.flags = GIT_DIFF_FORCE_TEXT | GIT_DIFF_INDENT_HEURISTIC;
	if (options->ignore_space)
		how.flags |= GIT_DIFF_IGNORE_WHITESPACE;
	if (git_diff_blobs(old, NULL, new, NULL, &how, NULL, NULL, take_hunk, take_line, r) < 0)
		return git_fail(r->c, E_INTERNAL, "compare two files");
	r->row->is_counted = true;
	return OK;
}

static int
judge(struct reading *r, const struct git_changes_options *options, const git_blob *old,
    const git_blob *new)
{
	struct git_change *row = r->row;

	row->is_binary = is_binary(old) || is_binary(new);
	if (row->is_binary) {
		row->is_counted = true;
		return OK;
	}
	if (has_many_lines(old) || has_many_lines(new)) {
		row->left_out = GIT_LEFT_LARGE;
		return OK;
	}
	if (row->kind != GIT_CHANGE_TYPE)
		return compare(r, options, old, new);
	/* a link's target and a file's text have nothing in common: one goes, the other comes */
	TRY(compare(r, options, old, NULL));
	return compare(r, options, NULL, new);
}

static void
count_submodule(struct git_change *row)
{
	row->is_counted = true;
	row->added = row->new_mode != 0;
	row->removed = row->old_mode != 0;
}

int
git_lines_read(struct ctx *c, git_repository *repo, const struct git_changes_options *options,
    struct git_lines_left *left, struct git_change *row)
{
	struct reading r = { .c = c, .left = left, .row = row };
	git_blob *old, *new;
	int code;

	if (row->old_mode == SUBMODULE && row->new_mode == SUBMODULE) {
		count_submodule(row);
		return OK;
	}
	TRY(read_sizes(c, repo, row));
	row->is_counted = strcmp(row->old_id, row->new_id) == 0;
	if (row->is_counted)
		return OK;
	if (row->old_bytes > GIT_CHANGES_BLOB_BYTES || row->new_bytes > GIT_CHANGES_BLOB_BYTES) {
		row->left_out = GIT_LEFT_LARGE;
		return OK;
	}
	left->load_bytes -=
	    (row->old_bytes > 0 ? row->old_bytes : 0) + (row->new_bytes > 0 ? row->new_bytes : 0);
	TRY(open_blob(c, repo, row->old_id, row->old_bytes, &old));
	TRY(open_blob(c, repo, row->new_id, row->new_bytes, &new));
	code = judge(&r, options, old, new);
	if (row->is_submodule) /* on one side: a line that names its commit, as git counts */
		count_submodule(row);
	if (new != NULL)
		arena_close(c->mem, new);
	if (old != NULL)
		arena_close(c->mem, old);
	return code;
}
