/* Pushes that are written down before they happen, and what becomes of those whose program was
 * killed: hub.push_intent, hub.push_record, push_reconcile. */
#include <pthread.h>
#include <stdlib.h>

#include "base/conf.h"
#include "base/path.h"
#include "core/project.h"
#include "core/push.h"
#include "git/refs.h"
#include "git/store.h"
#include "store/push_intent.h"
#include "store/store.h"
#include "tests/db/harness.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define NONE "0000000000000000000000000000000000000000"
#define MAIN "refs/heads/main"

static char folder[] = "/tmp/mirrorhub-intent-XXXXXX";
static const struct conf conf = {
	.data_dir = folder, .base_url = "https://hub.example", .hub_post_fetch_hooks = "/bin/true"
};
static const struct account bob = { .id = 1, .uname = "bob", .role = "user", .scope = 3 };
static const struct actor actor = { .account = &bob, .remote_addr = "192.0.2.1" };
static const struct project two = { .id = 2, .path = "two", .store_id = 1 };

enum { EVENTS, TOLD };

static const struct db_stmt look_sql[] = {
	[EVENTS] = { "l_events",
	    "SELECT coalesce(string_agg(concat_ws('|', actor, action, object, detail, remote_addr, "
	    "result), E'\\n' ORDER BY id), '') AS text FROM hub.event",
	    text_row, sizeof(struct text) },
	[TOLD] = { "l_told",
	    "SELECT concat_ws(' ', s.generation, s.head, (SELECT count(*) FROM hub.delivery), "
	    "(SELECT count(*) FROM hub.hook_task), (SELECT count(*) FROM hub.job "
	    "WHERE kind = 'target'), (SELECT count(*) FROM hub.push_intent)) AS text "
	    "FROM hub.store s WHERE s.id = 1",
	    text_row, sizeof(struct text) },
	{ 0 }
};
static const struct db_stmt *const look_tables[] = { look_sql, NULL };

/* Projects 1 and 2 are names of the same store; 2 has a webhook and a target. */
static const char rows_sql[] =
    "INSERT INTO hub.account (uname) VALUES ('bob');"
    "INSERT INTO hub.store (node, head) VALUES (1, 'main');"
    "INSERT INTO hub.project (path, owner_account_id, store_id) VALUES ('one', 1, 1), ('two', 1, 1);"
    "INSERT INTO hub.webhook (project_id, url, account_id) VALUES (2, 'https://host/x', 1);"
    "INSERT INTO hub.target (project_id, url) VALUES (2, 'https://host/y.git')";

static void
make_store(struct programs *t)
{
	unit_remove_folder(folder);
	assert_ok(t->web, project_make_store(t->web, 1, "main"));
}

static const struct stage stage = { rows_sql, &conf, look_tables, .has_web = true, .open = make_store };

#define assert_look(t, which, want)                                                                \
	assert_string_equal(text_of((t)->eye, &look_sql[which]), (want))

/* What Git did: the ref is at that id. */
static void
put_ref(struct ctx *c, const char *name, const char *id)
{
	const char *line = arena_printf(c->mem, "%s\n", id);

	assert_ok(c,
	    path_write(
		c, path_under(c->mem, project_store_dir(c, 1), name), 0644, line, strlen(line)));
}

static int64_t
intend(struct ctx *c, const char *name, const char *before)
{
	const struct push_ref ref = { .name = name, .old_id = before };
	int64_t id;

	assert_ok(c, push_intend(c, &actor, &two, &ref, 1, &id));
	return id;
}

static bool
is_told(struct ctx *c)
{
	enum push_end end;

	assert_ok(c, push_reconcile(c, 1, &end));
	assert_int_not_equal(end, PUSH_UNKNOWN);
	return end == PUSH_TOLD;
}

/* ---- */

