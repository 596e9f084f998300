/* Folders and files of a commit, as pages and answers show them: one folder at a time, files by
 * their header before their bytes. Names are bytes. */
#ifndef GIT_TREE_H
#define GIT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_view;

#define GIT_FOLDER_MAX 1000000	 /* entries of one folder */
#define GIT_DEPTH_MAX 200	 /* folders within folders, as git_nodes */
#define GIT_TEXT_LOOK_BYTES 8000 /* how far Git looks for what makes a file binary */

enum git_kind { GIT_FOLDER = 1, GIT_FILE, GIT_LINK, GIT_SUBMODULE };

struct git_entry {
	const char *name; /* the last part of its path; "" for the root */
	char id[41];	  /* of a tree, a blob; of a submodule: the commit it stands at */
	unsigned mode;	  /* 040000, 100644, 100755, 120000 or 160000 (octal), whatever is stored */
	enum git_kind kind;
};

/* What a path of a commit is; "" is the root. path: as git_view_split gives it, parts with one '/'
 * between them; "." and ".." are names that nothing has. E_NOTFOUND: no such path or commit. */
must_check int git_entry_find(struct ctx *c, struct git_view *view, const char *commit,
    const char *path, struct git_entry *out);

/* The same below a tree. */
must_check int git_entry_below(struct ctx *c, struct git_view *view, const char *tree_id,
    const char *path, struct git_entry *out);

enum git_order {
	GIT_ORDER_STORED = 1, /* as Git keeps them */
	GIT_ORDER_PEOPLE      /* folders and submodules first, then by name in byte order */
};

struct git_folder {
	struct git_entry *rows;
	size_t n;   /* of these */
	size_t all; /* in the folder */
};

/* Up to `most` entries of a folder, `first` (from 0) of them left out. tree_id: of a git_entry.
 * E_NOTFOUND: no such tree. E_INVALID: it has more than GIT_FOLDER_MAX entries. */
must_check int git_folder_read(struct ctx *c, struct git_view *view, const char *tree_id,
    enum git_order order, size_t first, size_t most, struct git_folder *out);

/* From the object's header alone. E_NOTFOUND: no such file. */
must_check int git_blob_size(
    struct ctx *c, struct git_view *view, const char *id, int64_t *bytes_out);

struct git_blob {
	int64_t size_bytes;
	const char *bytes; /* all, with a NUL behind, until the arena closes; NULL: too many */
	bool is_binary;	   /* a NUL among the first GIT_TEXT_LOOK_BYTES; false without bytes */
	bool is_utf8;	   /* all of it; false without bytes */
};

/* The header first, then the bytes if there are at most max_bytes. E_NOTFOUND: no such file. */
must_check int git_blob_read(
    struct ctx *c, struct git_view *view, const char *id, int64_t max_bytes, struct git_blob *out);

#endif
