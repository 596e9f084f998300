#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/path.h"
#include "base/str.h"
#include "db/db.h"
#include "sync/admin.h"

#define FILE_MAX_BYTES (4 * 1024 * 1024)
#define MIGRATIONS_MAX 1000
#define DB_WAIT_S 30
/* The number of our advisory lock: two runs of migrate wait for each other. */
#define LOCK_NUMBER 884801

struct migration {
	int64_t version; /* the digits its file name begins with */
	const char *name;
	const char *checksum; /* SHA-256 of the file, hex */
	const char *text;     /* the file; NULL in rows of the database */
};

struct number {
	int64_t n;
};

static const struct field migration_row[] = { FIELD(migration, version), FIELD(migration, name),
	FIELD(migration, checksum), { 0 } };
static const struct field number_row[] = { FIELD(number, n), { 0 } };

enum { MIGRATION_LOCK, MIGRATION_LIST, MIGRATION_ADD };

/* In the schema public, because the first migration makes the schema hub. */
static const struct db_stmt migration_sql[] = {
	[MIGRATION_LOCK] = { "migration_lock", "SELECT 1::bigint AS n FROM pg_advisory_lock($1)",
	    number_row, sizeof(struct number) },
	[MIGRATION_LIST] = { "migration_list",
	    "SELECT version, name, checksum FROM public.hub_migration ORDER BY version LIMIT 1000",
	    migration_row, sizeof(struct migration) },
	[MIGRATION_ADD] = { "migration_add",
	    "INSERT INTO public.hub_migration (version, name, checksum) VALUES ($1, $2, $3)", NULL,
	    0 },
	{ 0 },
};
static const struct db_stmt *const our_tables[] = { migration_sql, NULL };
static const struct db_stmt *const no_tables[] = { NULL };

static const char table_script[] = "SELECT pg_advisory_xact_lock(884801);"
				   "CREATE TABLE IF NOT EXISTS public.hub_migration ("
				   "version bigint PRIMARY KEY, name text NOT NULL, "
				   "checksum text NOT NULL, at timestamptz NOT NULL DEFAULT now())";

int
admin_sql_dir(struct ctx *c, const struct admin_args *args, const char **out)
{
	char program[4096];
	ssize_t len;

	if (args->sql != NULL) {
		*out = args->sql;
		return OK;
	}
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (len < 0)
		return fail(c, E_INTERNAL, "where this program is: %s", strerror(errno));
	for (int i = 0; i < 2; i++) /* off with /mirrorhub, off with /bin */
		while (len > 0 && program[--len] != '/')
			;
	*out = arena_printf(c->mem, "%.*s/share/mirrorhub/sql", (int)len, program);
	return OK;
}

static int
is_migration(const struct dirent *entry)
{
	size_t digits = strspn(entry->d_name, "0123456789");

	return digits == 3 && entry->d_name[digits] == '_' && str_ends(entry->d_name, ".sql");
}

static const char *
checksum(struct ctx *c, const char *text)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
	return str_hex(c->mem, hash, sizeof(hash));
}

static int
read_migration(struct ctx *c, const char *dir, const char *name, struct migration *out)
{
	struct migration m = { .version = strtol(name, NULL, 10),
		.name = arena_strdup(c->mem, name) };
	char *text;

	TRY(path_read(c, path_under(c->mem, dir, name), FILE_MAX_BYTES, &text));
	m.text = text;
	m.checksum = checksum(c, text);
	*out = m;
	return OK;
}

/* The files of DIR/migrations in order: 001_, 002_, … without a gap. */
static int
read_migrations(struct ctx *c, const char *sql_dir, struct migration **rows_out, size_t *n_out)
{
	const char *dir = path_under(c->mem, sql_dir, "migrations");
	struct dirent **entries;
	struct migration *rows;
	int n = scandir(dir, &entries, is_migration, alphasort), code = OK;

	if (n < 0)
		return fail(c, E_NOTFOUND, "%s: %s", dir, strerror(errno));
	rows = arena_new_array(c->mem, struct migration, n + 1);
	for (int i = 0; i < n; i++) {
		if (code == OK)
			code = read_migration(c, dir, entries[i]->d_name, &rows[i]);
		if (code == OK && rows[i].version != i + 1)
			code = fail(
			    c, E_INVALID, "%s/%s: expected number %03d", dir, rows[i].name, i + 1);
		free(entries[i]);
	}
	free(entries);
	*rows_out = rows;
	*n_out = (size_t)n;
	return code;
}

/* What was run has to be the beginning of what there is, unchanged. */
static int
compare(struct ctx *c, const struct migration *files, size_t n_files, const struct migration *rows,
    size_t n_rows)
{
	if (n_rows > n_files)
		return fail(c, E_CONFLICT,
		    "the database has version %zu, these programs know only %zu: it is newer",
		    n_rows, n_files);
	for (size_t i = 0; i < n_rows; i++)
		if (rows[i].version != files[i].version ||
		    !str_is_equal(rows[i].checksum, files[i].checksum))
			return fail(c, E_CONFLICT,
			    "%s was run in another form than it has now: a migration that was run "
			    "must never be changed, add a new one",
			    files[i].name);
	return OK;
}

/* A killed run leaves either all of a migration and its row, or nothing. */
static int
run_migration(struct ctx *c, const struct migration *m)
{
	fprintf(stderr, "running %s\n", m->name);
	TRY(db_begin(c, DB_WRITE));
	TRY(db_script(c, m->text));
	TRY(db_do(c, &migration_sql[MIGRATION_ADD], NULL, db_int(m->version), db_text(m->name),
	    db_text(m->checksum)));
	return db_commit(c);
}

static int
open_with(struct ctx *c, const struct db_stmt *const *tables)
{
	return db_open(c, c->conf->db_admin, tables, DB_WAIT_S, &c->db);
}

static int
run_script(struct ctx *c, const char *sql_dir, const char *name)
{
	char *text;

	TRY(path_read(c, path_under(c->mem, sql_dir, name), FILE_MAX_BYTES, &text));
	return db_script(c, text);
}

int
admin_migrate(struct ctx *c, const struct admin_args *args)
{
	struct migration *files, *rows;
	size_t n_files, n_rows;
	struct number locked;
	const char *dir;

	TRY(admin_sql_dir(c, args, &dir));
	TRY(read_migrations(c, dir, &files, &n_files));
	TRY(open_with(c, no_tables));
	TRY(db_script(c, table_script));
	TRY(open_with(c, our_tables));
	TRY(db_one(c, &migration_sql[MIGRATION_LOCK], &locked, db_int(LOCK_NUMBER)));
	TRY(db_all(c, &migration_sql[MIGRATION_LIST], &rows, &n_rows));
	TRY(compare(c, files, n_files, rows, n_rows));
	for (size_t i = n_rows; i < n_files; i++)
		TRY(run_migration(c, &files[i]));
	TRY(run_script(c, dir, "roles.sql"));
	return run_script(c, dir, "admin.sql");
}

int
admin_migrations(struct ctx *c, const char *sql_dir, int64_t *files_out, int64_t *run_out)
{
	struct migration *files, *rows;
	size_t n_files, n_rows;

	TRY(read_migrations(c, sql_dir, &files, &n_files));
	TRY(open_with(c, our_tables));
	TRY(db_all(c, &migration_sql[MIGRATION_LIST], &rows, &n_rows));
	TRY(compare(c, files, n_files, rows, n_rows));
	*files_out = (int64_t)n_files;
	*run_out = (int64_t)n_rows;
	return OK;
}
