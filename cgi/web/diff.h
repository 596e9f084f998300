/* What changed, as part of a page: the list of files, and their lines one below the other or side
 * by side. Bounded like git/changes.h, and in bytes of HTML; every cut is told and leads to the raw
 * patch. */
#ifndef CGI_WEB_DIFF_H
#define CGI_WEB_DIFF_H

#include "git/changes.h"
#include "web/req.h"

struct diff {
	const char *self;      /* the page's address */
	const char *query;     /* of it, besides view and w: "a=b&", percent-encoded; "" without */
	const char *old_id;    /* the commits that are compared, for links to whole files; */
	const char *new_id;    /* old_id NULL: nothing stands on that side */
	const char *patch;     /* address of the raw patch; NULL: there is none */
	bool is_split;	       /* ?view=split */
	bool is_space_ignored; /* ?w=1 */
};

/* The two switches from the query. */
void diff_read(struct req *r, struct diff *out);

/* A key for page_is_fresh: of the project, the switches, and `what`. */
const char *diff_key(struct req *r, const struct diff *d, const char *what);

void diff_show(struct req *r, const struct diff *d, const struct git_changes *changes);

#endif
