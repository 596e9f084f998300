/* Packages: who asks for them to be read, what is written down, who may see it when. */
#include "base/buf.h"
#include "base/conf.h"
#include "core/package.h"
#include "store/job.h"
#include "store/project.h"
#include "store/queue.h"
#include "store/store.h"
#include "tests/db/harness.h"

#define LEASE_S 60
#define PERIOD_S 3600
#define ATTEMPTS 2
#define WINDOW_S 900
#define COMMIT_1 "1111111111111111111111111111111111111111"
#define COMMIT_2 "2222222222222222222222222222222222222222"
#define PRINT_1 "aa00000000000000000000000000000000000000000000000000000000000000"

static const struct conf conf = { .sync_lease_s = LEASE_S,
	.schedule_s = PERIOD_S,
	.sync_attempts = ATTEMPTS,
	.abf_packages_window_s = WINDOW_S };

/* ---- what the tests look at */

enum { JOBS, ROWS, NUMBERS, HEAD, MIRROR, VIEW };

/* clang-format off */
static const struct db_stmt test_sql[] = {
	[JOBS] = { "t_jobs", "SELECT coalesce(string_agg(p.path || ' ' || j.state || CASE WHEN j.again"
	    " THEN ' again' ELSE '' END, ', ' ORDER BY p.path), '') AS text FROM hub.job j"
	    " JOIN hub.project p ON p.id = j.project_id WHERE j.kind = 'packages'",
	    text_row, sizeof(struct text) },
	[ROWS] = { "t_rows", "SELECT coalesce(string_agg(r.name || ':' || p.path || ':' || k.name ||"
	    " '-' || k.epoch || '-' || k.version || '-' || k.release || ' ' || left(k.commit_id, 1),"
	    " ', ' ORDER BY r.id, p.path, k.name), '') AS text FROM hub.package k"
	    " JOIN hub.repository r ON r.id = k.repository_id JOIN hub.project p ON p.id = k.project_id",
	    text_row, sizeof(struct text) },
	[NUMBERS] = { "t_numbers", "SELECT concat_ws(' ', (SELECT count(*) FROM hub.run),"
	    " (SELECT sum(n) FROM hub.counter WHERE name IN ('processed', 'failures', 'scheduled_moved',"
	    " 'retries_moved'))) AS text", text_row, sizeof(struct text) },
	[HEAD] = { "t_head", "SELECT head || ' ' || generation AS text FROM hub.store WHERE id = 1",
	    text_row, sizeof(struct text) },
	[MIRROR] = { "t_mirror", "SELECT failures || error_class || error_text || (last_attempt_at IS NULL)"
	    " AS text FROM hub.mirror", text_row, sizeof(struct text) },
	[VIEW] = { "t_view", "SELECT string_agg(concat_ws(' ', repository, path, name, version, commit, job), ', ')"
	    " AS text FROM admin.packages", text_row, sizeof(struct text) },
	{ 0 },
};
/* clang-format on */

static const struct db_stmt *const test_tables[] = { test_sql, NULL };

/* bob's projects p1 (a mirror) and p2, each a package; the main platform "dist" with main (p1) and
 * contrib (p2), which publishes stable; bob's own platform has p1 in its main. Nothing is asked. */
static const char rows_sql[] =
    "INSERT INTO hub.account (uname, email) VALUES ('bob', 'Bob@example.com');"
    "INSERT INTO hub.platform (name, description, distrib_type, default_branch, "
    "owner_account_id) VALUES ('dist', 'd', 'mdv', 'x', 1);"
    "INSERT INTO hub.repository (platform_id, name, description, "
    "publish_builds_only_from_branch) VALUES (2, 'dist-main', 'd', NULL), "
    "(2, 'contrib', 'd', 'stable');"
    "INSERT INTO hub.store (node) VALUES (1), (1);"
    "INSERT INTO hub.project (path, owner_account_id, store_id, is_package, is_mirror) "
    "VALUES ('p1', 1, 1, true, true), ('p2', 1, 2, true, false);"
    "INSERT INTO hub.mirror (project_id, url) VALUES (1, 'https://host/1');"
    "INSERT INTO hub.repository_project (repository_id, platform_id, project_id, name_key) "
    "VALUES (2, 2, 1, 'p1'), (3, 2, 2, 'p2'), (1, 1, 1, 'p1');"
    "TRUNCATE hub.job";

static const struct stage stage = { rows_sql, &conf, test_tables, .has_web = true };

