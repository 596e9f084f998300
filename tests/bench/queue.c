/* Goal G13: how many mirrors a second the queue hands out and takes back, unchanged, in batches.
 *
 *	queue CONNINFO SECONDS BATCH RUN_AGAIN_S
 *
 * Prints mirrors a second, the processor time of the database for each in µs; then for a claim and a
 * finish of a batch the mean, the 95th percentile, the means of the first and of the last tenth, in ms.
 * As the role mirrorhub_sync, through lib/store/probe.h; every store has the fingerprint of zeros. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "db/db.h"
#include "store/probe.h"
#include "store/store.h"

#define TIMES_MOST 1000000
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

struct number {
	int64_t n;
};

static const struct field number_row[] = { FIELD(number, n), { 0 } };
static const struct db_stmt pid_sql[] = {
	{ "pid", "SELECT pg_backend_pid()::bigint AS n", number_row, sizeof(struct number) },
	{ 0 },
};
static const struct db_stmt *const tables[] = { job_sql, probe_sql, pid_sql, NULL };
static const struct conf conf = { .sync_lease_s = 120,
	.schedule_s = 3600,
	.sync_attempts = 11,
	.sync_probes = 256,
	.host_rate = 2,
	.host_burst = 10,
	.host_connections = 256 };

struct times {
	double *ms;
	size_t n;
};

static void
note(struct times *t, int64_t begun_us)
{
	if (t->n < TIMES_MOST)
		t->ms[t->n++] = (double)(clock_mono_us() - begun_us) / 1000;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
mean_of(const double *ms, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += ms[i];
	return n == 0 ? 0 : sum / (double)n;
}

static void
show(const char *name, struct times *t)
{
	size_t tenth = t->n / 10;
	double first = mean_of(t->ms, tenth), last = mean_of(t->ms + t->n - tenth, tenth);
	double mean = mean_of(t->ms, t->n);

	if (t->n == 0)
		return;
	qsort(t->ms, t->n, sizeof(*t->ms), by_size);
	printf("%s\t%.3f\t%.3f\t%.3f\t%.3f\n", name, mean, t->ms[t->n * 95 / 100], first, last);
}

static void
check(struct ctx *c, int code)
{
	if (code == OK)
		return;
	fprintf(stderr, "queue: %s\n", c->reason);
	exit(1);
}

/* What this connection's process of the database has used so far. */
static double
used_us(struct ctx *c)
{
	long long ns = 0;
	struct number pid;
	FILE *f;

	check(c, db_one(c, &pid_sql[0], &pid));
	f = fopen(arena_printf(c->mem, "/proc/%lld/schedstat", (long long)pid.n), "r");
	if (f == NULL || fscanf(f, "%lld", &ns) != 1)
		fprintf(stderr, "queue: no processor times\n");
	if (f != NULL)
		fclose(f);
	return (double)ns / 1000;
}

static size_t
round_of(struct ctx *c, size_t batch, int64_t again_s, struct times *claims, struct times *ends)
{
	struct probe_result *results = arena_new_array(c->mem, struct probe_result, batch);
	struct probe_job *jobs;
	struct probe_end *rows;
	size_t n, n_ends;
	int64_t begun_us = clock_mono_us();

	check(c, probe_claim(c, "bench:1:1", batch, &jobs, &n));
	if (n == 0)
		return 0;
	note(claims, begun_us);
	for (size_t i = 0; i < n; i++)
		results[i] = (struct probe_result){ .id = jobs[i].id,
			.fence = jobs[i].fence,
			.project_id = jobs[i].project_id,
			.fingerprint = ZEROS,
			.error_class = "",
			.error_text = "",
			.delay_s = again_s,
			.next = { .root_nano = 600000 } };
	begun_us = clock_mono_us();
	check(c, probe_finish(c, results, n, &rows, &n_ends));
	note(ends, begun_us);
	if (n_ends != n) {
		fprintf(stderr, "queue: %zu of %zu were ours\n", n_ends, n);
		exit(1);
	}
	return n;
}

int
main(int argc, char **argv)
{
	struct ctx c = { .mem = arena_new(), .conf = &conf };
	struct times claims = { malloc(TIMES_MOST * sizeof(double)), 0 };
	struct times ends = { malloc(TIMES_MOST * sizeof(double)), 0 };
	struct arena *turn = arena_new();
	int64_t begun_us, until_us, done = 0, batch, again_s;
	struct ctx inner;
	double begun_cpu_us;

	if (argc != 5)
		return 2;
	batch = atoll(argv[3]);
	again_s = atoll(argv[4]);
	check(&c, db_open(&c, argv[1], tables, 0, &c.db));
	begun_cpu_us = used_us(&c);
	inner = c;
	inner.mem = turn;
	begun_us = clock_mono_us();
	until_us = begun_us + atoll(argv[2]) * 1000000;
	while (clock_mono_us() < until_us) {
		done += (int64_t)round_of(&inner, (size_t)batch, again_s, &claims, &ends);
		arena_reset(turn);
	}
	printf("a second\t%.0f\n", (double)done / ((double)(clock_mono_us() - begun_us) / 1e6));
	printf("cpu\t%.1f\n", (used_us(&c) - begun_cpu_us) / (double)(done > 0 ? done : 1));
	show("claim", &claims);
	show("finish", &ends);
	return 0;
}
