/* The database room itself, on tables of its own. */
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/db/harness.h"

#define OWNER "mirrorhub_owner"
#define WAIT_MS 60000

static const char schema[] =
    "CREATE TABLE hub.parent (id bigint PRIMARY KEY);"
    "CREATE TABLE hub.thing (id bigint CONSTRAINT thing_id PRIMARY KEY, name text NOT NULL,"
    " size smallint CHECK (size > 0), parent bigint REFERENCES hub.parent,"
    " late bigint REFERENCES hub.parent DEFERRABLE INITIALLY DEFERRED, is_open boolean);"
    "CREATE UNIQUE INDEX thing_name_key ON hub.thing (name);"
    "CREATE FUNCTION hub.refuse(text) RETURNS void LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE '%', $1; END $$;"
    "CREATE FUNCTION hub.raise_state(state text) RETURNS void LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = 'secret'; END $$;"
    "GRANT ALL ON ALL TABLES IN SCHEMA hub TO mirrorhub_owner;"
    "REVOKE ALL ON hub.thing FROM mirrorhub_web, mirrorhub_sync";

struct thing {
	int64_t id;
	const char *name;
	int64_t size;
	bool is_open;
};

static const struct field thing_row[] = { FIELD(thing, name), FIELD(thing, id),
	FIELD_AS(thing, size, "bytes"), FIELD(thing, is_open), { 0 } };

/* clang-format off */
enum {
	THING_ADD, THING_BY_ID, THING_LIST, THING_COUNT, THING_RENAME, BYTES_HEX, ECHO_INT,
	ECHO_TEXT, BACKEND, END_OTHERS, CLEAR, RAISE, RAISE_STATE, CAST, NOTICE, TX_MODE,
};

static const struct db_stmt thing_sql[] = {
	[THING_ADD] = { "thing_add", "INSERT INTO thing (id, name, size, parent, late, is_open) "
		"VALUES ($1, $2, $3, $4, $5, $6)", NULL, 0 },
	[THING_BY_ID] = { "thing_by_id", "SELECT id, size AS bytes, name, is_open FROM thing "
		"WHERE id >= $1 AND id <= $2", thing_row, sizeof(struct thing) },
	[THING_LIST] = { "thing_list", "SELECT id, name, size AS bytes, is_open FROM thing "
		"ORDER BY id LIMIT 1000", thing_row, sizeof(struct thing) },
	[THING_COUNT] = { "thing_count", "SELECT count(*) AS n FROM thing", number_row,
		sizeof(struct number) },
	[THING_RENAME] = { "thing_rename", "UPDATE thing SET name = name || $1", NULL, 0 },
	[BYTES_HEX] = { "bytes_hex", "SELECT encode($1::bytea, 'hex') AS text", text_row,
		sizeof(struct text) },
	[ECHO_INT] = { "echo_int", "SELECT $1::bigint AS n", number_row,
		sizeof(struct number) },
	[ECHO_TEXT] = { "echo_text", "SELECT $1::text AS text", text_row,
		sizeof(struct text) },
	[BACKEND] = { "backend", "SELECT pg_backend_pid() AS n", number_row,
		sizeof(struct number) },
	[END_OTHERS] = { "end_others", "SELECT pg_terminate_backend(pid, 5000) "
		"FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", NULL, 0 },
	[CLEAR] = { "clear", "DELETE FROM thing", NULL, 0 },
	[RAISE] = { "raise", "SELECT refuse($1)", NULL, 0 },
	[RAISE_STATE] = { "raise_state", "SELECT raise_state($1)", NULL, 0 },
	[CAST] = { "cast", "SELECT ($1::text)::smallint", NULL, 0 },
	[NOTICE] = { "notice", "SELECT pg_notify('mirrorhub_test', '')", NULL, 0 },
	[TX_MODE] = { "tx_mode", "SELECT current_setting('transaction_isolation') || ' ' || "
		"current_setting('transaction_read_only') AS text", text_row,
		sizeof(struct text) },
	{ 0 }
};
/* clang-format on */

static const struct db_stmt *const tables[] = { thing_sql, NULL };

static int
add(struct ctx *c, int64_t id, const char *name)
{
	return db_do(c, &thing_sql[THING_ADD], NULL, db_int(id), db_text(name), db_null(),
	    db_null(), db_null(), db_bool(true));
}

