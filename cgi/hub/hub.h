/* The Hub API, Molybdenum's (contracts/hpr-and-hub.md part B): push notices under /api/push, the
 * repositories and what is in them under /api/repos. The user's view of it is docs/api/hub.md. */
#ifndef CGI_HUB_HUB_H
#define CGI_HUB_HUB_H

#include <stdbool.h>

#include "web/route.h"

extern const struct dialect hub_dialect;

/* ---- who answers (push.c) */

/* dialect.named: the repository of a notice. */
int name_of_notice(struct req *r, const char **path_out);

int take_push(struct req *r);	    /* POST /api/push */
int take_repository(struct req *r); /* the same, answered with the repository */

#define PUSH_BODY_MOST_BYTES (5 * 1024 * 1024)

/* ---- repos.c */

int list_hub_repos(struct req *r);
int show_hub_repo(struct req *r);
int delete_hub_repo(struct req *r);
int show_push_secret(struct req *r);
int set_push_secret(struct req *r);
int delete_push_secret(struct req *r);

extern const struct field push_secret_in[];

/* ---- targets.c */

int list_hub_targets(struct req *r);
int create_hub_target(struct req *r);
int show_hub_target(struct req *r);
int edit_hub_target(struct req *r);
int delete_hub_target(struct req *r);
int push_hub_target(struct req *r);

extern const struct field hub_target_in[], hub_target_push_in[];

/* ---- guard.c: what waits for approval, what is taken over, what is kept */

int show_held(struct req *r);
int approve_held(struct req *r);
int reject_held(struct req *r);
int show_options(struct req *r);
int set_options(struct req *r);
int list_kept(struct req *r);
int restore_kept(struct req *r);
int let_go_restored(struct req *r);

extern const struct field held_in[], options_in[], kept_in[];

/* ---- content.c */

int list_hub_refs(struct req *r);
int show_hub_ref(struct req *r);  /* of the seed: /ref/ */
int show_hub_refs(struct req *r); /* as later: /refs/ */
int show_hub_commit(struct req *r);
int list_hub_commits(struct req *r);
int find_hub_commit(struct req *r);

/* ---- docs.c */

int show_hub_ping(struct req *r);
int show_hub_endpoints(struct req *r);
int show_hub_docs(struct req *r); /* a page: cgi/web/routes.c */

/* ---- what it looks like (shape.c) */

/* The HUBREPO object: six keys. */
void hub_shape_repo(struct req *r, const struct project *p);

/* {"repository":HUBREPO} */
void hub_shape_one(struct req *r, const struct project *p);

/* {"repositories":[HUBREPO,…]} */
void hub_shape_repos(struct req *r, const struct project *rows, size_t n);

/* {"success":true} */
void hub_shape_success(struct req *r);

/* {"success":false,"error":…} (D-12) */
void hub_shape_failure(struct req *r, const char *message);

/* {"error":{"message":…,"code":…}} with r->status. */
void hub_shape_error(struct req *r, const char *message);

/* Of the query string: a number from 0 on. What is no number is as if it were not there. E_INVALID.
 */
must_check int hub_read_number(
    struct req *r, const char *name, int64_t missing, int64_t *out); /* content.c */

#endif
