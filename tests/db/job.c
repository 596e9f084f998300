/* The queue, as sync works it. */
#include "base/conf.h"
#include "tests/db/queue.h"

#define LEASE_S 60
#define PERIOD_S 3600
#define ATTEMPTS 3
#define PRINT_1 "aa00000000000000000000000000000000000000000000000000000000000000"
#define PRINT_2 "bb00000000000000000000000000000000000000000000000000000000000000"

static const struct conf conf = {
	.sync_lease_s = LEASE_S, .schedule_s = PERIOD_S, .sync_attempts = ATTEMPTS
};

/* ---- what the tests look at */

struct look {
	const char *state; /* of the job; "none" */
	int64_t attempts, in_s, lease_s, bytes;
	bool again, is_urgent;
	const char *phase;
	const char *error_class, *error_text, *latest_version, *fingerprint;
	int64_t failures, generation, size_bytes;
	bool has_succeeded, has_changed;
};

struct last_run {
	const char *outcome, *error_class, *error_text, *worker;
	int64_t fence, refs_changed;
};

static const struct field look_row[] = { FIELD(look, state), FIELD(look, attempts),
	FIELD(look, in_s), FIELD(look, lease_s), FIELD(look, bytes), FIELD(look, again),
	FIELD(look, is_urgent), FIELD(look, phase), FIELD(look, error_class),
	FIELD(look, error_text), FIELD(look, latest_version), FIELD(look, fingerprint),
	FIELD(look, failures), FIELD(look, generation), FIELD(look, size_bytes),
	FIELD(look, has_succeeded), FIELD(look, has_changed), { 0 } };
static const struct field run_row[] = { FIELD(last_run, outcome), FIELD(last_run, error_class),
	FIELD(last_run, error_text), FIELD(last_run, worker), FIELD(last_run, fence),
	FIELD(last_run, refs_changed), { 0 } };

enum { LOOK, COUNTER, WALL, RUNS, LAST_RUN, REQUEST, STORES, WORKERS };

/* clang-format off */
static const struct db_stmt test_sql[] = {
	[LOOK] = { "look",
	    "SELECT coalesce(j.state, 'none') AS state, j.attempts::bigint AS attempts, j.again,"
	    " CASE WHEN isfinite(j.run_at) THEN round(extract(epoch FROM j.run_at - now()))::bigint END AS in_s,"
	    " round(extract(epoch FROM j.lease_until - now()))::bigint AS lease_s, j.bytes,"
	    " j.run_at = '-infinity' AS is_urgent, j.phase, m.error_class, m.error_text, m.latest_version,"
	    " coalesce(encode(s.fingerprint, 'hex'), '') AS fingerprint, m.failures::bigint AS failures,"
	    " s.generation, s.size_bytes, m.last_success_at IS NOT NULL AS has_succeeded,"
	    " m.last_change_at IS NOT NULL AS has_changed"
	    " FROM hub.project p JOIN hub.mirror m ON m.project_id = p.id JOIN hub.store s ON s.id = p.store_id"
	    " LEFT JOIN hub.job j ON j.project_id = p.id AND j.kind = 'sync' WHERE p.path = 'p' || $1::bigint",
	    look_row, sizeof(struct look) },
	[COUNTER] = { "counter", "SELECT n FROM hub.counter WHERE name = $1", number_row, sizeof(struct number) },
	[WALL] = { "wall", "SELECT wall_us AS n FROM hub.counter WHERE name = $1", number_row, sizeof(struct number) },
	[RUNS] = { "runs", "SELECT count(*) AS n FROM hub.run", number_row, sizeof(struct number) },
	[LAST_RUN] = { "last_run", "SELECT outcome, error_class, error_text, worker, fence, refs_changed"
	    " FROM hub.run ORDER BY id DESC LIMIT 1", run_row, sizeof(struct last_run) },
	[REQUEST] = { "request", "SELECT hub.request_sync(p.id) FROM hub.project p"
	    " WHERE p.path = 'p' || $1::bigint", NULL, 0 },
	[STORES] = { "stores", "SELECT count(*) AS n FROM hub.store", number_row, sizeof(struct number) },
	[WORKERS] = { "workers", "SELECT count(*) AS n FROM hub.worker", number_row, sizeof(struct number) },
	{ 0 },
};
/* clang-format on */

