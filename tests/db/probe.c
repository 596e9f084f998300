/* Probes, hosts, and what they have to do with each other (store/probe.h, migration 014). */
#include <stdio.h>

#include "base/conf.h"
#include "store/host.h"
#include "store/probe.h"
#include "tests/db/queue.h"

#define PERIOD_S 3600
#define NEW_PRINT "aa00000000000000000000000000000000000000000000000000000000000000"
#define OUR_PRINT "0000000000000000000000000000000000000000000000000000000000000000"

static const struct conf conf = { .sync_lease_s = 60,
	.schedule_s = PERIOD_S,
	.sync_attempts = 11,
	.sync_probes = 256,
	.host_rate = 2,
	.host_burst = 10,
	.host_connections = 16 };

/* ---- what the tests look at */

struct look {
	const char *state;
	bool is_probed, is_urgent, has_succeeded, was_seen_now;
	int64_t in_s, attempts, failures, changes_micro;
};

struct host_look {
	const char *name, *error_text;
	int64_t slots, breaker_s, breaker_level, failures, v2;
};

static const struct field look_row[] = { FIELD(look, state), FIELD(look, is_probed),
	FIELD(look, is_urgent), FIELD(look, has_succeeded), FIELD(look, was_seen_now),
	FIELD(look, in_s), FIELD(look, attempts), FIELD(look, failures), FIELD(look, changes_micro),
	{ 0 } };
static const struct field host_row[] = { FIELD(host_look, name), FIELD(host_look, error_text),
	FIELD(host_look, slots), FIELD(host_look, breaker_s), FIELD(host_look, breaker_level),
	FIELD(host_look, failures), FIELD(host_look, v2), { 0 } };

enum {
	LOOK,
	HOST,
	RUNS,
	RUNNING,
	PUT_OFF,
	ROOT,
	HOST_NAME,
	HOSTS,
	REQUEST,
	PROCESSED,
	SPREAD,
	VERIFIED,
	SOON,
	DEBT
};

/* clang-format off */
static const struct db_stmt test_sql[] = {
	[LOOK] = { "look",
	    "SELECT coalesce(j.state, 'none') AS state, coalesce(j.is_probed, false) AS is_probed,"
	    " coalesce(j.run_at = '-infinity', false) AS is_urgent, j.attempts::bigint AS attempts,"
	    " CASE WHEN isfinite(j.run_at) THEN round(extract(epoch FROM j.run_at - now()))::bigint END AS in_s,"
	    " m.last_success_at IS NOT NULL AS has_succeeded, m.failures::bigint AS failures, m.changes_micro,"
	    " coalesce(m.last_success_at > now() - interval '1 min', false) AS was_seen_now"
	    " FROM hub.mirror m LEFT JOIN hub.job j ON j.project_id = m.project_id WHERE m.project_id = $1",
	    look_row, sizeof(struct look) },
	[HOST] = { "host",
	    "SELECT h.name, h.error_text, coalesce(h.slots, 0)::bigint AS slots,"
	    " h.breaker_level::bigint AS breaker_level, h.failures::bigint AS failures, h.v2::bigint AS v2,"
	    " CASE WHEN isfinite(h.breaker_until) THEN round(extract(epoch FROM h.breaker_until - now()))::bigint"
	    " ELSE 0 END AS breaker_s"
	    " FROM hub.host h WHERE h.name = $1", host_row, sizeof(struct host_look) },
	[RUNS] = { "runs", "SELECT count(*) AS n FROM hub.run", number_row, sizeof(struct number) },
	[RUNNING] = { "running", "SELECT count(*) AS n FROM hub.job WHERE state = 'running'", number_row,
	    sizeof(struct number) },
	[PUT_OFF] = { "put_off", "SELECT count(*) AS n FROM hub.job WHERE state <> 'running' AND run_at > now()",
	    number_row, sizeof(struct number) },
	[ROOT] = { "root", "SELECT (root_sum / weight_s * 1e9)::bigint AS n FROM hub.pace", number_row,
	    sizeof(struct number) },
	[HOST_NAME] = { "host_name", "SELECT 0::bigint AS n WHERE hub.host_name($1) IS NOT DISTINCT FROM $2",
	    number_row, sizeof(struct number) },
	[HOSTS] = { "hosts", "SELECT count(*) AS n FROM hub.host", number_row, sizeof(struct number) },
	[REQUEST] = { "request", "SELECT hub.request_sync($1)", NULL, 0 },
	[PROCESSED] = { "processed", "SELECT n FROM hub.counter WHERE name = 'processed'", number_row,
	    sizeof(struct number) },
	[SPREAD] = { "spread", "SELECT round(extract(epoch FROM max(run_at) - now()))::bigint AS n FROM hub.job",
	    number_row, sizeof(struct number) },
	[VERIFIED] = { "verified", "SELECT count(*) AS n FROM hub.store WHERE verified_at IS NOT NULL",
	    number_row, sizeof(struct number) },
	/* both by the time of the claim, which is that of all that it began */
	[SOON] = { "soon",
	    "SELECT count(*) AS n FROM hub.job j, (SELECT max(started_at) AS at FROM hub.job"
	    " WHERE state = 'running') now WHERE j.state <> 'running'"
	    " AND j.run_at BETWEEN now.at AND now.at + interval '1 s'", number_row, sizeof(struct number) },
	[DEBT] = { "debt",
	    "SELECT round(extract(epoch FROM h.backlog_at - (SELECT max(started_at) FROM hub.job"
	    " WHERE state = 'running')))::bigint AS n FROM hub.host h WHERE h.name = $1",
	    number_row, sizeof(struct number) },
	{ 0 },
};
/* clang-format on */

