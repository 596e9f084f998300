/* The front page: who sees what in which order, and that its states are those of
 * core/mirror_state.h; and with a hundred thousand projects, by which indexes. */
#include "base/str.h"
#include "core/mirror_state.h"
#include "store/front.h"
#include "store/store.h"
#include "tests/db/harness.h"

#define HOUR 3600

/* Small and of every kind: hidden ones are every fifth, mirrors all but every seventh. */
static const char small_sql[] =
    "INSERT INTO hub.account (uname, role) VALUES ('bob', 'user'), ('root', 'admin');"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 400);"
    "INSERT INTO hub.project (path, owner_account_id, default_access, description, is_mirror,"
    " store_id) SELECT CASE WHEN i % 2 = 0 THEN 'team/' ELSE '' END || 'p' || lpad(i::text, 4, "
    "'0'),"
    " 1 + (i % 3 = 0)::int, (i % 5 <> 0)::int, CASE i WHEN 11 THEN '100% of_it\\' WHEN 12 THEN"
    " 'Ünïcode Thing' ELSE 'number ' || i END, i % 7 <> 0, i FROM generate_series(1, 400) i;"
    "UPDATE hub.store SET generation = 1 WHERE id % 6 <> 0;"
    "UPDATE hub.store SET changed_at = now() - make_interval(mins => (id * 37 % 400)::int);"
    "INSERT INTO hub.mirror (project_id, url, paused, interval_s, failures, last_success_at,"
    " error_class, error_text)"
    " SELECT id, 'https://up/' || path, id % 11 = 0, CASE WHEN id % 4 = 0 THEN 60 END,"
    " CASE WHEN id % 9 = 0 THEN id % 13 ELSE 0 END,"
    " CASE WHEN id % 6 <> 0 THEN now() - make_interval(mins => (id * 53 % 300)::int) END,"
    " CASE WHEN id % 9 = 0 AND id % 13 > 0 THEN 'gone' ELSE '' END, '' FROM hub.project"
    " WHERE is_mirror;"
    "INSERT INTO hub.job (kind, project_id, state, run_at, worker, lease_until, started_at, phase)"
    " SELECT 'sync', project_id, s, CASE WHEN s = 'queued' THEN '-infinity'"
    " WHEN project_id % 8 < 3 THEN now() + interval '1 minute' ELSE now() - interval '2 hours' END,"
    " CASE WHEN s = 'running' THEN 'w' END, CASE WHEN s = 'running' THEN now() END,"
    " CASE WHEN s = 'running' THEN now() END, CASE WHEN s = 'running' THEN 'fetching' ELSE '' END"
    " FROM (SELECT project_id, (ARRAY['queued', 'running', 'scheduled', 'scheduled', 'scheduled',"
    " 'retry', 'dead'])[1 + project_id % 7 * 5 % 7] AS s FROM hub.mirror"
    " WHERE NOT paused OR project_id % 2 = 0) x;"
    /* put off by their hosts; held, some of which fail, too; watched by a list that was just read
     */
    "UPDATE hub.job SET due_at = now() - interval '3 hours', run_at = now() + interval '10 minutes'"
    " WHERE state = 'scheduled' AND project_id % 5 = 1;"
    "UPDATE hub.mirror SET held_at = now(), held_fingerprint = sha256('') WHERE project_id % 10 = "
    "3;"
    "INSERT INTO hub.manifest (url, prefix, checked_at) VALUES ('https://up/m', 'https://up', "
    "now());"
    "UPDATE hub.mirror SET listed_by = 1, listed_fingerprint = substr(sha256('a'), 1, 20),"
    " taken_fingerprint = substr(sha256(CASE WHEN project_id % 2 = 0 THEN 'a'::bytea ELSE 'b' "
    "END), 1, 20)"
    " WHERE project_id % 10 IN (6, 7) AND last_success_at IS NOT NULL;"
    "INSERT INTO hub.run (project_id, fence, worker, started_at, finished_at, outcome)"
    " SELECT 1, i, 'w', now() - interval '1 hour', now() - interval '1 hour' + make_interval(secs "
    "=> i),"
    " (ARRAY['changed', 'unchanged', 'failed'])[1 + i % 3] FROM generate_series(1, 30) i;";

static const struct account guest = { .id = 0, .uname = "" };
static const struct account bob = { .id = 1, .uname = "bob" };
static const struct account root = { .id = 2, .uname = "root", .is_admin = true };
static const struct account *const askers[] = { &guest, &bob, &root };