static int64_t
count(struct ctx *c)
{
	struct number n = { -1 };

	assert_ok(c, db_one(c, &thing_sql[THING_COUNT], &n));
	return n.n;
}

static int64_t
backend(struct ctx *c)
{
	struct number n = { 0 };

	assert_ok(c, db_one(c, &thing_sql[BACKEND], &n));
	return n.n;
}

static void
end_all_connections(void)
{
	struct ctx *super = harness_open("postgres", tables);

	assert_ok(super, db_do(super, &thing_sql[END_OTHERS], NULL));
	harness_close(super);
}

static int
make_schema(void **state)
{
	(void)state;
	harness_sql(schema);
	return 0;
}

static int
open_ctx(void **state)
{
	*state = harness_open(OWNER, tables);
	return 0;
}

static int
close_ctx(void **state)
{
	struct ctx *c = *state;

	db_rollback(c);
	if (db_ready(c) == OK)
		assert_ok(c, db_do(c, &thing_sql[CLEAR], NULL));
	harness_close(c);
	return 0;
}

/* ---- rows and parameters */

static void
a_row_is_read_by_column_name(void **state)
{
	struct ctx *c = *state;
	struct thing t = { .name = "before" };

	assert_ok(c,
	    db_do(c, &thing_sql[THING_ADD], NULL, db_int(1), db_text("h\xc3\xa9"), db_int(7),
		db_null(), db_null(), db_bool(true)));
	assert_ok(c, db_one(c, &thing_sql[THING_BY_ID], &t, db_int(1), db_int(1)));
	assert_int_equal(t.id, 1);
	assert_string_equal(t.name, "h\xc3\xa9");
	assert_int_equal(t.size, 7);
	assert_true(t.is_open);
}

static void
sql_null_is_nothing_of_each_type(void **state)
{
	struct ctx *c = *state;
	struct thing t = { .size = 5, .is_open = true };
	struct text text = { "before" };

	assert_ok(c,
	    db_do(c, &thing_sql[THING_ADD], NULL, db_int(1), db_text(""), db_null(), db_null(),
		db_null(), db_null()));
	assert_ok(c, db_one(c, &thing_sql[THING_BY_ID], &t, db_int(1), db_int(1)));
	assert_int_equal(t.size, 0);
	assert_false(t.is_open);
	assert_string_equal(t.name, "");
	assert_ok(c, db_one(c, &thing_sql[ECHO_TEXT], &text, db_text(NULL)));
	assert_null(text.text);
}

static void
numbers_keep_their_64_bits(void **state)
{
	static const int64_t rows[] = { 0, -1, INT64_MAX, INT64_MIN };
	struct ctx *c = *state;
	struct number n;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_ok(c, db_one(c, &thing_sql[ECHO_INT], &n, db_int(rows[i])));
		assert_true(n.n == rows[i]);
	}
}

static void
text_is_never_sql(void **state)
{
	static const char *const rows[] = { "'", "'; DROP TABLE thing; --", "\\'", "$1", "%s",
		"\n\t\x01" };
	struct ctx *c = *state;
	struct text t;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_ok(c, db_one(c, &thing_sql[ECHO_TEXT], &t, db_text(rows[i])));
		assert_string_equal(t.text, rows[i]);
	}
}

static void
bytes_go_as_they_are(void **state)
{
	struct ctx *c = *state;
	struct text t;

	assert_ok(c, db_one(c, &thing_sql[BYTES_HEX], &t, db_bytes("\0\xff'\\", 4)));
	assert_string_equal(t.text, "00ff275c");
	assert_ok(c, db_one(c, &thing_sql[BYTES_HEX], &t, db_bytes("", 0)));
	assert_string_equal(t.text, "");
}

static void
no_row_is_not_found_and_two_are_a_bug(void **state)
{
	struct ctx *c = *state;
	struct thing t = { .id = 77 };

	assert_code(c, db_one(c, &thing_sql[THING_BY_ID], &t, db_int(1), db_int(2)), E_NOTFOUND);
	assert_ok(c, add(c, 1, "a"));
	assert_ok(c, add(c, 2, "b"));
	assert_code(c, db_one(c, &thing_sql[THING_BY_ID], &t, db_int(1), db_int(2)), E_INTERNAL);
	assert_int_equal(t.id, 77); /* untouched on failure */
}

