/* Folders and user groups: a path is taken once, also by two who come at the same time; who may
 * make something where; what moves along; what an inactive team gives. As the web's role. */
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "core/folder.h"
#include "core/user_group.h"
#include "store/account.h"
#include "store/project.h"
#include "store/store.h"
#include "tests/db/harness.h"

enum { ROOT = 1, BOB, CAROL, DAVE, LATE };

static const struct account root = { .id = ROOT, .uname = "chief", .is_admin = true, .scope = 3 },
			    bob = { .id = BOB, .uname = "bob", .scope = 3 },
			    carol = { .id = CAROL, .uname = "carol", .scope = 3 },
			    dave = { .id = DAVE, .uname = "dave", .scope = 3 };
static const struct actor as_root = { &root, "" }, as_bob = { &bob, "" }, as_carol = { &carol, "" },
			  as_dave = { &dave, "" };

/* bob owns the team makers, in which carol writes; dave may make nothing at the top. */
static int
arrange(void **state)
{
	(void)state;
	harness_sql(
	    "INSERT INTO hub.account (uname, role) VALUES ('chief', 'admin'), ('bob', 'user'),"
	    " ('carol', 'user'), ('dave', 'user'), ('late', 'admin');"
	    "UPDATE hub.account SET may_create_at_top = false WHERE uname = 'dave';"
	    "INSERT INTO hub.team (uname, owner_account_id) VALUES ('makers', 2), ('helpers', 2);"
	    "INSERT INTO hub.team_member (team_id, account_id, role) VALUES (1, 3, 2), (2, 3, 3);");
	return 0;
}

/* ---- looking */

enum { WAITING, PATHS, KEYS };

static const struct db_stmt look_sql[] = {
	[WAITING] = { "l_waiting", "SELECT count(*) AS n FROM pg_locks WHERE NOT granted",
	    number_row, sizeof(struct number) },
	[PATHS] = { "l_paths",
	    "SELECT coalesce(string_agg(path || kind, ' ' ORDER BY path), '') AS text FROM "
	    "(SELECT path, '' AS kind FROM hub.project "
	    "UNION ALL SELECT path, '/' FROM hub.folder) w "
	    "WHERE lower(path) LIKE lower($1) || '%'",
	    text_row, sizeof(struct text) },
	[KEYS] = { "l_keys",
	    "SELECT count(*) AS n FROM hub.path_taken t FULL JOIN "
	    "(SELECT lower(path) AS path_key FROM hub.project "
	    "UNION ALL SELECT lower(path) FROM hub.folder) w USING (path_key) "
	    "WHERE t.path_key IS NULL OR w.path_key IS NULL",
	    number_row, sizeof(struct number) },
	{ 0 }
};
static const struct db_stmt *const look_tables[] = { look_sql, NULL };

/* Projects and, with a '/' behind, folders whose path begins so. */
static void
assert_paths(const char *beginning, const char *wanted)
{
	struct ctx *c = harness_open("mirrorhub_owner", look_tables);
	struct text row;

	assert_ok(c, db_one(c, &look_sql[PATHS], &row, db_text(beginning)));
	assert_string_equal(row.text, wanted);
	harness_close(c);
}

static void
assert_keys_are_those_of_the_rows(void)
{
	struct ctx *c = harness_open("mirrorhub_owner", look_tables);
	struct number row;

	assert_ok(c, db_one(c, &look_sql[KEYS], &row));
	assert_int_equal(row.n, 0);
	harness_close(c);
}

static int
add_project(struct ctx *c, const char *path)
{
	const struct project_new row = {
		.path = path, .owner_account_id = ROOT, .default_access = 1, .description = ""
	};
	int64_t id, store_id;

	return project_add(c, &row, &id, &store_id);
}

static int
add_folder(struct ctx *c, const char *path)
{
	const struct folder_wish wish = { .path = path };
	int64_t id;

	return folder_create(c, &as_root, &wish, &id);
}

