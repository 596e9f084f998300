/* What others are told: deliveries and hook tasks, as sync takes them. */
#include "base/conf.h"
#include "store/outbox.h"
#include "store/push_intent.h"
#include "store/webhook.h"
#include "tests/db/harness.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"

static const struct conf conf = { .base_url = "https://hub.example" };

/* Project 1 with webhook 1, project 2, and webhook 2 of all projects, switched off. */
static const char rows_sql[] =
    "INSERT INTO hub.account (uname) VALUES ('bob');"
    "INSERT INTO hub.store (node) VALUES (1), (1);"
    "INSERT INTO hub.project (path, owner_account_id, store_id)"
    " VALUES ('a/gr\xc3\xbc\xc3\x9f" "e b', 1, 1), ('two', 1, 2);"
    "INSERT INTO hub.webhook (id, project_id, url, account_id, active) VALUES"
    " (1, 1, 'https://host/x', 1, true), (2, NULL, 'https://host/all', 1, false)";

static const struct stage stage = { rows_sql, &conf, .has_web = true };

static void
push(struct ctx *c, int64_t project, const char *before, const char *after, bool with_hooks)
{
	const struct ref_change row = ref_change_of(c, "refs/heads/main", before, after);
	const struct push_told told = {
		.detail = "", .refs = &row, .n = 1, .with_hooks = with_hooks
	};
	/* each project has a store of its number */
	const struct push_intent intent = { .store_id = project,
		.project_id = project,
		.actor = "bob",
		.remote_addr = "",
		.refs = "" };
	int64_t id;
	bool is_new;

	assert_ok(c, push_intent_add(c, &intent, &id));
	assert_ok(c, push_intent_tell(c, id, &told, &is_new));
	assert_true(is_new);
}

static size_t
claim(struct ctx *c, struct outbox_delivery **rows)
{
	size_t n;

	assert_ok(c, outbox_claim(c, 8, 60, rows, &n));
	return n;
}

static void
a_webhooks_deliveries_go_one_by_one_and_in_order(void **state)
{
	struct programs *t = *state;
	struct outbox_delivery *first, *second, *none;

	push(t->web, 1, A, B, false);
	push(t->web, 1, B, A, false);
	push(t->web, 2, A, B, false); /* nobody listens there */
	assert_int_equal(claim(t->a, &first), 1);
	assert_non_null(strstr(first[0].payload, "\"after\": \"" B "\""));
	assert_non_null(strstr(first[0].payload,
	    "\"clone_url\": \"https://hub.example/a/gr%C3%BC%C3%9F" "e%20b.git\""));
	assert_int_equal(claim(t->b, &none), 0);
	assert_ok(t->a, outbox_finish(t->a, &first[0], 200, "", "thanks", 5));
	assert_int_equal(claim(t->b, &second), 1);
	assert_non_null(strstr(second[0].payload, "\"after\": \"" A "\""));
	assert_ok(t->b, outbox_finish(t->b, &second[0], 500, "", "", 5));
	assert_int_equal(claim(t->a, &none), 0); /* it waits a while */
}

static void
an_attempt_that_is_not_the_last_one_changes_nothing(void **state)
{
	struct programs *t = *state;
	struct outbox_delivery *first, *again;
	struct webhook w;

	push(t->web, 1, A, B, false);
	assert_int_equal(claim(t->a, &first), 1);
	harness_sql("UPDATE hub.webhook SET next_at = '-infinity'"); /* its lease ran out */
	assert_int_equal(claim(t->b, &again), 1);
	assert_string_equal(first[0].guid, again[0].guid);
	assert_string_equal(first[0].payload, again[0].payload);
	assert_int_equal(again[0].attempt, 2);
	assert_ok(t->a, outbox_finish(t->a, &first[0], 0, "too late", "", 5));
	assert_ok(t->web, webhook_by_id(t->web, 1, 1, &w));
	assert_int_equal(w.failures, 0);
	assert_ok(t->b, outbox_finish(t->b, &again[0], 204, "", "", 5));
	assert_ok(t->web, webhook_by_id(t->web, 1, 1, &w));
	assert_int_equal(w.last_status, 204);
	assert_int_equal(w.n_waiting, 0);
}