static const struct db_stmt *const test_tables[] = { test_sql, NULL };

/* Mirrors 1 to 30: 1 to 10 of host a.example, 11 to 20 of b.example, 21 to 30 of own.example, which
 * is ours; all in order, synced an hour ago, due since a minute, one after the other. */
static const char rows_sql[] =
    "UPDATE hub.pace SET root_sum = 0.0006 * 86400, weight_s = 86400, at = now();"
    "INSERT INTO hub.account (uname) VALUES ('bob');"
    "INSERT INTO hub.store (fingerprint, generation)"
    " SELECT decode(repeat('00', 32), 'hex'), 1 FROM generate_series(1, 30);"
    "INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)"
    " SELECT 'p' || g, 1, true, g FROM generate_series(1, 30) g;"
    "INSERT INTO hub.mirror (project_id, url, last_success_at)"
    " SELECT g, 'https://' || (ARRAY['a', 'b', 'own'])[(g + 9) / 10] || '.example/' || g,"
    " now() - interval '1 h' FROM generate_series(1, 30) g;"
    "UPDATE hub.host SET is_own = (name = 'own.example:443');"
    "INSERT INTO hub.job (kind, project_id, state, run_at, is_probed)"
    " SELECT 'sync', g, 'scheduled', now() - interval '1 min' + g * interval '1 ms', true"
    " FROM generate_series(1, 30) g";

static const struct stage stage = { rows_sql, &conf, test_tables };

static struct look
look(struct programs *t, int64_t project)
{
	struct look out;

	assert_ok(t->eye, db_one(t->eye, &test_sql[LOOK], &out, db_int(project)));
	return out;
}

static struct host_look
host(struct programs *t, const char *name)
{
	struct host_look out;

	assert_ok(t->eye, db_one(t->eye, &test_sql[HOST], &out, db_text(name)));
	return out;
}

static size_t
probes(struct ctx *c, size_t n, struct probe_job **out)
{
	size_t n_jobs;

	assert_ok(c, probe_claim(c, "host:1:pp", n, out, &n_jobs));
	return n_jobs;
}

static struct probe_result
seen(const struct probe_job *j, const char *fingerprint)
{
	return (struct probe_result){ .id = j->id,
		.fence = j->fence,
		.project_id = j->project_id,
		.fingerprint = fingerprint,
		.error_class = "",
		.error_text = "",
		.delay_s = 1800,
		.host_v2 = 1,
		.next = { .root_nano = 600000 } };
}

static struct probe_result
failed(const struct probe_job *j, const char *class)
{
	return (struct probe_result){ .id = j->id,
		.fence = j->fence,
		.project_id = j->project_id,
		.fingerprint = "",
		.error_class = class,
		.error_text = "no answer",
		.delay_s = 100 };
}

static size_t
finish(struct ctx *c, const struct probe_result *results, size_t n, struct probe_end **ends)
{
	size_t n_ends;

	assert_ok(c, probe_finish(c, results, n, ends, &n_ends));
	return n_ends;
}

static const char *
finish_one(struct ctx *c, struct probe_result result)
{
	struct probe_end *ends;

	return finish(c, &result, 1, &ends) == 0 ? "fenced" : ends[0].outcome;
}

static struct probe_job
probe_of(struct programs *t, int64_t project)
{
	struct probe_job *jobs;
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "UPDATE hub.job SET run_at = now() + interval '1 h' WHERE state <> 'running' AND"
	    " project_id <> %d;"
	    "UPDATE hub.job SET run_at = now() WHERE state <> 'running' AND project_id = %d",
	    (int)project, (int)project);
	harness_sql(sql);
	assert_int_equal(probes(t->a, 1, &jobs), 1);
	assert_int_equal(jobs[0].project_id, project);
	return jobs[0];
}

/* ---- probes */

static void
a_probe_brings_what_is_asked_for(void **state)
{
	struct programs *t = *state;
	struct probe_job j;

	harness_sql(
	    "UPDATE hub.mirror SET sealed_credentials = '1:x', changes_micro = 5, seen_s = 7,"
	    " last_change_at = now() - interval '100 s', notified_at = now() WHERE project_id = 1;"
	    "UPDATE hub.host SET v2 = 2 WHERE name = 'a.example:443'");
	j = probe_of(t, 1);
	assert_string_equal(j.url, "https://a.example/1");
	assert_string_equal(j.path, "p1");
	assert_string_equal(j.sealed_credentials, "1:x");
	assert_int_equal(j.host_v2, 2);
	assert_true(j.host_id > 0);
	assert_int_equal(j.interval_s, PERIOD_S);
	assert_int_equal(j.options[0], '{');
	assert_int_equal(j.pace.changes_micro, 5);
	assert_int_equal(j.pace.seen_s, 7);
	assert_in_range(j.pace.changed_s, 99, 160);
	assert_true(j.pace.is_notified);
	assert_in_range(j.pace.mean_root_nano, 599000, 601000);
	assert_string_equal(look(t, 1).state, "running");
}

