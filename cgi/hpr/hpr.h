/* The hpr API (contracts/hpr-and-hub.md part A): mirrors under /repositores (the seed's spelling)
 * and /repositories, and /info. The user's view of it is docs/api/hpr.md. */
#ifndef CGI_HPR_HPR_H
#define CGI_HPR_HPR_H

#include <stdbool.h>

#include "store/queue.h"
#include "web/route.h"

extern const struct dialect hpr_dialect;

/* ---- who answers (repositories.c, info.c) */

int show_welcome(struct req *r);
int list_repositories(struct req *r);
int search_repositories(struct req *r);
int show_repository(struct req *r);
int show_status(struct req *r);
int create_repository(struct req *r);
int update_repository(struct req *r);
int delete_repository(struct req *r);
int show_info(struct req *r);
int list_scheduled(struct req *r);
int list_busy(struct req *r);
int list_retries(struct req *r);

extern const struct field create_in[];

/* ---- what it looks like (shape.c) */

/* The REPO object: eight texts, never null. */
void shape_repository(struct req *r, const struct project *p);

/* {"total":…,"data":[REPO,…]} */
void shape_list(struct req *r, int64_t total, const struct project *rows, size_t n);

/* {"message":…} */
void shape_message(struct req *r, const char *message);

/* true: the request has been taken. */
void shape_true(struct req *r, int status);

/* The whole of /info. */
void shape_info(
    struct req *r, const struct project_path *rows, size_t n, const struct queue_stats *stats);

#endif
