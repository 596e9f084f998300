/* The frame around every page: head, header, the tabs of a project, footer; and how long a page may
 * be kept. A page's own HTML goes between page_begin and page_end. */
#ifndef CGI_WEB_PAGE_H
#define CGI_WEB_PAGE_H

#include <stdbool.h>

#include "web/req.h"

struct page {
	const char *title; /* plain text, without the hub's name; its h1 is the page's own */
	const struct project *project; /* header and tabs of this project; NULL: none */
	const char *tab; /* "files", "commits", "branches", "tags", "runs", "hooks", "settings" */
	const char
	    *rev; /* branch or tag that the tabs stay at, as URLs say it; NULL: the default */
	const char *feed; /* the address of its Atom feed, or NULL */
	int refresh_s;	  /* > 0: the browser asks again after so long */
	bool is_wide;	  /* uses all of the window: code side by side */
	bool has_code;	  /* <code data-language>, numbered lines: colours, and ranges of lines */
};

void page_begin(struct req *r, const struct page *page);
void page_end(struct req *r);

/* For what an id of Git decides: once made it never changes for the same asker. Adds a strong ETag
 * of the program's version, the asker, his access and key, and says that it may be kept. true: the
 * client has it already, the answer is 304 and nothing is left to do. For rows that load a project,
 * before any work. */
bool page_is_fresh(struct req *r, const char *key);

/* "3 hours ago" in a <time> with the moment in UTC as its tooltip; nothing for 0. at: Unix s. */
void page_time(struct req *r, int64_t at);

/* A <td> with it; none: its text for 0. */
void page_time_cell(struct req *r, int64_t at, const char *none);

/* "2026-11-22" instead: for pages that may be kept, where "3 hours ago" would not stay true. */
void page_date(struct req *r, int64_t at);

/* Answers 302 to an address of ours. */
int page_redirect(struct req *r, const char *url);

/* Answers 303 after a change: see the result there. */
int page_see_other(struct req *r, const char *url);

#endif