static void
workers_get_no_probes_and_probes_no_whole_syncs(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;
	struct job *syncs;

	harness_sql("UPDATE hub.job SET is_probed = (project_id > 25)");
	assert_int_equal(probes(t->a, 30, &jobs), 5);
	assert_int_equal(queue_claim(t->a, 2, &syncs), 2);
	assert_true(syncs[0].project_id <= 25 && syncs[1].project_id <= 25);
}

static void
nothing_new_moves_the_time_and_leaves_no_run(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);

	assert_string_equal(finish_one(t->a, seen(&j, OUR_PRINT)), "unchanged");
	assert_string_equal(look(t, 1).state, "scheduled");
	assert_in_range(look(t, 1).in_s, 1800 - 60, 1800);
	assert_true(look(t, 1).is_probed);
	assert_true(look(t, 1).was_seen_now);
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 0);
	assert_int_equal(number_of(t->eye, &test_sql[PROCESSED]), 1);
	assert_int_equal(host(t, "a.example:443").v2, 1);
	assert_string_equal(finish_one(t->a, seen(&j, OUR_PRINT)), "fenced");
	assert_int_equal(number_of(t->eye, &test_sql[PROCESSED]), 1);
}

static void
a_run_is_written_when_somebody_asked_or_failures_end(void **state)
{
	struct programs *t = *state;
	struct probe_job j;

	harness_sql("UPDATE hub.mirror SET failures = 2, error_class = 'network', error_text = 'x'"
		    " WHERE project_id = 1");
	j = probe_of(t, 1);
	assert_string_equal(finish_one(t->a, seen(&j, OUR_PRINT)), "unchanged");
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 1);
	assert_int_equal(look(t, 1).failures, 0);
	assert_true(look(t, 1).is_probed);
	assert_ok(t->eye, db_do(t->eye, &test_sql[REQUEST], NULL, db_int(2)));
	j = probe_of(t, 2);
	assert_string_equal(finish_one(t->a, seen(&j, OUR_PRINT)), "unchanged");
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 2);
}

/* A worker looks into the store, a probe does not, though it may leave a run. */
static void
only_a_whole_sync_verifies_a_store(void **state)
{
	struct programs *t = *state;
	struct probe_job j;
	struct job *syncs;
	struct job_result r = {
		.error_class = "", .error_text = "", .fingerprint = "", .delay_s = 60
	};
	int64_t *ids;
	size_t n;

	assert_ok(t->eye, db_do(t->eye, &test_sql[REQUEST], NULL, db_int(1)));
	j = probe_of(t, 1);
	assert_string_equal(finish_one(t->a, seen(&j, OUR_PRINT)), "unchanged");
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 1);
	assert_int_equal(number_of(t->eye, &test_sql[VERIFIED]), 0);
	harness_sql("UPDATE hub.job SET is_probed = false, run_at = now() WHERE project_id = 1");
	assert_int_equal(queue_claim(t->a, 1, &syncs), 1);
	r.id = syncs[0].id;
	r.fence = syncs[0].fence;
	r.project_id = syncs[0].project_id;
	assert_ok(t->a, job_finish(t->a, &r, 1, &ids, &n));
	assert_int_equal(number_of(t->eye, &test_sql[VERIFIED]), 1);
}

static void
something_new_becomes_a_whole_sync_at_once(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);
	struct job *syncs;

	assert_string_equal(finish_one(t->a, seen(&j, NEW_PRINT)), "changed");
	assert_string_equal(look(t, 1).state, "queued");
	assert_true(look(t, 1).is_urgent);
	assert_false(look(t, 1).is_probed);
	assert_false(look(t, 1).was_seen_now);
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 0);
	assert_int_equal(queue_claim(t->a, 4, &syncs), 1);
	assert_int_equal(syncs[0].project_id, 1);
}

static void
a_good_sync_is_followed_by_probes_and_a_bad_one_by_a_whole_one(void **state)
{
	struct programs *t = *state;
	struct job *syncs;
	struct job_result r = { .error_class = "", .error_text = "", .fingerprint = "" };
	int64_t *ids;
	size_t n;

	harness_sql(
	    "UPDATE hub.job SET is_probed = false, run_at = now() WHERE project_id IN (1, 2, 3);"
	    "UPDATE hub.mirror SET url = 'ssh://git@a.example/3' WHERE project_id = 3");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(queue_claim(t->a, 1, &syncs), 1);
		r.id = syncs[0].id;
		r.fence = syncs[0].fence;
		r.project_id = syncs[0].project_id;
		r.error_class = r.project_id == 2 ? "local" : "";
		r.delay_s = 60;
		assert_ok(t->a, job_finish(t->a, &r, 1, &ids, &n));
		assert_int_equal(n, 1);
	}
	assert_true(look(t, 1).is_probed);
	assert_false(look(t, 2).is_probed);
	assert_false(look(t, 3).is_probed); /* not over http */
}

static void
a_failed_probe_is_a_failed_sync_and_a_probe_again(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);

	assert_string_equal(finish_one(t->a, failed(&j, "auth")), "failed");
	assert_string_equal(look(t, 1).state, "retry");
	assert_in_range(look(t, 1).in_s, 100 - 60, 100);
	assert_int_equal(look(t, 1).attempts, 1);
	assert_int_equal(look(t, 1).failures, 1);
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 1);
	assert_true(look(t, 1).is_probed);
}

