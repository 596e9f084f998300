#include "sync/datadir.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/path.h"

/* Root may write everywhere, so for root only the owner tells; others ask the kernel, which also
 * knows of read-only mounts. */
static int
check_writable(struct ctx *c, const char *dir)
{
	struct stat st;

	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return fail(c, E_INVALID, "%s is not a folder", dir);
	if (access(dir, R_OK | W_OK | X_OK) != 0)
		return fail(c, E_INVALID, "%s is not writable for user %d: %s", dir, (int)geteuid(),
		    strerror(errno));
	if (geteuid() == 0 && st.st_uid != 0)
		return fail(c, E_INVALID, "%s belongs to user %d: run as that user, not as root",
		    dir, (int)st.st_uid);
	return OK;
}

int
datadir_is_ours(struct ctx *c)
{
	const char *dir = c->conf->data_dir;
	const char *marker = path_under(c->mem, dir, DATADIR_MARKER);

	if (!path_is_dir(dir))
		return fail(c, E_INVALID, "data.dir %s is not there", dir);
	if (!path_is_file(marker))
		return fail(c, E_INVALID,
		    "data.dir %s has no file %s: not mounted, or never set up", dir,
		    DATADIR_MARKER);
	return OK;
}

int
datadir_check(struct ctx *c)
{
	const char *dir = c->conf->data_dir;
	const char *repos = path_under(c->mem, dir, "repos");

	TRY(datadir_is_ours(c));
	TRY(check_writable(c, dir));
	if (!path_is_dir(repos))
		return fail(c, E_INVALID, "data.dir %s has lost its folder repos", dir);
	TRY(check_writable(c, repos));
	return path_make_dir(c, path_under(c->mem, dir, "quarantine"), 0700);
}
