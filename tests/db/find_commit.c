/* A commit looked for by its id alone, in all projects that the asker may read. As the web's role.
 */
#include "base/conf.h"
#include "base/str.h"
#include "core/find_commit.h"
#include "core/project.h"
#include "git/init.h"
#include "store/store.h"
#include "tests/db/harness.h"
#include "tests/unit/repo.h"

static char folder[] = "/tmp/mirrorhub-find-XXXXXX";
static struct conf conf = { .base_url = "http://hub.test",
	.data_dir = folder,
	.sync_refs = 100,
	.sync_objects = 1000,
	.sync_object_bytes = 1000000 };

/* c/hidden is bob's alone; b/late and a/first are open; d/absent has no store on disk; e/uncloned
 * is a mirror without a first success */
static const char rows_sql[] =
    "INSERT INTO hub.account (uname, role) VALUES ('bob', 'user'), ('carol', 'user'),"
    " ('root', 'admin');"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 5);"
    "INSERT INTO hub.project (path, owner_account_id, default_access, store_id) VALUES"
    " ('b/late', 1, 1, 1), ('a/first', 1, 1, 2), ('c/hidden', 1, 0, 3), ('d/absent', 1, 1, 4);"
    "INSERT INTO hub.project (path, owner_account_id, default_access, store_id, is_mirror) VALUES"
    " ('e/uncloned', 1, 1, 5, true);"
    "INSERT INTO hub.mirror (project_id, url) SELECT id, 'https://x.test/e.git'"
    " FROM hub.project WHERE path = 'e/uncloned';";

static const struct account nobody = { .id = 0, .scope = 3 };
static const struct account bob = { .id = 1, .uname = "bob", .role = "user", .scope = 3 };
static const struct account carol = { .id = 2, .uname = "carol", .role = "user", .scope = 3 };
static const struct account root = { .id = 3, .uname = "root", .role = "admin", .is_admin = true };

/* The commit of that text in that store, which is made if missing. */
static const char *
commit(struct ctx *c, int64_t store_id, const char *text)
{
	const char *dir = project_store_dir(c, store_id);

	if (!path_is_dir(dir)) {
		assert_ok(c, project_make_store_folder(c, store_id));
		assert_ok(c, project_make_store(c, store_id, "main"));
	}
	return repo_commit(c, dir, "main", text);
}

static void
the_first_project_by_path_that_has_it_is_told(void **state)
{
	struct ctx *c = *state;
	const char *common = commit(c, 1, "common"), *late = commit(c, 1, "late");
	struct found_commit found;

	assert_string_equal(commit(c, 2, "common"), common);
	assert_ok(c, find_commit(c, &nobody, common, &found));
	assert_string_equal(found.path, "a/first");
	assert_int_equal(found.store_id, 2);
	assert_string_equal(found.id, common);
	assert_ok(c, find_commit(c, &nobody, arena_strndup(c->mem, late, 10), &found));
	assert_string_equal(found.path, "b/late");
	assert_int_equal(found.project_id, 1);
	assert_string_equal(found.id, late);
}

/* By what is told, and by how many statements it takes. */
static void
what_is_hidden_is_as_what_is_nowhere(void **state)
{
	struct ctx *c = *state;
	const char *hidden = commit(c, 3, "hidden");
	const struct account *const strangers[] = { &nobody, &carol };
	struct found_commit found;
	int64_t before, one;
	const char *reason;

	for (size_t i = 0; i < N_OF(strangers); i++) {
		before = db_statements(c->db);
		assert_code(c, find_commit(c, strangers[i], hidden, &found), E_NOTFOUND);
		reason = c->reason;
		one = db_statements(c->db) - before;
		before = db_statements(c->db);
		assert_code(c,
		    find_commit(
			c, strangers[i], "1111111111111111111111111111111111111111", &found),
		    E_NOTFOUND);
		assert_string_equal(c->reason, reason);
		assert_int_equal(db_statements(c->db) - before, one);
	}
	assert_ok(c, find_commit(c, &bob, hidden, &found));
	assert_string_equal(found.path, "c/hidden");
	assert_ok(c, find_commit(c, &root, hidden, &found));
}

/* Its folder holds what a backup that was restored has given the same number (docs/admin.md). */
static void
a_mirror_that_was_never_fetched_is_passed_by(void **state)
{
	struct ctx *c = *state;
	const char *id = commit(c, 5, "of another");
	struct found_commit found;

	assert_code(c, find_commit(c, &root, id, &found), E_NOTFOUND);
}

static void
a_name_finds_nothing(void **state)
{
	struct ctx *c = *state;
	static const char *const names[] = { "main", "HEAD", "abc", "", "--all", "master~1",
		"0123456789012345678901234567890123456789f" };
	struct found_commit found;

	for (size_t i = 0; i < N_OF(names); i++)
		assert_code(c, find_commit(c, &bob, names[i], &found), E_NOTFOUND);
}

/* More of them than come in one piece, in the last of which it is. */
static void
all_of_many_projects_are_looked_through(void **state)
{
	struct ctx *c = *state;
	const char *last = commit(c, 9999, "last");
	struct found_commit found;

	harness_sql("INSERT INTO hub.store (id, size_bytes) OVERRIDING SYSTEM VALUE"
		    " SELECT i, 0 FROM generate_series(5000, 7500) i UNION SELECT 9999, 0;"
		    "INSERT INTO hub.project (path, owner_account_id, default_access, store_id)"
		    " SELECT 'm/p' || i, 1, 1, i FROM generate_series(5000, 7500) i"
		    " UNION SELECT 'z/last', 1, 1, 9999;");
	assert_ok(c, find_commit(c, &nobody, last, &found));
	assert_string_equal(found.path, "z/last");
	assert_code(
	    c, find_commit(c, &nobody, "1111111111111111111111111111111111111111", &found),
	    E_NOTFOUND);
}

static int
arrange(void **state)
{
	(void)state;
	harness_sql(rows_sql);
	return mkdtemp(folder) == NULL;
}

static int
tidy(void **state)
{
	(void)state;
	unit_remove_folder(folder);
	return 0;
}

static struct harness web = { "mirrorhub_web", store_web_tables, &conf, NULL };

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HARNESS(the_first_project_by_path_that_has_it_is_told, web),
		WITH_HARNESS(what_is_hidden_is_as_what_is_nowhere, web),
		WITH_HARNESS(a_mirror_that_was_never_fetched_is_passed_by, web),
		WITH_HARNESS(a_name_finds_nothing, web),
		WITH_HARNESS(all_of_many_projects_are_looked_through, web),
	};

	return cmocka_run_group_tests_name("find_commit", tests, arrange, tidy);
}