static void
a_lost_probe_is_followed_by_a_whole_sync(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);

	queue_let_leases_run_out();
	assert_int_equal(queue_reap(t->b), 1);
	assert_false(look(t, 1).is_probed);
	assert_string_equal(finish_one(t->a, seen(&j, OUR_PRINT)), "fenced");
	assert_string_equal(look(t, 1).state, "retry");
}

static void
a_probe_put_back_is_due_as_before(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);
	struct probe_held held = { j.id, j.fence };
	struct probe_job *jobs;

	assert_ok(t->a, probe_release(t->a, &held, 1));
	assert_string_equal(look(t, 1).state, "scheduled");
	assert_true(look(t, 1).is_probed);
	assert_false(look(t, 1).is_urgent);
	assert_string_equal(finish_one(t->a, seen(&j, NEW_PRINT)), "fenced");
	assert_int_equal(probes(t->a, 1, &jobs), 1);
	assert_int_equal(jobs[0].project_id, 1);
}

static void
a_probe_handed_over_is_a_whole_sync_at_once(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1), other = probe_of(t, 2);
	struct probe_held held[] = { { j.id, j.fence }, { other.id, other.fence - 1 } };

	assert_ok(t->a, probe_hand_over(t->a, held, N_OF(held)));
	assert_string_equal(look(t, 1).state, "queued");
	assert_true(look(t, 1).is_urgent);
	assert_false(look(t, 1).is_probed);
	assert_int_equal(look(t, 1).failures, 0);
	assert_string_equal(finish_one(t->a, seen(&j, OUR_PRINT)), "fenced");
	assert_string_equal(look(t, 2).state, "running"); /* another one's by now */
	assert_ok(t->a, probe_hand_over(t->a, held, N_OF(held)));
	assert_string_equal(look(t, 1).state, "queued");
}

static void
what_was_asked_for_during_a_probe_is_done_again(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);

	assert_ok(t->eye, db_do(t->eye, &test_sql[REQUEST], NULL, db_int(1)));
	assert_string_equal(finish_one(t->a, seen(&j, OUR_PRINT)), "unchanged");
	assert_string_equal(look(t, 1).state, "queued");
	assert_true(look(t, 1).is_urgent);
}

static void
a_mirror_paused_during_its_probe_has_no_job(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);

	harness_sql("UPDATE hub.mirror SET paused = true WHERE project_id = 1");
	(void)finish_one(t->a, seen(&j, OUR_PRINT));
	assert_string_equal(look(t, 1).state, "none");
	j = probe_of(t, 2);
	harness_sql("UPDATE hub.mirror SET paused = true WHERE project_id = 2");
	(void)finish_one(t->a, seen(&j, NEW_PRINT));
	assert_string_equal(look(t, 2).state, "none");
}

static void
a_batch_may_hold_everything(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;
	struct probe_result results[10];
	struct probe_end *ends;
	size_t n;

	harness_sql("UPDATE hub.job SET run_at = now() + interval '1 h' WHERE project_id <= 20");
	n = probes(t->a, 10, &jobs);
	assert_int_equal(n, 10);
	for (size_t i = 0; i < n; i++)
		results[i] = i < 4 ? seen(&jobs[i], OUR_PRINT)
		    : i < 7	   ? seen(&jobs[i], NEW_PRINT)
				   : failed(&jobs[i], "gone");
	results[9].fence++;
	assert_int_equal(finish(t->a, results, n, &ends), 9);
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 2);
	assert_int_equal(number_of(t->eye, &test_sql[RUNNING]), 1);
	assert_string_equal(look(t, jobs[0].project_id).state, "scheduled");
	assert_string_equal(look(t, jobs[4].project_id).state, "queued");
	assert_string_equal(look(t, jobs[7].project_id).state, "retry");
}

static void
the_mean_moves_slowly_and_towards_what_was_seen(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);
	struct probe_result r = seen(&j, OUR_PRINT);
	int64_t before = number_of(t->eye, &test_sql[ROOT]);

	r.next.root_nano = 1200000;
	r.delay_s = 8640; /* a tenth of what the mean weighs yet */
	(void)finish_one(t->a, r);
	assert_in_range(number_of(t->eye, &test_sql[ROOT]), before * 108 / 100, before * 110 / 100);
}

/* ---- hosts */

