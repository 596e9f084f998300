/* What the pages of an administrator share. */
#ifndef CGI_WEB_ADMIN_H
#define CGI_WEB_ADMIN_H

#include <stdbool.h>

#include "web/req.h"

#define ADMIN_PAGE_ROWS 50

/* The frame, and above the page's own HTML links to the others; tab: "overview", "jobs", "mirrors",
 * "hosts", "accounts" or "hooks". */
void admin_begin(struct req *r, const char *tab, const char *title);
void admin_end(struct req *r);

/* Links to the page before and the one behind. base: the address with what the query asks for, and
 * "?" or "&" at its end. */
void admin_pages(struct req *r, const char *base, bool has_more);

/* The head of a table. columns: their names, ended by NULL; an empty one is a column of buttons. */
void admin_table(struct req *r, const char *name, const char *const *columns);
void admin_table_end(struct req *r);

#endif
