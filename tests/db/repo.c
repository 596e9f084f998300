/* The verbs of lib/core on projects that RhodeCode's door has: places, owners, grants, forks, and
 * waiting for a sync. As the web's role. */
#include <unistd.h>

#include "base/conf.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/folder.h"
#include "core/project.h"
#include "core/project_fork.h"
#include "core/repo.h"
#include "core/repo_member.h"
#include "git/init.h"
#include "store/repo.h"
#include "store/store.h"
#include "tests/db/harness.h"

static char folder[] = "/tmp/mirrorhub-repo-XXXXXX";
static struct conf conf = { .base_url = "http://hub.test",
	.data_dir = folder,
	.net_schemes = "https http ssh git",
	.rhodecode_wait_s = 1,
	.sync_refs = 100,
	.sync_objects = 1000,
	.sync_object_bytes = 1000000 };

static const char people_sql[] =
    "INSERT INTO hub.account (uname, role) VALUES ('bob', 'user'), ('carol', 'user'),"
    " ('root', 'admin');"
    "INSERT INTO hub.team (uname, owner_account_id) VALUES ('red', 1);";

static const struct account bob = { .id = 1, .uname = "bob", .role = "user", .scope = 3 };
static const struct account carol = { .id = 2, .uname = "carol", .role = "user", .scope = 3 };
static const struct account root = { .id = 3, .uname = "root", .role = "admin", .is_admin = true };
static const struct actor as_bob = { .account = &bob, .remote_addr = "" };
static const struct actor as_root = { .account = &root, .remote_addr = "" };

/* ---- helpers */

static int64_t
make(struct ctx *c, const struct actor *who, const char *path)
{
	const struct repo_wish wish = { .path = path };
	int64_t id;

	assert_ok(c, repo_create(c, who, &wish, NULL, &id));
	return id;
}

static struct project_full *
load(struct ctx *c, const struct account *asker, int64_t id)
{
	const struct claim claim = {
		.kind = CLAIM_ACCOUNT, .account_id = asker->id, .password_version = 1
	};
	struct project_full *p = arena_new_of(c->mem, struct project_full);
	struct account who;

	assert_ok(c, project_full_by_id(c, &claim, id, &who, p));
	return p;
}

static int64_t
access_of(struct ctx *c, const struct account *asker, int64_t id)
{
	return load(c, asker, id)->base.access;
}

/* The first fault, "path taken", or "". */
static const char *
told(struct ctx *c)
{
	static const char *const kinds[] = { [FAULT_TAKEN] = "taken",
		[FAULT_UNKNOWN] = "unknown",
		[FAULT_FIXED] = "fixed",
		[FAULT_REFUSED] = "refused",
		[FAULT_TOO_LONG] = "too long" };
	const struct faults *f = c->faults;

	c->faults = NULL;
	if (f == NULL || f->n == 0)
		return "";
	return arena_printf(c->mem, "%s %s", f->rows[0].field, kinds[f->rows[0].kind]);
}

static void
try_create(struct ctx *c, const struct actor *who, const struct repo_wish *wish, int code,
    const char *fault)
{
	int64_t id;

	assert_code(c, repo_create(c, who, wish, NULL, &id), code);
	db_rollback(c);
	assert_string_equal(told(c), fault);
}

/* ---- making */

static void
a_path_is_made_whole_or_not_at_all(void **state)
{
	struct ctx *c = *state;
	const struct repo_wish again = { .path = "A/b/C" }, below = { .path = "a/b/c/d" };
	const struct repo_wish kind = { .path = "new/x", .type = "hg" };
	const struct repo_wish landing = { .path = "new/x", .landing = "branch:-x" };
	const struct repo_wish top = { .path = "a" };
	struct repo row;
	struct folder_place place = { .id = -1 };
	int64_t id = make(c, &as_root, "a/b/c");

	assert_ok(c, repo_by_id(c, &root, id, &row));
	assert_string_equal(row.path, "a/b/c");
	assert_string_equal(row.description, "c");
	assert_true(row.is_cloned);
	assert_null(row.clone_uri);
	assert_int_equal(access(project_store_dir(c, row.store_id), R_OK), 0);
	try_create(c, &as_root, &again, E_CONFLICT, "path taken");
	try_create(c, &as_root, &below, E_CONFLICT, "");
	try_create(c, &as_root, &top, E_CONFLICT, "");
	try_create(c, &as_root, &kind, E_INVALID, "");
	try_create(c, &as_root, &landing, E_INVALID, "");
	assert_ok(c, folder_ask(c, &root, "new", &place));
	assert_int_equal(place.id, 0);
}