static void
hosts_are_named_alike_whatever_the_address_looks_like(void **state)
{
	struct programs *t = *state;
	/* clang-format off */
	static const struct {
		const char *url, *name;
	} rows[] = {
		{ "https://GitHub.com/a/b.git",        "github.com:443" },
		{ "https://github.com./a/b.git",       "github.com:443" },
		{ "http://github.com/a",               "github.com:80" },
		{ "https://user:p%40ss@h.example/x",   "h.example:443" },
		{ "https://h.example:08443/x",         "h.example:8443" },
		{ "https://h.example:/x",              "h.example:443" },
		{ "https://h.example",                 "h.example:443" },
		{ "git://h.example/x",                 "h.example:9418" },
		{ "ssh://git@h.example:2222/x",        "h.example:2222" },
		{ "git@h.example:a/b.git",             "h.example:22" },
		{ "h.example:a/b.git",                 "h.example:22" },
		{ "git@[2001:DB8::1]:a/b.git",         "[2001:db8::1]:22" },
		{ "https://[2001:db8::1]:8443/x",      "[2001:db8::1]:8443" },
		{ "https://[::1]/x",                   "[::1]:443" },
		{ "http://127.0.0.1:8080/x@y:z",       "127.0.0.1:8080" },
		{ "file:///srv/x.git",                 NULL },
		{ "/srv/x.git",                        NULL },
		{ "nonsense",                          NULL },
		{ "https:///x",                        NULL },
	};
	/* clang-format on */
	struct number out;

	for (size_t i = 0; i < N_OF(rows); i++) {
		int code = db_one(t->eye, &test_sql[HOST_NAME], &out, db_text(rows[i].url),
		    db_text(rows[i].name));

		if (code != OK)
			print_error("%s\n", rows[i].url);
		assert_int_equal(code, OK);
	}
}

static void
a_mirror_with_another_address_has_another_host(void **state)
{
	struct programs *t = *state;

	harness_sql("UPDATE hub.mirror SET url = 'https://c.example/1' WHERE project_id = 1");
	assert_string_equal(host(t, "c.example:443").name, "c.example:443");
	assert_false(look(t, 1).is_probed); /* nobody knows what is there */
}

static void
hosts_without_mirrors_go(void **state)
{
	struct programs *t = *state;
	int64_t n;

	harness_sql("UPDATE hub.mirror SET url = 'https://c.example/' || project_id"
		    " WHERE project_id <= 10");
	assert_ok(t->a, host_delete_unused(t->a, &n));
	assert_int_equal(n, 1);
	assert_int_equal(number_of(t->eye, &test_sql[HOSTS]), 3);
}

static void
who_is_ours_is_said_once(void **state)
{
	struct programs *t = *state;
	struct host *rows;
	size_t n;

	harness_sql("UPDATE hub.host SET is_own = NULL WHERE name = 'b.example:443'");
	assert_ok(t->a, host_list_unknown(t->a, &rows, &n));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].name, "b.example:443");
	rows[0].is_own = true;
	assert_ok(t->a, host_set_own(t->a, rows, 1));
	assert_ok(t->a, host_list_unknown(t->a, &rows, &n));
	assert_int_equal(n, 0);
	assert_ok(t->a, host_list(t->a, 0, &rows, &n));
	assert_int_equal(n, 3);
	assert_true(rows[1].is_known && rows[1].is_own);
}

/* ---- limits */

static void
a_host_is_asked_by_few_at_a_time_and_others_get_their_turn(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;
	size_t n_a = 0;

	/* a and b begin with 4 at a time, of which probes leave one; ours with many */
	assert_int_equal(probes(t->a, 30, &jobs), 3 + 3 + 10);
	for (size_t i = 0; i < 16; i++)
		n_a += jobs[i].project_id <= 10;
	assert_int_equal(n_a, 3);
	assert_int_equal(number_of(t->eye, &test_sql[PUT_OFF]), 14);
	assert_int_equal(probes(t->b, 30, &jobs), 0);
}

static void
one_place_is_kept_for_what_is_known_to_be_new(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;
	struct job *syncs;

	harness_sql("UPDATE hub.job SET is_probed = false WHERE project_id IN (9, 10)");
	(void)probes(t->a, 30, &jobs);
	assert_int_equal(queue_claim(t->a, 16, &syncs), 1);
	assert_int_equal(syncs[0].project_id, 9);
}

static void
two_claims_at_once_share_nothing_and_wait_for_nobody(void **state)
{
	struct programs *t = *state;
	struct probe_job *mine, *yours;
	size_t n_mine, n_yours;

	harness_sql("UPDATE hub.job SET run_at = now() + interval '1 h' WHERE project_id <= 20;"
		    "UPDATE hub.job SET state = 'queued'"); /* these are not counted as moved */
	assert_ok(t->a, db_begin(t->a, DB_WRITE));
	n_mine = probes(t->a, 4, &mine);
	n_yours = probes(t->b, 30, &yours);
	assert_ok(t->a, db_commit(t->a));
	assert_int_equal(n_mine, 4);
	assert_int_equal(n_yours, 6);
	for (size_t i = 0; i < n_mine; i++)
		for (size_t k = 0; k < n_yours; k++)
			assert_true(mine[i].id != yours[k].id);
}

static void
a_rate_holds_behind_a_burst(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;

	harness_sql("UPDATE hub.host SET slots = 16");
	assert_int_equal(probes(t->a, 30, &jobs), 10 + 10 + 10);
	/* paid for by a minute more than they are, so that no time passes between two claims */
	harness_sql("UPDATE hub.host SET paid_until = paid_until + interval '1 min';"
		    "UPDATE hub.job SET state = 'scheduled', lease_until = NULL, run_at = now()");
	assert_int_equal(probes(t->a, 30, &jobs), 10); /* ours have no rate */
	for (size_t i = 0; i < 10; i++)
		assert_true(jobs[i].project_id > 20);
	/* the others wait their turn, two a second */
	assert_int_equal(number_of(t->eye, &test_sql[DEBT], db_text("a.example:443")), 5);
}

