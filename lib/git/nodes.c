#include "git/nodes.h"

#include <git2.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "git/init.h"

#define ROWS_FIRST 64
#define TEXT_LOOK_BYTES 8000 /* as git does */

static void
close_object(void *object)
{
	git_object_free(object);
}

static int
no_such(struct ctx *c)
{
	return fail(c, E_NOTFOUND, "no such path");
}

/* ---- from a commit to what a path names */

static int
open_root(struct ctx *c, git_repository *repo, const char *id, git_tree **out)
{
	git_object *commit, *tree;
	git_oid oid;

	if (git_oid_fromstr(&oid, id) < 0 ||
	    git_object_lookup(&commit, repo, &oid, GIT_OBJECT_COMMIT) < 0)
		return fail(c, E_NOTFOUND, "no such commit");
	arena_defer(c->mem, close_object, commit);
	if (git_object_peel(&tree, commit, GIT_OBJECT_TREE) < 0)
		return git_fail(c, E_INTERNAL, "read the tree of %s", id);
	arena_defer(c->mem, close_object, tree);
	*out = (git_tree *)tree;
	return OK;
}

/* Without slashes at both ends. */
static const char *
trimmed(struct ctx *c, const char *path)
{
	size_t len;

	path += strspn(path, "/");
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	return arena_strndup(c->mem, path, len);
}

static int
open_folder(struct ctx *c, git_repository *repo, const char *id, const char *path, git_tree **out)
{
	git_tree_entry *entry;
	git_object *folder;
	git_tree *root;
	bool is_tree;
	int error;

	TRY(open_root(c, repo, id, &root));
	*out = root;
	if (path[0] == '\0')
		return OK;
	if (git_tree_entry_bypath(&entry, root, path) < 0)
		return no_such(c);
	is_tree = git_tree_entry_type(entry) == GIT_OBJECT_TREE;
	error = is_tree ? git_tree_entry_to_object(&folder, repo, entry) : 0;
	git_tree_entry_free(entry);
	if (!is_tree)
		return no_such(c);
	if (error < 0)
		return git_fail(c, E_INTERNAL, "read a folder");
	arena_defer(c->mem, close_object, folder);
	*out = (git_tree *)folder;
	return OK;
}

/* ---- all that is below */

struct rows {
	struct git_node *rows;
	size_t n, size;
};

struct walk {
	git_repository *repo;
	unsigned kinds;
	size_t seen; /* also of a kind that nobody asked for */
	struct rows dirs, files;
};

static void
add(struct ctx *c, struct rows *list, const char *path, bool is_dir)
{
	if (list->n == list->size) {
		size_t size = list->size > 0 ? 2 * list->size : ROWS_FIRST;
		struct git_node *rows = arena_new_array(c->mem, struct git_node, size);

		if (list->n > 0)
			memcpy(rows, list->rows, list->n * sizeof(rows[0]));
		list->rows = rows;
		list->size = size;
	}
	list->rows[list->n++] =
	    (struct git_node){ .path = str_utf8(c->mem, path, strlen(path)), .is_dir = is_dir };
}

static const char *
path_of(struct ctx *c, const char *folder, const git_tree_entry *entry)
{
	const char *name = git_tree_entry_name(entry);

	return folder[0] != '\0' ? arena_printf(c->mem, "%s/%s", folder, name) : name;
}

static int
take(struct ctx *c, struct walk *w, const char *folder, const git_tree_entry *entry)
{
	git_object_t type = git_tree_entry_type(entry);

	if (w->seen++ == GIT_NODES_MAX)
		return fail(c, E_INVALID, "more than %d folders and files", GIT_NODES_MAX);
	if (type == GIT_OBJECT_TREE && (w->kinds & GIT_DIRS))
		add(c, &w->dirs, path_of(c, folder, entry), true);
	if (type == GIT_OBJECT_BLOB && (w->kinds & GIT_FILES))
		add(c, &w->files, path_of(c, folder, entry), false);
	return OK;
}

