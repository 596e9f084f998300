#include "git/changes.h"

#include <git2.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "git/init.h"
#include "git/lines.h"
#include "git/rename.h"

#define ID_CHARS 40
#define TREES_MAX 50000			  /* compared: folders of nothing but folders end too */
#define PATHS_MAX_BYTES (8 * 1024 * 1024) /* of all rows: deep folders make each of them long */
#define KIND_MASK 0170000
#define SUBMODULE GIT_FILEMODE_COMMIT

/* ---- two trees side by side */

/* A pair of folders; either may be missing. */
struct frame {
	git_tree *old, *new;
	size_t old_at, new_at;
	size_t path_len; /* of the folder's path, with its slash */
};

struct walk {
	struct ctx *c;
	git_repository *repo;
	struct git_changes *out;
	size_t room; /* rows allocated */
	struct frame *frames;
	size_t depth, frames_room;
	struct buf *path;
	size_t n_trees, path_bytes;
};

static void
close_walk(void *object)
{
	struct walk *w = object;

	while (w->depth > 0) {
		w->depth--;
		git_tree_free(w->frames[w->depth].old);
		git_tree_free(w->frames[w->depth].new);
	}
}

static const git_oid *
id_of(const git_tree_entry *entry)
{
	return entry != NULL ? git_tree_entry_id(entry) : NULL;
}

static bool
is_tree(const git_tree_entry *entry)
{
	return entry != NULL && git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE;
}

/* NULL for no id. */
static int
open_tree(struct walk *w, const git_oid *id, git_tree **out)
{
	*out = NULL;
	if (id != NULL && git_tree_lookup(out, w->repo, id) < 0)
		return git_fail(w->c, E_INTERNAL, "read a tree");
	return OK;
}

/* A stack of our own: folders may be nested thousands of levels deep (G-04). */
static int
push(struct walk *w, const git_oid *old_id, const git_oid *new_id)
{
	struct frame *f;

	if (w->depth == w->frames_room) {
		size_t room = w->frames_room == 0 ? 16 : w->frames_room * 2;
		struct frame *more = arena_new_array(w->c->mem, struct frame, room);

		if (w->depth > 0)
			memcpy(more, w->frames, w->depth * sizeof(*more));
		w->frames = more;
		w->frames_room = room;
	}
	f = &w->frames[w->depth++];
	*f = (struct frame){ .path_len = w->path->len };
	w->n_trees++;
	TRY(open_tree(w, old_id, &f->old));
	return open_tree(w, new_id, &f->new);
}

static enum git_change_kind
kind_of(const struct git_change *row)
{
	if (row->old_mode == 0)
		return GIT_CHANGE_ADDED;
	if (row->new_mode == 0)
		return GIT_CHANGE_DELETED;
	if ((row->old_mode & KIND_MASK) != (row->new_mode & KIND_MASK))
		return GIT_CHANGE_TYPE;
	return strcmp(row->old_id, row->new_id) == 0 ? GIT_CHANGE_MODE : GIT_CHANGE_MODIFIED;
}

static struct git_change *
new_row(struct walk *w)
{
	struct git_changes *out = w->out;

	if (out->n == w->room) {
		size_t room = w->room == 0 ? 16 : w->room * 2;
		struct git_change *more = arena_new_array(w->c->mem, struct git_change, room);

		if (out->n > 0)
			memcpy(more, out->rows, out->n * sizeof(*more));
		out->rows = more;
		w->room = room;
	}
	return &out->rows[out->n++];
}

static void
add_row(struct walk *w, const git_tree_entry *old, const git_tree_entry *new)
{
	struct git_change *row = new_row(w);

	*row = (struct git_change){ .old_bytes = -1, .new_bytes = -1 };
	row->new_path = row->old_path = arena_strndup(w->c->mem, w->path->data, w->path->len);
	w->path_bytes += w->path->len;
	if (old != NULL) {
		row->old_mode = (int)git_tree_entry_filemode(old);
		git_oid_tostr(row->old_id, sizeof(row->old_id), id_of(old));
	}
	if (new != NULL) {
		row->new_mode = (int)git_tree_entry_filemode(new);
		git_oid_tostr(row->new_id, sizeof(row->new_id), id_of(new));
	}
	row->kind = kind_of(row);
	row->is_submodule = row->old_mode == SUBMODULE || row->new_mode == SUBMODULE;
}

static bool
is_full(const struct walk *w)
{
	return w->out->n >= GIT_CHANGES_FILES_MAX || w->n_trees >= TREES_MAX ||
	    w->path_bytes >= PATHS_MAX_BYTES;
}

/* One name: on both sides, or on one. A folder and a file of the same name are two (a folder sorts
 * as if it ended with a slash), so both are folders or neither is. */
static int
visit(struct walk *w, const git_tree_entry *old, const git_tree_entry *new)
{
	const git_tree_entry *one = new != NULL ? new : old;

	if (old != NULL && new != NULL && git_oid_equal(id_of(old), id_of(new)) &&
	    git_tree_entry_filemode(old) == git_tree_entry_filemode(new))
		return OK;
	if (is_full(w)) {
		w->out->is_cut = true;
		return OK;
	}
	buf_text(w->path, git_tree_entry_name(one));
	if (!is_tree(one)) {
		add_row(w, old, new);
		return OK;
	}
	buf_char(w->path, '/');
	return push(w, id_of(old), id_of(new));
}

