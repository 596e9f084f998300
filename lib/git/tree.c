#include "git/tree.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "git/init.h"
#include "git/object.h"
#include "git/rules.h"
#include "git/view.h"

#define HEX_LEN 40

/* Bits of a mode that say what it is; the rest are permissions. */
#define KIND_MASK 0170000
#define IS_FOLDER 0040000
#define IS_LINK 0120000
#define IS_SUBMODULE 0160000
#define IS_RUNNABLE 0000100

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such path");
}

static void
close_object(void *object)
{
	git_odb_object_free(object);
}

static int
open_object(struct ctx *c, struct git_view *view, const char *id, git_object_t type,
    size_t max_bytes, git_odb_object **out)
{
	git_oid oid;

	if (strlen(id) != HEX_LEN || git_oid_fromstr(&oid, id) < 0)
		return no_such(c);
	TRY(git_object_read(c, git_view_odb(view), &oid, type, max_bytes, out));
	arena_defer(c->mem, close_object, *out);
	return OK;
}

/* ---- one entry */

static enum git_kind
kind_of(unsigned mode)
{
	switch (mode & KIND_MASK) {
	case IS_FOLDER:
		return GIT_FOLDER;
	case IS_LINK:
		return GIT_LINK;
	case IS_SUBMODULE:
		return GIT_SUBMODULE;
	default:
		return GIT_FILE;
	}
}

/* As git ls-tree shows it: old trees hold other permissions. */
static unsigned
plain_mode(unsigned mode)
{
	static const unsigned plain[] = {
		[GIT_FOLDER] = IS_FOLDER,
		[GIT_LINK] = IS_LINK,
		[GIT_SUBMODULE] = IS_SUBMODULE,
		[GIT_FILE] = 0100644,
	};
	enum git_kind kind = kind_of(mode);

	return kind == GIT_FILE && (mode & IS_RUNNABLE) ? 0100755 : plain[kind];
}

static void
fill(struct git_entry *out, const struct git_tree_entry *from)
{
	git_oid oid;

	git_oid_fromraw(&oid, from->oid);
	out->name = from->name;
	out->mode = plain_mode(from->mode);
	out->kind = kind_of(from->mode);
	git_oid_tostr(out->id, sizeof(out->id), &oid);
}

struct stored {
	git_odb_object *object;
	const char *at, *end;
};

static int
open_tree(struct ctx *c, struct git_view *view, const char *id, struct stored *out)
{
	TRY(open_object(c, view, id, GIT_OBJECT_TREE, GIT_TREE_MAX, &out->object));
	out->at = git_odb_object_data(out->object);
	out->end = out->at + git_odb_object_size(out->object);
	return OK;
}

/* ---- by its path */

static bool
find_in(const struct stored *tree, const char *name, size_t len, struct git_entry *out)
{
	const char *at = tree->at;
	struct git_tree_entry entry;

	while (git_tree_take(&at, tree->end, &entry))
		if (entry.name_len == len && memcmp(entry.name, name, len) == 0) {
			fill(out, &entry);
			return true;
		}
	return false;
}

/* Each folder of a path is given back before the next is read: there may be 200 large ones. */
static int
find_part(struct ctx *c, struct git_view *view, const char *tree_id, const char *name, size_t len,
    struct git_entry *out)
{
	struct stored tree;
	bool is_found;

	TRY(open_tree(c, view, tree_id, &tree));
	is_found = find_in(&tree, name, len, out);
	out->name = is_found ? arena_strndup(c->mem, name, len) : "";
	arena_close(c->mem, tree.object);
	return is_found ? OK : no_such(c);
}

int
git_entry_below(struct ctx *c, struct git_view *view, const char *tree_id, const char *path,
    struct git_entry *out)
{
	struct git_entry at = { .name = "", .mode = IS_FOLDER, .kind = GIT_FOLDER };

	if (strlen(tree_id) != HEX_LEN)
		return no_such(c);
	memcpy(at.id, tree_id, HEX_LEN);
	for (int depth = 0; path[0] != '\0'; depth++) {
		size_t len = strcspn(path, "/");
		const struct git_entry above = at;

		if (above.kind != GIT_FOLDER || depth > GIT_DEPTH_MAX)
			return no_such(c);
		TRY(find_part(c, view, above.id, path, len, &at));
		path += len + (path[len] == '/');
	}
	*out = at;
	return OK;
}

static int
root_of(struct ctx *c, struct git_view *view, const char *commit, char out[HEX_LEN + 1])
{
	git_odb_object *object;
	const char *text;

	TRY(open_object(c, view, commit, GIT_OBJECT_COMMIT, GIT_COMMIT_MAX, &object));
	text = git_odb_object_data(object);
	if (git_odb_object_size(object) < strlen("tree ") + HEX_LEN || !str_starts(text, "tree "))
		return no_such(c);
	memcpy(out, text + strlen("tree "), HEX_LEN);
	out[HEX_LEN] = '\0';
	return OK;
}

int
git_entry_find(struct ctx *c, struct git_view *view, const char *commit, const char *path,
    struct git_entry *out)
{
	char root[HEX_LEN + 1];