#define look(t, which) text_of((t)->eye, &test_sql[which])
#define assert_jobs(t, wanted) assert_string_equal(look((t), JOBS), (wanted))
#define assert_rows(t, wanted) assert_string_equal(look((t), ROWS), (wanted))

/* The one job that is due. */
static struct job
claim(struct programs *t)
{
	static const char *const workers[] = { "w1", "w2" };
	struct job *jobs;
	size_t n;

	assert_ok(t->a, job_claim(t->a, workers, 2, true, &jobs, &n));
	assert_int_equal(n, 1);
	return jobs[0];
}

static void
finish(struct programs *t, const struct job *job, const char *error_class)
{
	const struct job_result result = { .id = job->id,
		.fence = job->fence,
		.project_id = job->project_id,
		.error_class = error_class,
		.error_text = error_class,
		.delay_s = 60,
		.fingerprint = "",
		.head = "" };
	int64_t *ids;
	size_t n;

	assert_ok(t->a, job_finish(t->a, &result, 1, &ids, &n));
	assert_int_equal(n, 1);
}

static bool
put(struct programs *t, const struct job *job, const char *branches, const struct job_package *rows,
    size_t n)
{
	const struct job_held held = { .id = job->id, .fence = job->fence };
	bool is_ours = false;

	assert_ok(t->a, job_put_packages(t->a, &held, branches, rows, n, &is_ours));
	return is_ours;
}

static struct job_package
package(const char *branch, const char *name, const char *version)
{
	return (struct job_package){ .branch = branch,
		.commit_id = COMMIT_1,
		.committer_name = "C",
		.committer_email = "c@example.com",
		.name = name,
		.version = version,
		.release = "1" };
}

/* p1 has been read: foo 1.0 in its two repositories. */
static void
read_p1(struct programs *t)
{
	const struct job_package foo = package("", "foo", "1.0");
	struct job job;

	harness_sql("SELECT hub.request_packages('{1}')");
	job = claim(t);
	assert_true(put(t, &job, job.branches, &foo, 1));
	finish(t, &job, "");
	assert_rows(t, "main:p1:foo-0-1.0-1 1, dist-main:p1:foo-0-1.0-1 1");
}

/* ---- who asks */

static void
what_changes_the_packages_asks_for_them(void **state)
{
	static const struct {
		const char *sql, *jobs;
	} cases[] = {
		{ "UPDATE hub.store SET generation = generation + 1 WHERE id = 2", "p2 queued" },
		{ "UPDATE hub.store SET head = 'other' WHERE id = 1", "p1 queued" },
		{ "UPDATE hub.repository SET publish_builds_only_from_branch = 'x' WHERE id = 2",
		    "p1 queued" },
		{ "UPDATE hub.repository SET publish_builds_only_from_branch = NULL WHERE id = 3",
		    "p2 queued" },
		{ "INSERT INTO hub.repository_project (repository_id, platform_id, project_id, "
		  "name_key) VALUES (1, 1, 2, 'p2')",
		    "p2 queued" },
		{ "UPDATE hub.project SET is_package = false; TRUNCATE hub.job;"
		  "UPDATE hub.project SET is_package = true",
		    "p1 queued, p2 queued" },
		/* an alias has the same store */
		{ "UPDATE hub.project SET store_id = 1, alias_of = 1 WHERE id = 2; TRUNCATE "
		  "hub.job;"
		  "UPDATE hub.store SET generation = generation + 1 WHERE id = 1",
		    "p1 queued, p2 queued" },
		/* and what does not, does not */
		{ "UPDATE hub.store SET generation = generation, head = head, size_bytes = 5", "" },
		{ "UPDATE hub.repository SET description = 'e', "
		  "publish_builds_only_from_branch = publish_builds_only_from_branch",
		    "" },
		{ "UPDATE hub.project SET description = 'e', is_package = is_package", "" },
		{ "UPDATE hub.project SET is_package = false", "" },
		{ "UPDATE hub.project SET is_package = false; TRUNCATE hub.job;"
		  "UPDATE hub.store SET generation = generation + 1",
		    "" },
		{ "DELETE FROM hub.repository_project;"
		  "UPDATE hub.store SET generation = generation + 1",
		    "" },
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct programs *t;

		if (i > 0)
			stage_again(state, &stage);
		t = *state;
		harness_sql(cases[i].sql);
		if (strcmp(look(t, JOBS), cases[i].jobs) != 0)
			unit_fail("%s: %s", cases[i].sql, look(t, JOBS));
	}
}