static struct front_row *
list(struct ctx *c, const struct account *asker, const struct front_wish *asked, size_t *n)
{
	struct front_wish wish = *asked;
	struct front_row *rows;

	if (wish.text == NULL)
		wish.text = "";
	if (wish.set == 0)
		wish.set = FRONT_ALL;
	if (wish.order == 0)
		wish.order = FRONT_BY_PATH;
	if (wish.limit == 0)
		wish.limit = 1000;
	wish.interval_s = HOUR;
	assert_ok(c, front_list(c, asker, &wish, &rows, n));
	return rows;
}

static void
hidden_projects_are_on_the_page_of_those_who_may_read_them(void **state)
{
	struct ctx *c = *state;
	size_t n;
	struct front_row *rows = list(c, &guest, &(struct front_wish){ 0 }, &n);

	assert_int_equal(n, 320);
	for (size_t i = 0; i < n; i++)
		assert_false(rows[i].is_hidden);
	list(c, &root, &(struct front_wish){ 0 }, &n);
	assert_int_equal(n, 400);
	list(c, &bob, &(struct front_wish){ 0 }, &n);
	assert_int_equal(n, 320 + 54); /* his own of the 80 */
}

static void
each_order_gives_every_project_once_page_by_page(void **state)
{
	struct ctx *c = *state;

	for (enum front_order order = FRONT_BY_PATH; order <= FRONT_BY_CHANGE; order++) {
		const struct front_row *before = NULL;
		size_t seen = 0, n;

		do {
			struct front_row *rows = list(c, &bob,
			    &(struct front_wish){
				.order = order, .limit = 50, .offset = (int64_t)seen },
			    &n);

			for (size_t i = 0; i < n; before = &rows[i++]) {
				if (before == NULL)
					continue;
				if (order == FRONT_BY_PATH)
					assert_true(strcmp(before->path, rows[i].path) < 0);
				else if (before->changed_at > 0 && rows[i].changed_at > 0)
					assert_true(before->changed_at >= rows[i].changed_at);
			}
			seen += n;
		} while (n == 50);
		assert_int_equal(seen, 374);
	}
}

/* What hub.mirror_word, which /metrics and admin.stale have, says of all of them. */
static void
assert_measured(struct ctx *c, enum mirror_state s, size_t n)
{
	harness_sql(arena_printf(c->mem,
	    "DO $$ BEGIN ASSERT %zu = (SELECT count(*) FROM hub.mirror_now v WHERE hub.mirror_word("
	    "v.job_state, v.due_at, v.paused, v.held_at IS NOT NULL, v.failures, v.checked_at,"
	    " coalesce(v.interval_s, %d)) = '%s'), '%s'; END $$",
	    n, HOUR, mirror_state_word(s), mirror_state_word(s)));
}

/* The statements, mirror_state_of and hub.mirror_word say the same of every mirror, and the numbers
 * add up. */
static void
each_state_lists_the_mirrors_that_are_in_it(void **state)
{
	static const struct {
		enum front_set set;
		enum mirror_state is;
	} sets[] = { { FRONT_SYNCING, MIRROR_SYNCING }, { FRONT_PAUSED, MIRROR_PAUSED },
		{ FRONT_FAILING, MIRROR_FAILING }, { FRONT_HELD, MIRROR_HELD },
		{ FRONT_WAITING, MIRROR_WAITING }, { FRONT_BEHIND, MIRROR_BEHIND },
		{ FRONT_FRESH, MIRROR_FRESH } };
	struct ctx *c = *state;
	int64_t now = time(NULL);

	for (size_t a = 0; a < N_OF(askers); a++) {
		size_t n_all, in_state[MIRROR_STATE_MAX + 1] = { 0 }, n, n_mirrors = 0;
		struct front_row *all = list(c, askers[a], &(struct front_wish){ 0 }, &n_all);
		struct front_counts counts;

		for (size_t i = 0; i < n_all; i++)
			if (all[i].is_mirror) {
				in_state[mirror_state_of(&all[i].mirror, HOUR, now)]++;
				n_mirrors++;
			}
		for (size_t s = 0; s < N_OF(sets); s++)
			for (enum front_order o = FRONT_BY_PATH; o <= FRONT_BY_CHANGE; o++) {
				struct front_row *rows = list(c, askers[a],
				    &(struct front_wish){ .set = sets[s].set, .order = o }, &n);

				assert_int_equal(n, in_state[sets[s].is]);
				assert_true(n > 0);
				for (size_t i = 0; i < n; i++)
					assert_int_equal(
					    mirror_state_of(&rows[i].mirror, HOUR, now),
					    sets[s].is);
			}
		assert_ok(c, front_count(c, askers[a], HOUR, &counts));
		assert_int_equal(counts.projects, n_all);
		assert_int_equal(counts.mirrors, n_mirrors);
		assert_int_equal(counts.syncing, in_state[MIRROR_SYNCING]);
		assert_int_equal(counts.paused, in_state[MIRROR_PAUSED]);
		assert_int_equal(counts.failing, in_state[MIRROR_FAILING]);
		assert_int_equal(counts.held, in_state[MIRROR_HELD]);
		assert_int_equal(counts.waiting, in_state[MIRROR_WAITING]);
		assert_int_equal(counts.behind, in_state[MIRROR_BEHIND]);
		for (size_t s = 0; s < N_OF(sets) && askers[a]->is_admin; s++)
			assert_measured(c, sets[s].is, in_state[sets[s].is]);
	}
}

