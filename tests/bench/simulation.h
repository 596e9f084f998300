/* Ways of asking mirrors for changes, compared on made-up upstreams (mirroring.md 5.5): ours is
 * sync/schedule.c itself. For tests/bench/simulate.c and tests/unit/schedule.c.
 *
 * An upstream has working sessions, at a rate of its own that is heavy-tailed over the upstreams
 * (lognormal, median one in 45 days), mostly in working hours; a session has several pushes, minutes
 * apart. A push is found by the first request after it; until then it waits. All figures are about
 * pushes of the scored days; the days before are there so that each way knows its upstreams. */
#ifndef TESTS_BENCH_SIMULATION_H
#define TESTS_BENCH_SIMULATION_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sync/schedule.h"

#define DAY 86400.0
#define HOUR 3600.0

struct corpus {
	size_t n_repos;
	double warm_days, scored_days;
	double **pushes; /* of each upstream, in order */
	size_t *n_pushes;
};

enum way { WAY_FIXED = 1, WAY_SOURCEGRAPH, WAY_OURS };

struct way_of_asking {
	enum way way;
	double period_s; /* of WAY_FIXED; the mean of WAY_OURS */
};

struct found {
	double requests_a_day; /* of each upstream */
	double mean_s, median_s, p95_s;
	size_t n_pushes;
};

/* ---- chance: xorshift, the same for the same seed everywhere */

