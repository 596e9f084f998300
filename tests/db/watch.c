/* What is measured and told of mirrors that are old: hub.watch_pass, and what /metrics reads. */
#include <stdlib.h>

#include "base/conf.h"
#include "store/metrics.h"
#include "store/store.h"
#include "tests/db/harness.h"

static const struct conf conf = { .schedule_s = 3600, .alert_age_intervals = 3 };

struct both {
	struct ctx *sync, *web;
};

/* Mirrors 1 to 3 with a webhook that hears of failures of all of them. */
static int
set_up(void **state)
{
	struct both *b = calloc(1, sizeof(*b));

	harness_sql("TRUNCATE hub.account, hub.store, hub.project, hub.webhook, hub.uname_taken,"
		    " hub.gauge RESTART IDENTITY CASCADE;"
		    "INSERT INTO hub.account (uname) VALUES ('bob');"
		    "INSERT INTO hub.store (node) VALUES (1), (1), (1);"
		    "INSERT INTO hub.project (path, owner_account_id, store_id, is_mirror)"
		    " VALUES ('one', 1, 1, true), ('two', 1, 2, true), ('three', 1, 3, true);"
		    "INSERT INTO hub.mirror (project_id, url, last_success_at)"
		    " SELECT id, 'https://host.invalid/' || id, now() FROM hub.project;"
		    "INSERT INTO hub.job (kind, project_id, state, run_at)"
		    " SELECT 'sync', project_id, 'scheduled', now() + interval '1 hour'"
		    " FROM hub.mirror;"
		    "INSERT INTO hub.webhook (id, url, by_owner, on_push, on_failure)"
		    " VALUES (1, 'https://host.invalid/x', true, false, true);"
		    "UPDATE hub.watch SET measured_at = '-infinity', took_ms = 0");
	b->sync = harness_open("mirrorhub_sync", store_sync_tables);
	b->web = harness_open("mirrorhub_web", store_web_tables);
	b->sync->conf = b->web->conf = &conf;
	*state = b;
	return 0;
}

static int
tear_down(void **state)
{
	struct both *b = *state;

	harness_close(b->sync);
	harness_close(b->web);
	free(b);
	return 0;
}

/* How many were told of; the last look is long ago. */
static int64_t
look(struct both *b)
{
	int64_t n = -1;

	harness_sql("UPDATE hub.watch SET measured_at = '-infinity'");
	assert_int_equal(metrics_watch(b->sync, 0, &n), OK);
	return n;
}

static const char *
value_of(struct both *b, const char *name, const char *label)
{
	struct metrics_row *rows;
	size_t n;

	assert_int_equal(metrics_list(b->web, &rows, &n), OK);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0 && strcmp(rows[i].label, label) == 0)
			return rows[i].value;
	return "none";
}

/* Of the webhook, oldest first, divided by blanks. */
static void
assert_told(struct both *b, const char *events)
{
	harness_sql(arena_printf(b->web->mem,
	    "DO $$ BEGIN ASSERT (SELECT coalesce(string_agg(event, ' ' ORDER BY id), '')"
	    " FROM hub.delivery) = '%s', (SELECT string_agg(event, ' ') FROM hub.delivery); END $$",
	    events));
}

static void
nothing_is_told_while_all_are_checked_in_time(void **state)
{
	assert_int_equal(look(*state), 0);
	assert_told(*state, "");
	assert_string_equal(value_of(*state, "mirror_states", "state=\"fresh\""), "3");
	assert_string_equal(value_of(*state, "mirror_age_bucket", "le=\"60\""), "3");
	assert_string_equal(value_of(*state, "mirror_age_count", ""), "3");
}

static void
a_mirror_that_fails_for_three_intervals_is_told_once_and_once_when_it_is_well(void **state)
{
	harness_sql("UPDATE hub.mirror SET failures = 9, error_class = 'auth', last_success_at ="
		    " now() - interval '179 minutes' WHERE project_id = 1;"
		    "UPDATE hub.job SET state = 'retry' WHERE project_id = 1");
	assert_int_equal(look(*state), 0);
	harness_sql("UPDATE hub.mirror SET last_success_at = now() - interval '181 minutes'"
		    " WHERE project_id = 1");
	assert_int_equal(look(*state), 1);
	assert_int_equal(look(*state), 0);
	assert_told(*state, "stale");
	assert_string_equal(value_of(*state, "mirrors_stale", ""), "1");
	assert_string_equal(value_of(*state, "mirror_states", "state=\"failing\""), "1");
	harness_sql("UPDATE hub.mirror SET failures = 0, last_success_at = now();"
		    "UPDATE hub.job SET state = 'scheduled'");
	assert_int_equal(look(*state), 1);
	assert_told(*state, "stale fresh");
	assert_string_equal(value_of(*state, "mirrors_stale", ""), "0");
}

