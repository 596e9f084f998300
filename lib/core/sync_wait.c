#include "core/sync_wait.h"

#include "base/clock.h"
#include "base/conf.h"
#include "base/path.h"
#include "db/db.h"
#include "store/repo.h"

#define SECOND_US 1000000LL
#define PAUSE_US 100000
#define FEW 3 /* half of the pool */

int
sync_wait_begin(struct ctx *c, struct sync_wait *wait)
{
	return repo_sync_now(c, &wait->since);
}

static bool
is_over(const struct repo_sync *sync, enum sync_end *out)
{
	if (sync->is_done)
		*out = sync->is_ok ? SYNC_DONE : SYNC_FAILED;
	else if (!sync->is_live)
		*out = SYNC_GONE;
	else
		return false;
	return true;
}

static bool
is_abandoned(const struct sync_wait *wait)
{
	return wait->is_abandoned != NULL && wait->is_abandoned(wait->payload);
}

int
sync_wait_take_place(struct ctx *c, bool *is_free_out)
{
	int *lock, code = E_CONFLICT;

	for (int i = 0; i < FEW && code == E_CONFLICT; i++)
		code = path_lock(c,
		    path_under(c->mem, c->conf->run_dir, arena_printf(c->mem, "rpc.wait.%d", i)), 0,
		    &lock);
	*is_free_out = code == OK;
	return code == E_CONFLICT ? OK : code;
}

int
sync_wait_end(struct ctx *c, const struct sync_wait *wait, enum sync_end *out, const char **why_out)
{
	int64_t until_us = clock_mono_us() + c->conf->rhodecode_wait_s * SECOND_US;
	struct repo_sync sync;
	bool is_free = true;

	*why_out = "";
	if (wait->is_one_of_few)
		TRY(sync_wait_take_place(c, &is_free));
	while (is_free) {
		TRY(repo_sync_since(c, wait->project_id, wait->since, &sync));
		*why_out = sync.error_text;
		if (is_over(&sync, out))
			return OK;
		if (clock_mono_us() >= until_us || is_abandoned(wait))
			break;
		clock_pause(PAUSE_US, &until_us);
	}
	*out = SYNC_RUNNING;
	return OK;
}

static int
ask(struct ctx *c, const struct actor *who, const struct project *p)
{
	TRY(db_begin(c, DB_WRITE));
	TRY(project_sync(c, who, p));
	return db_commit(c);
}

int
project_pull(struct ctx *c, const struct actor *who, const struct project *p,
    bool (*is_abandoned_by)(void *payload), void *payload)
{
	struct sync_wait wait = {
		.project_id = p->id, .is_abandoned = is_abandoned_by, .payload = payload
	};
	const char *why;
	enum sync_end end;

	TRY(sync_wait_begin(c, &wait));
	TRY(ask(c, who, p));
	TRY(sync_wait_end(c, &wait, &end, &why));
	switch (end) {
	case SYNC_DONE:
		return OK;
	case SYNC_FAILED:
		return fail(c, E_INVALID, "the sync failed: %s", why);
	case SYNC_GONE:
		return fail(c, E_INVALID, "the mirror was deleted or paused meanwhile");
	default:
		return fail(c, E_CONFLICT, "the sync is still running");
	}
}