static const struct db_stmt *const test_tables[] = { test_sql, NULL };

/* Mirrors p1, p2 and p3, all asked for, in this order. */
static const char rows_sql[] =
    "INSERT INTO hub.account (uname) VALUES ('bob');"
    "INSERT INTO hub.store (node) SELECT 1 FROM generate_series(1, 3);"
    "INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)"
    " SELECT 'p' || g, 1, true, g FROM generate_series(1, 3) g;"
    "INSERT INTO hub.mirror (project_id, url) SELECT g, 'https://host/' || g"
    " FROM generate_series(1, 3) g;"
    "INSERT INTO hub.job (kind, project_id) SELECT 'sync', g FROM generate_series(1, 3) g";

static const struct stage stage = { rows_sql, &conf, test_tables };

static struct look
look(struct programs *t, int64_t project)
{
	struct look out;

	assert_ok(t->eye, db_one(t->eye, &test_sql[LOOK], &out, db_int(project)));
	return out;
}

static int64_t
counter(struct programs *t, const char *name)
{
	return number_of(t->eye, &test_sql[COUNTER], db_text(name));
}

static struct last_run
last_run(struct programs *t)
{
	struct last_run out;

	assert_ok(t->eye, db_one(t->eye, &test_sql[LAST_RUN], &out));
	return out;
}

static void
request(struct programs *t, int64_t project)
{
	assert_ok(t->eye, db_do(t->eye, &test_sql[REQUEST], NULL, db_int(project)));
}

/* ---- claiming */

static void
a_claim_brings_what_a_worker_needs(void **state)
{
	struct programs *t = *state;
	struct job j;

	harness_sql("UPDATE hub.mirror SET sealed_credentials = '1:x', interval_s = 77 WHERE "
		    "project_id = 1;"
		    "UPDATE hub.store SET fingerprint = decode('" PRINT_1 "', 'hex') WHERE id = 1");
	j = queue_claim_one(t->a);
	assert_string_equal(j.kind, "sync");
	assert_int_equal(j.project_id, 1);
	assert_string_equal(j.path, "p1");
	assert_int_equal(j.store_id, 1);
	assert_string_equal(j.url, "https://host/1");
	assert_string_equal(j.sealed_credentials, "1:x");
	assert_string_equal(j.fingerprint, PRINT_1);
	assert_string_equal(j.worker, "host:1:a");
	assert_int_equal(j.interval_s, 77);
	assert_int_equal(j.attempts, 0);
	j = queue_claim_one(t->a);
	assert_string_equal(j.fingerprint, "");
	assert_null(j.sealed_credentials);
	assert_int_equal(j.interval_s, PERIOD_S);
	assert_in_range(look(t, 2).lease_s, LEASE_S - 30, LEASE_S);
}

static void
two_programs_never_get_the_same_job(void **state)
{
	struct programs *t = *state;
	struct job *mine, *yours;

	/* b claims while a's transaction is open: it neither waits nor takes a's rows */
	assert_ok(t->a, db_begin(t->a, DB_WRITE));
	assert_int_equal(queue_claim(t->a, 2, &mine), 2);
	assert_int_equal(queue_claim(t->b, 2, &yours), 1);
	assert_ok(t->a, db_commit(t->a));
	assert_int_equal(yours[0].project_id, 3);
	assert_true(yours[0].fence != mine[0].fence && yours[0].fence != mine[1].fence);
	assert_int_equal(queue_claim(t->b, 2, &yours), 0);
}