static void
a_list_comes_whole_and_in_order(void **state)
{
	struct ctx *c = *state;
	struct thing *rows;
	size_t n = 99;

	assert_ok(c, db_all(c, &thing_sql[THING_LIST], &rows, &n));
	assert_int_equal(n, 0);
	for (int i = 0; i < 300; i++)
		assert_ok(c, add(c, i, arena_printf(c->mem, "name %d", i)));
	assert_ok(c, db_all(c, &thing_sql[THING_LIST], &rows, &n));
	assert_int_equal(n, 300);
	assert_string_equal(rows[0].name, "name 0");
	assert_int_equal(rows[299].id, 299);
	assert_string_equal(rows[299].name, "name 299");
}

static void
a_change_says_how_many_rows(void **state)
{
	struct ctx *c = *state;
	int64_t n = -1;

	assert_ok(c, db_do(c, &thing_sql[THING_RENAME], &n, db_text("x")));
	assert_int_equal(n, 0);
	assert_ok(c, add(c, 1, "a"));
	assert_ok(c, add(c, 2, "b"));
	assert_ok(c, db_do(c, &thing_sql[THING_RENAME], &n, db_text("x")));
	assert_int_equal(n, 2);
}

static void
statements_are_counted(void **state)
{
	struct ctx *c = *state;
	int64_t before = db_statements(c->db);

	count(c);
	count(c);
	assert_int_equal(db_statements(c->db), before + 2);
}

/* ---- codes */

static void
a_unique_index_is_a_conflict_with_its_name(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, add(c, 1, "a"));
	assert_code(c, add(c, 1, "b"), E_CONFLICT);
	assert_string_equal(db_constraint(c->db), "thing_id");
	assert_code(c, add(c, 2, "a"), E_CONFLICT);
	assert_string_equal(db_constraint(c->db), "thing_name_key");
	assert_ok(c, add(c, 2, "b"));
	assert_string_equal(db_constraint(c->db), "");
}

static void
a_missing_parent_is_a_conflict(void **state)
{
	struct ctx *c = *state;

	assert_code(c,
	    db_do(c, &thing_sql[THING_ADD], NULL, db_int(1), db_text("a"), db_null(), db_int(9),
		db_null(), db_null()),
	    E_CONFLICT);
}

static void
values_that_do_not_fit_are_invalid(void **state)
{
	static const char *const casts[] = { "x", "1.5", "", "99999", "-32769" }; /* 22P02, 22003 */
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(casts); i++)
		assert_code(c, db_do(c, &thing_sql[CAST], NULL, db_text(casts[i])), E_INVALID);
	assert_code(c, add(c, 1, NULL), E_INVALID); /* 23502 */
	assert_code(c,
	    db_do(c, &thing_sql[THING_ADD], NULL, db_int(1), db_text("a"), db_int(0), db_null(),
		db_null(), db_null()),
	    E_INVALID);					  /* 23514 */
	assert_code(c, add(c, 1, "\xff\xfe"), E_INVALID); /* 22021 */
	assert_null(strstr(c->reason, "\xff"));
}

static void
each_state_has_its_code(void **state)
{
	static const struct {
		const char *state;
		int code;
		bool is_passing;
	} rows[] = {
		{ "23505", E_CONFLICT, false },
		{ "23503", E_CONFLICT, false },
		{ "40001", E_CONFLICT, false },
		{ "40P01", E_CONFLICT, false },
		{ "23514", E_INVALID, false },
		{ "22P02", E_INVALID, false },
		{ "22003", E_INVALID, false },
		{ "22021", E_INVALID, false },
		{ "23502", E_INVALID, false },
		{ "22001", E_INVALID, false },
		{ "42501", E_INTERNAL, false },
		{ "42P01", E_INTERNAL, false },
		{ "XX000", E_INTERNAL, false },
		{ "23P01", E_INTERNAL, false },
		{ "08006", E_INTERNAL, true },
		{ "53100", E_INTERNAL, true },
		{ "53300", E_INTERNAL, true },
		{ "57014", E_INTERNAL, true },
		{ "57P03", E_INTERNAL, true },
		{ "25006", E_INTERNAL, true },
		{ "55P03", E_INTERNAL, true },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_code(c, db_do(c, &thing_sql[RAISE_STATE], NULL, db_text(rows[i].state)),
		    rows[i].code);
		assert_int_equal(c->retry_after_s > 0, rows[i].is_passing);
		/* for the log it is named, for a person it is a sentence of ours */
		assert_int_equal(
		    strstr(c->reason, rows[i].state) != NULL, rows[i].code == E_INTERNAL);
		assert_int_equal(strstr(c->reason, "secret") != NULL, rows[i].code == E_INTERNAL);
	}
}