/* That are full now, or that others still wait for: the next claim would be one poll away. */
static void
a_claim_tells_that_hosts_are_full(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;

	harness_sql("UPDATE hub.host SET slots = 16;"
		    "UPDATE hub.host SET slots = 6 WHERE is_own;"
		    "UPDATE hub.job SET run_at = now() + interval '1 h' WHERE project_id <= 20");
	assert_int_equal(probes(t->a, 30, &jobs), 5); /* one place is for what is new */
	for (size_t i = 0; i < 5; i++)
		assert_true(jobs[i].has_put_off);
	assert_int_equal(
	    number_of(t->eye, &test_sql[SOON]), 5); /* the others: in a moment, not before */
	for (int behind_s = 0; behind_s <= 60; behind_s += 60) {
		harness_sql(
		    "UPDATE hub.job SET state = 'scheduled', lease_until = NULL, host_id = NULL,"
		    " run_at = now() + interval '1 h';"
		    "UPDATE hub.job SET run_at = now() WHERE project_id IN (29, 30)");
		harness_sql(behind_s == 0
			? "UPDATE hub.host SET backlog_at = now() WHERE is_own"
			: "UPDATE hub.host SET backlog_at = now() + interval '60 s' WHERE is_own");
		assert_int_equal(probes(t->a, 30, &jobs), 2);
		assert_int_equal(jobs[0].has_put_off, behind_s > 0);
	}
}

static void
what_is_asked_for_may_run_up_a_debt(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;
	struct job *syncs;

	harness_sql("UPDATE hub.host SET slots = 16");
	(void)probes(t->a, 30, &jobs);
	harness_sql("UPDATE hub.job SET state = 'queued', lease_until = NULL, run_at = '-infinity',"
		    " is_probed = false WHERE project_id = 1");
	assert_int_equal(queue_claim(t->a, 4, &syncs), 1);
}

static void
a_clean_minute_gives_a_place_more_and_trouble_takes_half(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1);

	harness_sql("UPDATE hub.host SET slots_at = now() - interval '2 min'");
	(void)finish_one(t->a, seen(&j, OUR_PRINT));
	assert_int_equal(host(t, "a.example:443").slots, 5);
	j = probe_of(t, 2);
	(void)finish_one(t->a, seen(&j, OUR_PRINT));
	assert_int_equal(host(t, "a.example:443").slots, 5); /* not yet again */
	harness_sql("UPDATE hub.host SET slots_at = now() - interval '11 s'");
	j = probe_of(t, 3);
	(void)finish_one(t->a, failed(&j, "busy"));
	assert_int_equal(host(t, "a.example:443").slots, 2);
	j = probe_of(t, 4); /* those that were under way at the same time are one trouble */
	(void)finish_one(t->a, failed(&j, "network"));
	assert_int_equal(host(t, "a.example:443").slots, 2);
}

/* It has room for more than there are probes: half of that would change nothing. */
static void
the_first_trouble_of_one_of_ours_is_felt(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 21);

	(void)finish_one(t->a, failed(&j, "busy"));
	harness_sql(
	    "DO $$ BEGIN ASSERT (SELECT slots FROM hub.host WHERE is_own) = 16 * 16 / 2; END $$");
}

static void
a_host_that_wants_to_be_left_alone_is(void **state)
{
	struct programs *t = *state;
	struct probe_job j = probe_of(t, 1), *jobs;
	struct probe_result r = failed(&j, "busy");

	r.retry_after_s = 600;
	(void)finish_one(t->a, r);
	assert_in_range(host(t, "a.example:443").breaker_s, 601, 660);
	assert_int_equal(host(t, "a.example:443").breaker_level, 0);
	queue_make_due();
	assert_int_equal(probes(t->a, 30, &jobs), 3 + 10);
	assert_true(look(t, 2).in_s > 600); /* put behind it, one after the other */
	assert_true(look(t, 9).in_s > look(t, 2).in_s);
	assert_int_equal(look(t, 2).failures, 0);
	assert_string_equal(look(t, 2).state, "scheduled");
}

/* However often it is put off: what is late is told by when it should have run. */
static void
what_is_put_off_is_late_since_it_was_due(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;

	harness_sql("UPDATE hub.host SET breaker_until = now() + interval '1 h' WHERE name = "
		    "'a.example:443';"
		    "UPDATE hub.mirror SET last_success_at = now() - interval '9 h';"
		    "UPDATE hub.job SET run_at = now() - interval '5 h'");
	for (int i = 0; i < 2; i++) {
		(void)probes(t->a, 30, &jobs);
		harness_sql(
		    "DO $$ BEGIN ASSERT 10 = (SELECT count(*) FROM hub.mirror_now v"
		    " WHERE v.project_id <= 10 AND v.run_at > now() + interval '50 min'"
		    " AND v.due_at BETWEEN now() - interval '6 h' AND now() - interval '4 h'"
		    " AND hub.mirror_word(v.job_state, v.due_at, v.paused, false, v.failures,"
		    " v.checked_at, 3600) = 'behind' AND hub.mirror_is_stale(v.due_at, v.paused,"
		    " v.failures, v.held_at, v.checked_at, v.made_at, 10800)); END $$");
		harness_sql(
		    "UPDATE hub.job SET run_at = now() - interval '1 s' WHERE project_id <= 10");
	}
	harness_sql("UPDATE hub.host SET breaker_until = '-infinity', backlog_at = '-infinity'");
	assert_true(probes(t->a, 1, &jobs) == 1 && jobs[0].project_id <= 10);
	harness_sql("DO $$ BEGIN ASSERT 1 = (SELECT count(*) FROM hub.job WHERE state = 'running'"
		    " AND project_id <= 10 AND due_at IS NULL); END $$");
}