static int
walk(struct ctx *c, struct walk *w, const git_tree *tree, const char *folder, int depth)
{
	size_t n = git_tree_entrycount(tree);

	if (depth > GIT_NODES_DEPTH_MAX)
		return fail(c, E_INVALID, "folders are more than %d deep", GIT_NODES_DEPTH_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(take(c, w, folder, git_tree_entry_byindex(tree, i)));
	for (size_t i = 0; i < n; i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		git_object *below;

		if (git_tree_entry_type(entry) != GIT_OBJECT_TREE)
			continue;
		if (git_tree_entry_to_object(&below, w->repo, entry) < 0)
			return git_fail(c, E_INTERNAL, "read a folder");
		arena_defer(c->mem, close_object, below);
		TRY(walk(c, w, (git_tree *)below, path_of(c, folder, entry), depth + 1));
		arena_close(c->mem, below);
	}
	return OK;
}

int
git_nodes(struct ctx *c, git_repository *repo, const char *id, const char *path, unsigned kinds,
    struct git_node **rows_out, size_t *n_out)
{
	struct walk w = { .repo = repo, .kinds = kinds };
	struct git_node *rows;
	git_tree *tree;

	path = trimmed(c, path);
	TRY(open_folder(c, repo, id, path, &tree));
	TRY(walk(c, &w, tree, path, 1));
	rows = arena_new_array(c->mem, struct git_node, w.dirs.n + w.files.n + 1);
	if (w.dirs.n > 0)
		memcpy(rows, w.dirs.rows, w.dirs.n * sizeof(rows[0]));
	if (w.files.n > 0)
		memcpy(rows + w.dirs.n, w.files.rows, w.files.n * sizeof(rows[0]));
	*rows_out = rows;
	*n_out = w.dirs.n + w.files.n;
	return OK;
}

/* ---- one file */

static void
close_odb(void *odb)
{
	git_odb_free(odb);
}

/* The size alone, before anything is unpacked. */
static int
size_of(struct ctx *c, git_repository *repo, const git_oid *oid, size_t *out)
{
	git_object_t type;
	git_odb *odb;

	if (git_repository_odb(&odb, repo) < 0)
		return git_fail(c, E_INTERNAL, "open the objects");
	arena_defer(c->mem, close_odb, odb);
	if (git_odb_read_header(out, &type, odb, oid) < 0)
		return git_fail(c, E_INTERNAL, "read a file");
	return type == GIT_OBJECT_BLOB ? OK : no_such(c);
}

static int
read_bytes(struct ctx *c, git_repository *repo, const git_oid *oid, struct git_file *out)
{
	git_object *blob;

	if (git_object_lookup(&blob, repo, oid, GIT_OBJECT_BLOB) < 0)
		return git_fail(c, E_INTERNAL, "read a file");
	arena_defer(c->mem, close_object, blob);
	out->is_binary = memchr(git_blob_rawcontent((git_blob *)blob), '\0',
			     out->size_bytes < TEXT_LOOK_BYTES ? (size_t)out->size_bytes
							       : TEXT_LOOK_BYTES) != NULL;
	out->bytes =
	    arena_strndup(c->mem, git_blob_rawcontent((git_blob *)blob), (size_t)out->size_bytes);
	arena_close(c->mem, blob);
	return OK;
}

/* Only what the tree says of it. */
static int
find_blob(struct ctx *c, const git_tree *root, const char *path, git_oid *oid_out, bool *is_run_out)
{
	git_tree_entry *entry;
	bool is_blob;

	if (git_tree_entry_bypath(&entry, root, path) < 0)
		return no_such(c);
	is_blob = git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
	*oid_out = *git_tree_entry_id(entry);
	*is_run_out = git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE;
	git_tree_entry_free(entry);
	return is_blob ? OK : no_such(c);
}

int
git_file_read(struct ctx *c, git_repository *repo, const char *id, const char *path,
    int64_t max_bytes, struct git_file *out)
{
	git_tree *root;
	git_oid oid;
	size_t size;

	path = trimmed(c, path);
	*out = (struct git_file){ .path = str_utf8(c->mem, path, strlen(path)) };
	TRY(open_root(c, repo, id, &root));
	TRY(find_blob(c, root, path, &oid, &out->is_executable));
	TRY(size_of(c, repo, &oid, &size));
	git_oid_tostr(out->id, sizeof(out->id), &oid);
	out->size_bytes = (int64_t)size;
	return out->size_bytes <= max_bytes ? read_bytes(c, repo, &oid, out) : OK;
}