/* The web's role has no right on the rows that its own changes lead to. */
static void
a_push_asks_for_them(void **state)
{
	struct programs *t = *state;

	assert_ok(t->web, project_raise_generation(t->web, 1, "trunk"));
	assert_jobs(t, "p1 queued");
	assert_string_equal(look(t, HEAD), "trunk 1");
	assert_ok(t->web, project_raise_generation(t->web, 1, NULL));
	assert_string_equal(look(t, HEAD), "trunk 2");
}

static void
sync_changed(struct programs *t, const char *head)
{
	struct job_result result = { .error_class = "",
		.error_text = "",
		.is_changed = true,
		.fingerprint = PRINT_1,
		.head = head };
	struct job job;
	int64_t *ids;
	size_t n;

	harness_sql("TRUNCATE hub.job; SELECT hub.request_sync(1)");
	job = claim(t);
	assert_string_equal(job.kind, "sync");
	result.id = job.id;
	result.fence = job.fence;
	result.project_id = job.project_id;
	assert_ok(t->a, job_finish(t->a, &result, 1, &ids, &n));
}

static void
a_sync_asks_for_them_when_refs_or_head_have_changed(void **state)
{
	struct programs *t = *state;

	sync_changed(t, "main");
	assert_jobs(t, "p1 queued");
	assert_string_equal(look(t, HEAD), "main 1");
	sync_changed(t, "main");
	assert_jobs(t, "");
	sync_changed(t, "trunk");
	assert_jobs(t, "p1 queued");
	assert_string_equal(look(t, HEAD), "trunk 1");
	sync_changed(t, ""); /* unknown: as it was */
	assert_jobs(t, "");
	assert_string_equal(look(t, HEAD), "trunk 1");
}

static void
what_was_asked_for_meanwhile_is_read_once_more(void **state)
{
	struct programs *t = *state;
	struct job job;

	harness_sql("SELECT hub.request_packages('{1}')");
	job = claim(t);
	harness_sql("UPDATE hub.store SET generation = generation + 1");
	assert_jobs(t, "p1 running again, p2 queued");
	finish(t, &job, "");
	assert_jobs(t, "p1 queued, p2 queued");
}

/* ---- what is read */

static void
the_branches_are_those_that_the_repositories_publish(void **state)
{
	static const struct {
		const char *sql, *branches;
	} cases[] = {
		{ "SELECT 1", "[\"\"]" },
		{ "UPDATE hub.repository SET publish_builds_only_from_branch = 'rosa\"1' WHERE id "
		  "= 2",
		    "[\"\", \"rosa\\\"1\"]" },
		{ "UPDATE hub.repository SET publish_builds_only_from_branch = E'a\\nb' WHERE id = "
		  "2",
		    "[\"\"]" },
		/* a personal platform has no such setting */
		{ "UPDATE hub.repository SET publish_builds_only_from_branch = 'mine' WHERE id = 1",
		    "[\"\"]" },
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		struct programs *t = *state;

		harness_sql(cases[i].sql);
		harness_sql("SELECT hub.request_packages('{1}')");
		assert_string_equal(claim(t).branches, cases[i].branches);
		stage_again(state, &stage);
	}
}

static void
a_job_whose_project_is_in_no_repository_any_more_is_parked(void **state)
{
	static const char *const workers[] = { "w1" };
	struct programs *t = *state;
	struct job *jobs;
	size_t n;

	harness_sql("SELECT hub.request_packages('{1,2}');"
		    "DELETE FROM hub.repository_project WHERE project_id = 1;"
		    "UPDATE hub.project SET is_package = false WHERE id = 2");
	for (int i = 0; i < 2; i++) {
		assert_ok(t->a, job_claim(t->a, workers, 1, true, &jobs, &n));
		assert_int_equal(n, 0);
	}
	assert_jobs(t, "");
}

static void
reading_goes_on_while_the_disk_is_low(void **state)
{
	static const char *const workers[] = { "w1" };
	struct programs *t = *state;
	struct job *jobs;
	size_t n;

	harness_sql("SELECT hub.request_packages('{1}')");
	assert_ok(t->a, job_claim(t->a, workers, 1, false, &jobs, &n));
	assert_int_equal(n, 1);
	assert_string_equal(jobs[0].kind, "packages");
	assert_int_equal(jobs[0].store_id, 1);
}

/* ---- what is written */

