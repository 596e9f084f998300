#include <errno.h>
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
#include "store/store.h"
#include "sync/admin.h"

#define OUTPUT_MAX_BYTES 4096
#define GIT_WALL_MS 10000

/* Each says in *what_out what it found to be right. */
static int
check_database(struct ctx *c, const struct admin_args *args, const char **what_out)
{
	const char *dir;
	int64_t files, run;

	TRY(admin_sql_dir(c, args, &dir));
	TRY(admin_migrations(c, dir, &files, &run));
	if (run < files)
		return fail(c, E_CONFLICT, "the database has version %lld of %lld: run migrate",
		    (long long)run, (long long)files);
	*what_out = arena_printf(c->mem, "database reached, version %lld", (long long)run);
	return OK;
}

static int
check_statements(struct ctx *c, const struct admin_args *args, const char **what_out)
{
	(void)args;
	TRY(admin_open_db(c));
	*what_out = "all statements of this program fit the database";
	return OK;
}

static int
check_folder(struct ctx *c, const struct admin_args *args, const char **what_out)
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
	*what_out = arena_printf(c->mem, "data folder %s, owner %u, mode %o", dir,
	    (unsigned)st.st_uid, (unsigned)st.st_mode & 0777);
	return OK;
}

static int
check_disk(struct ctx *c, const struct admin_args *args, const char **what_out)
{
	int percent;

	(void)args;
	TRY(path_free_percent(c, c->conf->data_dir, &percent));
	if (percent < c->conf->sync_disk_free_percent)
		return fail(c, E_INTERNAL, "%d %% of the disk is free, fetches pause below %lld %%",
		    percent, (long long)c->conf->sync_disk_free_percent);
	*what_out = arena_printf(c->mem, "%d %% of the disk is free", percent);
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
check_keys(struct ctx *c, const struct admin_args *args, const char **what_out)
{
	const char *sealed, *opened;

	(void)args;
	TRY(check_key_file(c, c->conf->seal_secret_key));
	TRY(seal_close(c, "check", "a pair", &sealed));
	TRY(seal_open(c, "check", sealed, &opened));
	if (!str_is_equal(opened, "a pair"))
		return fail(c, E_INTERNAL, "the key files are no pair");
	*what_out = "the key files are a pair";
	return OK;
}

static int
check_web_key(struct ctx *c, const struct admin_args *args, const char **what_out)
{
	const char *sealed, *opened;

	(void)args;
	TRY(check_key_file(c, c->conf->seal_web_key));
	TRY(seal_keep(c, "check", "a key", &sealed));
	TRY(seal_show(c, "check", sealed, &opened));
	*what_out = "the web's key seals and opens";
	return OK;
}

static int
check_git(struct ctx *c, const struct admin_args *args, const char **what_out)
{
	static const char *const argv[] = { "git", "--version", NULL };
	const struct proc_spec spec = { .argv = argv, .limits = { .wall_ms = GIT_WALL_MS } };
	struct buf *out, *err;
	int status;

	(void)args;
	TRY(proc_run(c, &spec, NULL, 0, OUTPUT_MAX_BYTES, &out, &err, &status));
	if (status != 0)
		return fail(c, E_INTERNAL, "git --version ends with %d: is git installed?", status);
	*what_out = arena_strndup(c->mem, out->data, strcspn(out->data, "\n"));
	return OK;
}

int
admin_check(struct ctx *c, const struct admin_args *args)
{
	static int (*const checks[])(struct ctx *, const struct admin_args *, const char **) = {
		check_database,
		check_statements,
		check_folder,
		check_disk,
		check_keys,
		check_web_key,
		check_git,
	};
	int n_fatal = 0;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const char *what;

		if (checks[i](c, args, &what) == OK) {
			printf("[OK]    %s\n", what);
		} else {
			printf("[FATAL] %s\n", c->reason);
			n_fatal++;
		}
	}
	if (n_fatal > 0)
		return fail(
		    c, E_INTERNAL, "%d of these things are not as they have to be", n_fatal);
	return OK;
}
