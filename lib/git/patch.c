#include "git/patch.h"

#include "base/proc.h"
#include "git/child.h"

/* nothing that a store's settings name is run, and few pairs of files are compared */
#define SAFE "--no-ext-diff", "--no-textconv", "-l400"

int
git_patch_start(struct ctx *c, const char *dir, const char *id, bool is_merge, struct proc **out)
{
	const char *const one[] = { "git", "format-patch", "--stdout", SAFE, "-1", id, NULL };
	const char *const merge[] = { "git", "log", "--pretty=email", "--stat", "--summary", "-p",
		"--binary", SAFE, "-m", "--first-parent", "-1", id, NULL };
	const struct git_child child = {
		.dir = dir, .argv = is_merge ? merge : one, .wall_ms = GIT_PATCH_WALL_MS
	};

	TRY(git_child_start(c, &child, out));
	proc_close_in(*out);
	return OK;
}
