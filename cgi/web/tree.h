/* A folder as a part of a page: its table, and its README. */
#ifndef CGI_WEB_TREE_H
#define CGI_WEB_TREE_H

#include "cgi/web/place.h"
#include "git/tree.h"

/* The entries of a folder, as many as fit a page, with links to the others (?page=N), and the
 * README among those shown. folder: the entry of place->path. E_NOTFOUND: there is no such page. */
must_check int tree_show(struct req *r, const struct place *place, const struct git_entry *folder);

#endif
