#include "core/upkeep.h"

#include "store/host.h"
#include "store/overview.h"

int
upkeep_run_job(struct ctx *c, const struct actor *who, int64_t id)
{
	struct overview_run job;

	TRY(overview_run_job(c, id, &job));
	return actor_record(c, who, "job.run", job.path, job.kind);
}

int
upkeep_try_host(struct ctx *c, const struct actor *who, int64_t id)
{
	const char *name;

	TRY(host_try(c, id, &name));
	return actor_record(c, who, "host.try", name, "");
}