static void
each_worker_gets_one_job(void **state)
{
	struct programs *t = *state;
	struct job *jobs;

	assert_int_equal(queue_claim(t->a, 4, &jobs), 3);
	assert_string_not_equal(jobs[0].worker, jobs[1].worker);
	assert_string_not_equal(jobs[1].worker, jobs[2].worker);
}

/* Whatever becomes visible while the claim looks: its own function sees it, the statement around
 * that does not, if it has begun before. */
static void
a_job_that_is_added_during_a_claim_is_taken_or_left(void **state)
{
	struct programs *t = *state;
	struct job *jobs;
	size_t n;

	harness_sql("DELETE FROM hub.job WHERE project_id = 3;"
		    "ALTER FUNCTION hub.job_due RENAME TO job_due_now;"
		    "CREATE FUNCTION hub.job_due(want text, most bigint) RETURNS TABLE (id bigint,"
		    " project_id bigint, store_id bigint, kind text, state text, run_at timestamptz,"
		    " place integer) LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
		    " INSERT INTO hub.job (kind, project_id) SELECT 'sync', 3"
		    " WHERE NOT EXISTS (SELECT FROM hub.job j WHERE j.project_id = 3);"
		    " RETURN QUERY SELECT * FROM hub.job_due_now(want, most); END $$;"
		    "GRANT EXECUTE ON FUNCTION hub.job_due TO mirrorhub_sync");
	n = queue_claim(t->a, 4, &jobs);
	harness_sql("DROP FUNCTION hub.job_due;"
		    "ALTER FUNCTION hub.job_due_now RENAME TO job_due");
	assert_in_range(n, 2, 3);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(jobs[i].worker);
		assert_true(jobs[i].fence > 0);
	}
}

static void
what_is_not_due_stays(void **state)
{
	struct programs *t = *state;
	struct job *jobs;

	harness_sql("UPDATE hub.job SET state = 'scheduled', run_at = now() + interval '1 h'");
	assert_int_equal(queue_claim(t->a, 4, &jobs), 0);
	harness_sql("UPDATE hub.job SET run_at = now() WHERE project_id = 2");
	assert_int_equal(queue_claim(t->a, 4, &jobs), 1);
	assert_int_equal(jobs[0].project_id, 2);
}

static void
who_waits_comes_before_what_is_planned(void **state)
{
	struct programs *t = *state;

	harness_sql("UPDATE hub.job SET state = 'scheduled', run_at = now() - interval '5 min'");
	request(t, 3);
	assert_int_equal(queue_claim_one(t->a).project_id, 3);
}

static void
of_four_places_one_is_for_who_is_late_however_many_wait(void **state)
{
	struct programs *t = *state;
	struct job *jobs;
	bool is_there = false;

	harness_sql(
	    "INSERT INTO hub.store (node) SELECT 1 FROM generate_series(4, 20);"
	    "INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)"
	    " SELECT 'p' || g, 1, true, g FROM generate_series(4, 20) g;"
	    "INSERT INTO hub.mirror (project_id, url) SELECT g, 'https://host/' || g"
	    " FROM generate_series(4, 20) g;"
	    "INSERT INTO hub.job (kind, project_id) SELECT 'sync', g FROM generate_series(4, 20) g;"
	    "UPDATE hub.job SET state = 'scheduled', run_at = now() - interval '11 min'"
	    " WHERE project_id = 20");
	assert_int_equal(queue_claim(t->a, 4, &jobs), 4);
	for (size_t i = 0; i < 4; i++)
		is_there |= jobs[i].project_id == 20;
	assert_true(is_there);
}

static void
a_full_disk_leaves_only_what_frees_it(void **state)
{
	static const char *const names[] = { "host:1:a", "host:1:b" };
	struct programs *t = *state;
	struct job *jobs;
	size_t n;

	harness_sql("INSERT INTO hub.store (node) VALUES (1);"
		    "INSERT INTO hub.job (kind, store_id) VALUES ('remove_store', 4)");
	assert_ok(t->a, job_claim(t->a, names, 2, false, &jobs, &n));
	assert_int_equal(n, 1);
	assert_string_equal(jobs[0].kind, "remove_store");
	assert_int_equal(jobs[0].store_id, 4);
	assert_int_equal(jobs[0].project_id, 0);
}

