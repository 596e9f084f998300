/* The store of the project that a page is about. */
#ifndef CGI_WEB_VIEW_H
#define CGI_WEB_VIEW_H

#include <stdbool.h>

#include "git/view.h"
#include "web/req.h"

/* r->project's store, open until the arena closes. E_CONFLICT with http_status 503: a mirror that
 * has not been cloned yet. E_INTERNAL. */
must_check int view_open(struct req *r, struct git_view **out);

/* The same, and what the parameter *rest names: a revision, and the path behind it ("" without).
 * E_NOTFOUND. */
must_check int view_open_rest(
    struct req *r, struct git_view **view_out, struct git_rev *rev_out, const char **path_out);

/* Whether it is all 40 digits of an id, in lower case: what it leads to never changes. */
bool view_is_id(const char *text);

#endif
