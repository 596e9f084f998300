/* Targets: when they are pushed to, what a push leaves behind, and whose it is. */
#include "base/conf.h"
#include "base/str.h"
#include "store/store.h"
#include "store/target.h"
#include "tests/db/queue.h"

#define LEASE_S 60
#define PERIOD_S 3600
#define ATTEMPTS 3
#define AUDIT_S 86400
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ZERO "0000000000000000000000000000000000000000"
#define PRINT "cc00000000000000000000000000000000000000000000000000000000000000"

static const struct conf conf = {
	.sync_lease_s = LEASE_S, .schedule_s = PERIOD_S, .sync_attempts = ATTEMPTS
};

/* Projects 1 and 2 are names of one store; 3 is a mirror. Targets 1 of 1, 2 of 2, 3 of 3, which its
 * provider has still to make, and 4 of 3, which is paused. */
static const char rows_sql[] =
    "INSERT INTO hub.account (uname) VALUES ('bob');"
    "INSERT INTO hub.store (node) VALUES (1), (1);"
    "INSERT INTO hub.project (path, owner_account_id, is_mirror, store_id) VALUES"
    " ('one', 1, false, 1), ('two', 1, false, 1), ('three', 1, true, 2);"
    "INSERT INTO hub.mirror (project_id, url) VALUES (3, 'https://up.example/3');"
    "INSERT INTO hub.target (project_id, url) VALUES (1, 'https://a.example/one.git'),"
    " (2, 'https://a.example/two.git');"
    "INSERT INTO hub.target (project_id, provider, provider_url, provider_namespace)"
    " VALUES (3, 'gitlab', 'https://lab.example/api/v4', 'g');"
    "INSERT INTO hub.target (project_id, url, active) VALUES (3, 'https://a.example/3.git', false);"
    "DELETE FROM hub.job";

enum { JOBS, REFS, LOOK, DUE, SOON, PLACE };

/* clang-format off */
static const struct db_stmt look_sql[] = {
	[JOBS] = { "l_jobs", "SELECT coalesce(string_agg(concat_ws(' ', j.target_id, j.state,"
	    " CASE WHEN j.again THEN 'again' END), ', ' ORDER BY j.target_id), '') AS text FROM hub.job j"
	    " WHERE j.kind = 'target'", text_row, sizeof(struct text) },
	[REFS] = { "l_refs", "SELECT coalesce(string_agg(r.shown || ' ' || coalesce(left(encode(r.oid, 'hex'), 1), '')"
	    " || coalesce('>' || left(encode(r.planned, 'hex'), 1), '') || CASE WHEN r.error = '' THEN '' ELSE"
	    " '!' || r.error END, ', ' ORDER BY r.name), '') AS text FROM hub.target_ref r WHERE r.target_id = $1",
	    text_row, sizeof(struct text) },
	[LOOK] = { "l_look", "SELECT concat_ws(' ', CASE WHEN t.last_fingerprint IS NULL THEN 'in part' ELSE 'whole' END,"
	    " CASE WHEN t.pushed_at IS NOT NULL THEN 'pushed' END, CASE WHEN t.audited_at IS NOT NULL THEN 'seen' END,"
	    " t.failures || '/' || t.partials || '/' || t.n_conflicts || '/' || t.n_refused, t.conflicts::text,"
	    " nullif(t.error_class, ''), CASE WHEN t.overwrites_once THEN 'once' END,"
	    " CASE WHEN t.is_asked THEN 'asked' END) AS text FROM hub.target t WHERE t.id = $1",
	    text_row, sizeof(struct text) },
	[DUE] = { "l_due", "SELECT hub.targets_due($1)", NULL, 0 },
	[SOON] = { "l_soon", "SELECT round(extract(epoch FROM j.run_at - now()))::bigint AS n FROM hub.job j"
	    " WHERE j.target_id = $1", number_row, sizeof(struct number) },
	[PLACE] = { "l_place", "SELECT hub.target_place($1) AS text", text_row, sizeof(struct text) },
	{ 0 },
};
/* clang-format on */

static const struct db_stmt *const look_tables[] = { look_sql, NULL };
static const struct stage stage = { rows_sql, &conf, look_tables, .has_web = true };