static void
who_is_locked_out_hears_nothing(void **state)
{
	struct programs *t = *state;
	struct outbox_delivery *none;
	struct webhook_delivery *rows;
	size_t n;

	push(t->web, 1, A, B, false);
	push(t->web, 1, B, A, false);
	harness_sql("UPDATE hub.account SET active = false");
	assert_int_equal(claim(t->a, &none), 0);
	assert_ok(t->web, webhook_deliveries(t->web, 1, 0, 10, &rows, &n));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].state, "refused");
	assert_string_equal(rows[1].state, "refused");
}

static void
a_webhook_that_is_off_gets_nothing_new(void **state)
{
	struct programs *t = *state;
	struct webhook_delivery *rows;
	size_t n;

	push(t->web, 1, A, B, false);
	assert_ok(t->web, webhook_deliveries(t->web, 2, 0, 10, &rows, &n));
	assert_int_equal(n, 0);
}

static void
what_was_sent_can_be_sent_again_under_another_number(void **state)
{
	struct programs *t = *state;
	struct outbox_delivery *first, *again;

	assert_code(t->web, webhook_redeliver(t->web, 1, 99), E_NOTFOUND);
	push(t->web, 1, A, B, false);
	assert_int_equal(claim(t->a, &first), 1);
	assert_ok(t->a, outbox_finish(t->a, &first[0], 200, "", "", 5));
	assert_code(t->web, webhook_redeliver(t->web, 2, first[0].id), E_NOTFOUND);
	assert_ok(t->web, webhook_redeliver(t->web, 1, first[0].id));
	assert_int_equal(claim(t->a, &again), 1);
	assert_string_equal(again[0].payload, first[0].payload);
	assert_string_not_equal(again[0].guid, first[0].guid);
}

static void
hooks_of_a_project_run_in_order_and_once(void **state)
{
	struct programs *t = *state;
	struct outbox_task one, two, none;

	push(t->web, 1, A, B, true);
	push(t->web, 1, B, A, true);
	push(t->web, 2, A, B, true);
	assert_ok(t->a, outbox_claim_task(t->a, 60, &one));
	assert_string_equal(one.refs, A " " B " refs/heads/main");
	assert_ok(t->b, outbox_claim_task(t->b, 60, &two)); /* not the first project's second */
	assert_int_equal(two.store_id, 2);
	assert_code(t->b, outbox_claim_task(t->b, 60, &none), E_NOTFOUND);
	assert_ok(t->a, outbox_note_call(t->a, &one, 1, 60));
	harness_sql("UPDATE hub.hook_task SET lease_until = '-infinity'");
	assert_ok(t->b, outbox_claim_task(t->b, 60, &two));
	assert_int_equal(two.id, one.id);
	assert_int_equal(two.done, 1);
	assert_code(t->a, outbox_note_call(t->a, &one, 2, 60), E_NOTFOUND);
	assert_ok(t->a, outbox_end_task(t->a, &one)); /* changes nothing */
	assert_ok(t->b, outbox_end_task(t->b, &two));
	assert_ok(t->a, outbox_claim_task(t->a, 60, &one));
	assert_string_equal(one.refs, B " " A " refs/heads/main");
}

static void
the_web_cannot_read_a_sealed_secret(void **state)
{
	static const struct db_stmt peek = { "peek", "SELECT FROM hub.webhook WHERE sealed_secret = ''",
		NULL, 0 };
	struct programs *t = *state;

	assert_code(t->web, db_check_stmt(t->web, &peek), E_INTERNAL);
}

#define TEST(name) WITH_STAGE(name, stage)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_webhooks_deliveries_go_one_by_one_and_in_order),
		TEST(an_attempt_that_is_not_the_last_one_changes_nothing),
		TEST(who_is_locked_out_hears_nothing),
		TEST(a_webhook_that_is_off_gets_nothing_new),
		TEST(what_was_sent_can_be_sent_again_under_another_number),
		TEST(hooks_of_a_project_run_in_order_and_once),
		TEST(the_web_cannot_read_a_sealed_secret),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
