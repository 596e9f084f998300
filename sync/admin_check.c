#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/seal.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "db/db.h"
#include "git/init.h"
#include "store/store.h"
#include "sync/admin_check.h"

#define OUTPUT_MAX_BYTES 4096
#define GIT_WALL_MS 10000

static int n_fatal; /* lines so far: this program does nothing but check */

void
check_say(enum check_level level, const char *format, ...)
{
	static const char *const words[] = {
		[CHECK_OK] = "[OK]   ", [CHECK_WARN] = "[WARN] ", [CHECK_FATAL] = "[FATAL]"
	};
	va_list args;

	printf("%s ", words[level]);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	n_fatal += level == CHECK_FATAL;
}

static int
check_settings(struct ctx *c, const struct admin_args *args)
{
	(void)args;
	/* that they can be read at all has been seen */
	if (str_starts(c->conf->base_url, "http://") &&
	    !str_starts(c->conf->base_url, "http://127.0.0.1"))
		check_say(CHECK_WARN, "base_url %s: people send passwords in the clear",
		    c->conf->base_url);
	else
		check_say(CHECK_OK, "settings read, base_url %s", c->conf->base_url);
	return OK;
}

static int
check_database(struct ctx *c, const struct admin_args *args)
{
	const char *dir;
	int64_t files, run;

	TRY(admin_sql_dir(c, args, &dir));
	TRY(admin_migrations(c, dir, &files, &run));
	if (run < files)
		return fail(c, E_CONFLICT, "the database has version %lld of %lld: run migrate",
		    (long long)run, (long long)files);
	check_say(CHECK_OK, "database reached, version %lld", (long long)run);
	return OK;
}

static int
check_statements(struct ctx *c, const struct admin_args *args)
{
	(void)args;
	TRY(admin_open_db(c));
	check_say(CHECK_OK, "all statements of this program fit the database");
	return OK;
}

/* Another role's: may it all that its program does? Whether this user may be that role is the
 * cluster's to say, and no fault. */
static int
check_role(
    struct ctx *c, const char *what, const char *conninfo, const struct db_stmt *const *tables)
{
	struct db *own = c->db;
	int code;

	c->db = NULL;
	code = db_open(c, conninfo, tables, 0, &c->db);
	c->db = own;
	if (code == OK)
		check_say(CHECK_OK, "%s: its role may run all its statements", what);
	else if (strstr(c->reason, "authentication") != NULL)
		check_say(CHECK_WARN, "%s: not tried, because this user may not be its role", what);
	else
		return fail(c, code, "%s: %s", what, arena_strdup(c->mem, c->reason));
	return OK;
}

static int
check_roles(struct ctx *c, const struct admin_args *args)
{
	(void)args;
	TRY(check_role(c, "db.web", c->conf->db_web, store_web_tables));
	return check_role(c, "db.sync", c->conf->db_sync, store_sync_tables);
}

/* A folder of the data folder: there, and its owner's alone to write. */
static int
check_inner(struct ctx *c, const char *name, uid_t owner)
{
	const char *dir = path_under(c->mem, c->conf->data_dir, name);
	struct stat st;

	if (stat(dir, &st) != 0)
		return fail(c, E_NOTFOUND, "%s: %s", dir, strerror(errno));
	if (st.st_uid != owner || (st.st_mode & 022) != 0)
		return fail(c, E_INVALID,
		    "%s has owner %u, mode %o: expected owner %u, and no other writer", dir,
		    (unsigned)st.st_uid, (unsigned)st.st_mode & 07777, (unsigned)owner);
	return OK;
}

static int
check_folder(struct ctx *c, const struct admin_args *args)
{
	const char *dir = c->conf->data_dir;
	const char *marker = path_under(c->mem, dir, "mirrorhub.instance");
	struct stat st;

	(void)args;
	if (stat(dir, &st) != 0)
		return fail(c, E_NOTFOUND, "%s: %s", dir, strerror(errno));
	if (!path_is_file(marker))
		return fail(c, E_NOTFOUND,
		    "%s is missing: is the disk mounted? (a new hub: run setup-data)", marker);
	if ((st.st_mode & 07027) != 0)
		return fail(c, E_INVALID, "%s has mode %o, expected 0750 or 0700", dir,
		    (unsigned)st.st_mode & 07777);
	if (geteuid() != 0 && st.st_uid != geteuid())
		return fail(c, E_INVALID, "%s belongs to user %u, this is user %u", dir,
		    (unsigned)st.st_uid, (unsigned)geteuid());
	TRY(check_inner(c, "repos", st.st_uid));
	check_say(CHECK_OK, "data folder %s, owner %u, mode %o", dir, (unsigned)st.st_uid,
	    (unsigned)st.st_mode & 0777);
	return OK;
}