#define assert_look(t, which, want, ...)                                                           \
	assert_string_equal(text_of((t)->eye, &look_sql[which], ##__VA_ARGS__), (want))

static void
change(struct programs *t, int64_t project)
{
	assert_ok(t->eye, db_do(t->eye, &look_sql[DUE], NULL, db_int(project)));
}

/* The push of a target is under way. */
static struct job
push_of(struct programs *t, int64_t target)
{
	struct job j;

	assert_ok(t->web, target_push(t->web, target, false));
	j = queue_claim_one(t->a);
	assert_string_equal(j.kind, "target");
	assert_int_equal(j.target_id, target);
	return j;
}

static bool
note(struct ctx *c, const struct job *j, const char *op, const char *name, const char *oid,
    const char *error)
{
	const char *notes = arena_printf(c->mem,
	    "[{\"op\":\"%s\",\"name\":\"%s\",\"shown\":\"%s\",\"oid\":\"%s\",\"error\":\"%s\"}]", op,
	    str_base64(c->mem, name, strlen(name)), name, oid, error);
	bool is_ours;

	assert_ok(c, target_note(c, j->id, j->fence, notes, &is_ours));
	return is_ours;
}

/* How a push went; NULL: it saw nothing of what is there. */
static struct job_result
ended(const struct job *j, const char *facts, int64_t delay_s)
{
	struct job_result r = queue_good(j);

	r.facts = facts;
	r.delay_s = delay_s;
	return r;
}

#define FACTS(fingerprint, n_pushed, n_conflicts, conflicts, overwrote, was_asked)                 \
	"{\"is_read\":true,\"fingerprint\":\"" fingerprint "\",\"n_pushed\":" n_pushed             \
	",\"n_deleted\":0,\"n_conflicts\":" n_conflicts ",\"n_refused\":0,\"overwrote\":" overwrote \
	",\"was_asked\":" was_asked ",\"conflicts\":" conflicts "}"
#define WHOLE FACTS(PRINT, "3", "0", "[]", "false", "false")
#define NOTHING_NEW FACTS(PRINT, "0", "0", "[]", "false", "false")
#define IN_PART FACTS("", "1", "2", "[{\"ref\": \"x\"}]", "false", "false")

/* ---- when */

static void
a_change_goes_to_all_targets_of_the_store_and_to_no_other(void **state)
{
	struct programs *t = *state;

	change(t, 1);
	assert_look(t, JOBS, "1 queued, 2 queued");
}

static void
a_paused_target_is_not_pushed_to(void **state)
{
	struct programs *t = *state;

	change(t, 3);
	assert_look(t, JOBS, "3 queued");
	assert_ok(t->web, target_push(t->web, 4, false));
	assert_look(t, JOBS, "3 queued");
}

static void
a_target_has_one_job_and_what_comes_meanwhile_is_one_more(void **state)
{
	struct programs *t = *state;
	struct job j, *none;
	struct job_result r;

	change(t, 1);
	harness_sql("DELETE FROM hub.job WHERE target_id = 2");
	change(t, 3);
	harness_sql("DELETE FROM hub.job WHERE target_id = 3");
	for (int i = 0; i < 3; i++)
		assert_ok(t->web, target_push(t->web, 1, false));
	assert_look(t, JOBS, "1 queued");
	j = queue_claim_one(t->a);
	for (int i = 0; i < 3; i++)
		assert_ok(t->web, target_push(t->web, 1, false));
	assert_look(t, JOBS, "1 running again");
	assert_int_equal(queue_claim(t->b, 2, &none), 0);
	r = ended(&j, WHOLE, 0);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, JOBS, "1 queued");
	j = queue_claim_one(t->b);
	r = ended(&j, WHOLE, 0);
	assert_int_equal(queue_finish(t->b, &r), 1);
	assert_look(t, JOBS, "");
}

static void
a_sync_that_changed_something_is_pushed_on(void **state)
{
	static const struct {
		bool is_changed, is_held;
		const char *error_class, *jobs;
	} rows[] = { { false, false, "", "" }, { true, true, "", "" }, { true, false, "network", "" },
		{ true, false, "", "3 queued" } };
	struct programs *t = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct job_result r;
		struct job j;

		harness_sql("DELETE FROM hub.job; INSERT INTO hub.job (kind, project_id) VALUES ('sync', 3)");
		j = queue_claim_one(t->a);
		r = queue_good(&j);
		r.is_changed = rows[i].is_changed;
		r.is_held = rows[i].is_held;
		r.error_class = rows[i].error_class;
		r.delay_s = 60;
		assert_int_equal(queue_finish(t->a, &r), 1);
		assert_look(t, JOBS, rows[i].jobs);
	}
}