static void
a_quiet_mirror_that_the_schedule_leaves_alone_is_not_stale_until_it_is_late(void **state)
{
	harness_sql("UPDATE hub.mirror SET last_success_at = now() - interval '20 hours';"
		    "UPDATE hub.job SET run_at = now() + interval '1 day'");
	assert_int_equal(look(*state), 0);
	harness_sql("UPDATE hub.job SET run_at = now() - interval '2 hours'");
	assert_int_equal(look(*state), 0);
	harness_sql("UPDATE hub.job SET run_at = now() - interval '4 hours'");
	assert_int_equal(look(*state), 3);
}

/* That it is its turn, or that somebody asks, makes nothing old. */
static void
a_quiet_mirror_that_is_being_synced_is_not_stale(void **state)
{
	harness_sql(
	    "UPDATE hub.mirror SET last_success_at = now() - interval '20 hours';"
	    "UPDATE hub.job SET state = 'running', run_at = now(), worker = 'w',"
	    " lease_until = now() + interval '1 minute', started_at = now() WHERE project_id = 1;"
	    "SELECT hub.request_sync(2)");
	assert_int_equal(look(*state), 0);
	harness_sql(
	    "UPDATE hub.job SET queued_at = now() - interval '4 hours' WHERE project_id = 2");
	assert_int_equal(look(*state), 1);
}

static void
a_mirror_whose_host_is_left_alone_becomes_stale(void **state)
{
	harness_sql("UPDATE hub.mirror SET last_success_at = now() - interval '20 hours';"
		    "UPDATE hub.job SET due_at = now() - interval '2 hours'");
	assert_int_equal(look(*state), 0);
	harness_sql("UPDATE hub.job SET due_at = now() - interval '4 hours'");
	assert_int_equal(look(*state), 3);
	assert_string_equal(value_of(*state, "mirror_states", "state=\"behind\""), "3");
}

static void
its_own_interval_counts_when_it_is_longer(void **state)
{
	harness_sql("UPDATE hub.mirror SET failures = 1, last_success_at ="
		    " now() - interval '20 hours', interval_s = CASE project_id WHEN 1 THEN 60"
		    " WHEN 2 THEN 86400 END; UPDATE hub.job SET state = 'retry'");
	assert_int_equal(look(*state), 2);
	harness_sql("DO $$ BEGIN ASSERT (SELECT array_agg(project_id ORDER BY project_id)"
		    " FROM hub.mirror WHERE stale_since IS NOT NULL) = '{1,3}'; END $$");
}

static void
what_is_held_for_so_long_is_stale_although_it_is_checked(void **state)
{
	harness_sql("UPDATE hub.mirror SET held_at = now() - interval '4 hours',"
		    " held_fingerprint = sha256('') WHERE project_id = 2");
	assert_int_equal(look(*state), 1);
	assert_told(*state, "stale");
	assert_string_equal(value_of(*state, "mirror_states", "state=\"held\""), "1");
}

static void
one_that_was_never_synced_is_as_old_as_it_is(void **state)
{
	harness_sql("UPDATE hub.mirror SET last_success_at = NULL, failures = 1;"
		    "UPDATE hub.job SET state = 'dead';"
		    "UPDATE hub.project SET created_at = now() - interval '1 day' WHERE id = 3");
	assert_int_equal(look(*state), 1);
	assert_told(*state, "stale");
}

static void
a_paused_mirror_is_nobodys_concern(void **state)
{
	harness_sql(
	    "UPDATE hub.mirror SET last_success_at = now() - interval '9 days', paused = true;"
	    "UPDATE hub.mirror SET stale_since = now() WHERE project_id = 1;"
	    "DELETE FROM hub.job");
	assert_int_equal(look(*state), 1);
	assert_told(*state, "");
	assert_string_equal(value_of(*state, "mirror_states", "state=\"paused\""), "3");
	assert_string_equal(value_of(*state, "mirror_age_count", ""), "0");
}

