/* How a mirror is, in words: the rule as a table. */
#include "core/mirror_state.h"
#include "tests/unit/unit.h"

#define NOW 1000000
#define HOUR 3600
#define MINUTE 60

/* What nobody has said of a mirror is as the database gives it. */
#define BASE .url = "https://up/x", .latest_version = "", .error_class = "", .worker = ""
#define CHECKED(at) .last_success_at = (at), .checked_at = (at)
#define PLANNED(at) .next_at = (at), .due_at = (at)

#define JOB(state, phase, error)                                                                   \
	BASE, .job_state = (state), .job_phase = (phase), .error_text = (error)

struct told {
	const char *word;
	const char *sentence;
	struct mirror m;
};

static void
assert_told(struct ctx *c, const struct told *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct mirror *m = &rows[i].m;
		const char *word = mirror_state_word(mirror_state_of(m, HOUR, NOW));
		const char *sentence = mirror_state_sentence(c->mem, m, HOUR, NOW);

		if (strcmp(word, rows[i].word) != 0 || strcmp(sentence, rows[i].sentence) != 0)
			unit_fail("row %zu: %s: %s", i, word, sentence);
	}
}

static void
a_mirror_is_fresh_for_twice_its_interval_and_then_behind(void **state)
{
	static const struct told rows[] = {
		{ "fresh", "Up to date, checked 3 minutes ago.",
		    { JOB("scheduled", "", ""), CHECKED(NOW - 3 * MINUTE), PLANNED(NOW + HOUR) } },
		{ "fresh", "Up to date, checked just now.", { JOB("", "", ""), CHECKED(NOW) } },
		{ "fresh",
		    "Up to date, checked 1 hour ago. The next sync begins as soon as a worker is "
		    "free.",
		    { JOB("queued", "", ""), CHECKED(NOW - HOUR) } },
		/* exactly two intervals are no more than two */
		{ "fresh", "Up to date, checked 2 hours ago.",
		    { JOB("scheduled", "", ""), CHECKED(NOW - 2 * HOUR), PLANNED(NOW - HOUR) } },
		{ "behind",
		    "Last checked 2 hours ago, and meant to be every hour. The next sync is due.",
		    { JOB("scheduled", "", ""), CHECKED(NOW - 2 * HOUR - 1),
			PLANNED(NOW - HOUR - 1) } },
		/* its host is left alone */
		{ "behind",
		    "Last checked 3 hours ago, and meant to be every hour. It has to wait for its "
		    "host. Next try in 20 minutes.",
		    { JOB("scheduled", "", ""), CHECKED(NOW - 3 * HOUR), .due_at = NOW - 2 * HOUR,
			.next_at = NOW + 20 * MINUTE } },
		/* quiet, so left alone for long; now its time has come, or somebody asks for it */
		{ "fresh", "Up to date, checked 20 hours ago.",
		    { JOB("scheduled", "", ""), CHECKED(NOW - 20 * HOUR), PLANNED(NOW - MINUTE) } },
		{ "fresh",
		    "Up to date, checked 20 hours ago. The next sync begins as soon as a worker is "
		    "free.",
		    { JOB("queued", "", ""), CHECKED(NOW - 20 * HOUR), .due_at = NOW } },
		/* a list of its upstream's watches it */
		{ "fresh", "Up to date, checked 1 minute ago.",
		    { JOB("scheduled", "", ""), .last_success_at = NOW - 48 * HOUR,
			.checked_at = NOW - MINUTE, PLANNED(NOW - 24 * HOUR) } },
		/* somebody has just made the interval shorter */
		{ "fresh", "Up to date, checked 3 hours ago.",
		    { JOB("scheduled", "", ""), CHECKED(NOW - 3 * HOUR), PLANNED(NOW + 1) } },
		{ "behind",
		    "Last checked 5 minutes ago, and meant to be every 2 minutes. No sync is "
		    "planned.",
		    { JOB("", "", ""), CHECKED(NOW - 5 * MINUTE), .interval_s = 120 } },
		{ "fresh", "Up to date, checked 1 day ago.",
		    { JOB("scheduled", "", ""), CHECKED(NOW - 24 * HOUR), .interval_s = 12 * HOUR,
			PLANNED(NOW) } },
	};

	assert_told(*state, rows, N_OF(rows));
}

static void
a_mirror_that_waits_or_runs_says_how_far_it_is(void **state)
{
	static const struct told rows[] = {
		{ "waiting", "Never synced. The next sync begins as soon as a worker is free.",
		    { JOB("queued", "", "") } },
		{ "waiting", "Never synced. No sync is planned.", { JOB("", "", "") } },
		{ "syncing", "Beginning.", { JOB("running", "", "") } },
		{ "syncing", "Asking the upstream what is new.",
		    { JOB("running", "probing", "") } },
		{ "syncing", "Fetching: 3.4 MB so far.",
		    { JOB("running", "fetching", ""), .bytes = 3400000 } },
		{ "syncing", "Fetching: 25 of 100 objects, 512 bytes.",
		    { JOB("running", "fetching", ""), .objects = 25, .objects_total = 100,
			.bytes = 512 } },
		/* it comes to its end, then it is paused */
		{ "syncing", "Publishing.",
		    { JOB("running", "publishing", ""), .is_paused = true } },
	};

	assert_told(*state, rows, N_OF(rows));
}

