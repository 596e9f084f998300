/* The `mirrorhub` command: what an administrator does outside of psql. One function per
 * subcommand; admin.c has their table. Results that a script wants (a password, a token) go to
 * stdout alone, everything for people to stderr. */
#ifndef SYNC_ADMIN_H
#define SYNC_ADMIN_H

#include <stdint.h>

#include "base/ctx.h"

/* The words of the command line behind the subcommand. NULL: not given. */
struct admin_args {
	const char *word; /* the one that stands alone: UNAME, PATH or ID */
	const char *role, *email, *password_file, *secret_file;
	const char *owner, *access;
	const char *sql;
};

/* Connects c->db as the owner of the tables (db.admin), waiting up to 30 s for the server. */
must_check int admin_open_db(struct ctx *c);

/* Brings the database to the newest version: each migration in one transaction with its row, then
 * roles.sql and admin.sql. E_CONFLICT: a migration that was run has changed since, or the
 * database is newer than the files. */
must_check int admin_migrate(struct ctx *c, const struct admin_args *args);

/* How many migrations the folder has and how many of them have been run. */
must_check int admin_migrations(
    struct ctx *c, const char *sql_dir, int64_t *files_out, int64_t *run_out);

/* The folder of the SQL files: --sql, else share/mirrorhub/sql beside the program's folder. */
must_check int admin_sql_dir(struct ctx *c, const struct admin_args *args, const char **out);

/* data.dir with its folders and the marker file. E_CONFLICT when there is one already; E_INVALID
 * when the folder holds anything else: it could be somebody's data. */
must_check int admin_setup_data(struct ctx *c, const struct admin_args *args);

must_check int admin_setup_keys(struct ctx *c, const struct admin_args *args);
must_check int admin_create_account(struct ctx *c, const struct admin_args *args);
must_check int admin_new_token(struct ctx *c, const struct admin_args *args);

/* A project that is no mirror, with an empty repository to push to. Its folder belongs to the owner
 * of data.dir, also when root runs this. E_INVALID: someone else does. */
must_check int admin_create_project(struct ctx *c, const struct admin_args *args);

/* E_NOTFOUND: there is no such webhook. */
must_check int admin_webhook_secret(struct ctx *c, const struct admin_args *args);

/* The credentials of the pushes ("user:password"), and the token of the provider's API. E_NOTFOUND:
 * there is no such target. */
must_check int admin_target_secret(struct ctx *c, const struct admin_args *args);
must_check int admin_target_token(struct ctx *c, const struct admin_args *args);

/* Lines for each thing that has to be right, [OK], [WARN] or [FATAL] (admin_check.h). E_INTERNAL
 * when one is fatal. */
must_check int admin_check(struct ctx *c, const struct admin_args *args);

/* What mirrorhub-sync does once an hour, now: old rows, leftovers on disk. Tells of folders without
 * a row, and leaves them. */
must_check int admin_janitor(struct ctx *c, const struct admin_args *args);

/* Every setting with its default and sentence, as a settings file. */
void admin_help_config(void);

#endif