static void
a_push_is_told_of_by_whoever_wrote_it_down(void **state)
{
	struct programs *t = *state;
	int64_t id = intend(t->web, MAIN, NONE);
	const struct push_ref ref = { MAIN, NONE, A };
	const struct push push = { .refs = &ref, .n = 1, .head = MAIN };

	assert_look(t, TOLD, "0 main 0 0 0 1");
	assert_ok(t->web, db_begin(t->web, DB_WRITE));
	assert_ok(t->web, push_record(t->web, id, &two, &push));
	assert_ok(t->web, db_commit(t->web));
	assert_look(t, EVENTS, "bob|push|two|" MAIN " " NONE ".." A "|192.0.2.1|ok");
	assert_look(t, TOLD, "1 main 1 1 1 0");
	/* his commit may have come to nothing, for all he knows */
	assert_ok(t->web, push_record(t->web, id, &two, &push));
	assert_look(t, TOLD, "1 main 1 1 1 0");
	assert_false(is_told(t->a));
}

static void
a_push_that_changed_nothing_is_dropped(void **state)
{
	struct programs *t = *state;

	assert_ok(t->web, push_drop(t->web, intend(t->web, MAIN, NONE)));
	assert_look(t, TOLD, "0 main 0 0 0 0");
	intend(t->web, MAIN, NONE);
	assert_false(is_told(t->a));
	assert_look(t, TOLD, "0 main 0 0 0 0");
	assert_look(t, EVENTS, "");
}

static void
what_a_killed_push_changed_is_told_once(void **state)
{
	struct programs *t = *state;

	intend(t->web, MAIN, NONE);
	put_ref(t->web, MAIN, A);
	assert_true(is_told(t->a));
	assert_look(t, EVENTS, "bob|push|two|reconciled: " MAIN " " NONE ".." A "|192.0.2.1|ok");
	assert_look(t, TOLD, "1 main 1 1 1 0");
	assert_false(is_told(t->b));
	assert_look(t, TOLD, "1 main 1 1 1 0");
}

struct second {
	struct ctx *c;
	int64_t id;
	int code;
	bool is_new;
};

static void *
tell_too(void *second)
{
	struct second *s = second;
	const struct push_told told = { .detail = "second" };

	s->code = push_intent_tell(s->c, s->id, &told, &s->is_new);
	return NULL;
}

static void
of_two_at_once_one_tells(void **state)
{
	struct programs *t = *state;
	const struct push_told told = { .detail = "first" };
	struct second s = { .c = t->b, .id = intend(t->web, MAIN, A), .is_new = true };
	pthread_t thread;
	bool is_new;

	assert_ok(t->a, db_begin(t->a, DB_WRITE));
	assert_ok(t->a, push_intent_tell(t->a, s.id, &told, &is_new));
	assert_true(is_new);
	assert_int_equal(pthread_create(&thread, NULL, tell_too, &s), 0);
	assert_ok(t->a, db_commit(t->a));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_ok(t->b, s.code);
	assert_false(s.is_new);
	assert_look(t, EVENTS, "bob|push|two|first|192.0.2.1|ok");
}

static void
the_next_push_tells_of_the_one_before(void **state)
{
	struct programs *t = *state;
	int64_t first = intend(t->web, MAIN, A), second;

	put_ref(t->web, MAIN, B);
	second = intend(t->web, MAIN, B);
	assert_int_not_equal(first, second);
	assert_look(t, EVENTS, "bob|push|two|reconciled: " MAIN " " A ".." B "|192.0.2.1|ok");
	assert_look(t, TOLD, "1 main 1 1 1 1");
}

static void
a_name_that_is_no_text_is_found_again(void **state)
{
	struct programs *t = *state;

	intend(t->web, "refs/heads/gr\xfcn", NONE);
	put_ref(t->web, "refs/heads/gr\xfcn", A);
	assert_true(is_told(t->a));
	assert_look(t, EVENTS,
	    "bob|push|two|reconciled: refs/heads/gr\xef\xbf\xbdn " NONE ".." A "|192.0.2.1|ok");
}

static void
an_empty_repository_gets_the_head_that_the_push_would_have_given_it(void **state)
{
	struct programs *t = *state;
	const char *head;

	intend(t->web, "refs/heads/trunk", NONE);
	put_ref(t->web, "refs/heads/trunk", A);
	assert_true(is_told(t->a));
	assert_look(t, TOLD, "1 trunk 1 1 1 0");
	assert_ok(t->a, git_head_load(t->a, project_store_dir(t->a, 1), &head));
	assert_string_equal(head, "refs/heads/trunk");
}

