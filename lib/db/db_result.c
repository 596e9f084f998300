/* From PostgreSQL's results to our codes and structs. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "db/inner.h"

enum pg_type { PG_BOOL = 16, PG_BYTEA = 17, PG_INT8 = 20, PG_INT2 = 21, PG_INT4 = 23 };

/* ---- codes */

struct state {
	const char *prefix; /* of the SQLSTATE; the first row that fits counts */
	int code;
	const char *sentence; /* NULL: passing */
};

/* clang-format off */
static const struct state states[] = {
	/* SQLSTATE  code        for the person */
	{ "23505",   E_CONFLICT, "it is taken already" },
	{ "23503",   E_CONFLICT, "something it needs is gone, or something else still needs it" },
	{ "40001",   E_CONFLICT, "it changed meanwhile, try again" },
	{ "40P01",   E_CONFLICT, "it changed meanwhile, try again" },
	{ "23502",   E_INVALID,  "a value is missing" },
	{ "23514",   E_INVALID,  "a value is outside of what is allowed" },
	{ "22001",   E_INVALID,  "a text is too long" },
	{ "22P02",   E_INVALID,  "a value is not of its type" },
	{ "22003",   E_INVALID,  "a number is too large" },
	{ "22021",   E_INVALID,  "a text is not UTF-8" },
	{ "25006",   E_INTERNAL, NULL },
	{ "55P03",   E_INTERNAL, NULL },
	{ "08",      E_INTERNAL, NULL },
	{ "53",      E_INTERNAL, NULL },
	{ "57",      E_INTERNAL, NULL },
	{ NULL, 0, NULL },
};
/* clang-format on */

static const char *
first_line(struct arena *mem, const char *text)
{
	return arena_strndup(mem, text, strcspn(text, "\n"));
}

const char *
db_message(struct arena *mem, const PGconn *conn)
{
	return first_line(mem, PQerrorMessage(conn));
}

static const char *
diagnosis(const PGresult *result, int field)
{
	const char *text = PQresultErrorField(result, field);

	return text != NULL ? text : "";
}

/* The statement's name and PostgreSQL's primary message: for the log. Values are in its detail
 * only, which we leave out. */
static int
fail_by_state(struct ctx *c, const char *name, const PGresult *result, const char *state)
{
	const char *message = first_line(c->mem, diagnosis(result, PG_DIAG_MESSAGE_PRIMARY));
	const struct state *s = states;

	if (strcmp(state, "P0001") == 0)
		return fail(c, E_INVALID, "%s", message);
	while (s->prefix != NULL && !str_starts(state, s->prefix))
		s++;
	if (s->prefix == NULL)
		return fail(c, E_INTERNAL, "statement %s: %s %s", name, state, message);
	if (s->sentence == NULL)
		return fail_passing(c, RETRY_S, "statement %s: %s %s", name, state, message);
	return fail(c, s->code, "%s", s->sentence);
}

static void
remember_constraint(struct db *db, const char *name)
{
	size_t len = strlen(name); /* at most 63 bytes: a name of PostgreSQL */

	assert(len < sizeof(db->constraint));
	memcpy(db->constraint, name, len + 1);
}

int
db_check_result(struct ctx *c, const char *name, const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result); /* NULL is PGRES_FATAL_ERROR */
	const char *state;

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
		return OK;
	state = diagnosis(result, PG_DIAG_SQLSTATE);
	if (state[0] == '\0')
		return fail_passing(c, RETRY_S, "statement %s: the database is away: %s", name,
		    db_message(c->mem, c->db->conn));
	/* "cached plan must not change result type" after a migration; "prepared statement does not
	 * exist" behind a pooler */
	if (strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0)
		c->db->is_stale = true;
	remember_constraint(c->db, diagnosis(result, PG_DIAG_CONSTRAINT_NAME));
	return fail_by_state(c, name, result, state);
}

const char *
db_constraint(const struct db *db)
{
	return db->constraint;
}

/* ---- plans */

const struct db_plan *
db_plan_of(const struct db *db, const struct db_stmt *s)
{
	for (size_t i = 0; i < db->n_tables; i++) {
		const struct db_table *t = &db->tables[i];

		if ((uintptr_t)s >= (uintptr_t)t->stmts &&
		    (uintptr_t)s < (uintptr_t)(t->stmts + t->n))
			return &t->plans[s - t->stmts];
	}
	assert(!"a statement that was not given to db_open");
	abort();
}

static bool
is_fitting(enum field_type type, Oid column)
{
	switch (type) {
	case F_TEXT:
		return column != PG_BYTEA && column != PG_BOOL;
	case F_INT:
		return column == PG_INT8 || column == PG_INT4 || column == PG_INT2;
	case F_BOOL:
		return column == PG_BOOL;
	}
	return false;
}

static int
check_column(struct ctx *c, const struct db_stmt *s, const PGresult *d, int i,
    const struct db_plan *before, const struct field **out)
{
	const struct field *f = field_by_name(s->row, PQfname(d, i));

	if (f == NULL)
		return fail(
		    c, E_INTERNAL, "statement %s: no field for column %s", s->name, PQfname(d, i));
	if (!is_fitting(f->type, PQftype(d, i)))
		return fail(c, E_INTERNAL,
		    "statement %s: column %s has another type than its field", s->name, f->name);
	for (int j = 0; j < i; j++)
		if (before->columns[j] == f)
			return fail(
			    c, E_INTERNAL, "statement %s: two columns %s", s->name, f->name);
	*out = f;
	return OK;
}

static int
missing_column(struct ctx *c, const struct db_stmt *s, const PGresult *d)
{
	for (const struct field *f = s->row; f->name != NULL; f++)
		if (PQfnumber(d, arena_printf(c->mem, "\"%s\"", f->name)) < 0)
			return fail(c, E_INTERNAL, "statement %s: no column for field %s", s->name,
			    f->name);
	return OK;
}

int
db_make_plan(struct ctx *c, const struct db_stmt *s, const PGresult *description, struct arena *mem,
    struct db_plan *out)
{
	struct db_plan plan = { 0 };

	if (s->row == NULL) {
		*out = plan;
		return OK;
	}
	assert(s->row_bytes >= field_size(s->row));
	plan.n_columns = PQnfields(description);
	plan.columns = arena_new_array(mem, const struct field *, plan.n_columns);
	for (int i = 0; i < plan.n_columns; i++)
		TRY(check_column(c, s, description, i, &plan, &plan.columns[i]));
	TRY(missing_column(c, s, description));
	*out = plan;
	return OK;
}

/* ---- rows */

void
db_copy_row(struct arena *mem, const struct db_plan *plan, const PGresult *result, int i, void *out)
{
	for (int column = 0; column < plan->n_columns; column++) {
		const struct field *f = plan->columns[column];
		const char *value = PQgetvalue(result, i, column);

		if (PQgetisnull(result, i, column))
			continue; /* out is zeroed */
		if (f->type == F_TEXT)
			*FIELD_AT(out, f, const char *) =
			    arena_strndup(mem, value, (size_t)PQgetlength(result, i, column));
		else if (f->type == F_INT)
			*FIELD_AT(out, f, int64_t) = strtoll(value, NULL, 10);
		else
			*FIELD_AT(out, f, bool) = value[0] == 't';
	}
}
