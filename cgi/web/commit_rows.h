/* Lists of commits in pages: by day, with the branches and tags that stand on them. */
#ifndef CGI_WEB_COMMIT_ROWS_H
#define CGI_WEB_COMMIT_ROWS_H

#include "git/log.h"
#include "git/view.h"
#include "web/req.h"

/* The commits as sections of a day each (the author's, in UTC; as often as it changes). path: what
 * the list is the history of, linked as it was then; "" for none. */
must_check int commit_rows(
    struct req *r, struct git_view *view, const struct git_log *log, const char *path);

/* At most `most` characters of a line, "…" behind if there was more; a word for an empty one. */
const char *commit_subject(struct req *r, const char *subject, size_t most);

#endif