	TRY(root_of(c, view, commit, root));
	return git_entry_below(c, view, root, path, out);
}

/* ---- a folder */

static bool
is_foldery(const struct git_tree_entry *e)
{
	enum git_kind kind = kind_of(e->mode);

	return kind == GIT_FOLDER || kind == GIT_SUBMODULE;
}

static int
for_people(const void *a, const void *b)
{
	const struct git_tree_entry *x = a, *y = b;

	if (is_foldery(x) != is_foldery(y))
		return is_foldery(x) ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Where the entries are, not yet what they are: only those that are shown become texts. */
static int
list(struct ctx *c, const struct stored *tree, struct git_tree_entry **out, size_t *n_out)
{
	struct git_tree_entry entry, *rows;
	const char *at = tree->at;
	size_t n = 0;

	while (git_tree_take(&at, tree->end, &entry))
		if (n++ == GIT_FOLDER_MAX)
			return fail(c, E_INVALID, "more than %d entries", GIT_FOLDER_MAX);
	rows = arena_new_array(c->mem, struct git_tree_entry, n + 1);
	at = tree->at;
	for (size_t i = 0; i < n; i++)
		(void)git_tree_take(&at, tree->end, &rows[i]); /* it was there a moment ago */
	*out = rows;
	*n_out = n;
	return OK;
}

int
git_folder_read(struct ctx *c, struct git_view *view, const char *tree_id, enum git_order order,
    size_t first, size_t most, struct git_folder *out)
{
	struct git_tree_entry *stored = NULL;
	struct stored tree;
	size_t all = 0;

	TRY(open_tree(c, view, tree_id, &tree));
	TRY(list(c, &tree, &stored, &all));
	if (order == GIT_ORDER_PEOPLE)
		qsort(stored, all, sizeof(stored[0]), for_people);
	first = first < all ? first : all;
	*out = (struct git_folder){ .n = all - first < most ? all - first : most, .all = all };
	out->rows = arena_new_array(c->mem, struct git_entry, out->n + 1);
	for (size_t i = 0; i < out->n; i++)
		fill(&out->rows[i], &stored[first + i]);
	return OK;
}

/* ---- a file */

/* Sizes of the files that were asked for last, in this process: an id says what a file is, wherever
 * it lies, and a page of a folder asks for hundreds. Each has two places by the first digits of its
 * id, so that the whole never grows, and two files of a folder seldom push out each other. */
#define SIZES 8192

struct known_size {
	char id[HEX_LEN];
	int64_t bytes;
};

static struct known_size sizes[SIZES][2];

static unsigned
digit(char ch)
{
	return ((unsigned char)ch & 15) + (ch > '9' ? 9 : 0);
}

/* id: 40 digits. */
static struct known_size *
size_places(const char *id)
{
	return sizes[(digit(id[0]) << 12 | digit(id[1]) << 8 | digit(id[2]) << 4 | digit(id[3])) %
	    SIZES];
}

static int
read_size(struct ctx *c, struct git_view *view, const char *id, int64_t *bytes_out)
{
	git_object_t type;
	git_oid oid;
	size_t size;
	int error;

	if (git_oid_fromstr(&oid, id) < 0)
		return no_such(c);
	error = git_odb_read_header(&size, &type, git_view_odb(view), &oid);
	if (error == GIT_ENOTFOUND || (error == 0 && type != GIT_OBJECT_BLOB))
		return no_such(c);
	if (error < 0)
		return git_fail(c, E_INTERNAL, "read object %s", id);
	*bytes_out = (int64_t)size;
	return OK;
}

int
git_blob_size(struct ctx *c, struct git_view *view, const char *id, int64_t *bytes_out)
{
	struct known_size *known;

	if (strlen(id) != HEX_LEN)
		return no_such(c);
	known = size_places(id);
	for (size_t i = 0; i < 2; i++)
		if (memcmp(known[i].id, id, HEX_LEN) == 0) {
			*bytes_out = known[i].bytes;
			return OK;
		}
	TRY(read_size(c, view, id, bytes_out));
	known[1] = known[0];
	memcpy(known[0].id, id, HEX_LEN);
	known[0].bytes = *bytes_out;
	return OK;
}

int
git_blob_read(
    struct ctx *c, struct git_view *view, const char *id, int64_t max_bytes, struct git_blob *out)
{
	git_odb_object *object;
	int64_t size;
	size_t look;

	TRY(git_blob_size(c, view, id, &size));
	*out = (struct git_blob){ .size_bytes = size };
	if (size > max_bytes)
		return OK;
	TRY(open_object(c, view, id, GIT_OBJECT_BLOB, (size_t)max_bytes, &object));
	out->bytes = git_odb_object_data(object);
	look = size < GIT_TEXT_LOOK_BYTES ? (size_t)size : GIT_TEXT_LOOK_BYTES;
	out->is_binary = memchr(out->bytes, '\0', look) != NULL;
	out->is_utf8 = str_is_utf8(out->bytes, (size_t)size);
	return OK;
}