static struct folder
folder_at(struct ctx *c, const char *path)
{
	struct folder f = { 0 };

	assert_ok(c, folder_by_path(c, &root, path, &f));
	return f;
}

static void
assert_fault(struct ctx *c, const char *field, enum fault_kind kind)
{
	assert_non_null(c->faults);
	assert_string_equal(c->faults->rows[0].field, field);
	assert_int_equal(c->faults->rows[0].kind, kind);
	c->faults = NULL;
}

/* ---- a path is taken once */

static void
a_folder_and_a_project_never_share_a_path(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, add_project(c, "once-p"));
	assert_ok(c, add_folder(c, "once-f"));
	assert_code(c, add_folder(c, "Once-P"), E_CONFLICT);
	assert_fault(c, "path", FAULT_TAKEN);
	assert_code(c, add_folder(c, "ONCE-F"), E_CONFLICT);
	assert_code(c, add_project(c, "Once-F"), E_CONFLICT);
	assert_string_equal(db_constraint(c->db), "path_taken_pkey");
	assert_code(c, add_folder(c, "once-p/inner"), E_CONFLICT);
	assert_paths("once", "once-f/ once-p");
	assert_keys_are_those_of_the_rows();
}

/* What a second connection does while the first one's transaction is open. */
struct rival {
	int (*act)(struct ctx *c, const char *path);
	const char *path;
	int code;
};

static pid_t
start(const struct rival *rival)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct ctx *c = harness_open("mirrorhub_web", store_web_tables);
		int code = db_begin(c, DB_WRITE);

		if (code == OK)
			code = rival->act(c, rival->path);
		if (code == OK)
			code = db_commit(c);
		_exit(code);
	}
	assert_true(pid > 0);
	return pid;
}

static void
wait_until_one_waits(void)
{
	struct ctx *c = harness_open("mirrorhub_owner", look_tables);
	struct number row = { 0 };

	for (int i = 0; i < 3000 && row.n == 0; i++) {
		poll(NULL, 0, 10);
		assert_ok(c, db_one(c, &look_sql[WAITING], &row));
	}
	assert_true(row.n > 0);
	harness_close(c);
}

/* c has an open transaction in which the rival gets stuck until it commits. */
static void
race(struct ctx *c, const struct rival *rival)
{
	pid_t pid = start(rival);
	int status;

	wait_until_one_waits();
	assert_ok(c, db_commit(c));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), rival->code);
}

static void
of_a_folder_and_a_project_at_once_the_second_is_refused(void **state)
{
	struct ctx *c = *state;
	static const struct rival project = { add_project, "Race-1", E_CONFLICT },
				  folder = { add_folder, "Race-2", E_CONFLICT };

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add_folder(c, "race-1"));
	race(c, &project);
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add_project(c, "race-2"));
	race(c, &folder);
	assert_paths("race-", "race-1/ race-2");
	assert_keys_are_those_of_the_rows();
}

static int
delete_folder(struct ctx *c, const char *path)
{
	struct folder f;

	TRY(folder_by_path(c, &root, path, &f));
	return folder_delete(c, &as_root, &f);
}

static void
a_folder_into_which_something_comes_is_not_deleted(void **state)
{
	struct ctx *c = *state;
	static const struct rival deletes = { delete_folder, "busy", E_CONFLICT };

	assert_ok(c, add_folder(c, "busy"));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, folder_make_way(c, &as_root, "busy/x"));
	assert_ok(c, add_project(c, "busy/x"));
	race(c, &deletes);
	assert_paths("busy", "busy/ busy/x");
}

static int
move_folder(struct ctx *c, const char *path)
{
	const struct folder_change change = { .path = "moved-away" };
	struct folder f;

	TRY(folder_by_path(c, &root, path, &f));
	return folder_update(c, &as_root, &f, &change);
}