static void
it_is_measured_once_in_a_while_whoever_asks(void **state)
{
	struct both *b = *state;
	int64_t n;

	assert_int_equal(look(b), 0);
	harness_sql("UPDATE hub.mirror SET paused = true");
	assert_int_equal(metrics_watch(b->sync, 2, &n), OK);
	assert_string_equal(value_of(b, "mirror_states", "state=\"fresh\""), "3");
	assert_string_equal(value_of(b, "worker_kills", ""), "2"); /* that is counted at once */
}

static void
the_age_of_the_oldest_grows_when_nobody_measures_any_more(void **state)
{
	harness_sql("UPDATE hub.mirror SET last_success_at = now() - interval '1 hour'"
		    " WHERE project_id = 1");
	assert_int_equal(look(*state), 0);
	assert_in_range(atof(value_of(*state, "oldest_at", "")), 3600, 3700);
	harness_sql("UPDATE hub.gauge SET value = value - 7200 WHERE name = 'oldest_at'");
	assert_in_range(atof(value_of(*state, "oldest_at", "")), 10800, 10900);
}

static void
jobs_that_have_ended_are_counted_as_none(void **state)
{
	assert_int_equal(look(*state), 0);
	assert_string_equal(value_of(*state, "jobs", "kind=\"sync\",state=\"scheduled\""), "3");
	harness_sql("UPDATE hub.job SET state = 'dead', run_at = now() - interval '10 s'");
	assert_int_equal(look(*state), 0);
	assert_string_equal(value_of(*state, "jobs", "kind=\"sync\",state=\"scheduled\""), "0");
	assert_string_equal(value_of(*state, "jobs", "kind=\"sync\",state=\"dead\""), "3");
	assert_string_equal(value_of(*state, "due", ""), "3");
	assert_in_range(atof(value_of(*state, "due_at", "")), 10, 60);
}

/* As core/target_state.c has it: who cannot be reached may have had conflicts when he last could. */
static void
a_target_that_fails_is_counted_as_failing(void **state)
{
	harness_sql("INSERT INTO hub.target (project_id, url, failures, n_conflicts, attempted_at) VALUES"
		    " (1, 'https://x.invalid/1', 1, 2, now()), (1, 'https://x.invalid/2', 0, 2, now())");
	assert_int_equal(look(*state), 0);
	assert_string_equal(value_of(*state, "targets", "state=\"failing\""), "1");
	assert_string_equal(value_of(*state, "targets", "state=\"conflict\""), "1");
}

/* checklists/security.md S-13 */
static void
no_number_names_a_project_or_a_host(void **state)
{
	struct both *b = *state;
	struct metrics_row *rows;
	size_t n;

	assert_int_equal(look(b), 0);
	assert_int_equal(metrics_list(b->web, &rows, &n), OK);
	assert_true(n > 20);
	for (size_t i = 0; i < n; i++) {
		assert_null(strstr(rows[i].label, "host.invalid"));
		assert_null(strstr(rows[i].label, "three"));
	}
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_told_while_all_are_checked_in_time),
		TEST(a_mirror_that_fails_for_three_intervals_is_told_once_and_once_when_it_is_well),
		TEST(a_quiet_mirror_that_the_schedule_leaves_alone_is_not_stale_until_it_is_late),
		TEST(a_quiet_mirror_that_is_being_synced_is_not_stale),
		TEST(a_mirror_whose_host_is_left_alone_becomes_stale),
		TEST(its_own_interval_counts_when_it_is_longer),
		TEST(what_is_held_for_so_long_is_stale_although_it_is_checked),
		TEST(one_that_was_never_synced_is_as_old_as_it_is),
		TEST(a_paused_mirror_is_nobodys_concern),
		TEST(it_is_measured_once_in_a_while_whoever_asks),
		TEST(the_age_of_the_oldest_grows_when_nobody_measures_any_more),
		TEST(jobs_that_have_ended_are_counted_as_none),
		TEST(a_target_that_fails_is_counted_as_failing),
		TEST(no_number_names_a_project_or_a_host),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