static void
moves_are_counted_by_where_they_came_from(void **state)
{
	struct programs *t = *state;
	struct job *jobs;

	harness_sql("UPDATE hub.job SET run_at = now(), state = (ARRAY['queued', 'scheduled', "
		    "'retry'])[project_id]");
	assert_int_equal(queue_claim(t->a, 4, &jobs), 3);
	assert_int_equal(counter(t, "scheduled_moved"), 1);
	assert_int_equal(counter(t, "retries_moved"), 1);
}

/* ---- leases and fences */

static void
a_lease_is_renewed_and_shows_progress(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);

	harness_sql(
	    "UPDATE hub.job SET lease_until = now() + interval '5 s' WHERE state = 'running'");
	assert_int_equal(queue_renew(t->a, &j, "fetching", 4711), 1);
	assert_in_range(look(t, 1).lease_s, LEASE_S - 30, LEASE_S);
	assert_string_equal(look(t, 1).phase, "fetching");
	assert_int_equal(look(t, 1).bytes, 4711);
}

static void
a_lease_that_ran_out_is_still_ours_until_someone_takes_it(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);

	queue_let_leases_run_out();
	assert_int_equal(queue_renew(t->a, &j, "", 0), 1);
	assert_int_equal(queue_reap(t->b), 0);
}

static void
a_lost_job_runs_again_at_once_and_counts_as_failed(void **state)
{
	struct programs *t = *state;
	struct job first = queue_claim_one(t->a), second;

	queue_let_leases_run_out();
	assert_int_equal(queue_reap(t->b), 1);
	assert_int_equal(queue_reap(t->a), 0);
	assert_int_equal(counter(t, "busy_reaped"), 1);
	assert_int_equal(counter(t, "failures"), 1);
	assert_int_equal(counter(t, "processed"), 1);
	assert_string_equal(last_run(t).error_class, "local");
	assert_int_equal(last_run(t).fence, first.fence);
	harness_sql("DELETE FROM hub.job WHERE project_id <> 1");
	second = queue_claim_one(t->b);
	assert_int_equal(second.id, first.id);
	assert_true(second.fence > first.fence);
	assert_int_equal(second.attempts, 1);
}

static void
who_was_fenced_out_writes_nothing(void **state)
{
	struct programs *t = *state;
	struct job first = queue_claim_one(t->a), second;
	struct job_held held = { .id = first.id, .fence = first.fence, .phase = "" };
	struct job_result late = queue_good(&first);

	harness_sql("DELETE FROM hub.job WHERE project_id <> 1");
	queue_let_leases_run_out();
	assert_int_equal(queue_reap(t->b), 1);
	second = queue_claim_one(t->b);
	late.fingerprint = PRINT_1;
	late.is_changed = true;
	assert_int_equal(queue_renew(t->a, &first, "publishing", 1), 0);
	assert_int_equal(queue_finish(t->a, &late), 0);
	assert_ok(t->a, job_release(t->a, &held, 1));
	assert_string_equal(look(t, 1).state, "running");
	assert_string_equal(look(t, 1).fingerprint, "");
	assert_int_equal(queue_renew(t->b, &second, "", 0), 1);
	late = queue_good(&second);
	assert_int_equal(queue_finish(t->b, &late), 1);
	assert_int_equal(queue_finish(t->b, &late), 0); /* and once is enough */
	assert_int_equal(counter(t, "processed"), 2);
}

static void
a_job_put_back_is_as_if_never_taken(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);
	struct job_held held = { .id = j.id, .fence = j.fence, .phase = "" };

	assert_ok(t->a, job_release(t->a, &held, 1));
	assert_string_equal(look(t, 1).state, "queued");
	assert_int_equal(look(t, 1).attempts, 0);
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 0);
	assert_int_equal(queue_claim_one(t->b).id, j.id);
}