static void
raise_in_our_functions_speaks_to_the_person(void **state)
{
	struct ctx *c = *state;

	assert_code(
	    c, db_do(c, &thing_sql[RAISE], NULL, db_text("a team has at most 5")), E_INVALID);
	assert_string_equal(c->reason, "a team has at most 5");
}

/* ---- transactions */

static void
commit_keeps_and_rollback_drops(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add(c, 1, "a"));
	assert_ok(c, db_commit(c));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add(c, 2, "b"));
	assert_int_equal(count(c), 2);
	db_rollback(c);
	assert_int_equal(count(c), 1);
}

static void
begin_alone_sends_nothing(void **state)
{
	struct ctx *c = *state, *other = harness_open(OWNER, tables);

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, db_commit(c));
	assert_ok(c, db_begin(c, DB_WRITE));
	db_rollback(c);
	assert_ok(c, add(c, 1, "a")); /* on its own: others see it at once */
	assert_int_equal(count(other), 1);
	harness_close(other);
}

static void
others_see_a_change_after_commit_only(void **state)
{
	struct ctx *c = *state, *other = harness_open(OWNER, tables);

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add(c, 1, "a"));
	assert_int_equal(count(other), 0);
	assert_ok(c, db_commit(c));
	assert_int_equal(count(other), 1);
	harness_close(other);
}

static void
a_failed_statement_ends_the_transaction(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add(c, 1, "a"));
	assert_code(c, add(c, 1, "a"), E_CONFLICT);
	assert_code(c, db_commit(c), E_INTERNAL);
	assert_int_equal(count(c), 0);
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add(c, 1, "a"));
	assert_ok(c, db_commit(c));
}

static void
the_first_statement_may_fail_too(void **state)
{
	struct ctx *c = *state;
	struct thing t;

	assert_ok(c, add(c, 1, "a"));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_code(c, add(c, 1, "a"), E_CONFLICT);
	assert_string_equal(db_constraint(c->db), "thing_id");
	db_rollback(c);
	assert_ok(c, db_begin(c, DB_READ_ONLY));
	assert_code(c, db_one(c, &thing_sql[THING_BY_ID], &t, db_int(5), db_int(5)), E_NOTFOUND);
	assert_ok(c, db_commit(c)); /* no row is no failure */
	assert_int_equal(count(c), 1);
}

static void
commit_tells_what_was_deferred(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c,
	    db_do(c, &thing_sql[THING_ADD], NULL, db_int(1), db_text("a"), db_null(), db_null(),
		db_int(9), db_null()));
	assert_code(c, db_commit(c), E_CONFLICT);
	assert_int_equal(count(c), 0);
}

static void
flags_choose_the_kind(void **state)
{
	static const struct {
		unsigned flags;
		const char *text;
	} rows[] = {
		{ DB_WRITE, "read committed off" },
		{ DB_READ_ONLY, "read committed on" },
		{ DB_REPEATABLE_READ, "repeatable read off" },
		{ DB_REPEATABLE_READ | DB_READ_ONLY, "repeatable read on" },
	};
	struct ctx *c = *state;
	struct text t;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_ok(c, db_begin(c, rows[i].flags));
		assert_ok(c, db_one(c, &thing_sql[TX_MODE], &t));
		assert_string_equal(t.text, rows[i].text);
		assert_ok(c, db_commit(c));
	}
}

static void
a_read_only_transaction_refuses_changes(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_begin(c, DB_READ_ONLY));
	assert_int_equal(count(c), 0);
	assert_code(c, add(c, 1, "a"), E_INTERNAL);
	db_rollback(c);
	assert_int_equal(count(c), 0);
}

