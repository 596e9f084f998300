#include "core/upkeep.h"

#include "store/overview.h"

int
upkeep_run_job(struct ctx *c, const struct actor *who, int64_t id)
{
	struct overview_run job;

	TRY(overview_run_job(c, id, &job));
	return actor_record(c, who, "job.run", job.path, job.kind);
}
