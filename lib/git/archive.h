/* The files of a commit as one file: `git archive` as a child whose output is passed on. */
#ifndef GIT_ARCHIVE_H
#define GIT_ARCHIVE_H

#include <stdint.h>

#include "base/ctx.h"

struct git_repository;
struct proc;

#define GIT_ARCHIVE_ENTRIES 200000 /* files and folders (G-02) */
#define GIT_ARCHIVE_DEPTH 1000	   /* folders within folders: git goes down by recursion */
#define GIT_ARCHIVE_BYTES (INT64_C(4) * 1024 * 1024 * 1024) /* of all files together */
#define GIT_ARCHIVE_COUNT_MS 10000			    /* for counting them */
#define GIT_ARCHIVE_PREFIX_BYTES 150

enum git_archive_format { GIT_ARCHIVE_TAR_GZ = 1, GIT_ARCHIVE_ZIP };

/* Whether a commit's tree is within the limits: asked before the first byte is sent, because a few
 * objects can make ten billion files (F-11). id: 40 digits. E_NOTFOUND: no such commit. E_INVALID
 * with http_status 413: too many files, too large, or that could not be found out in time. */
must_check int git_archive_check(struct ctx *c, struct git_repository *repo, const char *id);

/* "NAME-REF" as a folder and a file name: whatever is not a letter, digit, '.', '_', '-' or '+', or
 * would make it hidden, becomes '-'; at most GIT_ARCHIVE_PREFIX_BYTES. */
const char *git_archive_name(struct arena *mem, const char *name, const char *ref);

/* Starts git in the store at dir; it writes the archive of commit id, below the folder `name`,
 * to its standard output. The same commit makes the same bytes each time. Attributes (export-subst,
 * export-ignore) are followed as git does. Within git.total_s. E_INTERNAL. */
must_check int git_archive_start(struct ctx *c, const char *dir, const char *id, const char *name,
    enum git_archive_format format, struct proc **out);

#endif