static void
ready_rolls_back_what_was_left_open(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add(c, 1, "a"));
	assert_ok(c, db_ready(c));
	assert_int_equal(count(c), 0);
	assert_ok(c, db_begin(c, DB_WRITE)); /* also one that was only asked for */
	assert_ok(c, db_ready(c));
	assert_ok(c, add(c, 1, "a"));
	assert_ok(c, db_ready(c));
	assert_int_equal(count(c), 1);
}

/* ---- the connection comes and goes */

static void
wait_until_ready(struct ctx *c)
{
	int64_t until_us = clock_mono_us() + WAIT_MS * 1000;
	int code;

	while ((code = db_ready(c)) != OK && clock_mono_us() < until_us) {
		assert_int_equal(code, E_INTERNAL);
		assert_true(c->retry_after_s > 0);
		usleep(10000);
	}
	assert_ok(c, code);
}

static void
a_lost_connection_is_a_passing_failure_and_comes_back(void **state)
{
	struct ctx *c = *state;
	int64_t before = backend(c);

	end_all_connections();
	assert_code(c, add(c, 1, "a"), E_INTERNAL);
	assert_true(c->retry_after_s > 0);
	wait_until_ready(c);
	assert_int_not_equal(backend(c), before);
	assert_int_equal(count(c), 0);
}

static void
ready_sees_the_loss_before_a_statement_does(void **state)
{
	struct ctx *c = *state;

	end_all_connections();
	wait_until_ready(c);
	assert_ok(c, add(c, 1, "a"));
}

static void
a_loss_inside_a_transaction_fails_to_its_end(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add(c, 1, "a"));
	end_all_connections();
	assert_code(c, add(c, 2, "b"), E_INTERNAL);
	assert_code(c, add(c, 3, "c"), E_INTERNAL); /* no half of it on a new connection */
	assert_code(c, db_commit(c), E_INTERNAL);
	assert_true(c->retry_after_s > 0);
	wait_until_ready(c);
	assert_int_equal(count(c), 0);
}

static void
a_loss_at_the_first_statement_of_a_transaction_passes(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_begin(c, DB_WRITE));
	end_all_connections();
	assert_code(c, add(c, 1, "a"), E_INTERNAL);
	assert_true(c->retry_after_s > 0);
	db_rollback(c);
	wait_until_ready(c);
	assert_int_equal(count(c), 0);
}

static void
while_the_server_refuses_there_is_one_try_a_second(void **state)
{
	struct ctx *c = *state;
	int64_t start_us;
	int n = 0;

	harness_sql(
	    "DO $$ BEGIN EXECUTE format('ALTER ROLE " OWNER " CONNECTION LIMIT 0'); END $$");
	end_all_connections();
	start_us = clock_mono_us();
	while (clock_mono_us() - start_us < 300000) {
		assert_code(c, db_ready(c), E_INTERNAL);
		n += strstr(c->reason, "too many connections") != NULL;
		usleep(1000);
	}
	assert_in_range(n, 0, 1);
	assert_code(c, add(c, 1, "a"), E_INTERNAL); /* refused, not crashed */
	assert_int_equal(db_fd(c->db), -1);
	harness_sql("ALTER ROLE " OWNER " CONNECTION LIMIT -1");
	wait_until_ready(c);
	assert_ok(c, add(c, 1, "a"));
}

static void
a_changed_table_heals_by_connecting_anew(void **state)
{
	struct ctx *c = *state;
	struct thing t;

	assert_ok(c, add(c, 1, "a"));
	assert_ok(c, db_one(c, &thing_sql[THING_BY_ID], &t, db_int(1), db_int(1)));
	harness_sql("ALTER TABLE hub.thing ALTER size TYPE integer");
	assert_code(c, db_one(c, &thing_sql[THING_BY_ID], &t, db_int(1), db_int(1)), E_INTERNAL);
	wait_until_ready(c);
	assert_ok(c, db_one(c, &thing_sql[THING_BY_ID], &t, db_int(1), db_int(1)));
}