/* ---- what a push needs */

static void
a_claim_names_the_target_and_its_facts_are_read_apart(void **state)
{
	struct programs *t = *state;
	struct target_facts f;
	struct job j;

	harness_sql("UPDATE hub.target SET sealed_credentials = '1:x', ref_include = 'main' WHERE id = 1");
	j = push_of(t, 1);
	assert_int_equal(j.project_id, 0);
	assert_ok(t->a, target_facts_of(t->a, 1, AUDIT_S, &f));
	assert_string_equal(f.path, "one");
	assert_int_equal(f.store_id, 1);
	assert_string_equal(f.url, "https://a.example/one.git");
	assert_string_equal(f.sealed_credentials, "1:x");
	assert_null(f.sealed_token);
	assert_string_equal(f.ref_include, "main");
	assert_string_equal(f.last_fingerprint, "");
	assert_string_equal(f.upstream, "");
	assert_true(f.is_cloned && f.is_asked && f.is_audit);
	/* a mirror whose first sync is still to come has nothing to push */
	assert_ok(t->a, target_facts_of(t->a, 3, AUDIT_S, &f));
	assert_false(f.is_cloned);
	assert_string_equal(f.url, "");
	assert_string_equal(f.upstream, "https://up.example/3");
	assert_code(t->a, target_facts_of(t->a, 4, AUDIT_S, &f), E_NOTFOUND);
	assert_code(t->a, target_facts_of(t->a, 99, AUDIT_S, &f), E_NOTFOUND);
}

static void
it_is_audited_when_nobody_has_looked_for_long(void **state)
{
	struct programs *t = *state;
	struct target_facts f;

	harness_sql("UPDATE hub.target SET audited_at = now() - interval '59 min'");
	assert_ok(t->a, target_facts_of(t->a, 1, 3600, &f));
	assert_false(f.is_audit);
	harness_sql("UPDATE hub.target SET audited_at = now() - interval '61 min'");
	assert_ok(t->a, target_facts_of(t->a, 1, 3600, &f));
	assert_true(f.is_audit);
}

/* ---- whose refs they are */

static void
each_ref_is_noted_before_and_behind_its_push(void **state)
{
	static const struct {
		const char *op, *name, *oid, *error, *refs;
	} rows[] = {
		{ "plan", "refs/heads/x", A, "", "refs/heads/x >a" },
		{ "put", "refs/heads/x", A, "", "refs/heads/x a" },
		{ "put", "refs/heads/x", A, "", "refs/heads/x a" }, /* safe to repeat */
		/* killed between these two: both ids are ours */
		{ "plan", "refs/heads/x", B, "", "refs/heads/x a>b" },
		{ "refused", "refs/heads/x", B, "no", "refs/heads/x a!no" },
		{ "plan", "refs/heads/x", B, "", "refs/heads/x a>b" },
		{ "kept", "refs/heads/x", B, "", "refs/heads/x a" },
		{ "plan", "refs/heads/x", ZERO, "", "refs/heads/x a>0" },
		{ "gone", "refs/heads/x", ZERO, "", "" },
		{ "gone", "refs/heads/x", ZERO, "", "" },
		/* a refusal of what never came there is told, and forgotten when it is over */
		{ "refused", "refs/heads/y", A, "no", "refs/heads/y !no" },
		{ "kept", "refs/heads/y", A, "", "" },
		{ "kept", "refs/heads/z", A, "", "" },
	};
	struct programs *t = *state;
	struct job j = push_of(t, 1);

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_true(
		    note(t->a, &j, rows[i].op, rows[i].name, rows[i].oid, rows[i].error));
		if (strcmp(text_of(t->eye, &look_sql[REFS], db_int(1)), rows[i].refs) != 0)
			unit_fail("row %zu: %s", i, text_of(t->eye, &look_sql[REFS], db_int(1)));
	}
}

