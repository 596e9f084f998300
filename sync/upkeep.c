#include "sync/upkeep.h"

#include "base/path.h"
#include "core/project.h"
#include "git/store.h"
#include "git/upkeep.h"

/* A sweep holds each lock for a moment. A sync that wants to publish ends the upkeep (crew.c). */
#define LOCK_WAIT_MS 10000

static int
upkeep_locked(struct ctx *c, const char *dir, bool *is_done_out)
{
	const char *reason;
	bool is_due;
	int code;

	TRY(git_upkeep_is_due(c, dir, &is_due));
	if (!is_due)
		return OK;
	code = git_upkeep(c, dir);
	*is_done_out = code == OK;
	if (code == OK)
		return OK;
	/* half a pack stays where Git could not write on: on a disk that is full, of all places */
	reason = c->reason;
	if (git_store_tidy(c, dir) != OK)
		return code; /* the sweep does it */
	c->reason = reason;
	return code;
}

int
upkeep_store(struct ctx *c, int64_t store_id, bool *is_done_out)
{
	const char *dir = project_store_dir(c, store_id);
	bool is_due;
	int *lock, code;

	*is_done_out = false;
	TRY(git_store_check(c, dir));
	TRY(git_upkeep_is_due(c, dir, &is_due));
	if (!is_due)
		return OK;
	code = path_lock(c, project_store_lock(c, store_id), LOCK_WAIT_MS, &lock);
	if (code != OK)
		return code == E_CONFLICT ? OK : code;
	code = upkeep_locked(c, dir, is_done_out);
	path_unlock(c, lock);
	return code;
}