static void
a_child_that_abandons_leaves_the_connection_alone(void **state)
{
	struct ctx *c = *state;
	int64_t before = backend(c);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		db_abandon(c->db);
		_exit(db_fd(c->db) == -1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(backend(c), before);
}

static void
a_server_that_is_away_is_waited_for_only_as_asked(void **state)
{
	struct ctx *c = *state;
	struct ctx own = { .mem = arena_new(), .reason = "" };
	struct db *db = NULL;

	(void)c;
	assert_int_equal(
	    db_open(&own, "host=/nonexistent password=geheim", tables, 0, &db), E_INTERNAL);
	assert_true(own.retry_after_s > 0);
	assert_null(strstr(own.reason, "geheim"));
	assert_int_equal(db_open(&own, "password=geheim nonsense", tables, 0, &db), E_INTERNAL);
	assert_int_equal(own.retry_after_s, 0);
	assert_null(strstr(own.reason, "geheim"));
	assert_null(db);
	arena_free(own.mem);
}

/* ---- statements that do not fit */

static const struct field wrong_type[] = { FIELD_AS(number, n, "text"), { 0 } };

/* clang-format off */
static const struct {
	struct db_stmt stmt;
	const char *reason;
} misfits[] = {
	{ { "typo", "SELEC 1", NULL, 0 }, "syntax error" },
	{ { "gone", "SELECT id AS n FROM gone", number_row, sizeof(struct number) },
		"\"gone\" does not exist" },
	{ { "extra", "SELECT 1 AS n, 2 AS m", number_row, sizeof(struct number) },
		"no field for column m" },
	{ { "missing", "SELECT 1::bigint AS id, ''::text AS name, 1 AS bytes", thing_row,
		sizeof(struct thing) },
		"no column for field is_open" },
	{ { "type", "SELECT 'x'::text AS text", wrong_type, sizeof(struct number) },
		"another type" },
	{ { "numeric", "SELECT 1.5 AS n", number_row,
		sizeof(struct number) },
		"another type" },
	{ { "bytea", "SELECT ''::bytea AS text", text_row,
		sizeof(struct text) },
		"another type" },
	{ { "twice", "SELECT 1 AS n, 2 AS n", number_row,
		sizeof(struct number) },
		"two columns n" },
};
/* clang-format on */

static void
a_statement_that_does_not_fit_stops_the_program_at_start(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(misfits); i++) {
		const struct db_stmt table[] = { thing_sql[0], misfits[i].stmt, { 0 } };
		const struct db_stmt *const all[] = { table, NULL };
		struct ctx own = { .mem = arena_new(), .reason = "" };
		struct db *db = NULL;

		assert_int_equal(
		    db_open(&own, harness_conninfo(own.mem, OWNER), all, 0, &db), E_INTERNAL);
		assert_int_equal(own.retry_after_s, 0);
		assert_non_null(strstr(own.reason, misfits[i].reason));
		assert_non_null(strstr(own.reason, misfits[i].stmt.name));
		assert_null(db);
		arena_free(own.mem);
		assert_code(c, db_check_stmt(c, &misfits[i].stmt), E_INTERNAL);
		assert_non_null(strstr(c->reason, misfits[i].reason));
	}
	for (const struct db_stmt *s = thing_sql; s->name != NULL; s++)
		assert_ok(c, db_check_stmt(c, s));
}

static void
a_role_without_the_right_is_told_by_the_check(void **state)
{
	static const struct db_stmt *const none[] = { NULL };
	struct ctx *web = harness_open("mirrorhub_web", none);

	(void)state;
	assert_code(web, db_check_stmt(web, &thing_sql[THING_COUNT]), E_INTERNAL);
	assert_non_null(strstr(web->reason, "42501"));
	assert_ok(web, db_check_stmt(web, &thing_sql[ECHO_INT]));
	harness_close(web);
}

/* ---- notices and scripts */