static void
a_text_is_found_literally_in_paths_and_descriptions(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} rows[] = { { "p0011", 1 }, { "P0011", 1 }, { "TEAM/P0012", 1 }, { "0% of_it\\", 1 },
		{ "%", 0 }, { "_", 0 }, { "\\", 0 }, { "11", 13 }, { "M/", 200 }, { "f_i", 1 },
		{ "p_0", 0 }, { "p%1", 0 }, { "nïcode th", 1 }, { "'", 0 }, { "\"; DROP", 0 },
		{ "number 39", 11 } };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++)
		for (enum front_order o = FRONT_BY_PATH; o <= FRONT_BY_CHANGE; o++) {
			size_t n;

			list(
			    c, &root, &(struct front_wish){ .text = rows[i].text, .order = o }, &n);
			if (n != rows[i].n)
				unit_fail("%s: %zu", rows[i].text, n);
		}
}

static void
a_text_within_a_state_is_in_both(void **state)
{
	struct ctx *c = *state;
	size_t n_state, n;
	struct front_row *rows =
	    list(c, &root, &(struct front_wish){ .set = FRONT_FAILING }, &n_state);

	rows =
	    list(c, &root, &(struct front_wish){ .set = FRONT_FAILING, .text = rows[0].path }, &n);
	assert_int_equal(n, 1);
	assert_true(n_state > 1);
	list(c, &root, &(struct front_wish){ .set = FRONT_FRESH, .text = rows[0].path }, &n);
	assert_int_equal(n, 0);
}

static void
the_last_twenty_runs_come_with_the_row(void **state)
{
	struct ctx *c = *state;
	size_t n;
	struct front_row *rows = list(c, &root, &(struct front_wish){ .text = "p0001" }, &n);

	assert_int_equal(n, 1);
	assert_true(strncmp(rows[0].runs, "f11000 c12000 u13000 ", 21) == 0);
	assert_string_equal(rows[0].runs + strlen(rows[0].runs) - 6, "c30000");
}

/* ---- a hundred thousand */

static const char large_sql[] =
    "SET LOCAL session_replication_role = replica;"
    "INSERT INTO hub.store (generation, changed_at) SELECT (i % 1000)::bigint,"
    " now() - make_interval(secs => i) FROM generate_series(1, 100000) i;"
    "INSERT INTO hub.project (path, owner_account_id, default_access, description, is_mirror,"
    " store_id) SELECT 'big/' || left(md5(id::text), 14), 2, (id % 10 > 0)::int,"
    " 'description of ' || id, true, id FROM hub.store WHERE id > 400;"
    "INSERT INTO hub.mirror (project_id, url, last_success_at, failures, paused)"
    " SELECT id, 'https://up/' || id, now(), (id % 500 = 0)::int, id % 700 = 0 FROM hub.project"
    " WHERE id > 400;"
    "INSERT INTO hub.job (kind, project_id, state, run_at)"
    " SELECT 'sync', id, 'scheduled', now() + interval '1 hour' FROM hub.project WHERE id > 400;"
    "INSERT INTO hub.run (project_id, fence, worker, started_at, outcome)"
    " SELECT id, 1000 + id, 'w', now(), 'unchanged' FROM hub.project WHERE id % 2 = 0;"
    "ANALYZE;"
    "UPDATE pg_class SET relallvisible = relpages WHERE relnamespace = 'hub'::regnamespace;";

struct plan_line {
	const char *text;
};

static const struct field plan_row[] = { FIELD_AS(plan_line, text, "QUERY PLAN"), { 0 } };

#define PLAN(call) "EXPLAIN EXECUTE " call, plan_row, sizeof(struct plan_line)