static void
a_mirror_that_is_paused_or_fails_says_since_when(void **state)
{
	static const struct told rows[] = {
		{ "paused", "Paused. Last checked 2 days ago.",
		    { JOB("", "", "no"), .is_paused = true, CHECKED(NOW - 48 * HOUR),
			.failures = 3 } },
		{ "paused", "Paused, and never synced.", { JOB("", "", ""), .is_paused = true } },
		{ "failing",
		    "Failing for 2 days: the upstream has no such repository. Next try in 40 "
		    "minutes.",
		    { JOB("retry", "", "the upstream has no such repository"), .failures = 9,
			.failing_since = NOW - 48 * HOUR, CHECKED(NOW - 49 * HOUR),
			PLANNED(NOW + 40 * MINUTE) } },
		{ "failing", "Failing for more than 30 seconds: it stalled. The next sync is due.",
		    { JOB("retry", "", "it stalled."), .failures = MIRROR_FAILURES_SEEN + 1,
			.failing_since = NOW - 30, PLANNED(NOW) } },
		{ "failing", "Failing: nothing is known about why. No sync is planned.",
		    { JOB("", "", ""), .failures = 1 } },
	};

	assert_told(*state, rows, N_OF(rows));
}

static void
each_state_has_a_word_a_class_and_a_sign_of_its_own(void **state)
{
	struct ctx *c = *state;

	for (enum mirror_state s = 1; s <= MIRROR_STATE_MAX; s++) {
		enum mirror_state back = 0;

		assert_int_equal(mirror_state_by_word(c, mirror_state_word(s), &back), OK);
		assert_int_equal(back, s);
		assert_string_equal(
		    mirror_state_class(s), arena_printf(c->mem, "state-%s", mirror_state_word(s)));
		for (enum mirror_state o = 1; o < s; o++)
			assert_string_not_equal(mirror_state_sign(s), mirror_state_sign(o));
	}
}

static void
a_word_of_no_state_is_refused(void **state)
{
	struct ctx *c = *state;
	enum mirror_state out;

	assert_int_equal(mirror_state_by_word(c, "", &out), E_INVALID);
	assert_int_equal(mirror_state_by_word(c, "Fresh", &out), E_INVALID);
}

static void
progress_is_a_percentage_of_the_objects(void **state)
{
	static const struct {
		const char *job_state;
		int64_t objects, total;
		int percent;
	} rows[] = { { "running", 0, 100, 0 }, { "running", 1, 3, 33 },
		{ "running", 100, 100, 100 }, { "running", 120, 100, 100 }, { "running", 5, 0, -1 },
		{ "running", -5, 10, -1 }, { "queued", 5, 10, -1 } };

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct mirror m = { .job_state = rows[i].job_state,
			.objects = rows[i].objects,
			.objects_total = rows[i].total };

		assert_int_equal(mirror_percent(&m), rows[i].percent);
	}
}

static void
each_class_of_error_has_its_advice(void **state)
{
	/* sync/mirror.h */
	static const char *const classes[] = { "network", "busy", "auth", "gone", "tls", "policy",
		"protocol", "local" };

	(void)state;
	for (size_t i = 0; i < N_OF(classes); i++)
		assert_true(strlen(mirror_error_advice(classes[i])) > 20);
	assert_string_equal(mirror_error_advice(""), "");
	assert_string_equal(mirror_error_advice("unheard of"), "");
}

static void
an_error_is_read_as_a_sentence(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(mirror_error_sentence(c->mem, "it broke"), "It broke.");
	assert_string_equal(mirror_error_sentence(c->mem, "It broke."), "It broke.");
	assert_string_equal(mirror_error_sentence(c->mem, ""), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(a_mirror_is_fresh_for_twice_its_interval_and_then_behind),
		WITH_CTX(a_mirror_that_waits_or_runs_says_how_far_it_is),
		WITH_CTX(a_mirror_that_is_paused_or_fails_says_since_when),
		WITH_CTX(each_state_has_a_word_a_class_and_a_sign_of_its_own),
		WITH_CTX(a_word_of_no_state_is_refused),
		WITH_CTX(progress_is_a_percentage_of_the_objects),
		WITH_CTX(each_class_of_error_has_its_advice),
		WITH_CTX(an_error_is_read_as_a_sentence),
	};

	return cmocka_run_group_tests_name("mirror_state", tests, NULL, NULL);
}