static void
wait_for_input(struct ctx *c)
{
	struct pollfd p = { .fd = db_fd(c->db), .events = POLLIN };

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

static void
a_notice_is_seen_once(void **state)
{
	struct ctx *c = *state, *other = harness_open(OWNER, tables);

	assert_ok(c, db_listen(c, "mirrorhub_test"));
	assert_false(db_is_notified(c->db));
	assert_ok(other, db_do(other, &thing_sql[NOTICE], NULL));
	wait_for_input(c);
	assert_true(db_is_notified(c->db));
	assert_false(db_is_notified(c->db));
	assert_ok(other, db_do(other, &thing_sql[NOTICE], NULL));
	wait_for_input(c);
	assert_int_equal(count(c), 0); /* read along with a statement's answer */
	assert_true(db_is_notified(c->db));
	harness_close(other);
}

static void
listening_goes_on_after_a_loss(void **state)
{
	struct ctx *c = *state, *other;

	assert_ok(c, db_listen(c, "mirrorhub_test"));
	end_all_connections();
	wait_until_ready(c);
	assert_true(db_is_notified(c->db)); /* what came meanwhile is not known: look */
	assert_false(db_is_notified(c->db));
	other = harness_open(OWNER, tables);
	assert_ok(other, db_do(other, &thing_sql[NOTICE], NULL));
	wait_for_input(c);
	assert_true(db_is_notified(c->db));
	harness_close(other);
}

static void
a_script_happens_whole_or_not_at_all(void **state)
{
	struct ctx *c = *state;

	assert_ok(c,
	    db_script(c,
		"INSERT INTO thing (id, name) VALUES (1, 'a');"
		"INSERT INTO thing (id, name) VALUES (2, 'b')"));
	assert_int_equal(count(c), 2);
	assert_code(c, db_script(c, "INSERT INTO thing (id, name) VALUES (3, 'c'); SELECT 1/0"),
	    E_INTERNAL);
	assert_int_equal(count(c), 2);
}

static void
a_script_joins_the_transaction_at_hand(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, db_script(c, "INSERT INTO thing (id, name) VALUES (1, 'a')"));
	assert_ok(c, add(c, 2, "b"));
	assert_ok(c, db_script(c, "INSERT INTO thing (id, name) VALUES (3, 'c')"));
	db_rollback(c);
	assert_int_equal(count(c), 0);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, open_ctx, close_ctx)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(a_row_is_read_by_column_name),
		WITH_DB(sql_null_is_nothing_of_each_type),
		WITH_DB(numbers_keep_their_64_bits),
		WITH_DB(text_is_never_sql),
		WITH_DB(bytes_go_as_they_are),
		WITH_DB(no_row_is_not_found_and_two_are_a_bug),
		WITH_DB(a_list_comes_whole_and_in_order),
		WITH_DB(a_change_says_how_many_rows),
		WITH_DB(statements_are_counted),
		WITH_DB(a_unique_index_is_a_conflict_with_its_name),
		WITH_DB(a_missing_parent_is_a_conflict),
		WITH_DB(values_that_do_not_fit_are_invalid),
		WITH_DB(each_state_has_its_code),
		WITH_DB(raise_in_our_functions_speaks_to_the_person),
		WITH_DB(commit_keeps_and_rollback_drops),
		WITH_DB(begin_alone_sends_nothing),
		WITH_DB(others_see_a_change_after_commit_only),
		WITH_DB(a_failed_statement_ends_the_transaction),
		WITH_DB(the_first_statement_may_fail_too),
		WITH_DB(commit_tells_what_was_deferred),
		WITH_DB(flags_choose_the_kind),
		WITH_DB(a_read_only_transaction_refuses_changes),
		WITH_DB(ready_rolls_back_what_was_left_open),
		WITH_DB(a_lost_connection_is_a_passing_failure_and_comes_back),
		WITH_DB(ready_sees_the_loss_before_a_statement_does),
		WITH_DB(a_loss_inside_a_transaction_fails_to_its_end),
		WITH_DB(a_loss_at_the_first_statement_of_a_transaction_passes),
		WITH_DB(while_the_server_refuses_there_is_one_try_a_second),
		WITH_DB(a_changed_table_heals_by_connecting_anew),
		WITH_DB(a_child_that_abandons_leaves_the_connection_alone),
		WITH_DB(a_server_that_is_away_is_waited_for_only_as_asked),
		WITH_DB(a_statement_that_does_not_fit_stops_the_program_at_start),
		WITH_DB(a_role_without_the_right_is_told_by_the_check),
		WITH_DB(a_notice_is_seen_once),
		WITH_DB(listening_goes_on_after_a_loss),
		WITH_DB(a_script_happens_whole_or_not_at_all),
		WITH_DB(a_script_joins_the_transaction_at_hand),
	};

	return cmocka_run_group_tests_name("db", tests, make_schema, NULL);
}
