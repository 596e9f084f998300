/* What the routes of routes.c call. */
#ifndef CGI_GIT_HANDLERS_H
#define CGI_GIT_HANDLERS_H

#include "web/req.h"

struct service;

int show_refs_to_fetch(struct req *r); /* GET info/refs?service=git-upload-pack */
int serve_fetch(struct req *r);	       /* POST git-upload-pack */
int show_refs_to_push(struct req *r);  /* GET info/refs?service=git-receive-pack */
int serve_push(struct req *r);	       /* POST git-receive-pack */
int show_manifest(struct req *r);      /* GET /manifest.js.gz: the list of what is open */

/* Shared by the two halves. */
int show_refs(struct req *r, const struct service *s);
void set_type(struct req *r, const char *type);

#endif