static void
a_deleted_project_ends_its_job(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);
	struct job_result r = queue_good(&j);

	harness_sql("DELETE FROM hub.project WHERE id = 1");
	assert_int_equal(queue_renew(t->a, &j, "publishing", 0), 0);
	assert_int_equal(queue_finish(t->a, &r), 0);
}

/* ---- the end */

static void
after_success_it_runs_one_period_later(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);
	struct job_result r = queue_good(&j);
	struct look l;

	r.is_changed = true;
	r.fingerprint = PRINT_1;
	r.latest_version = "v1.0";
	r.size_bytes = 99;
	r.refs_changed = 7;
	assert_int_equal(queue_finish(t->a, &r), 1);
	l = look(t, 1);
	assert_string_equal(l.state, "scheduled");
	assert_in_range(l.in_s, PERIOD_S - 60, PERIOD_S);
	assert_string_equal(l.latest_version, "v1.0");
	assert_string_equal(l.fingerprint, PRINT_1);
	assert_int_equal(l.generation, 1);
	assert_int_equal(l.size_bytes, 99);
	assert_true(l.has_succeeded && l.has_changed);
	assert_string_equal(last_run(t).outcome, "changed");
	assert_int_equal(last_run(t).refs_changed, 7);
	assert_int_equal(counter(t, "processed"), 1);
	assert_int_equal(counter(t, "failures"), 0);
}

static void
no_news_changes_nothing_but_times(void **state)
{
	struct programs *t = *state;
	struct job j;
	struct job_result r;
	struct look l;

	harness_sql(
	    "UPDATE hub.store SET fingerprint = decode('" PRINT_1 "', 'hex'), generation = 4;"
	    "UPDATE hub.mirror SET latest_version = 'v1', interval_s = 600");
	j = queue_claim_one(t->a);
	r = queue_good(&j);
	r.fingerprint = PRINT_1;
	assert_int_equal(queue_finish(t->a, &r), 1);
	l = look(t, 1);
	assert_int_equal(l.generation, 4);
	assert_string_equal(l.latest_version, "v1");
	assert_in_range(l.in_s, 540, 600);
	assert_true(l.has_succeeded);
	assert_false(l.has_changed);
	assert_string_equal(last_run(t).outcome, "unchanged");
}

/* A crash between publishing and recording: the disk is the truth, the row is brought to it. */
static void
a_row_behind_the_disk_is_brought_up(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);
	struct job_result r = queue_good(&j);

	harness_sql(
	    "UPDATE hub.store SET fingerprint = decode('" PRINT_1 "', 'hex'), generation = 4");
	r.fingerprint = PRINT_2;
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_string_equal(look(t, 1).fingerprint, PRINT_2);
	assert_int_equal(look(t, 1).generation, 5);
}

static void
after_a_failure_it_is_tried_again_and_says_why(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);
	struct job_result r = queue_bad(&j, 40);
	struct look l;

	assert_int_equal(queue_finish(t->a, &r), 1);
	l = look(t, 1);
	assert_string_equal(l.state, "retry");
	assert_in_range(l.in_s, 1, 40);
	assert_int_equal(l.attempts, 1);
	assert_int_equal(l.failures, 1);
	assert_string_equal(l.error_class, "network");
	assert_string_equal(l.error_text, "no route");
	assert_false(l.has_succeeded);
	assert_string_equal(last_run(t).outcome, "failed");
	assert_int_equal(counter(t, "failures"), 1);
	assert_int_equal(counter(t, "processed"), 1);
	queue_make_due();
	harness_sql("DELETE FROM hub.job WHERE project_id <> 1");
	j = queue_claim_one(t->a);
	r = queue_good(&j);
	assert_int_equal(queue_finish(t->a, &r), 1);
	l = look(t, 1);
	assert_int_equal(l.attempts, 0);
	assert_int_equal(l.failures, 0);
	assert_string_equal(l.error_class, "");
	assert_string_equal(l.error_text, "");
}

