/* The box below a folder's files with its README, and the one that shows a text file as a page: a
 * heading with the file's name, then the text, rendered where it is Markdown. */
#ifndef CGI_WEB_PROSE_H
#define CGI_WEB_PROSE_H

#include "git/tree.h"
#include "git/view.h"
#include "web/req.h"

/* The box with the README of a folder, if it has one that is text. path: of the folder; tree_id: of
 * it; folder: as many of its files as the page lists. Nothing is written where there is none. */
must_check int prose_of_folder(struct req *r, struct git_view *view, const struct git_rev *rev,
    const char *path, const char *tree_id, const struct git_folder *folder);

/* The box of one file, whatever its name; path: of the file. Nothing is written of what is no text.
 * E_NOTFOUND: it is gone meanwhile. */
must_check int prose_of_file(struct req *r, struct git_view *view, const struct git_rev *rev,
    const char *path, const struct git_entry *file);

#endif