/* Fetches pause below the setting; twice as much is time to do something. */
static int
check_disk(struct ctx *c, const struct admin_args *args)
{
	int64_t least = c->conf->sync_disk_free_percent;
	int bytes, inodes;

	(void)args;
	TRY(path_free_percents(c, c->conf->data_dir, &bytes, &inodes));
	check_say(bytes < least || inodes < least	  ? CHECK_FATAL
		: bytes < 2 * least || inodes < 2 * least ? CHECK_WARN
							  : CHECK_OK,
	    "%d %% of the disk and %d %% of its inodes are free; fetches pause below %lld %%",
	    bytes, inodes, (long long)least);
	return OK;
}

static int
check_key_file(struct ctx *c, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fail(c, E_NOTFOUND, "%s: %s (run setup-keys)", path, strerror(errno));
	if ((st.st_mode & 0377) != 0)
		return fail(c, E_INVALID, "%s has mode %o, expected 0400", path,
		    (unsigned)st.st_mode & 07777);
	if (st.st_uid == 0) /* who ran setup-keys; none of the programs is his */
		return fail(
		    c, E_INVALID, "%s belongs to root: give it to the user who needs it", path);
	return OK;
}

/* Seals and opens: both files are there, readable, and a pair. */
static int
check_keys(struct ctx *c, const struct admin_args *args)
{
	const char *sealed, *opened;

	(void)args;
	TRY(check_key_file(c, c->conf->seal_secret_key));
	TRY(seal_close(c, "check", "a pair", &sealed));
	TRY(seal_open(c, "check", sealed, &opened));
	if (!str_is_equal(opened, "a pair"))
		return fail(c, E_INTERNAL, "the key files are no pair");
	check_say(CHECK_OK, "the key files are a pair");
	return OK;
}

static int
check_web_key(struct ctx *c, const struct admin_args *args)
{
	const char *sealed, *opened;

	(void)args;
	TRY(check_key_file(c, c->conf->seal_web_key));
	TRY(seal_keep(c, "check", "a key", &sealed));
	TRY(seal_show(c, "check", sealed, &opened));
	check_say(CHECK_OK, "the web's key seals and opens");
	return OK;
}

static int
check_git(struct ctx *c, const struct admin_args *args)
{
	static const char *const argv[] = { "git", "--version", NULL };
	const struct proc_spec spec = { .argv = argv, .limits = { .wall_ms = GIT_WALL_MS } };
	struct buf *out, *err;
	int status;

	(void)args;
	TRY(proc_run(c, &spec, NULL, 0, OUTPUT_MAX_BYTES, &out, &err, &status));
	if (status != 0)
		return fail(c, E_INTERNAL, "git --version ends with %d: is git installed?", status);
	check_say(CHECK_OK, "%.*s", (int)strcspn(out->data, "\n"), out->data);
	return OK;
}

/* Strangers' packs are given to it: one that does not know the limits that came with the fix of
 * CVE-2026-53585 (Debian: 1.5.1+ds-1+deb12u2) is too old. */
static int
check_libgit2(struct ctx *c, const struct admin_args *args)
{
	(void)args;
	if (git_init(c) != OK)
		return fail(c, E_INTERNAL, "libgit2 %s is too old or broken: %s",
		    git_library_version(c), arena_strdup(c->mem, c->reason));
	check_say(CHECK_OK, "libgit2 %s, with limits on what packs hold", git_library_version(c));
	return OK;
}

int
admin_check(struct ctx *c, const struct admin_args *args)
{
	static int (*const checks[])(struct ctx *, const struct admin_args *) = {
		check_settings,
		check_database,
		check_statements,
		check_roles,
		check_clock,
		check_folder,
		check_disk,
		check_keys,
		check_web_key,
		check_git,
		check_libgit2,
		check_sockets,
		check_sync,
		check_hosts,
		check_mirrors,
		check_stores,
		check_gitlab,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i](c, args) != OK)
			check_say(CHECK_FATAL, "%s", c->reason);
	if (n_fatal > 0)
		return fail(
		    c, E_INTERNAL, "%d of these things are not as they have to be", n_fatal);
	return OK;
}
