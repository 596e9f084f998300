/* The access rule: what it gives, that a list never disagrees with a look-up, and that a total is
 * the length of its list. */
#include "store/store.h"
#include "store/account.h"
#include "store/project.h"
#include "store/project_full.h"
#include "tests/db/harness.h"

#define LIST_MOST 100000

/* The matrix: a project for each default access, own grant and team's grant (-1: none). bob is in
 * the team; carol has nothing to do with any of them; the mirror is owned by olga. */
static const char matrix_sql[] =
    "INSERT INTO hub.account (uname) VALUES ('bob'), ('carol'), ('olga'), ('chief'), ('member1'),"
    " ('member2'), ('member3');"
    "INSERT INTO hub.account (uname, role) VALUES ('root', 'admin');"
    "INSERT INTO hub.team (uname, owner_account_id)"
    " SELECT t, id FROM hub.account, unnest(ARRAY['granted', 'owners']) t WHERE uname = 'chief';"
    "INSERT INTO hub.team_member SELECT t.id, a.id, 1 FROM hub.team t, hub.account a"
    " WHERE t.uname = 'granted' AND a.uname = 'bob';"
    "INSERT INTO hub.team_member SELECT t.id, a.id, right(a.uname, 1)::smallint"
    " FROM hub.team t, hub.account a WHERE t.uname = 'owners' AND a.uname LIKE 'member%';"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 104);"
    "INSERT INTO hub.project (path, owner_account_id, default_access, is_mirror, store_id)"
    " SELECT format('m/%s.%s.%s', d, g, t), (SELECT id FROM hub.account WHERE uname = 'olga'), d, "
    "true,"
    " row_number() OVER () FROM generate_series(0, 3) d, generate_series(-1, 3) g,"
    " generate_series(-1, 3) t;"
    "INSERT INTO hub.project (path, owner_team_id, default_access, is_mirror, store_id)"
    " SELECT 't/' || d, (SELECT id FROM hub.team WHERE uname = 'owners'), d, true, 101 + d"
    " FROM generate_series(0, 3) d;"
    "INSERT INTO hub.mirror (project_id, url) SELECT id, 'https://h/' || path FROM hub.project;"
    "INSERT INTO hub.project_grant (project_id, account_id, access)"
    " SELECT p.id, a.id, split_part(p.path, '.', 2)::smallint FROM hub.project p, hub.account a"
    " WHERE p.path LIKE 'm/%' AND p.path NOT LIKE '%.-1.%' AND a.uname = 'bob';"
    "INSERT INTO hub.project_grant (project_id, team_id, access)"
    " SELECT p.id, t.id, split_part(p.path, '.', 3)::smallint FROM hub.project p, hub.team t"
    " WHERE p.path LIKE 'm/%' AND p.path NOT LIKE '%.-1' AND t.uname = 'granted';";

/* Everybody to everything, by chance but the same each time. */
static const char random_sql[] =
    "SELECT setseed(0.4);"
    "TRUNCATE hub.project, hub.store, hub.team, hub.account, hub.uname_taken CASCADE;"
    "UPDATE hub.counter SET n = 0;"
    "INSERT INTO hub.store (id) OVERRIDING SYSTEM VALUE VALUES (0);"
    "INSERT INTO hub.account (uname, role) SELECT 'a' || i, CASE WHEN i = 1 THEN 'admin' ELSE "
    "'user' END"
    " FROM generate_series(1, 12) i;"
    "INSERT INTO hub.team (uname, owner_account_id) SELECT 't' || row_number() OVER (), id"
    " FROM hub.account ORDER BY random() LIMIT 5;"
    "INSERT INTO hub.team_member SELECT t.id, a.id, 1 + floor(random() * 3)::smallint"
    " FROM hub.team t, hub.account a WHERE random() < 0.2;"
    "INSERT INTO hub.project (path, owner_account_id, owner_team_id, default_access, is_mirror, "
    "store_id)"
    " SELECT 'P-' || md5(i::text), CASE WHEN team IS NULL THEN account END, team,"
    " floor(random() * 2.3), random() < 0.8, 0 FROM (SELECT i, (SELECT id FROM hub.account"
    " WHERE i > 0 ORDER BY random() LIMIT 1) account, CASE WHEN random() < 0.3 THEN (SELECT id"
    " FROM hub.team WHERE i > 0 ORDER BY random() LIMIT 1) END team FROM generate_series(1, 400) "
    "i) x;"
    "INSERT INTO hub.mirror (project_id, url) SELECT id, 'https://h/' || path FROM hub.project"
    " WHERE is_mirror;"
    "INSERT INTO hub.project_grant (project_id, account_id, access)"
    " SELECT p.id, a.id, floor(random() * 4) FROM hub.project p, hub.account a WHERE random() < "
    "0.06;"
    "INSERT INTO hub.project_grant (project_id, team_id, access)"
    " SELECT p.id, t.id, floor(random() * 4) FROM hub.project p, hub.team t WHERE random() < 0.06;"
    "UPDATE hub.project SET default_access = 1 - default_access"
    " WHERE default_access < 2 AND random() < 0.1;"
    "DELETE FROM hub.project WHERE random() < 0.1;";

