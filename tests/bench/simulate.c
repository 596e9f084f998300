/* Goal G12: how soon changes are found, for how many requests (mirroring.md 5.5, 5.12).
 *
 *	simulate [upstreams] [seeds]		4000 and 5 without arguments
 *
 * Prints a line per way of asking, means over the seeds, tabs between: name, requests per mirror and
 * day, mean, median and p95 of minutes until a push is found. The last line has ours against
 * Sourcegraph's rule, for as many requests as that makes. */
#include <stdio.h>

#include "tests/bench/simulation.h"

#define WARM_DAYS 60
#define SCORED_DAYS 60
#define SEEDS_MOST 50

static struct found
add(struct found a, struct found b)
{
	return (struct found){ .requests_a_day = a.requests_a_day + b.requests_a_day,
		.mean_s = a.mean_s + b.mean_s,
		.median_s = a.median_s + b.median_s,
		.p95_s = a.p95_s + b.p95_s,
		.n_pushes = a.n_pushes + b.n_pushes };
}

static struct found
over_seeds(const struct corpus *corpora, size_t n, struct way_of_asking how)
{
	struct found sum = { 0 };

	for (size_t i = 0; i < n; i++)
		sum = add(sum, simulate(&corpora[i], how, i + 1));
	sum.requests_a_day /= (double)n;
	sum.mean_s /= (double)n;
	sum.median_s /= (double)n;
	sum.p95_s /= (double)n;
	return sum;
}

static struct found
show(const char *name, const struct corpus *corpora, size_t n, struct way_of_asking how)
{
	struct found f = over_seeds(corpora, n, how);

	printf("%s\t%.2f\t%.1f\t%.1f\t%.1f\n", name, f.requests_a_day, f.mean_s / 60,
	    f.median_s / 60, f.p95_s / 60);
	fflush(stdout);
	return f;
}

int
main(int argc, char **argv)
{
	static struct corpus corpora[SEEDS_MOST];
	size_t n_repos = argc > 1 ? strtoul(argv[1], NULL, 10) : 4000;
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
	struct found theirs, ours;

	assert(n > 0 && n <= SEEDS_MOST && n_repos > 0);
	for (size_t i = 0; i < n; i++)
		corpus_make(&corpora[i], n_repos, WARM_DAYS, SCORED_DAYS, i + 1);
	show("fixed 8 h", corpora, n, (struct way_of_asking){ WAY_FIXED, 8 * HOUR });
	show("fixed 4 h", corpora, n, (struct way_of_asking){ WAY_FIXED, 4 * HOUR });
	show("fixed 30 min", corpora, n, (struct way_of_asking){ WAY_FIXED, 30 * 60 });
	show("fixed 10 min", corpora, n, (struct way_of_asking){ WAY_FIXED, 10 * 60 });
	theirs = show("Sourcegraph's rule", corpora, n, (struct way_of_asking){ WAY_SOURCEGRAPH, 0 });
	ours = show("ours, for as many requests", corpora, n,
	    (struct way_of_asking){ WAY_OURS, DAY / theirs.requests_a_day });
	show("ours, 12 a day", corpora, n, (struct way_of_asking){ WAY_OURS, 2 * HOUR });
	show("ours, schedule = 3600", corpora, n, (struct way_of_asking){ WAY_OURS, HOUR });
	printf("ratio\t%.3f\t%.3f\t%.3f\t%.3f\n", ours.requests_a_day / theirs.requests_a_day,
	    ours.mean_s / theirs.mean_s, ours.median_s / theirs.median_s,
	    ours.p95_s / theirs.p95_s);
	for (size_t i = 0; i < n; i++)
		corpus_free(&corpora[i]);
	return 0;
}