static void
others_make_what_their_places_allow(void **state)
{
	struct ctx *c = *state;
	const struct repo_wish missing = { .path = "nope/x" }, closed = { .path = "open/x" };
	const struct repo_wish theirs = { .path = "carol/x" };

	(void)make(c, &as_root, "open/anchor");
	try_create(c, &as_bob, &missing, E_INVALID, "folder unknown");
	try_create(c, &as_bob, &closed, E_INVALID, "folder refused");
	try_create(c, &as_bob, &theirs, E_INVALID, "folder unknown");
	(void)make(c, &as_bob, "bob/mine");
	(void)make(c, &as_bob, "bobs-top");
	harness_sql("UPDATE hub.account SET may_create_at_top = false WHERE uname = 'bob'");
	try_create(
	    c, &as_bob, &(struct repo_wish){ .path = "bobs-other" }, E_INVALID, "top refused");
	harness_sql("UPDATE hub.account SET may_create_at_top = true WHERE uname = 'bob'");
}

/* ---- a sync that somebody waits for */

static int64_t
make_mirror(struct ctx *c, const char *path)
{
	const struct repo_wish wish = { .path = path, .url = "https://h.test/x.git" };
	int64_t id;

	assert_ok(c, repo_create(c, &as_root, &wish, NULL, &id)); /* nobody syncs: it stays */
	return id;
}

static void
run_ended(struct ctx *c, int64_t id, const char *begun, const char *outcome)
{
	static int64_t fence = 1000;

	harness_sql(arena_printf(c->mem,
	    "INSERT INTO hub.run (project_id, fence, worker, started_at, outcome, error_text) "
	    "VALUES (%lld, %lld, 'w', clock_timestamp() + interval '%s', '%s', 'why')",
	    (long long)id, (long long)++fence, begun, outcome));
}

static enum sync_end
end_of(struct ctx *c, const struct sync_wait *wait)
{
	enum sync_end end = 0;
	const char *why;

	assert_ok(c, sync_wait_end(c, wait, &end, &why));
	return end;
}

static bool
has_gone(void *payload)
{
	++*(int *)payload;
	return true;
}

static void
only_a_run_that_began_after_the_call_counts(void **state)
{
	struct ctx *c = *state;
	int64_t id = make_mirror(c, "wait/one");
	int asked = 0;
	struct sync_wait wait = { .project_id = id, .is_abandoned = has_gone, .payload = &asked };

	assert_ok(c, sync_wait_begin(c, &wait));
	assert_int_equal(end_of(c, &wait), SYNC_RUNNING);
	assert_int_equal(asked, 1);
	run_ended(c, id, "-1 minute", "changed");
	assert_int_equal(end_of(c, &wait), SYNC_RUNNING);
	run_ended(c, id, "1 second", "failed");
	assert_int_equal(end_of(c, &wait), SYNC_FAILED);
	run_ended(c, id, "2 seconds", "unchanged");
	assert_int_equal(end_of(c, &wait), SYNC_DONE);
	assert_ok(c, sync_wait_begin(c, &wait));
	harness_sql("DELETE FROM hub.run");
	harness_sql("UPDATE hub.mirror SET paused = true");
	assert_int_equal(end_of(c, &wait), SYNC_GONE);
	harness_sql("DELETE FROM hub.project WHERE path = 'wait/one'");
	assert_int_equal(end_of(c, &wait), SYNC_GONE);
}

static void
what_is_no_mirror_is_not_pulled(void **state)
{
	struct ctx *c = *state;
	struct project_full *p = load(c, &root, make(c, &as_root, "plain"));

	assert_code(c, project_pull(c, &as_root, &p->base, NULL, NULL), E_INVALID);
	db_rollback(c);
}

/* ---- changing */

