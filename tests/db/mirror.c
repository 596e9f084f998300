/* Mirrors as the pages tell of them and change them, and their runs. */
#include "core/mirror_edit.h"
#include "store/mirror.h"
#include "store/run.h"
#include "store/store.h"
#include "tests/db/harness.h"

static const char small_sql[] =
    "INSERT INTO hub.account (uname) VALUES ('bob');"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 6);"
    "INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id)"
    " SELECT 'p' || i, 1, i < 6, i FROM generate_series(1, 6) i;"
    "INSERT INTO hub.mirror (project_id, url, last_success_at, failures)"
    " SELECT i, 'https://h/' || i, now(), CASE i WHEN 2 THEN 3 WHEN 3 THEN 50 ELSE 0 END"
    " FROM generate_series(1, 5) i;"
    "UPDATE hub.mirror SET sealed_credentials = 'x' WHERE project_id = 1;"
    "INSERT INTO hub.job (kind, project_id, state, run_at)"
    " SELECT 'sync', i, 'scheduled', now() + interval '1 day' FROM generate_series(1, 4) i;"
    "INSERT INTO hub.run (project_id, fence, worker, started_at, finished_at, outcome, error_class)"
    " SELECT 2, i, 'w', to_timestamp(1000000 + i * 60 - 1), to_timestamp(1000000 + i * 60),"
    " CASE WHEN i < 8 THEN 'unchanged' ELSE 'failed' END, '' FROM generate_series(1, 10) i;";

static const struct account bob = { .id = 1, .uname = "bob", .role = "user", .scope = 3 };
static const struct actor as_bob = { .account = &bob, .remote_addr = "" };

static struct mirror
show(struct ctx *c, int64_t id)
{
	struct mirror m;

	assert_ok(c, mirror_by_project(c, id, &m));
	return m;
}

static void
it_has_failed_since_the_first_failure_in_a_row(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(show(c, 1).failing_since, 0);
	assert_int_equal(show(c, 2).failing_since, 1000000 + 8 * 60);
	assert_int_equal(show(c, 3).failing_since, 0); /* its runs are no longer known */
}

static void
what_is_no_mirror_has_no_row(void **state)
{
	struct ctx *c = *state;
	struct mirror_settings settings;
	struct mirror m;

	assert_code(c, mirror_by_project(c, 6, &m), E_NOTFOUND);
	assert_code(c, mirror_settings_of(c, 6, &settings), E_NOTFOUND);
	assert_code(c, mirror_set_interval(c, 6, 60), E_NOTFOUND);
}

static void
that_there_are_credentials_is_known_but_not_which(void **state)
{
	struct ctx *c = *state;
	struct mirror_settings settings;

	assert_ok(c, mirror_settings_of(c, 1, &settings));
	assert_true(settings.has_credentials);
	assert_ok(c, mirror_settings_of(c, 2, &settings));
	assert_false(settings.has_credentials);
}

static void
an_interval_of_its_own_moves_what_is_planned(void **state)
{
	struct ctx *c = *state;
	struct mirror m;

	assert_ok(c, mirror_set_interval(c, 1, 600));
	m = show(c, 1);
	assert_int_equal(m.interval_s, 600);
	assert_int_equal(m.next_at, m.last_success_at + 600);
	assert_ok(c, mirror_set_interval(c, 1, 0));
	m = show(c, 1);
	assert_int_equal(m.interval_s, 0);
	assert_int_equal(m.next_at, m.last_success_at + 600);
}

static void
a_pause_forgets_what_is_planned_and_is_told_once(void **state)
{
	struct ctx *c = *state;
	const struct project p = { .id = 4, .path = "p4", .is_mirror = true };

	for (int i = 0; i < 2; i++)
		assert_ok(c, project_pause(c, &as_bob, &p));
	assert_true(show(c, 4).is_paused);
	assert_string_equal(show(c, 4).job_state, "");
	for (int i = 0; i < 2; i++)
		assert_ok(c, project_resume(c, &as_bob, &p));
	assert_false(show(c, 4).is_paused);
	assert_string_equal(show(c, 4).job_state, "queued");
	harness_sql("DO $$ BEGIN IF (SELECT array_agg(action ORDER BY id) FROM hub.event"
		    " WHERE object = 'p4') <> ARRAY['mirror.pause', 'mirror.resume'] THEN"
		    " RAISE EXCEPTION 'other events'; END IF; END $$");
}

static void
a_project_that_is_no_mirror_is_not_paused(void **state)
{
	struct ctx *c = *state;
	const struct project p = { .id = 6, .path = "p6" };

	assert_code(c, project_pause(c, &as_bob, &p), E_INVALID);
	assert_code(c, project_resume(c, &as_bob, &p), E_INVALID);
}

static void
runs_are_listed_newest_first_from_a_number_on(void **state)
{
	struct ctx *c = *state;
	struct run *rows, one;
	size_t n;

	assert_ok(c, run_list(c, 2, 0, 4, &rows, &n));
	assert_int_equal(n, 4);
	for (size_t i = 1; i < n; i++)
		assert_true(rows[i].id < rows[i - 1].id);
	assert_int_equal(rows[0].took_ms, 1000);
	assert_ok(c, run_list(c, 2, rows[3].id, 100, &rows, &n));
	assert_int_equal(n, 6);
	assert_ok(c, run_by_id(c, 2, rows[0].id, &one));
	assert_string_equal(one.outcome, rows[0].outcome);
	assert_code(c, run_by_id(c, 1, rows[0].id, &one), E_NOTFOUND);
	assert_ok(c, run_list(c, 1, 0, 4, &rows, &n));
	assert_int_equal(n, 0);
}

static struct harness web = { "mirrorhub_web", store_web_tables, NULL, NULL };
#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(it_has_failed_since_the_first_failure_in_a_row),
		CONNECTED(what_is_no_mirror_has_no_row),
		CONNECTED(that_there_are_credentials_is_known_but_not_which),
		CONNECTED(an_interval_of_its_own_moves_what_is_planned),
		CONNECTED(a_pause_forgets_what_is_planned_and_is_told_once),
		CONNECTED(a_project_that_is_no_mirror_is_not_paused),
		CONNECTED(runs_are_listed_newest_first_from_a_number_on),
	};

	harness_sql(small_sql);
	return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
