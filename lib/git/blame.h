/* Who wrote the lines of a file: `git blame` as a child. It reads the commit-graph's filters for
 * paths, which libgit2 does not: on a history of 16,000 commits 10 ms against 45 to 110. */
#ifndef GIT_BLAME_H
#define GIT_BLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_repository;

#define GIT_BLAME_BYTES (1024 * 1024) /* larger files are not loaded */
#define GIT_BLAME_LINES 5000	      /* the first lines of longer ones */
#define GIT_BLAME_WALL_MS 20000

/* A commit that some line comes from. Texts are UTF-8, one line each. */
struct git_blame_commit {
	char id[41];
	const char *author, *email, *subject;
	int64_t at; /* of the author, Unix seconds */
	int offset_min;
};

/* Lines beside each other that come from one commit. */
struct git_blame_run {
	const struct git_blame_commit *commit;
	int first, n;	   /* lines of this file, from 1 */
	int then_first;	   /* the first one's number in that commit */
	const char *path;  /* the file's there; bytes */
	char previous[41]; /* the commit before that has the file too; "": there is none */
	const char *previous_path;
};

struct git_blame_file {
	const char *text; /* the file whole; bytes; NULL: is_large */
	size_t len;
	int64_t size_bytes;
	bool is_large, is_binary, is_late; /* then nothing is told of its lines */
	bool is_cut;			   /* there are lines behind the last run */
	struct git_blame_run *runs;	   /* from line 1 on, without gaps */
	size_t n;
};

/* path: bytes, as it stands in the commit `id` (40 digits) of the store at dir. E_NOTFOUND: there
 * is no such commit, or no file or link of that path in it. E_INTERNAL. */
must_check int git_blame_read(struct ctx *c, const char *dir, struct git_repository *repo,
    const char *id, const char *path, struct git_blame_file *out);

#endif
