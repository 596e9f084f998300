/* The transactions and the verbs. */
#include "db/db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "db/inner.h"

#define PARAMS_MAX 40

/* ---- parameters */

struct db_param
db_text(const char *text)
{
	return (struct db_param){ .kind = text != NULL ? DB_TEXT : DB_NULL, .text = text };
}

struct db_param
db_int(int64_t n)
{
	return (struct db_param){ .kind = DB_INT, .number = n };
}

struct db_param
db_bool(bool b)
{
	return (struct db_param){ .kind = DB_BOOL, .number = b };
}

struct db_param
db_bytes(const void *bytes, size_t len)
{
	return (struct db_param){
		.kind = bytes != NULL ? DB_BYTES : DB_NULL, .text = bytes, .number = (int64_t)len
	};
}

struct db_param
db_null(void)
{
	return (struct db_param){ .kind = DB_NULL };
}

struct db_param
db_reference(int64_t id)
{
	return id == 0 ? db_null() : db_int(id);
}

/* The parameters as libpq wants them: parallel arrays, numbers as text. */
struct params {
	int n;
	const char *values[PARAMS_MAX];
	int lengths[PARAMS_MAX], formats[PARAMS_MAX];
	char digits[PARAMS_MAX][24];
};

static void
fill_params(struct params *out, const struct db_param *params, size_t n)
{
	assert(n >= 1 && n - 1 <= PARAMS_MAX); /* the first is a place holder */
	out->n = (int)n - 1;
	for (int i = 0; i < out->n; i++) {
		const struct db_param *p = &params[i + 1];

		out->formats[i] = p->kind == DB_BYTES;
		out->lengths[i] = p->kind == DB_BYTES ? (int)p->number : 0;
		out->values[i] = p->text; /* NULL for DB_NULL */
		if (p->kind == DB_BOOL)
			out->values[i] = p->number ? "t" : "f";
		if (p->kind == DB_INT) {
			snprintf(
			    out->digits[i], sizeof(out->digits[i]), "%lld", (long long)p->number);
			out->values[i] = out->digits[i];
		}
	}
}

/* ---- transactions */

int
db_run_text(struct ctx *c, const char *name, const char *sql)
{
	PGresult *result;
	int code;

	if (c->db->conn == NULL)
		return fail_passing(c, RETRY_S, "the database is away");
	result = PQexec(c->db->conn, sql);
	code = db_check_result(c, name, result);
	PQclear(result);
	return code;
}

int
db_begin(struct ctx *c, unsigned flags)
{
	struct db *db = c->db;

	if (db->conn == NULL)
		return fail_passing(c, RETRY_S, "the database is away");
	assert(!db->is_begin_wanted &&
	    (PQtransactionStatus(db->conn) == PQTRANS_IDLE || PQstatus(db->conn) != CONNECTION_OK));
	db->is_begin_wanted = true;
	db->begin_flags = flags;
	return OK;
}