static void
beyond_what_is_written_down_it_is_told_that_there_may_be_more(void **state)
{
	struct programs *t = *state;
	size_t n = PUSH_INTENT_REFS + 5;
	struct push_ref *refs = arena_new_array(t->web->mem, struct push_ref, n);
	int64_t id;

	for (size_t i = 0; i < n; i++)
		refs[i] =
		    (struct push_ref){ .name = arena_printf(t->web->mem, "refs/heads/b%zu", i),
			    .old_id = NONE };
	assert_ok(t->web, push_intend(t->web, &actor, &two, refs, n, &id));
	assert_true(is_told(t->a));
	assert_look(t,
	    EVENTS, "bob|push|two|reconciled, and 5 more refs may have changed|192.0.2.1|ok");
	assert_look(t, TOLD, "1 main 0 0 1 0");
}

static void
a_long_name_is_not_written_down_but_counted(void **state)
{
	struct programs *t = *state;
	char *name = arena_alloc(t->web->mem, PUSH_INTENT_BYTES + 1);

	memset(name, 'x', PUSH_INTENT_BYTES);
	name[PUSH_INTENT_BYTES] = '\0';
	intend(t->web, name, NONE);
	assert_true(is_told(t->a));
	assert_look(t,
	    EVENTS, "bob|push|two|reconciled, and 1 more refs may have changed|192.0.2.1|ok");
}

static void
an_intent_goes_with_its_project(void **state)
{
	struct programs *t = *state;
	struct push_intent_place *rows;
	size_t n;

	intend(t->web, MAIN, NONE);
	assert_ok(t->a, push_intent_list(t->a, 0, &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].store_id, 1);
	assert_ok(t->a, push_intent_list(t->a, rows[0].id, &rows, &n));
	assert_int_equal(n, 0);
	harness_sql("DELETE FROM hub.project WHERE id = 2");
	assert_look(t, TOLD, "0 main 0 0 0 0");
}

/* For an hour, as long as somebody may bring it back; then pushes are taken again. */
static void
a_store_that_cannot_be_read_keeps_its_push_for_an_hour(void **state)
{
	struct programs *t = *state;
	const struct push_ref ref = { .name = MAIN, .old_id = NONE };
	enum push_end end;
	int64_t id;

	intend(t->web, MAIN, NONE);
	unit_remove_folder(folder);
	assert_int_not_equal(push_reconcile(t->a, 1, &end), OK);
	assert_int_not_equal(push_intend(t->web, &actor, &two, &ref, 1, &id), OK);
	assert_look(t, TOLD, "0 main 0 0 0 1");
	harness_sql("UPDATE hub.push_intent SET at = now() - interval '61 minutes'");
	assert_ok(t->a, push_reconcile(t->a, 1, &end));
	assert_int_equal(end, PUSH_UNKNOWN);
	assert_look(t, EVENTS, "bob|push|two|the repository cannot be read: 1 refs may have changed|"
			    "192.0.2.1|ok");
	assert_look(t, TOLD, "1 main 0 0 1 0");
	assert_ok(t->web, push_intend(t->web, &actor, &two, &ref, 1, &id));
}

static int
arrange(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int
tidy(void **state)
{
	(void)state;
	unit_remove_folder(folder);
	return 0;
}

#define TEST(name) WITH_STAGE(name, stage)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_push_is_told_of_by_whoever_wrote_it_down),
		TEST(a_push_that_changed_nothing_is_dropped),
		TEST(what_a_killed_push_changed_is_told_once),
		TEST(of_two_at_once_one_tells),
		TEST(the_next_push_tells_of_the_one_before),
		TEST(a_name_that_is_no_text_is_found_again),
		TEST(an_empty_repository_gets_the_head_that_the_push_would_have_given_it),
		TEST(beyond_what_is_written_down_it_is_told_that_there_may_be_more),
		TEST(a_long_name_is_not_written_down_but_counted),
		TEST(an_intent_goes_with_its_project),
		TEST(a_store_that_cannot_be_read_keeps_its_push_for_an_hour),
	};

	return cmocka_run_group_tests_name("push_intent", tests, arrange, tidy);
}
