/* The connection: made, prepared, watched, made again. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/inner.h"

#define OPTIONS_MAX 80
#define TRY_AGAIN_US 1000000
#define WAIT_STEP_MS 200

/* ---- connecting */

/* Instead of libpq's own, which would write to our log. A server that goes away says so here. */
static void
see_notice(void *object, const PGresult *notice)
{
	struct db *db = object;
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
		db->is_stale = true;
}

static void
disconnect(struct db *db)
{
	if (db->conn != NULL)
		PQfinish(db->conn);
	db->conn = NULL;
	db->is_begin_wanted = false;
	db->is_stale = false;
}

static void
close_db(void *object)
{
	struct db *db = object;

	disconnect(db);
	arena_free(db->mem);
}

static void
free_options(void *options)
{
	PQconninfoFree(options);
}

/* Opens the connection; what conninfo says comes behind our defaults and wins. */
static int
connect_server(struct ctx *c, struct db *db)
{
	static const char *const defaults[][2] = {
		{ "connect_timeout", "5" },
		{ "keepalives_idle", "5" },
		{ "keepalives_interval", "2" },
		{ "keepalives_count", "3" },
		{ "tcp_user_timeout", "10000" },
		{ "client_encoding", "UTF8" },
		{ "options", "-c search_path=hub,pg_temp" },
	};
	const char *keys[OPTIONS_MAX] = { NULL }, *values[OPTIONS_MAX] = { NULL };
	PQconninfoOption *options = PQconninfoParse(db->conninfo, NULL);
	size_t n = 0;

	if (options == NULL) /* libpq's message repeats it, with a password perhaps */
		return fail(c, E_INTERNAL, "the connection string of the database is not valid");
	arena_defer(c->mem, free_options, options);
	for (; n < sizeof(defaults) / sizeof(defaults[0]); n++) {
		keys[n] = defaults[n][0];
		values[n] = defaults[n][1];
	}
	keys[n] = "fallback_application_name";
	values[n++] = program_invocation_short_name;
	for (PQconninfoOption *o = options; o->keyword != NULL; o++) {
		if (o->val == NULL)
			continue;
		assert(n < OPTIONS_MAX - 1);
		keys[n] = o->keyword;
		values[n++] = o->val;
	}
	db->conn = PQconnectdbParams(keys, values, 0);
	arena_close(c->mem, options);
	if (PQstatus(db->conn) == CONNECTION_OK) {
		PQsetNoticeReceiver(db->conn, see_notice, db);
		return OK;
	}
	fail_passing(c, RETRY_S, "the database is away: %s", db_message(c->mem, db->conn));
	disconnect(db);
	return E_INTERNAL;
}

/* The next result of a pipeline, checked; the caller clears it. */
static int
take_result(struct ctx *c, const char *name, PGresult **out)
{
	PGresult *result = PQgetResult(c->db->conn);
	int code = db_check_result(c, name, result);

	if (result != NULL && PQresultStatus(result) != PGRES_PIPELINE_SYNC)
		PQclear(PQgetResult(c->db->conn)); /* the NULL between two statements */
	*out = result;
	return code;
}

static int
take_plan(struct ctx *c, const struct db_stmt *s, struct db_plan *out)
{
	PGresult *result;
	int code = take_result(c, s->name, &result);

	PQclear(result);
	if (code != OK)
		return code;
	code = take_result(c, s->name, &result);
	if (code == OK)
		code = db_make_plan(c, s, result, c->db->mem, out);
	PQclear(result);
	return code;
}

static size_t
count_stmts(const struct db_stmt *table)
{
	size_t n = 0;

	while (table[n].name != NULL)
		n++;
	return n;
}

static void
lay_out_tables(struct db *db)
{
	arena_reset(db->mem);
	for (db->n_tables = 0; db->stmt_tables[db->n_tables] != NULL; db->n_tables++)
		;
	db->tables = arena_new_array(db->mem, struct db_table, db->n_tables);
	for (size_t i = 0; i < db->n_tables; i++) {
		struct db_table *t = &db->tables[i];

		t->stmts = db->stmt_tables[i];
		t->n = count_stmts(t->stmts);
		t->plans = arena_new_array(db->mem, struct db_plan, t->n);
	}
}

/* All statements in one round trip; while sending would block, libpq reads. */
static bool
send_all(struct db *db)
{
	if (!PQenterPipelineMode(db->conn))
		return false;
	for (size_t i = 0; i < db->n_tables; i++)
		for (const struct db_stmt *s = db->tables[i].stmts; s->name != NULL; s++)
			if (!PQsendPrepare(db->conn, s->name, s->sql, 0, NULL) ||
			    !PQsendDescribePrepared(db->conn, s->name))
				return false;
	return PQpipelineSync(db->conn);
}