static void
each_repository_has_what_its_branch_says(void **state)
{
	struct programs *t = *state;
	const struct job_package rows[] = { package("", "foo", "1.0"), package("", "bar", "1.1"),
		package("stable", "foo", "0.9"), package("nowhere", "x", "1") };
	struct job job;

	harness_sql("UPDATE hub.repository SET publish_builds_only_from_branch = 'stable' "
		    "WHERE id = 2");
	job = claim(t);
	assert_true(put(t, &job, job.branches, rows, N_OF(rows)));
	assert_rows(t, "main:p1:bar-0-1.1-1 1, main:p1:foo-0-1.0-1 1, dist-main:p1:foo-0-0.9-1 1");
}

static void
what_is_gone_goes_and_what_stays_keeps_its_number(void **state)
{
	struct programs *t = *state;
	struct job_package rows[] = { package("", "foo", "1.1"), package("", "baz", "3") };
	struct package *list;
	struct job job;
	int64_t id;
	size_t n;

	read_p1(t);
	assert_ok(t->web, package_list(t->web, 2, 0, 10, &list, &n));
	id = list[0].id;
	rows[0].commit_id = COMMIT_2;
	rows[0].epoch = 4294967295;
	harness_sql("SELECT hub.request_packages('{1}')");
	job = claim(t);
	assert_true(put(t, &job, job.branches, rows, 2));
	assert_rows(t,
	    "main:p1:baz-0-3-1 1, main:p1:foo-4294967295-1.1-1 2, "
	    "dist-main:p1:baz-0-3-1 1, dist-main:p1:foo-4294967295-1.1-1 2");
	assert_ok(t->web, package_list(t->web, 2, 0, 10, &list, &n));
	assert_int_equal(n, 2);
	assert_int_equal(list[0].id, id);
	assert_true(put(t, &job, job.branches, &rows[1], 1));
	assert_rows(t, "main:p1:baz-0-3-1 1, dist-main:p1:baz-0-3-1 1");
	assert_true(put(t, &job, job.branches, NULL, 0));
	assert_rows(t, "");
}

static void
a_branch_that_was_not_read_keeps_its_rows(void **state)
{
	struct programs *t = *state;
	struct job job;

	read_p1(t);
	harness_sql("SELECT hub.request_packages('{1}')");
	job = claim(t);
	/* another branch is published from now on, which nobody has read yet */
	harness_sql(
	    "UPDATE hub.repository SET publish_builds_only_from_branch = 'new' WHERE id = 2");
	assert_true(put(t, &job, job.branches, NULL, 0));
	assert_rows(t, "dist-main:p1:foo-0-1.0-1 1");
	finish(t, &job, "");
	assert_jobs(t, "p1 queued");
}

static void
who_has_lost_the_job_writes_nothing(void **state)
{
	struct programs *t = *state;
	const struct job_package foo = package("", "foo", "1.0");
	struct job job;

	harness_sql("SELECT hub.request_packages('{1}')");
	job = claim(t);
	job.fence--;
	assert_false(put(t, &job, job.branches, &foo, 1));
	job.fence++;
	finish(t, &job, "");
	assert_false(put(t, &job, job.branches, &foo, 1));
	assert_rows(t, "");
}

static void
what_the_table_does_not_take_is_the_jobs_fault(void **state)
{
	struct programs *t = *state;
	struct job_package foo = package("", "foo", "1.0");
	const struct job_held *held;
	bool is_ours;
	struct job job;

	harness_sql("SELECT hub.request_packages('{1}')");
	job = claim(t);
	held = &(struct job_held){ .id = job.id, .fence = job.fence };
	foo.commit_id = "none";
	assert_code(t->a, job_put_packages(t->a, held, job.branches, &foo, 1, &is_ours), E_INVALID);
	assert_rows(t, "");
}

static void
rows_go_with_the_attachment_and_with_the_package_flag(void **state)
{
	struct programs *t = *state;

	read_p1(t);
	harness_sql(
	    "DELETE FROM hub.repository_project WHERE repository_id = 2 AND project_id = 1");
	assert_rows(t, "main:p1:foo-0-1.0-1 1");
	harness_sql("UPDATE hub.project SET is_package = false WHERE id = 1");
	assert_rows(t, "");
}

/* ---- how it ends */

static void
a_job_that_went_well_is_gone_and_is_nobodys_sync(void **state)
{
	struct programs *t = *state;
	const char *before = look(t, MIRROR);

	read_p1(t);
	assert_jobs(t, "");
	assert_string_equal(look(t, NUMBERS), "0 0");
	assert_string_equal(look(t, MIRROR), before);
}

