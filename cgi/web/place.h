/* Where in a project one is: a revision and a path; and what pages of files show of it. */
#ifndef CGI_WEB_PLACE_H
#define CGI_WEB_PLACE_H

#include <stdbool.h>

#include "git/view.h"
#include "web/req.h"

struct place {
	struct git_view *view;
	struct git_rev rev;
	const char *path; /* bytes; "" is the root */
};

/* What the address's "*rest" names. Codes of view_open_rest. */
must_check int place_open(struct req *r, struct place *out);

/* Whether the address begins with all 40 digits of an id, so that its page never changes for the
 * same asker. Asked before any work; with true, page_is_fresh(r, place_key(r, …)) comes next. */
bool place_is_fixed(struct req *r);

/* What the page of a fixed address is known by: the view's name, the project, the id. */
const char *place_key(struct req *r, const char *view);

/* "lib/eol.py at main · team/tool", for the title of a page. */
const char *place_title(struct req *r, const struct place *place);

/* What the tabs of its page stay at (struct page, rev): a branch or tag; NULL at a commit. */
const char *place_tabs_rev(const struct place *place);

/* The project's name and every folder above as links, the last part without one: an <h1>. */
void place_crumbs(struct req *r, const struct place *place);

/* The other branches and tags, each a link to the same path in the same view ("tree", "commits"): a
 * <details>, which opens by keyboard. The newest of them, and a way to all. */
must_check int place_switch(struct req *r, const struct place *place, const char *view);

/* The revision's commit: its subject, who and when, its id and parents (contract B5). */
must_check int place_commit(struct req *r, const struct place *place);

/* An item of its actions: the same view of the commit, an address that stays true; nothing where
 * the address is one already. */
void place_permalink(struct req *r, const struct place *place, const char *view);

/* Items of its actions: all files of the revision as an archive. */
void place_downloads(struct req *r, const struct place *place);

/* text cut behind so many characters, with "..." for the rest. */
const char *place_cut(struct req *r, const char *text, size_t characters);

#endif