static int
prepare_all(struct ctx *c, struct db *db)
{
	PGresult *sync;

	lay_out_tables(db);
	if (!send_all(db))
		return fail_passing(c, RETRY_S, "prepare: %s", db_message(c->mem, db->conn));
	for (size_t i = 0; i < db->n_tables; i++)
		for (size_t j = 0; j < db->tables[i].n; j++)
			TRY(take_plan(c, &db->tables[i].stmts[j], &db->tables[i].plans[j]));
	sync = PQgetResult(db->conn);
	PQclear(sync);
	if (!PQexitPipelineMode(db->conn))
		return fail(c, E_INTERNAL, "prepare: %s", db_message(c->mem, db->conn));
	return OK;
}

static int
send_listen(struct ctx *c, const char *channel)
{
	char *quoted;
	const char *sql;

	if (c->db->conn == NULL)
		return fail_passing(c, RETRY_S, "the database is away");
	quoted = PQescapeIdentifier(c->db->conn, channel, strlen(channel));
	sql = arena_printf(c->mem, "LISTEN %s", quoted);
	PQfreemem(quoted);
	return db_run_text(c, "listen", sql);
}

static int
connect_all(struct ctx *c, struct db *db)
{
	struct db *before = c->db;
	int code;

	disconnect(db);
	db->tried_us = clock_mono_us();
	TRY(connect_server(c, db));
	c->db = db; /* the checks of results look there */
	code = prepare_all(c, db);
	for (size_t i = 0; i < db->n_channels && code == OK; i++)
		code = send_listen(c, db->channels[i]);
	c->db = before;
	if (code != OK) {
		disconnect(db);
		return code;
	}
	db->tried_us = 0;
	db->is_notified = db->n_channels > 0; /* some may have come while we were away */
	return OK;
}

int
db_open(struct ctx *c, const char *conninfo, const struct db_stmt *const *tables, int wait_s,
    struct db **out)
{
	const struct timespec pause = { .tv_nsec = WAIT_STEP_MS * 1000000L };
	int64_t until_us = clock_mono_us() + (int64_t)wait_s * 1000000;
	struct db *db = arena_new_of(c->mem, struct db);
	int code;

	db->conninfo = arena_strdup(c->mem, conninfo);
	db->stmt_tables = tables;
	db->mem = arena_new();
	arena_defer(c->mem, close_db, db);
	while (
	    (code = connect_all(c, db)) != OK && c->retry_after_s > 0 && clock_mono_us() < until_us)
		nanosleep(&pause, NULL);
	if (code == OK)
		*out = db;
	return code;
}

void
db_abandon(struct db *db)
{
	int nowhere;

	if (db->conn == NULL)
		return;
	/* PQfinish says good-bye on the socket, which is the parent's too: let it talk to nobody */
	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert(nowhere >= 0 && dup2(nowhere, PQsocket(db->conn)) >= 0);
	close(nowhere);
	disconnect(db);
}

/* Reads what has come without being asked for: notices, and the news that the server is gone. */
static void
read_pending(struct db *db)
{
	struct pollfd p = { .fd = PQsocket(db->conn), .events = POLLIN };
	PGnotify *notice;

	while (
	    PQstatus(db->conn) == CONNECTION_OK && poll(&p, 1, 0) > 0 && PQconsumeInput(db->conn))
		if (PQisBusy(db->conn))
			break;
	while ((notice = PQnotifies(db->conn)) != NULL) {
		db->is_notified = true;
		PQfreemem(notice);
	}
}

static bool
is_connected(struct db *db)
{
	if (db->conn == NULL || db->is_stale)
		return false;
	read_pending(db);
	return PQstatus(db->conn) == CONNECTION_OK && !db->is_stale;
}

int
db_ready(struct ctx *c)
{
	struct db *db = c->db;

	if (is_connected(db)) {
		db_rollback(c);
		if (PQstatus(db->conn) == CONNECTION_OK)
			return OK;
	}
	if (db->tried_us != 0 && clock_mono_us() - db->tried_us < TRY_AGAIN_US)
		return fail_passing(c, RETRY_S, "the database is away");
	return connect_all(c, db);
}

/* ---- notices */

int
db_listen(struct ctx *c, const char *channel)
{
	struct db *db = c->db;

	assert(db->n_channels < DB_CHANNELS_MAX);
	TRY(send_listen(c, channel));
	db->channels[db->n_channels++] = channel;
	return OK;
}

const char *
db_version(struct ctx *c)
{
	int n = PQlibVersion();

	return arena_printf(c->mem, "%d.%d", n / 10000, n % 10000);
}

int
db_fd(const struct db *db)
{
	return db->conn != NULL ? PQsocket(db->conn) : -1;
}

bool
db_is_notified(struct db *db)
{
	bool was;

	if (db->conn != NULL)
		read_pending(db);
	was = db->is_notified;
	db->is_notified = false;
	return was;
}