static void
a_push_notes_refs_of_its_own_target_alone(void **state)
{
	struct programs *t = *state;
	struct job one = push_of(t, 1), two = push_of(t, 2);

	assert_true(note(t->a, &one, "put", "refs/heads/x", A, ""));
	assert_true(note(t->a, &two, "put", "refs/heads/x", B, ""));
	assert_true(note(t->a, &two, "gone", "refs/heads/x", ZERO, ""));
	assert_look(t, REFS, "refs/heads/x a", db_int(1));
	assert_look(t, REFS, "", db_int(2));
}

static void
refs_are_given_by_name_in_pages(void **state)
{
	static const char *const names[] = { "refs/heads/Z", "refs/heads/a", "refs/heads/gr\xc3\xbcn",
		"refs/tags/v1" };
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct target_ref *rows;
	size_t n;

	for (size_t i = N_OF(names); i-- > 0;)
		assert_true(note(t->a, &j, "put", names[i], A, ""));
	assert_ok(t->a, target_refs_after(t->a, 1, "", 3, &rows, &n));
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(
		    rows[i].name, str_base64(t->a->mem, names[i], strlen(names[i])));
	assert_string_equal(rows[0].oid, A);
	assert_string_equal(rows[0].planned, "");
	assert_ok(t->a, target_refs_after(t->a, 1, rows[2].name, 3, &rows, &n));
	assert_int_equal(n, 1);
	assert_ok(t->a, target_refs_after(t->a, 1, rows[0].name, 3, &rows, &n));
	assert_int_equal(n, 0);
}

/* ---- fences */

static void
who_was_fenced_out_notes_nothing(void **state)
{
	struct programs *t = *state;
	struct job first = push_of(t, 1), second;
	struct job_result late = ended(&first, WHOLE, 0);
	bool is_ours;

	queue_let_leases_run_out();
	assert_int_equal(queue_reap(t->b), 1);
	assert_look(t, LOOK, "in part 1/0/0/0 [] local asked", db_int(1));
	assert_false(note(t->a, &first, "put", "refs/heads/x", A, ""));
	second = queue_claim_one(t->b);
	assert_int_equal(second.id, first.id);
	assert_false(note(t->a, &first, "put", "refs/heads/x", A, ""));
	assert_ok(t->a, target_made(t->a, first.id, first.fence, "https://evil/x", "1", "", &is_ours));
	assert_false(is_ours);
	assert_int_equal(queue_finish(t->a, &late), 0);
	assert_look(t, REFS, "", db_int(1));
	assert_look(t, JOBS, "1 running");
	assert_true(note(t->b, &second, "put", "refs/heads/x", B, ""));
}

static void
a_target_deleted_in_the_middle_ends_its_push(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct job_result r = ended(&j, WHOLE, 0);

	assert_true(note(t->a, &j, "plan", "refs/heads/x", A, ""));
	assert_code(t->web, target_delete(t->web, 2, 1), E_NOTFOUND); /* another project's */
	assert_ok(t->web, target_delete(t->web, 1, 1));
	assert_false(note(t->a, &j, "put", "refs/heads/x", A, ""));
	assert_int_equal(queue_renew(t->a, &j, "publishing", 0), 0);
	assert_int_equal(queue_finish(t->a, &r), 0);
	assert_look(t, REFS, "", db_int(1));
	assert_look(t, JOBS, "");
}

static void
targets_go_with_their_project(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);

	change(t, 1);
	harness_sql("DELETE FROM hub.project WHERE id = 1");
	assert_false(note(t->a, &j, "put", "refs/heads/x", A, ""));
	assert_look(t, JOBS, "2 queued");
}

static struct target_change
lead_to(const char *url)
{
	return (struct target_change){ .url = url,
		.provider = "none",
		.provider_namespace = "",
		.ref_include = "",
		.ref_exclude = "",
		.active = true };
}

/* Else what it put at the old place would be ours to delete at the new one. */
static void
a_target_that_leads_elsewhere_ends_its_push(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct job_result r = ended(&j, WHOLE, 0);
	struct target_change to = lead_to("https://b.example/x.git");

	assert_ok(t->web, target_update(t->web, 1, 1, &to));
	assert_ok(t->web, target_push(t->web, 1, false));
	assert_false(note(t->a, &j, "put", "refs/heads/x", A, ""));
	assert_int_equal(queue_renew(t->a, &j, "publishing", 0), 0);
	assert_int_equal(queue_finish(t->a, &r), 0);
	assert_look(t, REFS, "", db_int(1));
	assert_look(t, LOOK, "in part 0/0/0/0 [] asked", db_int(1));
	j = queue_claim_one(t->b);
	assert_true(note(t->b, &j, "put", "refs/heads/x", B, ""));
}