static void
a_dead_job_comes_back_at_its_regular_time(void **state)
{
	struct programs *t = *state;
	struct job j;
	struct job_result r;

	harness_sql("DELETE FROM hub.job WHERE project_id <> 1");
	for (int i = 0; i < ATTEMPTS; i++) {
		queue_make_due();
		j = queue_claim_one(t->a);
		assert_int_equal(j.attempts, i);
		r = queue_bad(&j, 5);
		assert_int_equal(queue_finish(t->a, &r), 1);
	}
	assert_string_equal(look(t, 1).state, "dead");
	assert_in_range(look(t, 1).in_s, PERIOD_S - 60, PERIOD_S);
	queue_make_due();
	j = queue_claim_one(t->a);
	assert_int_equal(j.attempts, 0);
	r = queue_bad(&j, 5);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_string_equal(look(t, 1).state, "retry");
	assert_int_equal(look(t, 1).failures, ATTEMPTS + 1);
	assert_int_equal(counter(t, "dead_purged"), 0);
}

static void
what_was_asked_for_meanwhile_runs_once_more(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);
	struct job_result r = queue_good(&j);

	request(t, 1);
	request(t, 1);
	assert_true(look(t, 1).again);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_string_equal(look(t, 1).state, "queued");
	assert_true(look(t, 1).is_urgent);
	harness_sql("DELETE FROM hub.job WHERE project_id <> 1");
	j = queue_claim_one(t->a);
	assert_false(look(t, 1).again);
	r = queue_good(&j);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_string_equal(look(t, 1).state, "scheduled");
}

static void
new_work_is_announced(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a);
	struct job_result r = queue_good(&j);

	assert_ok(t->b, db_listen(t->b, "mirrorhub_job"));
	assert_false(db_is_notified(t->b->db));
	request(t, 1); /* of a running job: not yet */
	assert_false(db_is_notified(t->b->db));
	assert_int_equal(queue_finish(t->a, &r), 1);
	for (int i = 0; i < 500; i++)
		if (db_is_notified(t->b->db))
			return;
	assert_int_equal(queue_reap(t->b), 0); /* a round trip: whatever was on its way is here */
	assert_true(db_is_notified(t->b->db));
}

static void
a_paused_mirror_has_no_job(void **state)
{
	struct programs *t = *state;
	struct job j = queue_claim_one(t->a), *jobs;
	struct job_result r = queue_bad(&j, 5);

	harness_sql("UPDATE hub.mirror SET paused = true");
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_string_equal(look(t, 1).state, "none");
	assert_string_equal(look(t, 1).error_class, "network");
	assert_int_equal(queue_claim(t->a, 4, &jobs), 0); /* p2 and p3 were queued before */
	assert_string_equal(look(t, 2).state, "none");
}

static void
a_removed_store_loses_its_row_last(void **state)
{
	struct programs *t = *state;
	struct job j;
	struct job_result r;

	harness_sql("DELETE FROM hub.project; INSERT INTO hub.job (kind, store_id) VALUES "
		    "('remove_store', 2)");
	j = queue_claim_one(t->a);
	r = queue_bad(&j, 60);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_int_equal(number_of(t->eye, &test_sql[STORES]), 3);
	queue_make_due();
	j = queue_claim_one(t->a);
	assert_int_equal(j.attempts, 1);
	r = queue_good(&j);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_int_equal(number_of(t->eye, &test_sql[STORES]), 2);
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 0);
	assert_int_equal(counter(t, "processed"), 2);
}

static void
a_store_that_is_used_is_never_handed_out(void **state)
{
	struct programs *t = *state;
	struct job *jobs;

	harness_sql(
	    "DELETE FROM hub.job; INSERT INTO hub.job (kind, store_id) VALUES ('remove_store', 2)");
	assert_int_equal(queue_claim(t->a, 4, &jobs), 0);
	harness_sql("DELETE FROM hub.project");
	assert_int_equal(queue_claim(t->a, 4, &jobs), 0);
	assert_int_equal(number_of(t->eye, &test_sql[STORES]), 3);
}

