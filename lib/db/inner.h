/* What the files of this room share. Nobody else includes it. */
#ifndef DB_INNER_H
#define DB_INNER_H

#include <libpq-fe.h>

#include "db/db.h"

#define DB_CHANNELS_MAX 4
#define RETRY_S 5 /* what a passing failure tells the client */

/* How the columns of one statement land in its row struct: found once, at connect, by name. */
struct db_plan {
	int n_columns;
	const struct field **columns; /* [n_columns] */
};

struct db_table {
	const struct db_stmt *stmts;
	size_t n;
	struct db_plan *plans; /* [n] */
};

struct db {
	PGconn *conn; /* NULL: not connected */
	const char *conninfo;
	const struct db_stmt *const *stmt_tables;
	struct arena *mem; /* tables and plans; emptied at each connect */
	struct db_table *tables;
	size_t n_tables;
	const char *channels[DB_CHANNELS_MAX];
	size_t n_channels;
	bool is_begin_wanted; /* db_begin was called, BEGIN has not gone out */
	unsigned begin_flags;
	bool is_notified;
	bool is_stale; /* the server forgot or changed a statement: connect anew */
	int64_t statements;
	int64_t tried_us; /* the last attempt to connect, if it failed; else 0 */
	char constraint[64];
};

/* The plan of a statement that was given to db_open (assert). */
const struct db_plan *db_plan_of(const struct db *db, const struct db_stmt *s);

/* Matches the columns of a description with the fields. E_INTERNAL names the difference. */
must_check int db_make_plan(struct ctx *c, const struct db_stmt *s, const PGresult *description,
    struct arena *mem, struct db_plan *out);

/* OK for a good result; else the code and the sentence of its SQLSTATE. */
must_check int db_check_result(struct ctx *c, const char *name, const PGresult *result);

/* Statements of this room: BEGIN, COMMIT, LISTEN and what ships as a script. */
must_check int db_run_text(struct ctx *c, const char *name, const char *sql);

/* The first line of libpq's message about the connection. */
const char *db_message(struct arena *mem, const PGconn *conn);

/* Copies row i into *out. */
void db_copy_row(
    struct arena *mem, const struct db_plan *plan, const PGresult *result, int i, void *out);

#endif