static void
a_provider_s_project_is_not_made_for_who_leads_elsewhere_now(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 3);
	struct target_change to = lead_to(NULL);
	struct target look;
	bool is_ours;

	to.provider = "gitlab";
	to.provider_url = "https://lab.example/api/v4";
	to.provider_namespace = "other";
	assert_ok(t->web, target_update(t->web, 3, 3, &to));
	assert_ok(t->a,
	    target_made(t->a, j.id, j.fence, "https://lab.example/g/three.git", "7", "", &is_ours));
	assert_false(is_ours);
	assert_ok(t->web, target_by_id(t->web, 3, 3, &look));
	assert_null(look.url);
	assert_null(look.provider_project_id);
}

static void
what_a_push_itself_makes_and_other_settings_do_not_end_it(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 3);
	struct target_change to = lead_to(NULL);
	struct target look;
	bool is_ours;

	assert_ok(t->a,
	    target_made(t->a, j.id, j.fence, "https://lab.example/g/three.git", "7", "", &is_ours));
	assert_true(is_ours);
	assert_ok(t->a,
	    target_made(t->a, j.id, j.fence, "https://lab.example/g/renamed.git", "7", "", &is_ours));
	assert_true(is_ours);
	assert_true(note(t->a, &j, "put", "refs/heads/x", A, ""));
	to.provider = "gitlab";
	to.provider_url = "https://lab.example/api/v4";
	to.provider_namespace = "g";
	to.ref_include = "main";
	assert_ok(t->web, target_update(t->web, 3, 3, &to));
	assert_true(note(t->a, &j, "put", "refs/heads/y", A, ""));
	assert_ok(t->web, target_by_id(t->web, 3, 3, &look));
	assert_string_equal(look.url, "https://lab.example/g/renamed.git");
	assert_string_equal(look.provider_project_id, "7");
	/* at a place that is somebody's already */
	assert_code(t->a,
	    target_made(t->a, j.id, j.fence, "https://a.example/one.git", "7", "", &is_ours),
	    E_CONFLICT);
}

/* ---- how it went */

static void
a_push_that_brought_all_there_is_whole(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct job_result r = ended(&j, NOTHING_NEW, 900);

	harness_sql("UPDATE hub.target SET failures = 2, error_class = 'auth', partials = 4, n_conflicts = 9,"
		    " conflicts = '[1]'");
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, LOOK, "whole seen 0/0/0/0 [] asked", db_int(1));
	assert_look(t, JOBS, "1 scheduled");
	assert_in_range(number_of(t->eye, &look_sql[SOON], db_int(1)), 840, 900);
	j = push_of(t, 1);
	r = ended(&j, WHOLE, 900);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, LOOK, "whole pushed seen 0/0/0/0 [] asked", db_int(1));
	assert_look(t, LOOK, "in part 2/4/9/0 [1] auth", db_int(2));
}

static void
a_push_that_left_something_is_counted_until_one_is_whole(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct job_result r = ended(&j, WHOLE, 900);
	struct target_facts f;

	assert_int_equal(queue_finish(t->a, &r), 1);
	for (int i = 1; i < 3; i++) {
		j = push_of(t, 1);
		r = ended(&j, IN_PART, 60);
		assert_int_equal(queue_finish(t->a, &r), 1);
		assert_ok(t->a, target_facts_of(t->a, 1, AUDIT_S, &f));
		assert_int_equal(f.partials, i);
	}
	assert_look(t, LOOK, "in part pushed seen 0/2/2/0 [{\"ref\": \"x\"}] asked", db_int(1));
	j = push_of(t, 1);
	r = ended(&j, WHOLE, 900);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, LOOK, "whole pushed seen 0/0/0/0 [] asked", db_int(1));
}

static void
a_push_that_saw_nothing_says_nothing_of_what_is_there(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct job_result r = ended(&j, IN_PART, 60);

	assert_int_equal(queue_finish(t->a, &r), 1);
	j = push_of(t, 1);
	r = queue_bad(&j, 40);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, LOOK, "in part pushed seen 1/1/2/0 [{\"ref\": \"x\"}] network asked", db_int(1));
	j = push_of(t, 1);
	r = ended(&j, NULL, 0); /* it was paused meanwhile: nobody has gone there */
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, LOOK, "in part pushed seen 1/1/2/0 [{\"ref\": \"x\"}] network asked", db_int(1));
	assert_look(t, JOBS, "");
}