/* Fails n probes of host a, of different mirrors. */
static void
fail_some(struct programs *t, int64_t first, int64_t n)
{
	for (int64_t i = first; i < first + n; i++) {
		struct probe_job j = probe_of(t, i);

		(void)finish_one(t->a, failed(&j, "network"));
	}
}

static void
five_failures_of_several_mirrors_open_the_breaker(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;

	fail_some(t, 1, 4);
	assert_int_equal(host(t, "a.example:443").breaker_level, 0);
	fail_some(t, 5, 1);
	assert_int_equal(host(t, "a.example:443").breaker_level, 1);
	assert_in_range(host(t, "a.example:443").breaker_s, 30, 66);
	assert_string_equal(host(t, "a.example:443").error_text, "no answer");
	queue_make_due();
	assert_int_equal(probes(t->a, 30, &jobs), 3 + 10);
	for (size_t i = 0; i < 13; i++)
		assert_true(jobs[i].project_id > 10);
}

static void
one_mirror_alone_opens_no_breaker(void **state)
{
	struct programs *t = *state;

	for (int i = 0; i < 8; i++)
		fail_some(t, 1, 1);
	assert_int_equal(host(t, "a.example:443").breaker_level, 0);
	fail_some(t, 2, 1);
	assert_int_equal(host(t, "a.example:443").breaker_level, 0);
}

static void
a_success_in_between_begins_the_count_anew(void **state)
{
	struct programs *t = *state;
	struct probe_job j;

	fail_some(t, 1, 4);
	j = probe_of(t, 5);
	(void)finish_one(t->a, seen(&j, OUR_PRINT));
	fail_some(t, 6, 4);
	assert_int_equal(host(t, "a.example:443").breaker_level, 0);
	assert_int_equal(host(t, "a.example:443").failures, 4);
}

static void
when_the_breaker_ends_one_trial_decides(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;

	fail_some(t, 1, 5);
	harness_sql("UPDATE hub.host SET breaker_until = now() - interval '1 s';"
		    "DELETE FROM hub.job WHERE project_id > 10");
	queue_make_due();
	assert_int_equal(probes(t->a, 30, &jobs), 1);
	(void)finish_one(t->a, failed(&jobs[0], "network"));
	assert_int_equal(host(t, "a.example:443").breaker_level, 2);
	assert_in_range(host(t, "a.example:443").breaker_s, 90, 132);
	harness_sql("UPDATE hub.host SET breaker_until = now() - interval '1 s'");
	queue_make_due();
	assert_int_equal(probes(t->a, 30, &jobs), 1);
	(void)finish_one(t->a, seen(&jobs[0], OUR_PRINT));
	assert_int_equal(host(t, "a.example:443").breaker_level, 0);
	assert_int_equal(host(t, "a.example:443").failures, 0);
}

static void
who_waits_may_be_the_trial(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;

	fail_some(t, 1, 5);
	harness_sql("UPDATE hub.job SET run_at = now() + interval '1 h'");
	assert_ok(t->eye, db_do(t->eye, &test_sql[REQUEST], NULL, db_int(7)));
	assert_ok(t->eye, db_do(t->eye, &test_sql[REQUEST], NULL, db_int(8)));
	assert_int_equal(probes(t->a, 30, &jobs), 1);
	assert_int_equal(jobs[0].project_id, 7);
	assert_true(look(t, 8).in_s > 30); /* one at a time */
	assert_string_equal(look(t, 8).state, "queued");
}

/* a thousand mirrors of a host that is away cost a trial now and then. */
static void
a_dead_host_costs_next_to_nothing_and_comes_back_gently(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;
	int64_t n_tried = 0;

	harness_sql("UPDATE hub.host SET breaker_level = 3, failures = 9, failing = '{1,2,3}',"
		    " breaker_until = now() + interval '4 min' WHERE name = 'a.example:443';"
		    "UPDATE hub.mirror SET url = 'https://a.example/' || project_id;"
		    "UPDATE hub.job SET is_probed = true");
	for (int hours = 0; hours < 72; hours++) {
		queue_make_due();
		harness_sql("UPDATE hub.host SET breaker_until = now() WHERE breaker_level > 0");
		for (int i = 0; i < 3; i++) {
			size_t n = probes(t->a, 30, &jobs);

			n_tried += (int64_t)n;
			if (n > 0)
				(void)finish_one(t->a, failed(&jobs[0], "network"));
		}
	}
	assert_int_equal(n_tried, 72);
	assert_true(host(t, "a.example:443").breaker_s <= 33 * 60);
	harness_sql("UPDATE hub.host SET breaker_until = now()");
	queue_make_due();
	assert_int_equal(probes(t->a, 30, &jobs), 1);
	(void)finish_one(t->a, seen(&jobs[0], OUR_PRINT));
	harness_sql("SELECT 1");
	assert_true(number_of(t->eye, &test_sql[PUT_OFF]) >=
	    29); /* the others: two a second, not at once */
}

