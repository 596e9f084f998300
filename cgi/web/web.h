/* The pages (contracts/hpr-and-hub.md B5): what people look at. One file per kind of page; the
 * frame around all of them is page.h, the addresses are made by url.h. */
#ifndef CGI_WEB_WEB_H
#define CGI_WEB_WEB_H

#include "web/route.h"

extern const struct dialect web_dialect;

/* ---- who answers: web_… because the APIs have handlers of the same verbs */

int web_front(struct req *r);	/* front.c */
int web_project(struct req *r); /* project.c */
int web_project_of_git(struct req *r);

#endif