static void
a_failure_is_tried_again_later_and_at_last_at_the_regular_time(void **state)
{
	struct programs *t = *state;
	struct job_result r;
	struct job j = push_of(t, 1);

	for (int i = 1; i <= ATTEMPTS; i++) {
		r = queue_bad(&j, 40);
		assert_int_equal(queue_finish(t->a, &r), 1);
		if (i == ATTEMPTS)
			break;
		assert_look(t, JOBS, "1 retry");
		assert_in_range(number_of(t->eye, &look_sql[SOON], db_int(1)), 1, 40);
		queue_make_due();
		j = queue_claim_one(t->a);
		assert_int_equal(j.attempts, i);
	}
	assert_look(t, JOBS, "1 dead");
	assert_in_range(number_of(t->eye, &look_sql[SOON], db_int(1)), PERIOD_S - 60, PERIOD_S);
	assert_look(t, LOOK, "in part 3/0/0/0 [] network asked", db_int(1));
	/* a change does not wait for that */
	change(t, 1);
	harness_sql("DELETE FROM hub.job WHERE target_id = 2");
	assert_look(t, JOBS, "1 queued");
	assert_int_equal(queue_claim_one(t->a).target_id, 1);
}

static void
what_is_asked_for_during_a_push_is_not_forgotten_by_it(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct job_result r = ended(&j, WHOLE, 900);

	assert_ok(t->web, target_push(t->web, 1, true));
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, LOOK, "whole pushed seen 0/0/0/0 [] once asked", db_int(1));
	j = queue_claim_one(t->a);
	/* one that failed has overwritten nothing */
	r = queue_bad(&j, 1);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, LOOK, "in part pushed seen 1/0/0/0 [] network once asked", db_int(1));
	queue_make_due();
	j = queue_claim_one(t->a);
	r = ended(&j, FACTS(PRINT, "1", "0", "[]", "true", "true"), 900);
	assert_int_equal(queue_finish(t->a, &r), 1);
	assert_look(t, LOOK, "whole pushed seen 0/0/0/0 []", db_int(1));
}

/* ---- places */

static void
one_place_has_one_name(void **state)
{
	static const char *const same[] = { "https://a.example/one.git", "https://a.example/one",
		"http://a.example/one.git", "https://A.Example/ONE.git/", "https://a.example:443/one",
		"ssh://git@a.example/one.git", "ssh://git@a.example:22/one.git",
		"git@a.example:one.git", "git@a.example:/one.git", "a.example:one" };
	static const char *const others[] = { "https://a.example/one.git.x", "https://a.example/one/x",
		"https://a.example:8443/one", "https://b.example/one", "https://a.example/xone" };
	struct programs *t = *state;

	for (size_t i = 0; i < N_OF(same); i++) {
		struct target_change c = lead_to(same[i]);

		assert_string_equal(
		    text_of(t->eye, &look_sql[PLACE], db_text(same[i])), "a.example/one");
		assert_code(t->web, target_update(t->web, 2, 2, &c), E_CONFLICT);
		assert_string_equal(db_constraint(t->web->db), "target_place_key");
	}
	for (size_t i = 0; i < N_OF(others); i++) {
		struct target_change c = lead_to(others[i]);

		assert_ok(t->web, target_update(t->web, 2, 2, &c));
	}
}