/* what cannot be taken never stands before what can. */
static void
thousands_of_jobs_of_a_dead_host_hide_nobody(void **state)
{
	struct programs *t = *state;
	struct probe_job *jobs;
	size_t n = 0;

	harness_sql("UPDATE hub.host SET breaker_until = now() + interval '1 h' WHERE name = "
		    "'a.example:443';"
		    "INSERT INTO hub.store (fingerprint, generation) SELECT NULL, 1 FROM "
		    "generate_series(31, 5030);"
		    "INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)"
		    " SELECT 'p' || g, 1, true, g FROM generate_series(31, 5030) g;"
		    "INSERT INTO hub.mirror (project_id, url) SELECT g, 'https://a.example/' || g"
		    " FROM generate_series(31, 5030) g;"
		    "INSERT INTO hub.job (kind, project_id, state, run_at, is_probed)"
		    " SELECT 'sync', g, 'scheduled', now() - interval '1 h', true FROM "
		    "generate_series(31, 5030) g;"
		    "DELETE FROM hub.job WHERE project_id BETWEEN 1 AND 20");
	for (int i = 0; i < 8 && n == 0; i++)
		n = probes(t->a, 10, &jobs);
	assert_int_equal(n, 10);
	assert_true(jobs[0].project_id > 20 && jobs[0].project_id <= 30);
}

static void
many_new_mirrors_are_spread_and_one_is_not(void **state)
{
	struct programs *t = *state;

	harness_sql(
	    "DELETE FROM hub.job; INSERT INTO hub.job (kind, project_id) VALUES ('sync', 1)");
	assert_true(look(t, 1).is_urgent);
	harness_sql("INSERT INTO hub.store (node) SELECT 1 FROM generate_series(31, 330);"
		    "INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)"
		    " SELECT 'p' || g, 1, true, g FROM generate_series(31, 330) g;"
		    "INSERT INTO hub.mirror (project_id, url) SELECT g, 'https://a.example/' || g"
		    " FROM generate_series(31, 330) g;"
		    "INSERT INTO hub.job (kind, project_id) SELECT 'sync', g FROM "
		    "generate_series(31, 330) g");
	assert_true(look(t, 31).is_urgent);
	assert_in_range(number_of(t->eye, &test_sql[SPREAD]), 150 - 60, 150);
	assert_string_equal(look(t, 330).state, "queued");
}

#define WITH_THREE(test) WITH_STAGE(test, stage)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_THREE(a_probe_brings_what_is_asked_for),
		WITH_THREE(workers_get_no_probes_and_probes_no_whole_syncs),
		WITH_THREE(nothing_new_moves_the_time_and_leaves_no_run),
		WITH_THREE(a_run_is_written_when_somebody_asked_or_failures_end),
		WITH_THREE(only_a_whole_sync_verifies_a_store),
		WITH_THREE(something_new_becomes_a_whole_sync_at_once),
		WITH_THREE(a_good_sync_is_followed_by_probes_and_a_bad_one_by_a_whole_one),
		WITH_THREE(a_failed_probe_is_a_failed_sync_and_a_probe_again),
		WITH_THREE(a_lost_probe_is_followed_by_a_whole_sync),
		WITH_THREE(a_probe_put_back_is_due_as_before),
		WITH_THREE(a_probe_handed_over_is_a_whole_sync_at_once),
		WITH_THREE(what_was_asked_for_during_a_probe_is_done_again),
		WITH_THREE(a_mirror_paused_during_its_probe_has_no_job),
		WITH_THREE(a_batch_may_hold_everything),
		WITH_THREE(the_mean_moves_slowly_and_towards_what_was_seen),
		WITH_THREE(hosts_are_named_alike_whatever_the_address_looks_like),
		WITH_THREE(a_mirror_with_another_address_has_another_host),
		WITH_THREE(hosts_without_mirrors_go),
		WITH_THREE(who_is_ours_is_said_once),
		WITH_THREE(a_host_is_asked_by_few_at_a_time_and_others_get_their_turn),
		WITH_THREE(one_place_is_kept_for_what_is_known_to_be_new),
		WITH_THREE(two_claims_at_once_share_nothing_and_wait_for_nobody),
		WITH_THREE(a_rate_holds_behind_a_burst),
		WITH_THREE(a_claim_tells_that_hosts_are_full),
		WITH_THREE(what_is_asked_for_may_run_up_a_debt),
		WITH_THREE(a_clean_minute_gives_a_place_more_and_trouble_takes_half),
		WITH_THREE(the_first_trouble_of_one_of_ours_is_felt),
		WITH_THREE(a_host_that_wants_to_be_left_alone_is),
		WITH_THREE(what_is_put_off_is_late_since_it_was_due),
		WITH_THREE(five_failures_of_several_mirrors_open_the_breaker),
		WITH_THREE(one_mirror_alone_opens_no_breaker),
		WITH_THREE(a_success_in_between_begins_the_count_anew),
		WITH_THREE(when_the_breaker_ends_one_trial_decides),
		WITH_THREE(who_waits_may_be_the_trial),
		WITH_THREE(a_dead_host_costs_next_to_nothing_and_comes_back_gently),
		WITH_THREE(thousands_of_jobs_of_a_dead_host_hide_nobody),
		WITH_THREE(many_new_mirrors_are_spread_and_one_is_not),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
