/* PostgreSQL. Statements are rows of tables, prepared at connect; rows are copied into the arena
 * and the result is cleared at once: no PGresult leaves this room. There is no way to run text
 * that is not in a table. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/ctx.h"
#include "base/field.h"

/* One named statement. row: what db_one and db_all fill, by column name; NULL for changes. */
struct db_stmt {
	const char *name;
	const char *sql;
	const struct field *row;
	size_t row_bytes; /* sizeof the row struct */
};

/* Unix seconds of a timestamptz, cut: a cast alone would round up, and show what is not yet.
 * date_part, because extract computes with numeric, at several times the cost. */
#define DB_SECONDS(at) "floor(date_part('epoch', " at "))::bigint"

enum db_kind { DB_NULL = 1, DB_TEXT, DB_INT, DB_BOOL, DB_BYTES };

struct db_param {
	enum db_kind kind;
	const char *text; /* DB_TEXT, and the bytes of DB_BYTES */
	int64_t number;	  /* DB_INT, DB_BOOL, and the length of DB_BYTES */
};

/* A NULL text is SQL NULL. Bytes go to bytea. */
struct db_param db_text(const char *text);
struct db_param db_int(int64_t n);
struct db_param db_bool(bool b);
struct db_param db_bytes(const void *bytes, size_t len);
struct db_param db_null(void);
struct db_param db_reference(int64_t id); /* 0 is SQL NULL: what it refers to may be missing */

/* Connects, prepares and describes every statement of the tables (NULL-ended array of tables, each
 * ended by a row without a name) in one round trip. A statement that does not fit the schema or its
 * fields is E_INTERNAL with its name. wait_s: how long to keep trying while the server is away. The
 * connection closes with c->mem, which must outlive it. Sets *out; the caller puts it into c->db.
 * What conninfo leaves out: connect_timeout and keepalives of seconds, so that a dead network is an
 * error within 15 s, UTF-8, and the schema hub. */
must_check int db_open(struct ctx *c, const char *conninfo, const struct db_stmt *const *tables,
    int wait_s, struct db **out);

/* Called before each request and job. Reconnects (prepares and listens again) if the connection is
 * gone, at most one failed try per second; a passing E_INTERNAL if that fails. Any open transaction
 * is rolled back. Costs no round trip while all is well. */
must_check int db_ready(struct ctx *c);

/* Forgets the connection so that a child process does not use its parent's. */
void db_abandon(struct db *db);

/* The verbs. SQLSTATE becomes a code: 23505, 23503, 40001, 40P01 E_CONFLICT; 23502, 23514, 22001,
 * 22P02, 22003, 22021 E_INVALID; 42501 and the rest E_INTERNAL; 08*, 53*, 57*, 55P03 (a lock),
 * 25006 (a standby) and a lost connection a passing E_INTERNAL. A P0001 (RAISE in one of our SQL
 * functions) is E_INVALID with its message. */

/* The constraint that the last failed statement broke, as named in sql/; "" for other failures. So
 * that core can say which of two things is taken. */
const char *db_constraint(const struct db *db);

/* Exactly one row into *out, or E_NOTFOUND ("no row"). NULL: a text is NULL, a number 0, a bool
 * false. */
#define db_one(c, stmt, out, ...) db_one_n((c), (stmt), (out), DB_PARAMS(__VA_ARGS__))
/* All rows as an array. The statement has a LIMIT. */
#define db_all(c, stmt, rows_out, n_out, ...)                                                      \
	db_all_n((c), (stmt), (void **)(rows_out), (n_out), DB_PARAMS(__VA_ARGS__))
/* A change; *n_out (may be NULL) says how many rows. Rows of a SELECT are counted and dropped. */
#define db_do(c, stmt, n_out, ...) db_do_n((c), (stmt), (n_out), DB_PARAMS(__VA_ARGS__))

#define DB_PARAMS(...)                                                                             \
	((struct db_param[]){ { .kind = DB_NULL }, ##__VA_ARGS__ }),                               \
	    sizeof((struct db_param[]){ { .kind = DB_NULL }, ##__VA_ARGS__ }) /                    \
	    sizeof(struct db_param)

/* The first of the n params is a place holder. */
must_check int db_one_n(
    struct ctx *c, const struct db_stmt *s, void *out, const struct db_param *params, size_t n);
must_check int db_all_n(struct ctx *c, const struct db_stmt *s, void **rows_out, size_t *n_out,
    const struct db_param *params, size_t n);
must_check int db_do_n(struct ctx *c, const struct db_stmt *s, int64_t *n_out,
    const struct db_param *params, size_t n);

/* Transactions, not nested (assert). BEGIN is not sent by itself: it travels with the next
 * statement in one pipeline. A failed statement ends the work: db_commit after it rolls back and is
 * E_INTERNAL. db_rollback cannot fail and does nothing without a transaction. A transaction left
 * open is rolled back by db_ready. */
enum db_begin_flags { DB_WRITE = 0, DB_READ_ONLY = 1, DB_REPEATABLE_READ = 2 };
must_check int db_begin(struct ctx *c, unsigned flags);
must_check int db_commit(struct ctx *c);
void db_rollback(struct ctx *c);

/* LISTEN on one of the channels in sql/; db_listen again after a reconnect is automatic. */
must_check int db_listen(struct ctx *c, const char *channel);

/* The socket to poll; -1 while not connected. */
int db_fd(const struct db *db);

/* Reads what has arrived; true when there was a notification since the last call. */
bool db_is_notified(struct db *db);

/* How many statements have gone out so far: tests compare it for hidden and missing objects. */
int64_t db_statements(const struct db *db);

/* Of the client library: "15.6". */
const char *db_version(struct ctx *c);

/* For migrations and the schema tests only: runs a whole SQL script (no parameters) that ships
 * with us, in one transaction: the one that db_begin asked for, else its own. */
must_check int db_script(struct ctx *c, const char *sql);

/* For tests: E_INTERNAL with the difference when the statement's columns are not its fields, or
 * when the connection's role may not run it. The statement need not be in a table of db_open. */
must_check int db_check_stmt(struct ctx *c, const struct db_stmt *s);

#endif