static void
what_comes_into_a_folder_that_moves_moves_along(void **state)
{
	struct ctx *c = *state;
	static const struct rival moves = { move_folder, "moving", OK };

	assert_ok(c, add_folder(c, "moving/in"));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, folder_make_way(c, &as_root, "moving/in/x"));
	assert_ok(c, add_project(c, "moving/in/x"));
	race(c, &moves);
	assert_paths("mov", "moved-away/ moved-away/in/ moved-away/in/x");
	assert_keys_are_those_of_the_rows();
}

static int
add_account(struct ctx *c, const char *uname)
{
	const struct account_new row = { .uname = uname, .role = "user", .password_hash = "" };
	int64_t id;

	return account_add(c, &row, &id);
}

static int
add_hers(struct ctx *c, const char *path)
{
	const struct folder_wish wish = { .path = path, .owner_account_id = CAROL };
	int64_t id;

	return folder_create(c, &as_root, &wish, &id);
}

static void
a_folder_and_an_account_of_one_name_do_not_come_at_once(void **state)
{
	struct ctx *c = *state;
	static const struct rival account = { add_account, "Name-1", E_CONFLICT },
				  folder = { add_hers, "name_2", E_CONFLICT };

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add_folder(c, "name-1"));
	race(c, &account);
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, add_account(c, "Name_2"));
	race(c, &folder);
	assert_paths("name", "name-1/");
}

/* ---- who may make something where */

static void
the_right_to_create_is_the_folders_or_the_unames(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const struct actor *who;
		const char *path;
		const char *field; /* NULL: he may */
		enum fault_kind kind;
	} rows[] = {
		{ &as_root, "anything", NULL, 0 },
		{ &as_root, "no/such/folder/x", NULL, 0 },
		{ &as_root, "carol", NULL, 0 },
		{ &as_bob, "anything", NULL, 0 },
		{ &as_dave, "anything", "top", FAULT_REFUSED },
		{ &as_dave, "dave", "top", FAULT_REFUSED },
		{ &as_bob, "carol", "top", FAULT_REFUSED },
		{ &as_bob, "bob", NULL, 0 },
		{ &as_bob, "makers", NULL, 0 },
		{ &as_carol, "makers", NULL, 0 },
		{ &as_dave, "dave/x", NULL, 0 },
		{ &as_dave, "DAVE/x", NULL, 0 },
		{ &as_dave, "carol/x", "folder", FAULT_UNKNOWN },
		{ &as_carol, "makers/x", NULL, 0 },
		{ &as_dave, "makers/x", "folder", FAULT_UNKNOWN },
		{ &as_bob, "none-such/x", "folder", FAULT_UNKNOWN },
		{ &as_bob, "bob/none-such/x", "folder", FAULT_UNKNOWN },
		{ &as_dave, "shared/read/x", "folder", FAULT_REFUSED },
		{ &as_dave, "shared/write/x", NULL, 0 },
		{ &as_dave, "shared/hidden/x", "folder", FAULT_UNKNOWN },
		{ &as_carol, "shared/hidden/x", NULL, 0 },
		{ &as_dave, "shared/his/x", NULL, 0 },
		{ &as_dave, "shared/his/sub/x", "folder", FAULT_UNKNOWN },
	};

	harness_sql("INSERT INTO hub.folder (path, owner_account_id, default_access) VALUES"
		    " ('shared', 1, 0), ('shared/read', 1, 1), ('shared/write', 1, 2),"
		    " ('shared/hidden', 1, 0), ('shared/his', 4, 0);"
		    "INSERT INTO hub.folder_grant (folder_id, team_id, access)"
		    " SELECT id, 1, 2 FROM hub.folder WHERE path = 'shared/hidden'");
	for (size_t i = 0; i < N_OF(rows); i++) {
		int code = folder_may_create(c, rows[i].who, rows[i].path);

		if ((code == OK) != (rows[i].field == NULL))
			print_error(
			    "%s at %s: %s\n", rows[i].who->account->uname, rows[i].path, c->reason);
		assert_int_equal(code, rows[i].field == NULL ? OK : E_INVALID);
		if (rows[i].field != NULL)
			assert_fault(c, rows[i].field, rows[i].kind);
	}
}