static const char *
begin_sql(unsigned flags)
{
	static const char *const texts[] = {
		[DB_WRITE] = "BEGIN",
		[DB_READ_ONLY] = "BEGIN READ ONLY",
		[DB_REPEATABLE_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ",
		[DB_READ_ONLY | DB_REPEATABLE_READ] =
		    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	};

	assert(flags < sizeof(texts) / sizeof(texts[0]));
	return texts[flags];
}

int
db_commit(struct ctx *c)
{
	struct db *db = c->db;

	if (db->is_begin_wanted) { /* nothing has been sent, so there is nothing to commit */
		db->is_begin_wanted = false;
		return OK;
	}
	if (db->conn == NULL || PQstatus(db->conn) != CONNECTION_OK)
		return fail_passing(c, RETRY_S, "commit: the database is away");
	if (PQtransactionStatus(db->conn) == PQTRANS_INERROR) {
		db_rollback(c);
		return fail(c, E_INTERNAL, "commit after a statement that failed: rolled back");
	}
	assert(PQtransactionStatus(db->conn) == PQTRANS_INTRANS);
	return db_run_text(c, "commit", "COMMIT");
}

void
db_rollback(struct ctx *c)
{
	struct db *db = c->db;

	db->is_begin_wanted = false;
	if (db->conn == NULL || PQtransactionStatus(db->conn) == PQTRANS_IDLE)
		return;
	PQclear(PQexec(db->conn, "ROLLBACK")); /* a lost connection has rolled back too */
}

/* ---- the verbs */

/* Reads the answers to BEGIN and the statement up to the end of the pipeline. */
static PGresult *
take_second(struct db *db)
{
	PGresult *result, *kept = NULL;
	bool is_over = false;
	int n_empty = 0;

	while (!is_over && n_empty < 2) { /* two NULLs in a row: the connection is gone */
		result = PQgetResult(db->conn);
		n_empty = result == NULL ? n_empty + 1 : 0;
		is_over = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		if (result == NULL || is_over || PQresultStatus(result) == PGRES_PIPELINE_ABORTED) {
			PQclear(result);
			continue;
		}
		PQclear(kept); /* BEGIN's, when the statement has answered too */
		kept = result;
	}
	return kept;
}

/* BEGIN and the statement in one round trip. NULL: the connection is gone. */
static PGresult *
run_with_begin(struct db *db, const struct db_stmt *s, const struct params *p)
{
	PGresult *result = NULL;

	db->is_begin_wanted = false;
	if (!PQenterPipelineMode(db->conn))
		return NULL;
	if (PQsendQueryParams(db->conn, begin_sql(db->begin_flags), 0, NULL, NULL, NULL, NULL, 0) &&
	    PQsendQueryPrepared(db->conn, s->name, p->n, p->values, p->lengths, p->formats, 0) &&
	    PQpipelineSync(db->conn))
		result = take_second(db);
	if (!PQexitPipelineMode(db->conn))
		db->is_stale = true; /* half an answer: only a new connection helps */
	return result;
}

/* Runs the statement; *out is to be cleared by the caller, also on failure. */
static int
run(struct ctx *c, const struct db_stmt *s, const struct db_param *params, size_t n, PGresult **out)
{
	struct db *db = c->db;
	struct params p;

	*out = NULL;
	if (db->conn == NULL)
		return fail_passing(c, RETRY_S, "statement %s: the database is away", s->name);
	fill_params(&p, params, n);
	db->statements++;
	db->constraint[0] = '\0';
	if (db->is_begin_wanted)
		*out = run_with_begin(db, s, &p);
	else
		*out = PQexecPrepared(db->conn, s->name, p.n, p.values, p.lengths, p.formats, 0);
	return db_check_result(c, s->name, *out);
}

int
db_one_n(struct ctx *c, const struct db_stmt *s, void *out, const struct db_param *params, size_t n)
{
	const struct db_plan *plan = db_plan_of(c->db, s);
	PGresult *result;
	int code;

	assert(s->row != NULL);
	code = run(c, s, params, n, &result);
	if (code == OK && PQntuples(result) == 0)
		code = fail(c, E_NOTFOUND, "no row");
	if (code == OK && PQntuples(result) > 1)
		code = fail(c, E_INTERNAL, "statement %s: %d rows, expected one", s->name,
		    PQntuples(result));
	if (code == OK) {
		memset(out, 0, s->row_bytes);
		db_copy_row(c->mem, plan, result, 0, out);
	}
	PQclear(result);
	return code;
}

int
db_all_n(struct ctx *c, const struct db_stmt *s, void **rows_out, size_t *n_out,
    const struct db_param *params, size_t n)
{
	const struct db_plan *plan = db_plan_of(c->db, s);
	PGresult *result;
	int code;

	assert(s->row != NULL);
	code = run(c, s, params, n, &result);
	if (code == OK) {
		size_t n_rows = (size_t)PQntuples(result);
		char *rows = arena_alloc(c->mem, n_rows * s->row_bytes);

		for (size_t i = 0; i < n_rows; i++)
			db_copy_row(c->mem, plan, result, (int)i, rows + i * s->row_bytes);
		*rows_out = rows;
		*n_out = n_rows;
	}
	PQclear(result);
	return code;
}

int
db_do_n(
    struct ctx *c, const struct db_stmt *s, int64_t *n_out, const struct db_param *params, size_t n)
{
	PGresult *result;
	int code = run(c, s, params, n, &result);

	if (code == OK && n_out != NULL)
		*n_out = PQresultStatus(result) == PGRES_TUPLES_OK ? PQntuples(result)
								   : atoll(PQcmdTuples(result));
	PQclear(result);
	return code;
}

/* ---- scripts, checks */

int64_t
db_statements(const struct db *db)
{
	return db->statements;
}

int
db_script(struct ctx *c, const char *sql)
{
	struct db *db = c->db;
	bool is_joined = db->is_begin_wanted ||
	    (db->conn != NULL && PQtransactionStatus(db->conn) == PQTRANS_INTRANS);
	int code;

	if (!is_joined)
		TRY(db_begin(c, DB_WRITE));
	if (db->is_begin_wanted) {
		db->is_begin_wanted = false;
		TRY(db_run_text(c, "begin", begin_sql(db->begin_flags)));
	}
	code = db_run_text(c, "script", sql);
	if (code != OK)
		db_rollback(c);
	return code != OK || is_joined ? code : db_commit(c);
}

/* EXPLAIN starts the executor, which checks the role's rights, and stops there. */
static int
check_rights(struct ctx *c, const struct db_stmt *s, int n_params)
{
	struct buf *sql = buf_new(c->mem, 64 + 6 * PARAMS_MAX);

	buf_text(sql, "EXPLAIN EXECUTE check_stmt");
	for (int i = 0; i < n_params; i++)
		buf_text(sql, i == 0 ? "(NULL" : ", NULL");
	if (n_params > 0)
		buf_char(sql, ')');
	return db_run_text(c, s->name, sql->data);
}

int
db_check_stmt(struct ctx *c, const struct db_stmt *s)
{
	PGconn *conn = c->db->conn;
	PGresult *result = PQprepare(conn, "check_stmt", s->sql, 0, NULL);
	struct db_plan plan;
	int n_params = 0, code = db_check_result(c, s->name, result);

	PQclear(result);
	if (code != OK)
		return code;
	result = PQdescribePrepared(conn, "check_stmt");
	code = db_check_result(c, s->name, result);
	if (code == OK)
		code = db_make_plan(c, s, result, c->mem, &plan);
	if (code == OK)
		n_params = PQnparams(result);
	PQclear(result);
	if (code == OK)
		code = check_rights(c, s, n_params);
	PQclear(PQexec(conn, "DEALLOCATE check_stmt"));
	return code;
}