static inline double
chance_of(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

static inline double
normal_of(uint64_t *seed)
{
	double a = chance_of(seed), b = chance_of(seed);

	return sqrt(-2 * log(a)) * cos(2 * M_PI * b);
}

static inline double
waiting_of(uint64_t *seed, double mean)
{
	return -mean * log(chance_of(seed));
}

/* ---- upstreams */

#define MEDIAN_SESSION_DAYS 45.0
#define SESSION_SIGMA 1.8
#define MORE_PUSHES 0.75 /* the chance of one more push: 4 a session in the mean */
#define GAP_S (25 * 60.0)

static inline bool
is_at_work(uint64_t *seed, double at_s, double zone_s)
{
	double local_s = at_s + zone_s;
	int64_t hour = (int64_t)(local_s / HOUR) % 24, day = (int64_t)(local_s / DAY) % 7;
	bool is_working = hour >= 9 && hour < 18 && day < 5;

	return is_working || chance_of(seed) < 0.15;
}

static inline void
add_push(struct corpus *c, size_t repo, size_t *room, double at_s)
{
	if (c->n_pushes[repo] == *room) {
		*room = *room == 0 ? 16 : *room * 2;
		c->pushes[repo] = realloc(c->pushes[repo], *room * sizeof(double));
		assert(c->pushes[repo] != NULL);
	}
	c->pushes[repo][c->n_pushes[repo]++] = at_s;
}

static inline int
earlier(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static inline void
make_upstream(struct corpus *c, size_t repo, uint64_t *seed)
{
	double end_s = (c->warm_days + c->scored_days) * DAY, zone_s = floor(chance_of(seed) * 24) * HOUR;
	double apart_s = MEDIAN_SESSION_DAYS * DAY * exp(-SESSION_SIGMA * normal_of(seed));
	double busy_share = 45.0 / 168 + 0.15 * (1 - 45.0 / 168); /* of candidates that are taken */
	size_t room = 0;

	apart_s = apart_s < 2 * HOUR ? 2 * HOUR : apart_s;
	for (double at = waiting_of(seed, apart_s * busy_share); at < end_s;
	     at += waiting_of(seed, apart_s * busy_share)) {
		if (!is_at_work(seed, at, zone_s))
			continue;
		for (double push = at; push < end_s; push += waiting_of(seed, GAP_S)) {
			add_push(c, repo, &room, push);
			if (chance_of(seed) > MORE_PUSHES)
				break;
		}
	}
	if (c->n_pushes[repo] > 1) /* sessions may overlap */
		qsort(c->pushes[repo], c->n_pushes[repo], sizeof(double), earlier);
}

static inline void
corpus_make(struct corpus *c, size_t n_repos, double warm_days, double scored_days, uint64_t seed)
{
	*c = (struct corpus){ .n_repos = n_repos, .warm_days = warm_days, .scored_days = scored_days };
	c->pushes = calloc(n_repos, sizeof(*c->pushes));
	c->n_pushes = calloc(n_repos, sizeof(*c->n_pushes));
	assert(c->pushes != NULL && c->n_pushes != NULL);
	seed = seed * 0x9e3779b97f4a7c15ULL + 1;
	for (size_t i = 0; i < n_repos; i++)
		make_upstream(c, i, &seed);
}

static inline void
corpus_free(struct corpus *c)
{
	for (size_t i = 0; i < c->n_repos; i++)
		free(c->pushes[i]);
	free(c->pushes);
	free(c->n_pushes);
}

/* ---- the hub */

struct asked {
	double due_s;
	double changed_s; /* the last request that found something; -1: none */
	size_t n_found;	  /* pushes */
	struct pace_next history;
};

struct hub {
	const struct corpus *corpus;
	struct way_of_asking how;
	struct asked *repos;
	size_t *heap; /* of repos, by due_s: the first is first */
	uint64_t seed;
	double root_sum, weight_s, mean_at_s; /* hub.pace */
	double *delays;
	size_t n_delays;
	int64_t n_requests; /* on scored days */
};

static inline void
sink(struct hub *h, size_t at)
{
	size_t n = h->corpus->n_repos;

	for (;;) {
		size_t least = at, left = 2 * at + 1;

		for (size_t child = left; child < left + 2 && child < n; child++)
			if (h->repos[h->heap[child]].due_s < h->repos[h->heap[least]].due_s)
				least = child;
		if (least == at)
			return;
		size_t kept = h->heap[at];
		h->heap[at] = h->heap[least];
		h->heap[least] = kept;
		at = least;
	}
}

/* As hub.pace_note of sql/migrations/014_hosts.sql does it. */
static inline void
note_root(struct hub *h, double now_s, double root, double wait_s)
{
	double keep = exp(-(now_s - h->mean_at_s) / (14 * DAY));

	h->root_sum = h->root_sum * keep + root * wait_s;
	h->weight_s = h->weight_s * keep + wait_s;
	h->mean_at_s = now_s;
}

static inline double
wait_ours(struct hub *h, struct asked *repo, double now_s, bool is_changed)
{
	struct pace pace = {
		.changed_s = repo->changed_s < 0 ? 0 : (int64_t)(now_s - repo->changed_s),
		.added_s = (int64_t)now_s,
		.changes_micro = repo->history.changes_micro,
		.seen_s = repo->history.seen_s,
		.mean_root_nano = (int64_t)(h->root_sum / h->weight_s * 1e9),
	};
	struct schedule_success at = { .pace = &pace,
		.interval_s = (int64_t)h->how.period_s,
		.is_adaptive = true,
		.is_changed = is_changed,
		.chance = (uint32_t)(chance_of(&h->seed) * SCHEDULE_CHANCE) };
	struct pace_next next;
	double wait_s = (double)schedule_next_s(&at, &next);

	if (is_changed)
		repo->history = next;
	note_root(h, now_s, (double)next.root_nano / 1e9, wait_s);
	return wait_s;
}

/* Half the time since the last change, 45 s to 8 h, ±5 % (its documentation, and schedule.go). */
static inline double
wait_sourcegraph(struct hub *h, const struct asked *repo, double now_s, bool is_changed)
{
	double since_s = is_changed ? 0 : now_s - (repo->changed_s < 0 ? 0 : repo->changed_s);
	double wait_s = since_s / 2;

	wait_s = wait_s < 45 ? 45 : wait_s;
	wait_s = wait_s > 8 * HOUR ? 8 * HOUR : wait_s;
	return wait_s * (0.95 + 0.1 * chance_of(&h->seed));
}

static inline bool
ask(struct hub *h, size_t at, double now_s)
{
	const struct corpus *c = h->corpus;
	struct asked *repo = &h->repos[at];
	bool is_scored = now_s >= c->warm_days * DAY, is_changed = false;

	h->n_requests += is_scored;
	while (repo->n_found < c->n_pushes[at] && c->pushes[at][repo->n_found] <= now_s) {
		double push_s = c->pushes[at][repo->n_found++];

		is_changed = true;
		if (push_s >= c->warm_days * DAY)
			h->delays[h->n_delays++] = now_s - push_s;
	}
	return is_changed;
}

static inline void
turn(struct hub *h)
{
	size_t at = h->heap[0];
	struct asked *repo = &h->repos[at];
	double now_s = repo->due_s;
	bool is_changed = ask(h, at, now_s);

	switch (h->how.way) {
	case WAY_FIXED:
		repo->due_s += h->how.period_s;
		break;
	case WAY_SOURCEGRAPH:
		repo->due_s += wait_sourcegraph(h, repo, now_s, is_changed);
		break;
	case WAY_OURS:
		repo->due_s += wait_ours(h, repo, now_s, is_changed);
		break;
	}
	if (is_changed)
		repo->changed_s = now_s;
	sink(h, 0);
}

static inline size_t
count_pushes(const struct corpus *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_repos; i++)
		n += c->n_pushes[i];
	return n;
}

static inline void
hub_open(struct hub *h, const struct corpus *c, struct way_of_asking how, uint64_t seed)
{
	*h = (struct hub){ .corpus = c, .how = how, .seed = seed * 7919 + 1 };
	h->repos = calloc(c->n_repos, sizeof(*h->repos));
	h->heap = calloc(c->n_repos, sizeof(*h->heap));
	h->delays = calloc(count_pushes(c) + 1, sizeof(*h->delays));
	assert(h->repos != NULL && h->heap != NULL && h->delays != NULL);
	h->root_sum = 0.00083 * DAY;
	h->weight_s = DAY;
	for (size_t i = 0; i < c->n_repos; i++) {
		double first_s = how.way == WAY_SOURCEGRAPH ? 45 : how.period_s;

		h->repos[i] =
		    (struct asked){ .due_s = chance_of(&h->seed) * first_s, .changed_s = -1 };
		h->heap[i] = i;
	}
	for (size_t i = c->n_repos; i-- > 0;)
		sink(h, i);
}

static inline struct found
simulate(const struct corpus *c, struct way_of_asking how, uint64_t seed)
{
	struct found found = { 0 };
	struct hub h;
	double sum_s = 0;

	hub_open(&h, c, how, seed);
	while (h.repos[h.heap[0]].due_s < (c->warm_days + c->scored_days) * DAY)
		turn(&h);
	qsort(h.delays, h.n_delays, sizeof(*h.delays), earlier);
	for (size_t i = 0; i < h.n_delays; i++)
		sum_s += h.delays[i];
	found.n_pushes = h.n_delays;
	found.requests_a_day =
	    (double)h.n_requests / (double)c->n_repos / c->scored_days;
	if (h.n_delays > 0) {
		found.mean_s = sum_s / (double)h.n_delays;
		found.median_s = h.delays[h.n_delays / 2];
		found.p95_s = h.delays[h.n_delays * 95 / 100];
	}
	free(h.repos);
	free(h.heap);
	free(h.delays);
	return found;
}

#endif
