/* Branches or tags in the order that people look for them. */
#ifndef CGI_WEB_REFS_H
#define CGI_WEB_REFS_H

#include <stdbool.h>

#include "git/view.h"
#include "web/req.h"

/* All of one kind, the newest first; of one time the highest name first: versions of one day. */
must_check int refs_newest_first(struct req *r, struct git_view *view, bool of_tags,
    const struct git_view_tip ***out, size_t *n_out);

#endif