static void
another_place_forgets_what_was_ours_and_the_secrets(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct job_result r = ended(&j, WHOLE, 0);
	struct target_change to = lead_to("ssh://git@a.example/one.git");
	struct target look;

	assert_true(note(t->a, &j, "put", "refs/heads/x", A, ""));
	assert_int_equal(queue_finish(t->a, &r), 1);
	/* the same place, told otherwise: what is there is still ours, but not these secrets */
	assert_ok(t->web, target_set_credentials(t->web, 1, "1:x"));
	assert_ok(t->web, target_set_token(t->web, 1, "1:y"));
	assert_ok(t->web, target_update(t->web, 1, 1, &to));
	assert_ok(t->web, target_by_id(t->web, 1, 1, &look));
	assert_false(look.has_credentials);
	assert_true(look.has_token);
	assert_false(look.is_complete); /* all of it is looked at again */
	assert_look(t, REFS, "refs/heads/x a", db_int(1));
	to = lead_to("https://b.example/one.git");
	assert_ok(t->web, target_update(t->web, 1, 1, &to));
	assert_look(t, REFS, "", db_int(1));
	assert_look(t, LOOK, "in part 0/0/0/0 [] asked", db_int(1));
	to.provider = "gitea";
	to.provider_url = "https://b.example/api/v1";
	assert_ok(t->web, target_update(t->web, 1, 1, &to));
	assert_ok(t->web, target_by_id(t->web, 1, 1, &look));
	assert_false(look.has_token);
	assert_code(t->web, target_update(t->web, 1, 2, &to), E_NOTFOUND); /* another project's */
}

static void
refusals_are_told_by_name(void **state)
{
	struct programs *t = *state;
	struct job j = push_of(t, 1);
	struct target_refusal *rows;
	size_t n;

	assert_true(note(t->a, &j, "refused", "refs/heads/b", A, "no b"));
	assert_true(note(t->a, &j, "refused", "refs/heads/a", A, "no a"));
	assert_true(note(t->a, &j, "put", "refs/heads/c", A, ""));
	assert_ok(t->web, target_refusals(t->web, 1, 10, &rows, &n));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].name, "refs/heads/a");
	assert_string_equal(rows[1].error, "no b");
	assert_ok(t->web, target_refusals(t->web, 1, 1, &rows, &n));
	assert_int_equal(n, 1);
}

static void
the_web_cannot_read_sealed_secrets_nor_write_what_a_push_tells(void **state)
{
	static const struct db_stmt tries[] = {
		{ "peek_1", "SELECT FROM hub.target WHERE sealed_credentials = ''", NULL, 0 },
		{ "peek_2", "SELECT FROM hub.target WHERE sealed_token = ''", NULL, 0 },
		{ "poke_1", "DELETE FROM hub.target_ref", NULL, 0 },
		{ "poke_2", "SELECT hub.target_note(1, 1, '[]')", NULL, 0 },
		{ "poke_3", "UPDATE hub.target SET overwrites_once = true", NULL, 0 },
	};
	struct programs *t = *state;

	for (size_t i = 0; i < N_OF(tries); i++)
		if (db_check_stmt(t->web, &tries[i]) != E_INTERNAL)
			unit_fail("%s", tries[i].sql);
}

#define STAGED(test) WITH_STAGE(test, stage)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(a_change_goes_to_all_targets_of_the_store_and_to_no_other),
		STAGED(a_paused_target_is_not_pushed_to),
		STAGED(a_target_has_one_job_and_what_comes_meanwhile_is_one_more),
		STAGED(a_sync_that_changed_something_is_pushed_on),
		STAGED(a_claim_names_the_target_and_its_facts_are_read_apart),
		STAGED(it_is_audited_when_nobody_has_looked_for_long),
		STAGED(each_ref_is_noted_before_and_behind_its_push),
		STAGED(a_push_notes_refs_of_its_own_target_alone),
		STAGED(refs_are_given_by_name_in_pages),
		STAGED(who_was_fenced_out_notes_nothing),
		STAGED(a_target_deleted_in_the_middle_ends_its_push),
		STAGED(targets_go_with_their_project),
		STAGED(a_target_that_leads_elsewhere_ends_its_push),
		STAGED(a_provider_s_project_is_not_made_for_who_leads_elsewhere_now),
		STAGED(what_a_push_itself_makes_and_other_settings_do_not_end_it),
		STAGED(a_push_that_brought_all_there_is_whole),
		STAGED(a_push_that_left_something_is_counted_until_one_is_whole),
		STAGED(a_push_that_saw_nothing_says_nothing_of_what_is_there),
		STAGED(a_failure_is_tried_again_later_and_at_last_at_the_regular_time),
		STAGED(what_is_asked_for_during_a_push_is_not_forgotten_by_it),
		STAGED(one_place_has_one_name),
		STAGED(another_place_forgets_what_was_ours_and_the_secrets),
		STAGED(refusals_are_told_by_name),
		STAGED(the_web_cannot_read_sealed_secrets_nor_write_what_a_push_tells),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
