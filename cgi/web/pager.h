/* Lists that have several pages: which one is asked for, and the ways to the next ones. */
#ifndef CGI_WEB_PAGER_H
#define CGI_WEB_PAGER_H

#include "web/req.h"

#define PAGER_MOST 1000000 /* no list has more pages */

/* A field of the query; "" without. */
const char *pager_query(struct req *r, const char *name);

/* ?page=N, from 1 to PAGER_MOST; 1 for what is no number (contract B5). */
int64_t pager_page(struct req *r);

/* What the links are called: lists with the newest first have their own words,
 * and what knows no numbers goes back to its beginning. */
enum pager_words { PAGER_PLAIN = 1, PAGER_BY_TIME, PAGER_FROM_NEWEST };

struct pager {
	enum pager_words words;
	const char *before, *after; /* addresses; NULL: there is none */
	int64_t page, last;	    /* "Page 2 of 7"; 0: not told */
};

/* Nothing where there is one page alone. */
void pager_show(struct req *r, const struct pager *p);

/* The same for a list whose pages have numbers, of `all` things with `most` on each. url: of the
 * list without a query. */
void pager_numbered(struct req *r, const char *url, int64_t page, int64_t most, int64_t all);

#endif