/* A claim of that account, and who it is; nobody for NULL. */
static struct claim
claim_of(struct ctx *c, const char *uname, struct account *out)
{
	struct claim claim = { .kind = CLAIM_NOBODY };

	if (uname != NULL) {
		claim.kind = CLAIM_ACCOUNT;
		claim.password_version = 1;
		assert_ok(c, account_id_by_uname(c, uname, &claim.account_id));
	}
	assert_ok(c, account_by_claim(c, &claim, out));
	return claim;
}

static int64_t
access_of(struct ctx *c, const char *uname, const char *path)
{
	struct account account;
	struct project project;
	struct claim claim = claim_of(c, uname, &account);
	int code = project_by_path(c, &claim, path, &account, &project);

	if (code == E_NOTFOUND)
		return 0;
	assert_ok(c, code);
	assert_string_equal(project.path, path);
	assert_true(uname == NULL || strcmp(account.uname, uname) == 0);
	return project.access;
}

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void
the_best_of_grant_or_default_and_team_counts(void **state)
{
	struct ctx *c = *state;

	for (int d = 0; d <= 3; d++)
		for (int g = -1; g <= 3; g++)
			for (int t = -1; t <= 3; t++) {
				const char *path = arena_printf(c->mem, "m/%d.%d.%d", d, g, t);

				assert_int_equal(access_of(c, NULL, path), d > 0);
				assert_int_equal(access_of(c, "root", path), 4);
				assert_int_equal(access_of(c, "olga", path), 4);
				assert_int_equal(access_of(c, "carol", path), d);
				assert_int_equal(
				    access_of(c, "bob", path), most(g >= 0 ? g : d, most(t, 0)));
			}
}

static void
members_of_an_owning_team_have_their_role(void **state)
{
	struct ctx *c = *state;

	for (int d = 0; d <= 3; d++) {
		const char *path = arena_printf(c->mem, "t/%d", d);

		assert_int_equal(access_of(c, "chief", path), 4);
		assert_int_equal(access_of(c, "member1", path), most(d, 1));
		assert_int_equal(access_of(c, "member2", path), most(d, 2));
		assert_int_equal(access_of(c, "member3", path), 4);
		assert_int_equal(access_of(c, "bob", path), d);
	}
}