/* With memory of its own, as a request: locks of stores end with it. */
static void
change(struct ctx *c, int64_t id, const struct repo_change *change, int code, const char *fault)
{
	struct ctx turn = *c;
	const char *path;

	turn.mem = arena_new();
	assert_ok(&turn, db_begin(&turn, DB_WRITE));
	assert_code(
	    &turn, repo_update(&turn, &as_root, load(&turn, &root, id), change, &path), code);
	assert_string_equal(told(&turn), fault);
	if (code == OK)
		assert_ok(&turn, db_commit(&turn));
	else
		db_rollback(&turn);
	arena_free(turn.mem);
}

static void
a_move_keeps_the_store_and_another_owner_the_place(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, &as_root, "from/here");
	int64_t store = load(c, &root, id)->base.store_id;
	const bool yes = true, no = false;

	(void)make(c, &as_root, "to/there");
	change(c, id, &(struct repo_change){ .folder = "to", .name = "THERE" }, E_CONFLICT,
	    "path taken");
	change(c, id, &(struct repo_change){ .folder = "nowhere" }, E_INVALID, "folder unknown");
	change(c, id, &(struct repo_change){ .name = "a/b" }, E_INVALID, "");
	change(c, id,
	    &(struct repo_change){ .folder = "to", .name = "here2", .owner_account_id = 2 }, OK,
	    "");
	assert_string_equal(load(c, &root, id)->base.path, "to/here2");
	assert_int_equal(load(c, &root, id)->base.store_id, store);
	assert_int_equal(access_of(c, &carol, id), 4);
	change(c, id, &(struct repo_change){ .is_private = &yes, .description = "d" }, OK, "");
	assert_int_equal(access_of(c, &bob, id), 0);
	assert_string_equal(load(c, &root, id)->base.description, "d");
	change(c, id, &(struct repo_change){ .is_private = &no, .folder = "" }, OK, "");
	assert_int_equal(access_of(c, &bob, id), 1);
	assert_string_equal(load(c, &root, id)->base.path, "here2");
}

static void
an_upstream_comes_to_what_is_empty_and_goes(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, &as_root, "up");
	const struct repo_change url = { .url = "https://h.test/y.git" }, none = { .url = "" };

	change(c, id, &none, OK, "");
	change(c, id, &url, OK, "");
	assert_true(load(c, &root, id)->base.is_mirror);
	assert_string_equal(load(c, &root, id)->base.url, "https://h.test/y.git");
	assert_string_equal(load(c, &root, id)->base.job_state, "queued");
	change(c, id, &none, OK, "");
	assert_false(load(c, &root, id)->base.is_mirror);
	assert_string_equal(load(c, &root, id)->base.job_state, "");
	change(c, id, &(struct repo_change){ .url = "file:///etc" }, E_INVALID, "");
}

/* ---- grants */

static void
give(struct ctx *c, int64_t id, const struct grantee *to, int64_t access, int code)
{
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_code(c, repo_give(c, &as_root, &load(c, &root, id)->base, to, access), code);
	if (code == OK)
		assert_ok(c, db_commit(c));
	else
		db_rollback(c);
}

static void
an_own_grant_replaces_what_everyone_has(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, &as_root, "granted");
	const struct grantee to_bob = { GRANTEE_ACCOUNT, 1, "bob" };
	const struct grantee to_red = { GRANTEE_TEAM, 1, "red" };
	const struct grantee all = { GRANTEE_EVERYONE, 0, "default" };
	struct repo_member *rows;
	size_t n;

	give(c, id, &all, 3, E_INVALID);
	give(c, id, &all, 2, OK);
	assert_int_equal(access_of(c, &bob, id), 2);
	give(c, id, &to_bob, 0, OK);
	assert_int_equal(access_of(c, &bob, id), 0);
	assert_int_equal(access_of(c, &carol, id), 2);
	give(c, id, &to_red, 3, OK);
	assert_ok(c, repo_list_members(c, id, &rows, &n));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].uname, "bob");
	assert_int_equal(rows[0].access, 0);
	assert_true(rows[1].is_team);
	assert_true(rows[1].is_active);
	for (int i = 0; i < 2; i++) {
		assert_ok(c, db_begin(c, DB_WRITE));
		assert_ok(c, repo_take(c, &as_root, &load(c, &root, id)->base, &to_bob));
		assert_ok(c, db_commit(c));
	}
	assert_int_equal(access_of(c, &bob, id), 2);
}

