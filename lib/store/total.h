/* How many rows a list has in all. Its statement stands beside the list's and has FROM and WHERE
 * from the same macro, so that the two cannot disagree. */
#ifndef STORE_TOTAL_H
#define STORE_TOTAL_H

#include "db/db.h"

struct total {
	int64_t n;
};

/* Ends such a statement ("SELECT count(*) AS n …") in a table. */
extern const struct field total_row[];
#define TOTAL total_row, sizeof(struct total)

#define total_of(c, stmt, out, ...) total_of_n((c), (stmt), (out), DB_PARAMS(__VA_ARGS__))
must_check int total_of_n(struct ctx *c, const struct db_stmt *stmt, int64_t *out,
    const struct db_param *params, size_t n);

#endif