static void
a_batch_is_one_call(void **state)
{
	struct programs *t = *state;
	struct job *jobs;
	struct job_result r[3];
	int64_t *ids;
	size_t n;

	assert_int_equal(queue_claim(t->a, 4, &jobs), 3);
	r[0] = queue_good(&jobs[0]);
	r[1] = queue_bad(&jobs[1], 30);
	r[2] = queue_good(&jobs[2]);
	r[2].fence++; /* not ours */
	assert_ok(t->a, job_finish(t->a, r, 3, &ids, &n));
	assert_int_equal(n, 2);
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 2);
	assert_int_equal(counter(t, "processed"), 2);
	assert_int_equal(counter(t, "failures"), 1);
}

/* ---- passes and the janitor */

static void
a_pass_shows_who_lives_and_removes_who_does_not(void **state)
{
	static const char *const names[] = { "host:1:a", "host:1:b" };
	struct programs *t = *state;

	assert_ok(t->a, job_pass(t->a, names, 2, 1500));
	harness_sql("UPDATE hub.worker SET beat_at = now() - interval '61 s'");
	assert_ok(t->a, job_pass(t->a, names, 1, 500));
	assert_int_equal(number_of(t->eye, &test_sql[WORKERS]), 1);
	assert_int_equal(counter(t, "workers_reaped"), 1);
	assert_int_equal(counter(t, "scheduled_cycles"), 2);
	assert_int_equal(counter(t, "retries_cycles"), 2);
	assert_int_equal(counter(t, "dead_cycles"), 2);
	assert_int_equal(number_of(t->eye, &test_sql[WALL], db_text("retries_cycles")), 2000);
	harness_sql("UPDATE hub.worker SET beat_at = now() - interval '61 s'");
	assert_ok(t->a, job_beat(t->a, names, 2));
	assert_ok(t->a, job_pass(t->a, names, 0, 0));
	assert_int_equal(number_of(t->eye, &test_sql[WORKERS]), 2);
	assert_ok(t->a, job_forget_workers(t->a, names, 2));
	assert_int_equal(number_of(t->eye, &test_sql[WORKERS]), 0);
	assert_int_equal(counter(t, "workers_reaped"), 1);
}

static void
old_runs_go_in_batches(void **state)
{
	struct programs *t = *state;
	int64_t n;

	harness_sql(
	    "INSERT INTO hub.run (project_id, fence, worker, started_at, finished_at, outcome)"
	    " SELECT 1, g, 'w', now(), now() - interval '91 days', 'unchanged' FROM "
	    "generate_series(1, 1500) g;"
	    "INSERT INTO hub.run (project_id, fence, worker, started_at, outcome)"
	    " SELECT 1, 2000 + g, 'w', now(), 'unchanged' FROM generate_series(1, 5) g");
	assert_ok(t->a, job_delete_old_runs(t->a, &n));
	assert_int_equal(n, 1000);
	assert_ok(t->a, job_delete_old_runs(t->a, &n));
	assert_int_equal(n, 500);
	assert_ok(t->a, job_delete_old_runs(t->a, &n));
	assert_int_equal(n, 0);
	assert_int_equal(number_of(t->eye, &test_sql[RUNS]), 5);
}

static void
folders_without_a_row_are_found(void **state)
{
	const int64_t ids[] = { 1, 2, 77, 3, 78 };
	struct programs *t = *state;
	int64_t *unknown;
	size_t n;

	assert_ok(t->a, job_unknown_stores(t->a, ids, 5, &unknown, &n));
	assert_int_equal(n, 2);
	assert_int_equal(unknown[0] + unknown[1], 77 + 78);
	assert_ok(t->a, job_unknown_stores(t->a, ids, 0, &unknown, &n));
	assert_int_equal(n, 0);
}