/* ---- forks and ends */

static int64_t
fork_of(struct ctx *c, const struct actor *who, int64_t source, const char *path)
{
	const struct fork_wish wish = { .path = path };
	bool is_fork;
	int64_t id;

	assert_ok(c, project_fork_at(c, who, load(c, who->account, source), &wish, &is_fork, &id));
	return id;
}

static int
delete_as(struct ctx *c, const struct actor *who, int64_t id, enum repo_forks mode, size_t *n_out)
{
	struct project_full *p = load(c, &root, id);
	int code;

	assert_ok(c, db_begin(c, DB_WRITE));
	code = repo_delete(c, who, &p->base, mode, n_out);
	if (code == OK)
		assert_ok(c, db_commit(c));
	else
		db_rollback(c);
	return code;
}

static void
forks_stop_the_end_of_their_source_or_go_with_it(void **state)
{
	struct ctx *c = *state;
	int64_t source = make(c, &as_bob, "forked"), fork, second;
	const struct fork_wish taken = { .path = "FORK" };
	bool is_fork = false;
	struct repo row;
	size_t n;

	fork = fork_of(c, &as_root, source, "fork");
	second = fork_of(c, &as_root, fork, "way/to/fork");
	assert_ok(c, repo_by_id(c, &root, second, &row));
	assert_string_equal(row.fork_of, "fork");
	assert_code(c,
	    project_fork_at(c, &as_root, load(c, &root, source), &taken, &is_fork, &fork),
	    E_CONFLICT);
	assert_string_equal(told(c), "path taken");
	assert_true(is_fork);
	assert_code(c, delete_as(c, &as_bob, source, REPO_FORKS_REFUSE, &n), E_INVALID);
	assert_string_equal(told(c), "forks fixed");
	/* the forks are root's */
	assert_code(c, delete_as(c, &as_bob, source, REPO_FORKS_DELETE, &n), E_CONFLICT);
	assert_ok(c, delete_as(c, &as_root, source, REPO_FORKS_DELETE, &n));
	assert_int_equal(n, 2);
	assert_code(c, repo_by_id(c, &root, second, &row), E_NOTFOUND);
}

static void
a_source_is_named_to_those_who_may_read_it(void **state)
{
	struct ctx *c = *state;
	int64_t source = make(c, &as_root, "secret"), fork = fork_of(c, &as_root, source, "public");
	struct repo row, *rows;
	size_t n, seen = 0;
	const bool yes = true;

	change(c, source, &(struct repo_change){ .is_private = &yes }, OK, "");
	assert_ok(c, repo_by_id(c, &root, fork, &row));
	assert_string_equal(row.fork_of, "secret");
	assert_ok(c, repo_by_id(c, &bob, fork, &row));
	assert_null(row.fork_of);
	assert_ok(c, repo_list(c, &bob, &rows, &n));
	for (size_t i = 0; i < n; i++)
		seen += strcmp(rows[i].path, "public") == 0 || strcmp(rows[i].path, "secret") == 0;
	assert_int_equal(seen, 1);
}

static int
arrange(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	harness_sql(people_sql);
	return 0;
}

static int
tidy(void **state)
{
	(void)state;
	unit_remove_folder(folder);
	return 0;
}

static struct harness web = { "mirrorhub_web", store_web_tables, &conf, NULL };

#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(a_path_is_made_whole_or_not_at_all),
		CONNECTED(others_make_what_their_places_allow),
		CONNECTED(only_a_run_that_began_after_the_call_counts),
		CONNECTED(what_is_no_mirror_is_not_pulled),
		CONNECTED(a_move_keeps_the_store_and_another_owner_the_place),
		CONNECTED(an_upstream_comes_to_what_is_empty_and_goes),
		CONNECTED(an_own_grant_replaces_what_everyone_has),
		CONNECTED(forks_stop_the_end_of_their_source_or_go_with_it),
		CONNECTED(a_source_is_named_to_those_who_may_read_it),
	};

	return cmocka_run_group_tests_name("repo", tests, arrange, tidy);
}