static void
a_failure_is_tried_again_and_does_not_touch_the_mirror(void **state)
{
	struct programs *t = *state;
	const char *before = look(t, MIRROR);
	struct job job;

	harness_sql("SELECT hub.request_packages('{1}')");
	job = claim(t);
	finish(t, &job, "local");
	assert_jobs(t, "p1 retry");
	harness_sql("UPDATE hub.job SET run_at = now()");
	job = claim(t);
	assert_int_equal(job.attempts, 1);
	finish(t, &job, "local");
	assert_jobs(t, "p1 dead");
	/* someone pushes: that may have been the cure */
	harness_sql("UPDATE hub.store SET generation = generation + 1 WHERE id = 1");
	assert_jobs(t, "p1 queued");
	assert_string_equal(look(t, NUMBERS), "0 0");
	assert_string_equal(look(t, MIRROR), before);
}

static void
a_lost_job_is_taken_up_again(void **state)
{
	struct programs *t = *state;
	int64_t n;

	harness_sql("SELECT hub.request_packages('{2}')");
	(void)claim(t);
	harness_sql("UPDATE hub.job SET lease_until = now() - interval '1 s'");
	assert_ok(t->a, job_reap(t->a, &n));
	assert_int_equal(n, 1);
	assert_jobs(t, "p2 retry");
	assert_string_equal(look(t, NUMBERS), "0 0");
}

static void
hpr_does_not_count_it(void **state)
{
	struct programs *t = *state;
	const struct account bob = { .id = 1, .uname = "bob" };
	struct queue_stats stats;

	harness_sql("SELECT hub.request_packages('{1,2}'), hub.request_sync(1)");
	assert_ok(t->web, queue_stats(t->web, &bob, &stats));
	assert_int_equal(stats.queued, 1);
	assert_int_equal(stats.queued_default, 1);
}

/* ---- what the web reads */

static void
a_row_names_owner_maintainer_and_committer(void **state)
{
	struct programs *t = *state;
	struct package *rows;
	size_t n;

	read_p1(t);
	assert_ok(t->web, package_list(t->web, 2, 0, 10, &rows, &n));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].owner_uname, "bob");
	assert_string_equal(rows[0].project_name, "p1");
	assert_string_equal(rows[0].maintainer_uname, "");
	assert_string_equal(rows[0].committer_uname, "C");
	assert_string_equal(rows[0].committer_email, "c@example.com");
	harness_sql("INSERT INTO hub.account (uname, email) VALUES ('eve', 'eve@example.com');"
		    "INSERT INTO hub.account_email VALUES (2, 'C@Example.com');"
		    "INSERT INTO hub.team (uname, owner_account_id) VALUES ('crew', 2);"
		    "UPDATE hub.project SET owner_account_id = NULL, owner_team_id = 1, "
		    "maintainer_id = 1, path = 'crew/p1' WHERE id = 1");
	assert_ok(t->web, package_list(t->web, 2, 0, 10, &rows, &n));
	assert_string_equal(rows[0].owner_uname, "crew");
	assert_string_equal(rows[0].maintainer_uname, "bob");
	assert_string_equal(rows[0].maintainer_email, "Bob@example.com");
	assert_string_equal(rows[0].committer_uname, "eve");
	assert_string_equal(rows[0].committer_email, "eve@example.com");
	/* whose first address it is comes before who only added it */
	harness_sql("UPDATE hub.package SET committer_email = 'bob@EXAMPLE.com';"
		    "INSERT INTO hub.account_email VALUES (2, 'bob@example.com')");
	assert_ok(t->web, package_list(t->web, 2, 0, 10, &rows, &n));
	assert_string_equal(rows[0].committer_uname, "bob");
	/* nobody's address is no address */
	harness_sql(
	    "UPDATE hub.account SET email = ''; UPDATE hub.package SET committer_email = ''");
	assert_ok(t->web, package_list(t->web, 2, 0, 10, &rows, &n));
	assert_string_equal(rows[0].committer_uname, "C");
}

static void
a_person_in_psql_sees_the_same(void **state)
{
	struct programs *t = *state;

	read_p1(t);
	harness_sql("UPDATE hub.package SET epoch = 2 WHERE repository_id = 2;"
		    "SELECT hub.request_packages('{1}')");
	assert_string_equal(look(t, VIEW),
	    "bob_personal/main p1 foo 1.0-1 1111111111 queued, "
	    "dist/dist-main p1 foo 2:1.0-1 1111111111 queued");
}