static const git_tree_entry *
entry_at(const git_tree *tree, size_t at)
{
	return tree != NULL ? git_tree_entry_byindex(tree, at) : NULL;
}

static int
step(struct walk *w)
{
	struct frame *f = &w->frames[w->depth - 1];
	const git_tree_entry *old = entry_at(f->old, f->old_at);
	const git_tree_entry *new = entry_at(f->new, f->new_at);
	int order = old == NULL ? 1 : new == NULL ? -1 : git_tree_entry_cmp(old, new);

	w->path->len = f->path_len;
	if (old == NULL && new == NULL) {
		git_tree_free(f->old);
		git_tree_free(f->new);
		w->depth--;
		return OK;
	}
	f->old_at += order <= 0;
	f->new_at += order >= 0;
	return visit(w, order <= 0 ? old : NULL, order >= 0 ? new : NULL);
}

/* Folders with equal ids are equal all the way down and never opened. */
static int
compare_trees(struct walk *w, const git_oid *old_id, const git_oid *new_id)
{
	if (old_id != NULL && git_oid_equal(old_id, new_id))
		return OK;
	w->path = buf_new(w->c->mem, PATHS_MAX_BYTES);
	arena_defer(w->c->mem, close_walk, w);
	TRY(push(w, old_id, new_id));
	while (w->depth > 0 && !w->out->is_cut)
		TRY(step(w));
	arena_close(w->c->mem, w);
	if (w->path->full)
		w->out->is_cut = true;
	return OK;
}

/* ---- the lines */

static bool
has_passed(const struct git_lines_left *left)
{
	return left->load_bytes <= 0 || left->text_bytes <= 0 || left->lines <= 0 ||
	    clock_mono_us() > left->until_us;
}

static int
read_row(struct ctx *c, git_repository *repo, const struct git_changes_options *options,
    struct git_lines_left *left, size_t at, struct git_change *row)
{
	if (at >= GIT_CHANGES_SHOWN_MAX) {
		row->left_out = GIT_LEFT_FILES;
		return OK;
	}
	if (has_passed(left)) {
		row->left_out = GIT_LEFT_TOTAL;
		return OK;
	}
	return git_lines_read(c, repo, options, left, row);
}

static int
read_lines(struct ctx *c, git_repository *repo, const struct git_changes_options *options,
    struct git_changes *out)
{
	struct git_lines_left left = { .until_us = clock_mono_us() + GIT_CHANGES_MS * 1000,
		.load_bytes = GIT_CHANGES_LOAD_BYTES,
		.text_bytes = GIT_CHANGES_TEXT_BYTES,
		.lines = GIT_CHANGES_TOTAL_LINES_MAX };

	out->is_counted = !out->is_cut;
	for (size_t i = 0; i < out->n; i++) {
		struct git_change *row = &out->rows[i];

		TRY(read_row(c, repo, options, &left, i, row));
		out->added += row->added;
		out->removed += row->removed;
		out->is_counted = out->is_counted && row->is_counted;
	}
	return OK;
}

/* ---- commits */

static void
close_commit(void *commit)
{
	git_commit_free(commit);
}

static int
open_commit(struct ctx *c, git_repository *repo, const char *id, git_commit **out)
{
	git_oid oid;
	int error;

	if (strlen(id) != ID_CHARS || git_oid_fromstr(&oid, id) < 0)
		return fail(c, E_NOTFOUND, "no such commit");
	error = git_commit_lookup(out, repo, &oid);
	if (error == GIT_ENOTFOUND)
		return fail(c, E_NOTFOUND, "no such commit");
	if (error < 0)
		return git_fail(c, E_INTERNAL, "read commit %s", id);
	arena_defer(c->mem, close_commit, *out);
	return OK;
}

static int
compare(struct ctx *c, git_repository *repo, git_commit *old, git_commit *new,
    const struct git_changes_options *options, struct git_changes *out)
{
	struct walk *w = arena_new_of(c->mem, struct walk);

	*out = (struct git_changes){ .n = 0 };
	*w = (struct walk){ .c = c, .repo = repo, .out = out };
	TRY(compare_trees(
	    w, old != NULL ? git_commit_tree_id(old) : NULL, git_commit_tree_id(new)));
	TRY(git_rename_detect(c, repo, out));
	return options->files_only ? OK : read_lines(c, repo, options, out);
}

int
git_changes_of_commit(struct ctx *c, git_repository *repo, const char *id,
    const struct git_changes_options *options, struct git_changes *out)
{
	git_commit *commit, *parent = NULL;

	TRY(open_commit(c, repo, id, &commit));
	if (git_commit_parentcount(commit) > 0) {
		if (git_commit_parent(&parent, commit, 0) < 0)
			return git_fail(c, E_INTERNAL, "read the parent of %s", id);
		arena_defer(c->mem, close_commit, parent);
	}
	return compare(c, repo, parent, commit, options, out);
}

int
git_changes_between(struct ctx *c, git_repository *repo, const char *old_id, const char *new_id,
    const struct git_changes_options *options, struct git_changes *out)
{
	git_commit *old = NULL, *new;

	if (old_id != NULL)
		TRY(open_commit(c, repo, old_id, &old));
	TRY(open_commit(c, repo, new_id, &new));
	return compare(c, repo, old, new, options, out);
}
