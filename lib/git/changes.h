/* What a commit changed, or what lies between two: files, renames, lines. Everything is bounded,
 * and what was left out is told (checklists/security.md X-12, F-11, F-12). */
#ifndef GIT_CHANGES_H
#define GIT_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct git_repository;

#define GIT_CHANGES_FILES_MAX 10000		  /* rows; more are not looked for */
#define GIT_CHANGES_SHOWN_MAX 300		  /* files whose lines are read */
#define GIT_CHANGES_LINES_MAX 3000		  /* lines shown of one file */
#define GIT_CHANGES_TOTAL_LINES_MAX 10000	  /* and of all: a page of 1 MB */
#define GIT_CHANGES_TEXT_BYTES (512 * 1024)	  /* of all lines shown */
#define GIT_CHANGES_LINE_BYTES 2000		  /* of one line shown */
#define GIT_CHANGES_BLOB_BYTES (1024 * 1024)	  /* larger files are not loaded */
#define GIT_CHANGES_BLOB_LINES 100000		  /* nor compared, with more lines: memory */
#define GIT_CHANGES_LOAD_BYTES (32 * 1024 * 1024) /* of all files loaded for lines */
#define GIT_CHANGES_MS 3000			  /* then no further file is looked into */

enum git_change_kind {
	GIT_CHANGE_ADDED = 1,
	GIT_CHANGE_DELETED,
	GIT_CHANGE_MODIFIED,
	GIT_CHANGE_RENAMED, /* maybe changed too; see similarity */
	GIT_CHANGE_MODE,    /* the same bytes with another mode */
	GIT_CHANGE_TYPE,    /* a file became a link, a submodule, or the other way round */
};

/* Why the lines of a file are not there. */
enum git_left_out {
	GIT_LEFT_NOTHING = 0, /* they are, or there are none */
	GIT_LEFT_LARGE,	      /* one side is above GIT_CHANGES_BLOB_BYTES or _LINES */
	GIT_LEFT_FILES,	      /* behind the first GIT_CHANGES_SHOWN_MAX files */
	GIT_LEFT_TOTAL,	      /* the limits for all files together were reached before */
};

struct git_line {
	char sign;	    /* ' ', '+', '-' */
	bool is_cut;	    /* longer than GIT_CHANGES_LINE_BYTES */
	bool has_no_end;    /* the file ends here without a newline */
	int old_no, new_no; /* from 1; 0 on the side that lacks it */
	const char *text;   /* bytes, without the newline; a NUL behind them */
	size_t len;
};

struct git_hunk {
	int old_start, old_lines, new_start, new_lines;
	const char *heading; /* the line above that looks like a function's; bytes; "" */
	struct git_line *lines;
	size_t n;
};

struct git_change {
	enum git_change_kind kind;
	const char *old_path, *new_path; /* bytes; the same text unless renamed */
	int old_mode, new_mode;		 /* 0100644 and so on; 0: not there */
	char old_id[41], new_id[41];	 /* hex; "": not there */
	int64_t old_bytes, new_bytes;	 /* sizes, where they were asked for; else -1 */
	int similarity;			 /* percent; of renamed ones */
	bool is_binary;
	bool is_submodule;	/* on one side at least: its id is a commit of another repository */
	bool is_counted;	/* added and removed are known; 0 of binary files */
	int64_t added, removed; /* lines; of a submodule 1 each, as git counts */
	enum git_left_out left_out;
	struct git_hunk *hunks;
	size_t n_hunks;
	int64_t lines_left_out; /* of hunks, behind the ones that are here */
};

struct git_changes {
	struct git_change *rows; /* in the order of the tree by new path, as git lists them */
	size_t n;
	int64_t added, removed; /* lines, of the files that were counted */
	bool is_cut;		/* there are more than n files */
	bool is_counted;	/* each file was */
	bool are_renames_cut;	/* too many candidates: only exact renames were looked for */
};

struct git_changes_options {
	bool ignore_space; /* lines that differ in white space only are equal (git diff -w) */
	bool files_only;   /* rows and renames, no lines and no numbers */
};

/* From the first parent of a commit to it; of a first commit, everything is added. id: 40 digits.
 * E_NOTFOUND: no such commit. E_INTERNAL: the store lacks what it names. git_init comes first. */
must_check int git_changes_of_commit(struct ctx *c, struct git_repository *repo, const char *id,
    const struct git_changes_options *options, struct git_changes *out);

/* From one commit to another. old_id NULL: from nothing. */
must_check int git_changes_between(struct ctx *c, struct git_repository *repo, const char *old_id,
    const char *new_id, const struct git_changes_options *options, struct git_changes *out);

#endif