static void
fences_of_running_jobs_are_known(void **state)
{
	struct programs *t = *state;
	struct job_fences fences;
	struct job *jobs;

	assert_int_equal(queue_claim(t->a, 2, &jobs), 2);
	assert_ok(t->a, job_fences(t->a, &fences));
	assert_int_equal(fences.n_running, 2);
	assert_true(fences.newest >= jobs[0].fence && fences.newest >= jobs[1].fence);
}

static void
a_fence_of_a_claim_that_is_not_committed_is_waited_for(void **state)
{
	struct programs *t = *state;
	struct job_fences fences;
	struct job *jobs;

	/* else b's sweep would take the quarantine of a's job for that of a dead run */
	assert_ok(t->a, db_begin(t->a, DB_WRITE));
	assert_int_equal(queue_claim(t->a, 1, &jobs), 1);
	assert_ok(t->b, db_script(t->b, "SET lock_timeout = '100ms'"));
	assert_code(t->b, job_fences(t->b, &fences), E_INTERNAL);
	assert_int_equal(strncmp(t->b->reason, "statement job_fences_running: 55P03", 35), 0);
	assert_ok(t->a, db_commit(t->a));
	assert_ok(t->b, job_fences(t->b, &fences));
	assert_int_equal(fences.n_running, 1);
	assert_int_equal(fences.running[0], jobs[0].fence);
}

static void
before_the_first_claim_no_fence_is_over(void **state)
{
	struct programs *t = *state;
	struct job_fences fences;
	struct job j;

	harness_sql("ALTER SEQUENCE hub.fence_seq RESTART");
	assert_ok(t->b, job_fences(t->b, &fences));
	j = queue_claim_one(t->a);
	assert_true(j.fence > fences.newest);
}

#define WITH_THREE(test) WITH_STAGE(test, stage)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_THREE(a_claim_brings_what_a_worker_needs),
		WITH_THREE(two_programs_never_get_the_same_job),
		WITH_THREE(each_worker_gets_one_job),
		WITH_THREE(a_job_that_is_added_during_a_claim_is_taken_or_left),
		WITH_THREE(what_is_not_due_stays),
		WITH_THREE(who_waits_comes_before_what_is_planned),
		WITH_THREE(of_four_places_one_is_for_who_is_late_however_many_wait),
		WITH_THREE(a_full_disk_leaves_only_what_frees_it),
		WITH_THREE(moves_are_counted_by_where_they_came_from),
		WITH_THREE(a_lease_is_renewed_and_shows_progress),
		WITH_THREE(a_lease_that_ran_out_is_still_ours_until_someone_takes_it),
		WITH_THREE(a_lost_job_runs_again_at_once_and_counts_as_failed),
		WITH_THREE(who_was_fenced_out_writes_nothing),
		WITH_THREE(a_job_put_back_is_as_if_never_taken),
		WITH_THREE(a_deleted_project_ends_its_job),
		WITH_THREE(after_success_it_runs_one_period_later),
		WITH_THREE(no_news_changes_nothing_but_times),
		WITH_THREE(a_row_behind_the_disk_is_brought_up),
		WITH_THREE(after_a_failure_it_is_tried_again_and_says_why),
		WITH_THREE(a_dead_job_comes_back_at_its_regular_time),
		WITH_THREE(what_was_asked_for_meanwhile_runs_once_more),
		WITH_THREE(new_work_is_announced),
		WITH_THREE(a_paused_mirror_has_no_job),
		WITH_THREE(a_removed_store_loses_its_row_last),
		WITH_THREE(a_store_that_is_used_is_never_handed_out),
		WITH_THREE(a_batch_is_one_call),
		WITH_THREE(a_pass_shows_who_lives_and_removes_who_does_not),
		WITH_THREE(old_runs_go_in_batches),
		WITH_THREE(folders_without_a_row_are_found),
		WITH_THREE(fences_of_running_jobs_are_known),
		WITH_THREE(a_fence_of_a_claim_that_is_not_committed_is_waited_for),
		WITH_THREE(before_the_first_claim_no_fence_is_over),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
