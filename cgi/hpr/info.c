#include "base/clock.h"
#include "base/js.h"
#include "cgi/hpr/hpr.h"

#define ENTRIES_MOST 100000
#define JOBS_MOST 1000

int
show_info(struct req *r)
{
	struct queue_stats stats;
	struct project_path *rows;
	size_t n;

	TRY(project_list_mirror_paths(r->ctx, &r->account, ENTRIES_MOST, &rows, &n));
	TRY(queue_stats(r->ctx, &r->account, &stats));
	shape_info(r, rows, n, &stats);
	return OK;
}

/* ---- the sets of jobs, as the later versions of hpr list them */

/* One job as hpr's clients know it from sidekiq: a worker class does a repository in a process. */
struct job_shape {
	const char *jid, *worker, *repository, *process, *thread, *started_at;
	const char *name, *scheduled_at;
	int64_t retry_count;
};

static const struct field scheduled_json[] = {
	FIELD(job_shape, name),
	FIELD(job_shape, scheduled_at),
	{ 0 },
};

static const struct field busy_json[] = {
	FIELD(job_shape, jid),
	FIELD(job_shape, worker),
	FIELD(job_shape, repository),
	FIELD(job_shape, process),
	FIELD(job_shape, thread),
	FIELD(job_shape, started_at),
	{ 0 },
};

/* Why it failed is not for everyone's eyes (checklists Z-09): hosts and paths stand in it. */
static const struct field retry_json[] = {
	FIELD(job_shape, name),
	FIELD(job_shape, scheduled_at),
	FIELD(job_shape, retry_count),
	{ 0 },
};

static void
shape_jobs(struct req *r, const struct field *json, const struct queue_job *rows, size_t n)
{
	struct arena *mem = r->ctx->mem;

	buf_char(r->out, '[');
	for (size_t i = 0; i < n; i++) {
		const struct job_shape shape = {
			.jid = arena_printf(mem, "%lld", (long long)rows[i].id),
			.worker = "sync",
			.repository = rows[i].path,
			.process = rows[i].worker,
			.thread = "", /* a process does one job at a time */
			.started_at = clock_text_local(mem, rows[i].started_at),
			.name = rows[i].path,
			.scheduled_at = clock_text_local(mem, rows[i].run_at),
			.retry_count = rows[i].attempts,
		};

		if (i > 0)
			buf_char(r->out, ',');
		js_row(r->out, json, &shape);
	}
	buf_char(r->out, ']');
}

static int
list_jobs(struct req *r, enum queue_set set, const struct field *json)
{
	struct queue_job *rows;
	size_t n;

	TRY(queue_list(r->ctx, &r->account, set, JOBS_MOST, &rows, &n));
	shape_jobs(r, json, rows, n);
	return OK;
}

int
list_scheduled(struct req *r)
{
	return list_jobs(r, QUEUE_SCHEDULED, scheduled_json);
}

int
list_busy(struct req *r)
{
	return list_jobs(r, QUEUE_RUNNING, busy_json);
}

int
list_retries(struct req *r)
{
	return list_jobs(r, QUEUE_RETRY, retry_json);
}