static void
a_list_goes_on_behind_a_row(void **state)
{
	struct programs *t = *state;
	struct package *rows;
	size_t n;

	harness_sql(
	    "INSERT INTO hub.package (repository_id, project_id, name, commit_id) SELECT 2, 1, "
	    "'k' || g, repeat('a', 40) FROM generate_series(1, 5) g");
	assert_ok(t->web, package_list(t->web, 2, 0, 3, &rows, &n));
	assert_int_equal(n, 3);
	assert_ok(t->web, package_list(t->web, 2, rows[2].id, 3, &rows, &n));
	assert_int_equal(n, 2);
	assert_string_equal(rows[1].name, "k5");
	assert_ok(t->web, package_list(t->web, 2, rows[1].id, 3, &rows, &n));
	assert_int_equal(n, 0);
}

static void
it_is_pending_from_the_question_to_the_answer(void **state)
{
	struct programs *t = *state;
	bool is_pending;
	struct job job;

	assert_ok(t->web, package_is_pending(t->web, 2, &is_pending));
	assert_false(is_pending);
	harness_sql("SELECT hub.request_packages('{1}')");
	assert_ok(t->web, package_is_pending(t->web, 2, &is_pending));
	assert_true(is_pending);
	assert_ok(t->web, package_is_pending(t->web, 3, &is_pending));
	assert_false(is_pending);
	job = claim(t);
	assert_ok(t->web, package_is_pending(t->web, 2, &is_pending));
	assert_true(is_pending);
	finish(t, &job, "local"); /* who waits for that would wait long */
	assert_ok(t->web, package_is_pending(t->web, 2, &is_pending));
	assert_false(is_pending);
}

/* R3: one request per platform per 15 minutes, shared by its repositories. */
static void
a_platform_is_read_once_in_a_while(void **state)
{
	struct programs *t = *state;
	const struct repository main = { .id = 2, .platform_id = 2, .platform_type = "main" },
				contrib = { .id = 3, .platform_id = 2, .platform_type = "main" },
				own = { .id = 1, .platform_id = 1, .platform_type = "personal" };

	assert_code(t->web, package_begin_reading(t->web, &own), E_DENIED);
	assert_ok(t->web, package_begin_reading(t->web, &main));
	assert_code(t->web, package_begin_reading(t->web, &main), E_DENIED);
	assert_code(t->web, package_begin_reading(t->web, &contrib), E_DENIED);
	harness_sql("UPDATE hub.platform SET packages_read_at = now() - interval '840 s'");
	assert_code(t->web, package_begin_reading(t->web, &contrib), E_DENIED);
	harness_sql("UPDATE hub.platform SET packages_read_at = now() - interval '900 s'");
	assert_ok(t->web, package_begin_reading(t->web, &contrib));
	harness_sql("UPDATE hub.platform SET packages_read_at = now() + interval '1 day'");
	assert_ok(t->web, package_begin_reading(t->web, &main));
}

#define PREPARED(test) WITH_STAGE(test, stage)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PREPARED(what_changes_the_packages_asks_for_them),
		PREPARED(a_push_asks_for_them),
		PREPARED(a_sync_asks_for_them_when_refs_or_head_have_changed),
		PREPARED(what_was_asked_for_meanwhile_is_read_once_more),
		PREPARED(the_branches_are_those_that_the_repositories_publish),
		PREPARED(a_job_whose_project_is_in_no_repository_any_more_is_parked),
		PREPARED(reading_goes_on_while_the_disk_is_low),
		PREPARED(each_repository_has_what_its_branch_says),
		PREPARED(what_is_gone_goes_and_what_stays_keeps_its_number),
		PREPARED(a_branch_that_was_not_read_keeps_its_rows),
		PREPARED(who_has_lost_the_job_writes_nothing),
		PREPARED(what_the_table_does_not_take_is_the_jobs_fault),
		PREPARED(rows_go_with_the_attachment_and_with_the_package_flag),
		PREPARED(a_job_that_went_well_is_gone_and_is_nobodys_sync),
		PREPARED(a_failure_is_tried_again_and_does_not_touch_the_mirror),
		PREPARED(a_lost_job_is_taken_up_again),
		PREPARED(hpr_does_not_count_it),
		PREPARED(a_row_names_owner_maintainer_and_committer),
		PREPARED(a_person_in_psql_sees_the_same),
		PREPARED(a_list_goes_on_behind_a_row),
		PREPARED(it_is_pending_from_the_question_to_the_answer),
		PREPARED(a_platform_is_read_once_in_a_while),
	};

	return cmocka_run_group_tests_name("package", tests, NULL, NULL);
}
