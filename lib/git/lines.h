/* The lines that differ in one file. */
#ifndef GIT_LINES_H
#define GIT_LINES_H

#include "git/changes.h"

/* What is left of the limits for all files. */
struct git_lines_left {
	int64_t until_us; /* of clock_mono_us */
	int64_t load_bytes, text_bytes, lines;
};

/* Fills the row's sizes, is_binary, numbers and hunks, or says why not (left_out). Big files are
 * never loaded: their headers tell the size. E_INTERNAL. */
must_check int git_lines_read(struct ctx *c, struct git_repository *repo,
    const struct git_changes_options *options, struct git_lines_left *left, struct git_change *row);

#endif
