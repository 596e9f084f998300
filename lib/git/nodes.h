/* What lies in a commit: its folders and files (contracts/rhodecode.md 3.4, 3.7). */
#ifndef GIT_NODES_H
#define GIT_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_repository;

#define GIT_NODES_MAX 100000
#define GIT_NODES_DEPTH_MAX 200 /* folders within folders */

struct git_node {
	const char *path; /* from the root, UTF-8 */
	bool is_dir;
};

enum git_node_kinds { GIT_DIRS = 1, GIT_FILES = 2 };

/* All that is below the folder, which is "" or "/" for the root: first the folders, then the files,
 * both in the order of a walk that lists a folder before it goes down. Submodules are neither.
 * id: of a commit. E_NOTFOUND: no such folder. E_INVALID: more than GIT_NODES_MAX, or too deep. */
must_check int git_nodes(struct ctx *c, struct git_repository *repo, const char *id,
    const char *path, unsigned kinds, struct git_node **rows_out, size_t *n_out);

struct git_file {
	const char *path;  /* from the root, UTF-8 */
	const char *bytes; /* as they are, with a NUL behind; NULL: more than were asked for */
	int64_t size_bytes;
	char id[41];	/* of the blob */
	bool is_binary; /* there is a NUL among its first 8000 bytes; false without bytes */
	bool is_executable;
};

/* A file, or where a link leads. E_NOTFOUND: no such file. */
must_check int git_file_read(struct ctx *c, struct git_repository *repo, const char *id,
    const char *path, int64_t max_bytes, struct git_file *out);

#endif