/* The list of one asker against look-ups of everything; and the totals. */
static void
list_agrees(struct ctx *c, const char *uname, const char *text)
{
	struct project *all, *rows;
	struct project_path *paths;
	struct account root, asker;
	size_t n_all, n, n_paths, seen = 0;
	int64_t total;

	(void)claim_of(c, "a1", &root);
	(void)claim_of(c, uname, &asker);
	assert_ok(c, project_list_mirrors(c, &root, text, LIST_MOST, 0, &all, &n_all));
	assert_ok(c, project_list_mirrors(c, &asker, text, LIST_MOST, 0, &rows, &n));
	for (size_t i = 0; i < n_all; i++) {
		int64_t access = access_of(c, uname, all[i].path);
		bool is_listed = seen < n && strcmp(rows[seen].path, all[i].path) == 0;

		assert_int_equal(is_listed, access > 0);
		assert_true(!is_listed || rows[seen].access == access);
		seen += is_listed;
	}
	assert_int_equal(seen, n); /* in the same order, and nothing besides */
	assert_ok(c, project_count_mirrors(c, &asker, text, &total));
	assert_int_equal(total, n);
	if (text[0] != '\0')
		return;
	assert_ok(c, project_list_mirror_paths(c, &asker, LIST_MOST, &paths, &n_paths));
	assert_int_equal(n_paths, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(paths[i].path, rows[i].path);
}

static void
a_list_never_disagrees_with_a_look_up(void **state)
{
	struct ctx *c = *state;
	static const char *const texts[] = { "", "A", "-1f", "%", "_", "p-" };

	harness_sql(random_sql);
	for (size_t i = 0; i < N_OF(texts); i++) {
		list_agrees(c, NULL, texts[i]);
		for (int a = 1; a <= 12; a++)
			list_agrees(c, arena_printf(c->mem, "a%d", a), texts[i]);
	}
}

/* What one has to do with, told the long way: his own, and what projects_touched gives. A team's
 * grant of nothing is nothing, but it hides nothing either. */
static const struct field touched_row[] = { FIELD(project_path, path), { 0 } };
static const struct db_stmt touched_sql[] = {
	{ "x_touched",
	    "SELECT p.path FROM hub.project p WHERE p.owner_account_id = $1 "
	    "OR (p.id IN (SELECT t.id FROM hub.projects_touched($1) t (id)) AND NOT EXISTS (SELECT "
	    "FROM hub.project_grant g WHERE g.project_id = p.id AND g.access = 0)) "
	    "ORDER BY p.id LIMIT 10000",
	    touched_row, sizeof(struct project_path) },
	{ 0 }
};

static void
ones_own_list_is_what_one_has_to_do_with_and_may_read(void **state)
{
	struct ctx *c = *state;

	for (int a = 1; a <= 12; a++) {
		const char *uname = arena_printf(c->mem, "a%d", a);
		struct project_path *paths;
		struct project_full *rows;
		struct account asker;
		size_t n_paths, n, seen = 0;
		int64_t total;

		(void)claim_of(c, uname, &asker);
		assert_ok(c, project_full_list(c, &asker, LIST_MOST, 0, &rows, &n));
		assert_ok(c, project_full_count(c, &asker, &total));
		assert_int_equal(total, n);
		if (asker.is_admin) /* he may read what he has nothing to do with */
			continue;
		assert_ok(c, db_all(c, &touched_sql[0], &paths, &n_paths, db_int(asker.id)));
		for (size_t i = 0; i < n; i++)
			assert_true(access_of(c, uname, rows[i].base.path) > 0);
		for (size_t i = 0; i < n_paths; i++) {
			if (access_of(c, uname, paths[i].path) == 0)
				continue;
			while (seen < n && strcmp(rows[seen].base.path, paths[i].path) != 0)
				seen++;
			assert_true(seen < n); /* both by id */
		}
	}
}

static void
pages_are_parts_of_the_list_in_byte_order(void **state)
{
	struct ctx *c = *state;
	struct project *all, *rows;
	struct account asker;
	size_t n_all, n;

	(void)claim_of(c, "a5", &asker);
	assert_ok(c, project_list_mirrors(c, &asker, "", LIST_MOST, 0, &all, &n_all));
	assert_true(n_all > 50);
	for (size_t i = 1; i < n_all; i++)
		assert_true(strcmp(all[i - 1].path, all[i].path) < 0);
	for (size_t at = 0; at <= n_all; at += 7) {
		assert_ok(c, project_list_mirrors(c, &asker, "", 7, (int64_t)at, &rows, &n));
		assert_int_equal(n, n_all - at < 7 ? n_all - at : 7);
		for (size_t i = 0; i < n; i++)
			assert_string_equal(rows[i].path, all[at + i].path);
	}
}

static void
hidden_and_missing_cost_the_same_statements(void **state)
{
	struct ctx *c = *state;
	struct account account;
	struct project project;
	struct claim claim = claim_of(c, "a5", &account);
	int64_t before;

	harness_sql("UPDATE hub.project SET path = 'hidden-one', default_access = 0,"
		    " owner_team_id = NULL, owner_account_id = (SELECT id FROM hub.account WHERE "
		    "uname = 'a1')"
		    " WHERE id = (SELECT min(id) FROM hub.project);"
		    "DELETE FROM hub.project_grant"
		    " WHERE project_id = (SELECT id FROM hub.project WHERE path = 'hidden-one')");
	for (int i = 0; i < 2; i++) {
		const char *reason;

		before = db_statements(c->db);
		assert_code(
		    c, project_by_path(c, &claim, "hidden-one", &account, &project), E_NOTFOUND);
		reason = c->reason;
		assert_int_equal(db_statements(c->db) - before, 1);
		assert_code(
		    c, project_by_path(c, &claim, "missing-one", &account, &project), E_NOTFOUND);
		assert_int_equal(db_statements(c->db) - before, 2);
		assert_string_equal(c->reason, reason);
		claim.kind = CLAIM_NOBODY;
	}
	assert_int_equal(access_of(c, "a1", "hidden-one"), 4);
}

static void
a_claim_that_no_longer_holds_is_denied_even_for_what_is_missing(void **state)
{
	struct ctx *c = *state;
	struct account account;
	struct project project;
	struct claim claim = claim_of(c, "a5", &account);
	struct claim token = { .kind = CLAIM_TOKEN, .hash = { 1 } };
	static const char *const ends[] = {
		"UPDATE hub.account SET password_version = 2 WHERE uname = 'a5'",
		"UPDATE hub.account SET password_version = 1, active = false WHERE uname = 'a5'",
		"UPDATE hub.account SET active = true, role = 'banned' WHERE uname = 'a5'",
	};

	assert_code(c, project_by_path(c, &token, "missing-one", &account, &project), E_DENIED);
	assert_code(c, account_by_claim(c, &token, &account), E_DENIED);
	for (size_t i = 0; i < N_OF(ends); i++) {
		harness_sql(ends[i]);
		assert_code(c, account_by_claim(c, &claim, &account), E_DENIED);
		assert_code(
		    c, project_by_path(c, &claim, "hidden-one", &account, &project), E_DENIED);
		assert_code(
		    c, project_by_path(c, &claim, "missing-one", &account, &project), E_DENIED);
	}
	harness_sql("UPDATE hub.account SET role = 'user' WHERE uname = 'a5'");
	assert_ok(c, account_by_claim(c, &claim, &account));
}

static void
paths_have_no_case_but_other_letters_do_not_fold_into_them(void **state)
{
	struct ctx *c = *state;
	struct account account;
	struct project project;
	struct claim nobody = { .kind = CLAIM_NOBODY };

	harness_sql("UPDATE hub.project SET path = 'Kind', default_access = 1"
		    " WHERE id = (SELECT max(id) FROM hub.project)");
	assert_ok(c, project_by_path(c, &nobody, "kIND", &account, &project));
	assert_string_equal(project.path, "Kind");
	assert_code(c, project_by_path(c, &nobody, "\xe2\x84\xaaind", &account, &project),
	    E_NOTFOUND); /* the Kelvin sign */
	assert_code(c, project_by_path(c, &nobody, "\xff", &account, &project), E_INVALID);
}

/* ---- */

static const struct db_stmt *const tables[] = { account_sql, project_sql, project_full_sql,
	touched_sql, NULL };
static struct harness web = { "mirrorhub_web", tables, NULL, NULL };

static int
arrange(void **state)
{
	(void)state;
	harness_sql(matrix_sql);
	return 0;
}

#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(the_best_of_grant_or_default_and_team_counts),
		CONNECTED(members_of_an_owning_team_have_their_role),
		CONNECTED(a_list_never_disagrees_with_a_look_up),
		CONNECTED(ones_own_list_is_what_one_has_to_do_with_and_may_read),
		CONNECTED(pages_are_parts_of_the_list_in_byte_order),
		CONNECTED(hidden_and_missing_cost_the_same_statements),
		CONNECTED(a_claim_that_no_longer_holds_is_denied_even_for_what_is_missing),
		CONNECTED(paths_have_no_case_but_other_letters_do_not_fold_into_them),
	};

	return cmocka_run_group_tests_name("access", tests, arrange, NULL);
}
