/* The queue as tests work it. */
#ifndef TESTS_DB_QUEUE_H
#define TESTS_DB_QUEUE_H

#include "store/job.h"
#include "tests/db/harness.h"

/* As many due jobs as there are, at most n (16), for workers "host:1:a", "host:1:b" and so on. */
static inline size_t
queue_claim(struct ctx *c, size_t n, struct job **out)
{
	const char *names[16];
	size_t n_jobs;

	assert_true(n <= N_OF(names));
	for (size_t i = 0; i < n; i++)
		names[i] = arena_printf(c->mem, "host:1:%c", (char)('a' + i));
	assert_ok(c, job_claim(c, names, n, true, out, &n_jobs));
	return n_jobs;
}

static inline struct job
queue_claim_one(struct ctx *c)
{
	struct job *jobs;

	assert_int_equal(queue_claim(c, 1, &jobs), 1);
	return jobs[0];
}

static inline struct job_result
queue_good(const struct job *j)
{
	return (struct job_result){ .id = j->id,
		.fence = j->fence,
		.project_id = j->project_id,
		.error_class = "",
		.error_text = "",
		.fingerprint = "" };
}

static inline struct job_result
queue_bad(const struct job *j, int64_t delay_s)
{
	return (struct job_result){ .id = j->id,
		.fence = j->fence,
		.project_id = j->project_id,
		.error_class = "network",
		.error_text = "no route",
		.delay_s = delay_s,
		.fingerprint = "" };
}

/* 1: it was ours still. */
static inline size_t
queue_finish(struct ctx *c, const struct job_result *r)
{
	int64_t *ids;
	size_t n;

	assert_ok(c, job_finish(c, r, 1, &ids, &n));
	return n;
}

static inline size_t
queue_renew(struct ctx *c, const struct job *j, const char *phase, int64_t bytes)
{
	struct job_held held = { .id = j->id, .fence = j->fence, .phase = phase, .bytes = bytes };
	int64_t *ids;
	size_t n;

	assert_ok(c, job_renew(c, &held, 1, &ids, &n));
	return n;
}

static inline void
queue_let_leases_run_out(void)
{
	harness_sql(
	    "UPDATE hub.job SET lease_until = now() - interval '1 s' WHERE state = 'running'");
}

static inline void
queue_make_due(void)
{
	harness_sql("UPDATE hub.job SET run_at = now() - interval '1 s' WHERE state <> 'running'");
}

static inline int64_t
queue_reap(struct ctx *c)
{
	int64_t n;

	assert_ok(c, job_reap(c, &n));
	return n;
}

#endif