static const struct db_stmt explain_sql[] = { { "x_by_path",
						  PLAN("front_by_path(NULL, NULL, NULL, NULL)") },
	{ "x_by_change", PLAN("front_by_change(NULL, NULL, NULL, NULL)") },
	{ "x_found", PLAN("front_found(NULL, NULL, NULL, NULL, NULL, NULL)") },
	{ "x_syncing", PLAN("front_syncing(NULL, NULL, NULL, NULL, NULL, NULL, NULL)") },
	{ "x_paused", PLAN("front_paused(NULL, NULL, NULL, NULL, NULL, NULL, NULL)") },
	{ "x_failing", PLAN("front_failing(NULL, NULL, NULL, NULL, NULL, NULL, NULL)") },
	{ "x_held", PLAN("front_held(NULL, NULL, NULL, NULL, NULL, NULL, NULL)") },
	{ "x_waiting", PLAN("front_waiting(NULL, NULL, NULL, NULL, NULL, NULL, NULL)") },
	{ "x_behind", PLAN("front_behind(NULL, NULL, NULL, NULL, NULL, NULL, NULL)") },
	{ "x_count", PLAN("front_count(NULL, NULL, NULL)") },
	{ "x_runs", PLAN("run_list(NULL, NULL, NULL)") }, { 0 } };

#define COUNT_PLAN 9

static const char *const uses[][5] = {
	{ "Index Only Scan using project_path on", "project_pkey", "mirror_pkey", "run_project" },
	{ "store_changed", "project_store", "mirror_pkey", "run_project" },
	{ "project_path_trgm", "project_description_trgm", "run_project" },
	{ "job_running", "mirror_pkey" },
	{ "mirror_paused" },
	{ "mirror_failing" },
	{ "mirror_held" },
	{ "store_untouched", "mirror_pkey" },
	{ "job_due ", "job_due_probed", "job_put_off", "mirror_pkey" },
	{ "job_running", "mirror_paused", "mirror_failing", "mirror_held", "job_due_probed" },
	{ "run_project" },
};

static const struct db_stmt *const tables[] = { front_sql, run_sql, explain_sql, NULL };

static const char *
plan_of(struct ctx *c, size_t which)
{
	struct plan_line *lines;
	char *plan = arena_strdup(c->mem, "");
	size_t n;

	assert_ok(c, db_all(c, &explain_sql[which], &lines, &n));
	for (size_t i = 0; i < n; i++)
		plan = arena_printf(c->mem, "%s%s\n", plan, lines[i].text);
	return plan;
}

static bool
is_good(const char *plan, size_t which)
{
	static const char scan[] = "Seq Scan on ";

	/* two have few rows; and to count is to read what one owns, which is everything here */
	for (const char *s = strstr(plan, scan); s != NULL; s = strstr(s + 1, scan))
		if (!str_starts(s, "Seq Scan on counter") &&
		    !str_starts(s, "Seq Scan on manifest") &&
		    !(which == COUNT_PLAN && str_starts(s, "Seq Scan on project p")))
			return false;
	for (size_t i = 0; i < N_OF(uses[which]) && uses[which][i] != NULL; i++)
		if (strstr(plan, uses[which][i]) == NULL)
			return false;
	return true;
}

static void
each_statement_uses_its_indexes(void **state)
{
	struct ctx *c = *state;
	int n_bad = 0;

	harness_sql(large_sql);
	assert_ok(c, db_script(c, "SET plan_cache_mode = force_generic_plan"));
	for (size_t which = 0; which < N_OF(uses); which++) {
		const char *plan = plan_of(c, which);

		if (!is_good(plan, which)) {
			fprintf(stderr, "%s:\n%s\n", explain_sql[which].name, plan);
			n_bad++;
		}
	}
	assert_int_equal(n_bad, 0);
}

static struct harness web = { "mirrorhub_web", tables, NULL, NULL };

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HARNESS(hidden_projects_are_on_the_page_of_those_who_may_read_them, web),
		WITH_HARNESS(each_order_gives_every_project_once_page_by_page, web),
		WITH_HARNESS(each_state_lists_the_mirrors_that_are_in_it, web),
		WITH_HARNESS(a_text_is_found_literally_in_paths_and_descriptions, web),
		WITH_HARNESS(a_text_within_a_state_is_in_both, web),
		WITH_HARNESS(the_last_twenty_runs_come_with_the_row, web),
		WITH_HARNESS(each_statement_uses_its_indexes, web),
	};

	harness_sql(small_sql);
	return cmocka_run_group_tests_name("front", tests, NULL, NULL);
}