static void
the_way_is_made_for_who_may_make_it(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, folder_make_way(c, &as_root, "Way/to/it"));
	assert_paths("way", "Way/ Way/to/");
	assert_int_equal(folder_at(c, "way").owner_account_id, ROOT);
	assert_ok(c, folder_make_way(c, &as_root, "way/TO/other"));
	assert_paths("way", "Way/ Way/to/");
	assert_ok(c, folder_make_way(c, &as_root, "top-alone"));
	assert_paths("top-alone", "");
	assert_ok(c, folder_make_way(c, &as_carol, "carol/x"));
	assert_int_equal(folder_at(c, "carol").owner_account_id, CAROL);
	assert_ok(c, folder_make_way(c, &as_root, "makers/deep/x"));
	assert_int_equal(folder_at(c, "makers").owner_account_id, BOB);
	assert_code(c, folder_make_way(c, &as_carol, "carol/none/x"), E_INVALID);
	assert_paths("carol", "carol/");
}

static void
paths_that_are_no_slugs_are_refused_on_the_way(void **state)
{
	struct ctx *c = *state;
	static const char *const bad[] = { "", "/", "a/", "a//b", "../x", "a/../x", "a/.x", "a/x-",
		"a/x--y", "a/x+y", "_admin/x", "a/x.git/y", "rm__2020_x/y", "12", "a b",
		"a/\xc3\xa4", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q" };

	for (size_t i = 0; i < N_OF(bad); i++)
		assert_code(c, folder_make_way(c, &as_root, bad[i]), E_INVALID);
	assert_paths("a", "");
}

/* ---- moving */

static int
move(struct ctx *c, const char *from, const char *to)
{
	const struct folder_change change = { .path = to };
	struct folder f = folder_at(c, from);
	int code;

	assert_ok(c, db_begin(c, DB_WRITE));
	code = folder_update(c, &as_root, &f, &change);
	if (code == OK)
		return db_commit(c);
	db_rollback(c);
	return code;
}

static void
all_that_is_below_moves_along_and_nothing_else(void **state)
{
	struct ctx *c = *state;

	assert_ok(c, add_folder(c, "mv/a/deep"));
	assert_ok(c, add_folder(c, "mv/a-b"));
	assert_ok(c, add_project(c, "mv/A/one"));
	assert_ok(c, add_project(c, "mv/a/deep/two"));
	assert_ok(c, add_project(c, "mv/a-b/three"));
	assert_ok(c, add_project(c, "mv/taken"));
	assert_ok(c, move(c, "mv/a", "mv/to"));
	assert_paths(
	    "mv", "mv/ mv/a-b/ mv/a-b/three mv/taken mv/to/ mv/to/deep/ mv/to/deep/two mv/to/one");
	assert_ok(c, move(c, "mv/to", "mv/TO"));
	assert_code(c, move(c, "mv/TO", "mv/to/deep/x"), E_INVALID);
	assert_code(c, move(c, "mv", "mv/x"), E_INVALID);
	assert_code(c, move(c, "mv/TO", "mv/Taken"), E_CONFLICT);
	assert_code(c, move(c, "mv/TO", "mv/A-B"), E_CONFLICT);
	assert_code(c, move(c, "mv/TO", "bob"), E_CONFLICT);
	assert_ok(c, move(c, "mv/TO", "mv2"));
	assert_paths("mv", "mv/ mv/a-b/ mv/a-b/three mv/taken mv2/ mv2/deep/ mv2/deep/two mv2/one");
	assert_keys_are_those_of_the_rows();
}

static void
a_new_uname_takes_its_place_along(void **state)
{
	struct ctx *c = *state;
	const struct user_group_values change = { .uname = "Crafters" };
	struct team t;

	assert_ok(c, add_folder(c, "helpers/in"));
	assert_ok(c, add_project(c, "helpers/in/x"));
	assert_ok(c, add_project(c, "helpers2"));
	assert_ok(c, team_by_id(c, &root, 2, &t));
	assert_ok(c, user_group_update(c, &as_bob, &t, &change));
	assert_paths("helpers", "helpers2");
	assert_paths("crafters", "Crafters/ Crafters/in/ Crafters/in/x");
	assert_keys_are_those_of_the_rows();
}

/* ---- who gets what */

static int64_t
access_of_carol(struct ctx *c, const char *path)
{
	struct folder f;

	assert_ok(c, folder_by_path(c, &carol, path, &f));
	return f.access;
}

static void
grants_are_the_rule_of_projects(void **state)
{
	struct ctx *c = *state;
	struct folder_grant to_carol = {
		.to = { GRANTEE_ACCOUNT, CAROL, "carol" }, .access = 0, .reach = FOLDER_ALONE
	};
	struct folder_grant to_makers = {
		.to = { GRANTEE_TEAM, 1, "makers" }, .access = 3, .reach = FOLDER_ALONE
	};
	struct folder f;

	assert_ok(c, add_folder(c, "rule"));
	f = folder_at(c, "rule");
	assert_int_equal(access_of_carol(c, "rule"), 1);
	assert_ok(c, folder_give(c, &as_root, &f, &to_carol));
	assert_int_equal(access_of_carol(c, "rule"), 0);
	assert_ok(c, folder_give(c, &as_root, &f, &to_makers));
	assert_int_equal(access_of_carol(c, "rule"), 3);
	harness_sql("UPDATE hub.team SET active = false WHERE id = 1");
	assert_int_equal(access_of_carol(c, "rule"), 0);
	harness_sql("UPDATE hub.team SET active = true WHERE id = 1");
	to_carol.is_revoked = true;
	assert_ok(c, folder_give(c, &as_root, &f, &to_carol));
	to_makers.is_revoked = true;
	assert_ok(c, folder_give(c, &as_root, &f, &to_makers));
	assert_int_equal(access_of_carol(c, "rule"), 1);
}

static void
a_grant_below_has_a_limit(void **state)
{
	struct ctx *c = *state;
	const struct folder_grant grant = {
		.to = { GRANTEE_ACCOUNT, CAROL, "carol" }, .access = 1, .reach = FOLDER_ALL
	};
	struct folder f;

	assert_ok(c, add_folder(c, "many"));
	harness_sql("INSERT INTO hub.store (id) OVERRIDING SYSTEM VALUE VALUES (0);"
		    "INSERT INTO hub.project (path, owner_account_id, store_id)"
		    " SELECT 'many/p' || i, 1, 0 FROM generate_series(1, 10000) i;");
	f = folder_at(c, "many");
	assert_ok(c, folder_give(c, &as_root, &f, &grant));
	assert_ok(c, add_folder(c, "many/one-more"));
	assert_code(c, folder_give(c, &as_root, &f, &grant), E_INVALID);
	assert_code(c, move(c, "many", "many2"), E_INVALID);
}

static struct harness web = { "mirrorhub_web", store_web_tables, NULL, NULL };

#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(a_folder_and_a_project_never_share_a_path),
		CONNECTED(of_a_folder_and_a_project_at_once_the_second_is_refused),
		CONNECTED(a_folder_into_which_something_comes_is_not_deleted),
		CONNECTED(what_comes_into_a_folder_that_moves_moves_along),
		CONNECTED(a_folder_and_an_account_of_one_name_do_not_come_at_once),
		CONNECTED(the_right_to_create_is_the_folders_or_the_unames),
		CONNECTED(the_way_is_made_for_who_may_make_it),
		CONNECTED(paths_that_are_no_slugs_are_refused_on_the_way),
		CONNECTED(all_that_is_below_moves_along_and_nothing_else),
		CONNECTED(a_new_uname_takes_its_place_along),
		CONNECTED(grants_are_the_rule_of_projects),
		CONNECTED(a_grant_below_has_a_limit),
	};

	return cmocka_run_group_tests_name("folder", tests, arrange, NULL);
}
