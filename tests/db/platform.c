/* Platforms and repositories in the database: who may what, that lists never disagree with
 * look-ups, and the rules that no door can get round. */
#include "store/store.h"
#include "base/conf.h"
#include "base/fault.h"
#include "base/path.h"
#include "core/platform.h"
#include "core/platform_tree.h"
#include "core/repository.h"
#include "tests/db/harness.h"

#define LIST_MOST 100000

static struct conf conf;
static char folder[] = "/tmp/mirrorhub-platform-XXXXXX";
static struct harness web = { "mirrorhub_web", store_web_tables, &conf, NULL };

#define CONNECTED(test) WITH_HARNESS(test, web)

/* Everyone of the matrix has one thing to do with the platforms, and is called after it. The team
 * crew owns the platforms open and hidden, each with the repositories main and other. */
static const char matrix_sql[] =
    "INSERT INTO hub.account (uname) SELECT u FROM unnest(ARRAY['boss', 'stranger', 'reader',"
    " 'writer', 'admin', 'team_reader', 'team_admin', 'member', 'team_member', 'crew_reader',"
    " 'crew_writer', 'crew_admin', 'head']) u;"
    "INSERT INTO hub.account (uname, role) VALUES ('root', 'admin'), ('worker', 'system');"
    "INSERT INTO hub.team (uname, owner_account_id) SELECT t, a.id FROM hub.account a,"
    " unnest(ARRAY['readers', 'admins', 'members']) t WHERE a.uname = 'boss';"
    "INSERT INTO hub.team (uname, owner_account_id) SELECT 'crew', id FROM hub.account"
    " WHERE uname = 'head';"
    "INSERT INTO hub.team_member SELECT t.id, a.id, v.role FROM (VALUES"
    " ('readers', 'team_reader', 3), ('admins', 'team_admin', 1), ('members', 'team_member', 1),"
    " ('crew', 'crew_reader', 1), ('crew', 'crew_writer', 2), ('crew', 'crew_admin', 3))"
    " v (team, uname, role) JOIN hub.team t ON t.uname = v.team"
    " JOIN hub.account a ON a.uname = v.uname;"
    "INSERT INTO hub.platform (name, description, distrib_type, default_branch, is_hidden,"
    " owner_team_id) SELECT n, 'd', 'mdv', 'b', n = 'hidden', t.id"
    " FROM unnest(ARRAY['open', 'hidden']) n, hub.team t WHERE t.uname = 'crew';"
    "INSERT INTO hub.repository (platform_id, name, description) SELECT p.id, n, 'd'"
    " FROM hub.platform p, unnest(ARRAY['main', 'other']) n WHERE p.name IN ('open', 'hidden');"
    "INSERT INTO hub.platform_grant (platform_id, account_id, access) SELECT p.id, a.id, v.access"
    " FROM (VALUES ('reader', 1), ('writer', 2), ('admin', 3)) v (uname, access)"
    " JOIN hub.account a ON a.uname = v.uname, hub.platform p WHERE p.name IN ('open', 'hidden');"
    "INSERT INTO hub.platform_grant (platform_id, team_id, access) SELECT p.id, t.id, v.access"
    " FROM (VALUES ('readers', 1), ('admins', 3)) v (uname, access)"
    " JOIN hub.team t ON t.uname = v.uname, hub.platform p WHERE p.name IN ('open', 'hidden');"
    "INSERT INTO hub.repository_grant (repository_id, account_id) SELECT r.id, a.id"
    " FROM hub.repository r JOIN hub.platform p ON p.id = r.platform_id, hub.account a"
    " WHERE p.name IN ('open', 'hidden') AND r.name = 'main' AND a.uname = 'member';"
    "INSERT INTO hub.repository_grant (repository_id, team_id) SELECT r.id, t.id"
    " FROM hub.repository r JOIN hub.platform p ON p.id = r.platform_id, hub.team t"
    " WHERE p.name IN ('open', 'hidden') AND r.name = 'main' AND t.uname = 'members';";

/* Everybody to everything, by chance but the same each time. */
static const char random_sql[] =
    "SELECT setseed(0.7);"
    "TRUNCATE hub.platform, hub.project, hub.team, hub.account, hub.uname_taken CASCADE;"
    "INSERT INTO hub.account (uname, role) SELECT 'a' || i,"
    " CASE WHEN i = 1 THEN 'admin' WHEN i = 2 THEN 'system' ELSE 'user' END"
    " FROM generate_series(1, 12) i;"
    "INSERT INTO hub.team (uname, owner_account_id) SELECT 't' || row_number() OVER (), id"
    " FROM hub.account ORDER BY random() LIMIT 5;"
    "INSERT INTO hub.team_member SELECT t.id, a.id, 1 + floor(random() * 3)::smallint"
    " FROM hub.team t, hub.account a WHERE random() < 0.2;"
    "INSERT INTO hub.platform (name, description, distrib_type, default_branch, is_hidden,"
    " owner_account_id, owner_team_id)"
    " SELECT 'P' || md5(i::text), 'd', 'mdv', 'b', random() < 0.6,"
    " CASE WHEN team IS NULL THEN account END, team FROM (SELECT i, (SELECT id FROM hub.account"
    " WHERE i > 0 ORDER BY random() LIMIT 1) account, CASE WHEN random() < 0.4 THEN (SELECT id"
    " FROM hub.team WHERE i > 0 ORDER BY random() LIMIT 1) END team"
    " FROM generate_series(1, 80) i) x;"
    "UPDATE hub.platform SET is_hidden = random() < 0.5 WHERE platform_type = 'personal';"
    "INSERT INTO hub.repository (platform_id, name, description) SELECT p.id, n, 'd'"
    " FROM hub.platform p, unnest(ARRAY['one', 'two']) n WHERE random() < 0.5;"
    "INSERT INTO hub.platform_grant (platform_id, account_id, access)"
    " SELECT p.id, a.id, 1 + floor(random() * 3) FROM hub.platform p, hub.account a"
    " WHERE random() < 0.05;"
    "INSERT INTO hub.platform_grant (platform_id, team_id, access)"
    " SELECT p.id, t.id, 1 + floor(random() * 3) FROM hub.platform p, hub.team t"
    " WHERE random() < 0.05;"
    "INSERT INTO hub.repository_grant (repository_id, account_id) SELECT r.id, a.id"
    " FROM hub.repository r, hub.account a WHERE random() < 0.05;"
    "INSERT INTO hub.repository_grant (repository_id, team_id) SELECT r.id, t.id"
    " FROM hub.repository r, hub.team t WHERE random() < 0.05;"
    "INSERT INTO hub.store (id) OVERRIDING SYSTEM VALUE VALUES (0) ON CONFLICT DO NOTHING;"
    "INSERT INTO hub.project (path, owner_account_id, default_access, store_id)"
    " SELECT 'p' || i, (SELECT id FROM hub.account WHERE i > 0 ORDER BY random() LIMIT 1),"
    " floor(random() * 2), 0 FROM generate_series(1, 60) i;"
    "INSERT INTO hub.repository_project (repository_id, platform_id, project_id, name_key)"
    " SELECT r.id, r.platform_id, p.id, lower(p.name) FROM hub.repository r, hub.project p"
    " WHERE r.name = 'one' AND random() < 0.5;";

/* ---- looking things up */

struct found {
	int64_t id;
};

static const struct field found_row[] = { FIELD(found, id), { 0 } };

enum { PLATFORM_IDS, REPOSITORY_IDS, PLATFORM_ID, REPOSITORY_ID, PROJECT_ID, RELATED, EVENTS };

static const struct db_stmt look_sql[] = { [PLATFORM_IDS] = { "l_platforms",
					       "SELECT id FROM hub.platform ORDER BY lower(name)",
					       found_row, sizeof(struct found) },
	[REPOSITORY_IDS] = { "l_repositories", "SELECT id FROM hub.repository ORDER BY id",
	    found_row, sizeof(struct found) },
	[PLATFORM_ID] = { "l_platform", "SELECT id FROM hub.platform WHERE name = $1", found_row,
	    sizeof(struct found) },
	[REPOSITORY_ID] = { "l_repository",
	    "SELECT r.id FROM hub.repository r JOIN hub.platform p ON p.id = r.platform_id "
	    "WHERE p.name = $1 AND r.name = $2",
	    found_row, sizeof(struct found) },
	[PROJECT_ID] = { "l_project", "SELECT id FROM hub.project WHERE path = $1", found_row,
	    sizeof(struct found) },
	/* what the list means, said the other way round: from each platform to the asker */
	[RELATED] = { "l_related",
	    "SELECT p.id FROM hub.platform p WHERE p.owner_account_id = $1 "
	    "OR EXISTS (SELECT FROM hub.team t WHERE t.id = p.owner_team_id "
	    "AND t.owner_account_id = $1) OR EXISTS (SELECT FROM (SELECT p.owner_team_id AS "
	    "team_id "
	    "UNION ALL SELECT g.team_id FROM hub.platform_grant g WHERE g.platform_id = p.id "
	    "UNION ALL SELECT g.team_id FROM hub.repository_grant g "
	    "JOIN hub.repository r ON r.id = g.repository_id WHERE r.platform_id = p.id) x "
	    "JOIN hub.team_member m ON m.team_id = x.team_id AND m.account_id = $1) "
	    "OR EXISTS (SELECT FROM (SELECT g.account_id FROM hub.platform_grant g "
	    "WHERE g.platform_id = p.id UNION ALL SELECT g.account_id FROM hub.repository_grant g "
	    "JOIN hub.repository r ON r.id = g.repository_id WHERE r.platform_id = p.id) y "
	    "WHERE y.account_id = $1) ORDER BY lower(p.name)",
	    found_row, sizeof(struct found) },
	[EVENTS] = { "l_events", "SELECT count(*) AS id FROM hub.event", found_row,
	    sizeof(struct found) },
	{ 0 } };
static const struct db_stmt *const look_tables[] = { look_sql, NULL };

static struct ctx *eyes; /* the owner of the tables, who sees everything */

static int64_t
platform_id(const char *name)
{
	struct found row;

	assert_ok(eyes, db_one(eyes, &look_sql[PLATFORM_ID], &row, db_text(name)));
	return row.id;
}

static int64_t
repository_id(const char *platform, const char *name)
{
	struct found row;

	assert_ok(
	    eyes, db_one(eyes, &look_sql[REPOSITORY_ID], &row, db_text(platform), db_text(name)));
	return row.id;
}

static int64_t
count_events(void)
{
	struct found row;

	assert_ok(eyes, db_one(eyes, &look_sql[EVENTS], &row));
	return row.id;
}

/* NULL: nobody. */
static struct account
account_of(struct ctx *c, const char *uname)
{
	struct claim claim = { .kind = CLAIM_NOBODY };
	struct account account;

	if (uname != NULL) {
		claim.kind = CLAIM_ACCOUNT;
		claim.password_version = 1;
		assert_ok(c, account_id_by_uname(c, uname, &claim.account_id));
	}
	assert_ok(c, account_by_claim(c, &claim, &account));
	return account;
}

static int64_t
access_to_platform(struct ctx *c, const struct account *asker, int64_t id)
{
	struct platform p;

	assert_ok(c, platform_by_id(c, asker, id, &p));
	assert_int_equal(p.id, id);
	return p.access;
}

static int64_t
access_to_repository(struct ctx *c, const struct account *asker, int64_t id)
{
	struct repository r;

	assert_ok(c, repository_by_id(c, asker, id, &r));
	assert_int_equal(r.id, id);
	return r.access;
}

/* ---- the matrix */

static const struct {
	const char *uname; /* NULL: nobody */
	int open, hidden;  /* platforms */
	int open_main, hidden_main, hidden_other;
	bool sees_members; /* of the hidden one */
} matrix[] = {
	{ NULL, 1, 0, 1, 0, 0, false },
	{ "stranger", 1, 0, 1, 0, 0, false },
	{ "worker", 1, 0, 1, 0, 0, false },
	{ "boss", 1, 0, 1, 0, 0, false }, /* owns teams that are members, and is in none */
	{ "reader", 1, 1, 1, 1, 1, true },
	{ "writer", 1, 1, 1, 1, 1, true },
	{ "admin", 3, 3, 3, 3, 3, true },
	{ "team_reader", 1, 1, 1, 1, 1, true }, /* the team's role counts, not his in it */
	{ "team_admin", 3, 3, 3, 3, 3, true },
	{ "member", 1, 1, 2, 2, 1, false },
	{ "team_member", 1, 1, 2, 2, 1, false },
	{ "crew_reader", 1, 1, 1, 1, 1, true },
	{ "crew_writer", 1, 1, 1, 1, 1, true },
	{ "crew_admin", 3, 3, 3, 3, 3, true },
	{ "head", 4, 4, 4, 4, 4, true },
	{ "root", 4, 4, 4, 4, 4, true },
};

static void
everyone_has_the_access_of_what_he_is(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(matrix); i++) {
		struct account asker = account_of(c, matrix[i].uname);

		assert_int_equal(
		    access_to_platform(c, &asker, platform_id("open")), matrix[i].open);
		assert_int_equal(
		    access_to_platform(c, &asker, platform_id("hidden")), matrix[i].hidden);
		assert_int_equal(access_to_repository(c, &asker, repository_id("open", "main")),
		    matrix[i].open_main);
		assert_int_equal(access_to_repository(c, &asker, repository_id("hidden", "main")),
		    matrix[i].hidden_main);
		assert_int_equal(access_to_repository(c, &asker, repository_id("hidden", "other")),
		    matrix[i].hidden_other);
	}
}

static void
members_of_a_hidden_platform_are_for_its_members(void **state)
{
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(matrix); i++) {
		struct account asker = account_of(c, matrix[i].uname);
		struct member *rows;
		struct platform p;
		int64_t total;
		size_t n;

		if (matrix[i].hidden == 0)
			continue; /* it is missing for him */
		assert_ok(c, platform_by_id(c, &asker, platform_id("hidden"), &p));
		assert_code(c, platform_members(c, &asker, &p, 100, 0, &rows, &n),
		    matrix[i].sees_members ? OK : E_DENIED);
		if (!matrix[i].sees_members)
			continue;
		assert_ok(c, platform_count_members(c, p.id, &total));
		assert_int_equal(total, n);
		assert_int_equal(n, 6); /* crew owns it; three accounts, two teams */
		assert_string_equal(rows[0].uname, "admin");
		assert_string_equal(rows[1].uname, "admins");
		assert_true(rows[1].is_team && !rows[0].is_team);
		assert_string_equal(rows[2].uname, "crew");
	}
}

/* ---- lists */

static void
totals_agree(struct ctx *c, const struct account *asker)
{
	static const char *const types[] = { "", "main", "personal", "other" };
	struct platform *rows;
	int64_t total;
	size_t n;

	for (size_t i = 0; i < N_OF(types); i++) {
		assert_ok(
		    c, platform_list_related(c, asker, types[i], LIST_MOST, 0, &rows, &n));
		assert_ok(c, platform_count_related(c, asker, types[i], &total));
		assert_int_equal(total, n);
	}
	assert_ok(c, platform_list_for_build(c, asker, LIST_MOST, 0, &rows, &n));
	assert_ok(c, platform_count_for_build(c, asker, &total));
	assert_int_equal(total, n);
}

static void
list_agrees(struct ctx *c, const struct account *asker)
{
	struct platform *rows;
	struct found *expected;
	size_t n, n_expected, seen = 0;

	assert_ok(c, platform_list_related(c, asker, "", LIST_MOST, 0, &rows, &n));
	assert_ok(
	    eyes, db_all(eyes, &look_sql[RELATED], &expected, &n_expected, db_int(asker->id)));
	for (size_t i = 0; i < n_expected; i++) {
		int64_t access = access_to_platform(c, asker, expected[i].id);

		assert_true(access > 0); /* whoever has to do with it sees it */
		assert_true(seen < n);
		assert_int_equal(rows[seen].id, expected[i].id);
		assert_int_equal(rows[seen].access, access);
		seen++;
	}
	assert_int_equal(seen, n);
}

static bool
has_repository(struct ctx *c, int64_t id)
{
	struct repository_card *cards;
	size_t n;

	assert_ok(c, repository_list_cards(c, &id, 1, &cards, &n));
	return n > 0;
}

/* And a hidden platform that is not in the list is missing. */
static void
for_build_agrees(struct ctx *c, const struct account *asker)
{
	struct platform *rows, p;
	struct found *all;
	size_t n, n_all, seen = 0;

	assert_ok(c, platform_list_for_build(c, asker, LIST_MOST, 0, &rows, &n));
	assert_ok(eyes, db_all(eyes, &look_sql[PLATFORM_IDS], &all, &n_all));
	for (size_t i = 0; i < n_all; i++) {
		bool is_listed = seen < n && rows[seen].id == all[i].id;

		assert_ok(c, platform_by_id(c, asker, all[i].id, &p));
		assert_int_equal(is_listed,
		    strcmp(p.platform_type, "main") == 0 && p.access > 0 &&
			has_repository(c, p.id));
		assert_true(!is_listed || rows[seen].access == p.access);
		seen += is_listed;
	}
	assert_int_equal(seen, n);
}

static void
lists_never_disagree_with_look_ups(void **state)
{
	struct ctx *c = *state;

	harness_sql(random_sql);
	for (int a = 0; a <= 12; a++) {
		struct account asker =
		    account_of(c, a == 0 ? NULL : arena_printf(c->mem, "a%d", a));

		if (a > 0)
			list_agrees(c, &asker);
		for_build_agrees(c, &asker);
		totals_agree(c, &asker);
	}
}

static void
projects_agree(struct ctx *c, const struct account *asker, int64_t id)
{
	struct project_card *all, *rows;
	struct repository r;
	size_t n_all, n, seen = 0;
	int64_t total;

	assert_ok(c, repository_by_id(c, asker, id, &r));
	assert_ok(c, repository_list_projects(c, asker, id, true, LIST_MOST, 0, &all, &n_all));
	assert_ok(c, repository_projects(c, asker, &r, LIST_MOST, 0, &rows, &n));
	assert_ok(c, repository_projects_total(c, asker, &r, &total));
	assert_int_equal(total, n);
	for (size_t i = 0; i < n_all; i++) {
		struct claim claim = {
			.kind = CLAIM_ACCOUNT, .account_id = asker->id, .password_version = 1
		};
		struct account account;
		struct project_full p;
		bool may;

		if (asker->id == 0)
			claim.kind = CLAIM_NOBODY;
		assert_ok(c, project_full_by_id(c, &claim, all[i].id, &account, &p));
		may = p.base.access > 0 || r.access >= 3;
		assert_int_equal(seen < n && rows[seen].id == all[i].id, may);
		seen += may;
	}
	assert_int_equal(seen, n);
}

static void
attached_projects_are_those_that_one_may_read(void **state)
{
	struct ctx *c = *state;
	struct found *ids;
	size_t n;

	assert_ok(eyes, db_all(eyes, &look_sql[REPOSITORY_IDS], &ids, &n));
	assert_true(n > 30);
	for (int a = 0; a <= 12; a += 3) {
		struct account asker =
		    account_of(c, a == 0 ? NULL : arena_printf(c->mem, "a%d", a));

		for (size_t i = 0; i < n; i += 3)
			projects_agree(c, &asker, ids[i].id);
	}
}

static void
hidden_and_missing_projects_cannot_be_attached_in_the_same_words(void **state)
{
	struct ctx *c = *state;
	struct account owner;
	struct actor who = { .account = &owner, .remote_addr = "" };
	struct repository r;
	struct found secret;
	const char *reason;
	int64_t before = count_events();

	harness_sql("UPDATE hub.project SET path = 'secret', default_access = 0, owner_account_id ="
		    " (SELECT id FROM hub.account WHERE uname = 'a3') WHERE id ="
		    " (SELECT max(id) FROM hub.project);"
		    "DELETE FROM hub.repository_project;");
	owner = account_of(c, "a4");
	assert_ok(c, repository_by_id(c, &owner, repository_id("a4_personal", "main"), &r));
	assert_code(c, repository_add_project(c, &who, &r, INT64_MAX), E_INVALID);
	reason = c->reason;
	assert_ok(eyes, db_one(eyes, &look_sql[PROJECT_ID], &secret, db_text("secret")));
	assert_code(c, repository_add_project(c, &who, &r, secret.id), E_INVALID);
	assert_string_equal(c->reason, reason);
	assert_null(c->faults);
	assert_int_equal(count_events(), before);
	owner = account_of(c, "a3");
	assert_ok(c, repository_add_project(c, &who, &r, secret.id));
	assert_int_equal(count_events(), before + 1);
}

/* ---- rules */

static const struct platform_wish good = {
	.name = "rosa2013", .distrib_type = "mdv", .description = "d", .default_branch = "b"
};

static void
assert_fault(struct ctx *c, size_t i, const char *field, enum fault_kind kind)
{
	assert_non_null(c->faults);
	assert_true(i < c->faults->n);
	assert_string_equal(c->faults->rows[i].field, field);
	assert_int_equal(c->faults->rows[i].kind, kind);
}

static void
faults_come_in_the_order_of_the_contract(void **state)
{
	struct ctx *c = *state;
	const struct account root = account_of(c, "a1");
	const struct actor who = { .account = &root, .remote_addr = "" };
	const struct platform_wish wish = {
		.visibility = "", .distrib_type = "deb", .owner_account_id = -1
	};
	int64_t id;

	assert_code(c, platform_create(c, &who, &wish, &id), E_INVALID);
	assert_int_equal(c->faults->n, 8);
	assert_fault(c, 0, "description", FAULT_BLANK);
	assert_fault(c, 1, "visibility", FAULT_BLANK);
	assert_fault(c, 2, "visibility", FAULT_NOT_INCLUDED);
	assert_fault(c, 3, "name", FAULT_BLANK);
	assert_fault(c, 4, "name", FAULT_INVALID);
	assert_fault(c, 5, "default_branch", FAULT_BLANK);
	assert_fault(c, 6, "distrib_type", FAULT_NOT_INCLUDED);
	assert_fault(c, 7, "owner", FAULT_UNKNOWN);
}

static void
a_name_is_checked_whole_and_a_taken_one_is_told_by_the_database(void **state)
{
	struct ctx *c = *state;
	const struct account root = account_of(c, "a1");
	const struct actor who = { .account = &root, .remote_addr = "" };
	static const char *const bad[] = { "a b", "a/b", "a\n", "\n", ".", "..", "...",
		"na\xc3\xafve", "a:b" };
	struct platform_wish wish = good;
	int64_t id;

	for (size_t i = 0; i < N_OF(bad); i++) {
		wish.name = bad[i];
		assert_code(c, platform_create(c, &who, &wish, &id), E_INVALID);
		assert_fault(c, c->faults->n - 1, "name", FAULT_INVALID);
	}
	wish.name = "Rosa.2013_-x";
	assert_ok(c, platform_create(c, &who, &wish, &id));
	wish.name = "rOSA.2013_-X";
	assert_code(c, platform_create(c, &who, &wish, &id), E_CONFLICT);
	assert_fault(c, 0, "name", FAULT_TAKEN);
}

static void
a_system_account_owns_nothing_and_is_no_member(void **state)
{
	struct ctx *c = *state;
	const struct account root = account_of(c, "a1"), machine = account_of(c, "a2");
	const struct actor who = { .account = &root, .remote_addr = "" };
	struct platform_wish wish = good;
	struct platform p;
	int64_t id;

	wish.owner_account_id = machine.id;
	assert_code(c, platform_create(c, &who, &wish, &id), E_INVALID);
	assert_fault(c, 0, "owner", FAULT_UNKNOWN);
	wish.owner_account_id = 0;
	assert_ok(c, platform_create(c, &who, &wish, &id));
	assert_ok(c, platform_by_id(c, &root, id, &p));
	assert_int_equal(p.owner_account_id, root.id);
	assert_code(c, platform_admit(c, &who, &p, false, machine.id), E_INVALID);
	assert_code(c, platform_dismiss(c, &who, &p, false, root.id), E_INVALID);
}

static void
what_is_for_one_kind_of_platform_is_denied_on_the_other(void **state)
{
	struct ctx *c = *state;
	const struct account root = account_of(c, "a1");
	const struct actor who = { .account = &root, .remote_addr = "" };
	struct platform personal, main;
	struct repository r;
	int64_t id, before = count_events();

	assert_ok(c, platform_by_id(c, &root, platform_id("a3_personal"), &personal));
	assert_ok(c, platform_by_id(c, &root, platform_id("rosa2013"), &main));
	assert_ok(c, repository_by_id(c, &root, repository_id("a3_personal", "main"), &r));
	assert_code(c, platform_destroy(c, &who, &personal), E_DENIED);
	assert_code(c, platform_clone(c, &who, &personal, &good, &id), E_DENIED);
	assert_code(c, platform_admit(c, &who, &personal, false, root.id), E_DENIED);
	assert_code(c, platform_dismiss(c, &who, &personal, false, root.id), E_DENIED);
	assert_code(c, platform_clear(c, &who, &main), E_DENIED);
	assert_code(c, repository_destroy(c, &who, &r), E_DENIED);
	assert_code(c, repository_admit(c, &who, &r, false, root.id), E_DENIED);
	assert_code(c, repository_dismiss(c, &who, &r, false, root.id), E_DENIED);
	assert_code(c, repository_lock(c, &who, &r), E_DENIED);
	assert_code(c, repository_unlock(c, &who, &r), E_DENIED);
	assert_int_equal(count_events(), before);
}

static void
a_token_without_all_rights_makes_no_repository(void **state)
{
	struct ctx *c = *state;
	struct account root = account_of(c, "a1");
	const struct actor who = { .account = &root, .remote_addr = "" };
	struct repository_wish wish = {
		.platform_id = platform_id("rosa2013"), .name = "main", .description = "d"
	};
	int64_t id;

	root.scope = 2;
	assert_code(c, repository_create(c, &who, &wish, &id), E_DENIED);
	db_rollback(c);
	root.scope = 3;
	assert_ok(c, repository_create(c, &who, &wish, &id));
	assert_code(c, repository_create(c, &who, &wish, &id), E_CONFLICT);
	assert_fault(c, 0, "name", FAULT_TAKEN);
	db_rollback(c);
	/* names are of small letters, so no other case could be taken */
	wish.name = "Main";
	assert_code(c, repository_create(c, &who, &wish, &id), E_INVALID);
	db_rollback(c);
}

/* Two people change one platform: both loaded it, then one releases it. */
static void
a_change_does_not_undo_what_another_one_did_meanwhile(void **state)
{
	struct ctx *c = *state;
	const struct account root = account_of(c, "a1");
	const struct actor who = { .account = &root, .remote_addr = "" };
	const struct platform_wish release = { .released = 1, .visibility = "hidden" };
	const struct platform_wish describe = { .released = -1, .description = "new" };
	const struct repository_wish needs_qa = { .publish_without_qa = 0,
		.synchronizing_publications = -1 };
	const struct repository_wish branch = { .publish_without_qa = -1,
		.synchronizing_publications = 1,
		.publish_builds_only_from_branch = "lts" };
	struct platform p;
	struct repository r;

	assert_ok(c, platform_by_id(c, &root, platform_id("rosa2013"), &p));
	assert_ok(c, repository_by_id(c, &root, repository_id("rosa2013", "main"), &r));
	assert_ok(c, platform_update(c, &who, &p, &release));
	assert_ok(c, platform_update(c, &who, &p, &describe));
	assert_ok(c, repository_update(c, &who, &r, &needs_qa));
	assert_ok(c, repository_update(c, &who, &r, &branch));
	assert_ok(c, platform_by_id(c, &root, p.id, &p));
	assert_true(p.is_released && p.is_hidden);
	assert_string_equal(p.description, "new");
	assert_ok(c, repository_by_id(c, &root, r.id, &r));
	assert_false(r.publish_without_qa);
	assert_true(r.synchronizing_publications);
	assert_string_equal(r.publish_builds_only_from_branch, "lts");
}

static void
what_was_deleted_meanwhile_is_missing(void **state)
{
	struct ctx *c = *state;
	const struct account root = account_of(c, "a1");
	const struct actor who = { .account = &root, .remote_addr = "" };
	struct platform_wish change = { .released = -1 };
	struct repository_wish wish = { .description = "d" };
	struct platform p;
	struct repository r;

	assert_ok(c, platform_by_id(c, &root, platform_id("rosa2013"), &p));
	assert_ok(c, repository_by_id(c, &root, repository_id("rosa2013", "main"), &r));
	harness_sql("DELETE FROM hub.platform WHERE name = 'rosa2013'");
	assert_code(c, platform_update(c, &who, &p, &change), E_NOTFOUND);
	assert_code(c, platform_admit(c, &who, &p, false, account_of(c, "a5").id), E_INVALID);
	assert_code(c, platform_destroy(c, &who, &p), E_NOTFOUND);
	db_rollback(c);
	assert_code(c, repository_update(c, &who, &r, &wish), E_NOTFOUND);
	assert_code(c, repository_admit(c, &who, &r, false, account_of(c, "a5").id), E_INVALID);
	assert_code(c, repository_add_project(c, &who, &r, 1), E_INVALID);
	assert_code(c, repository_destroy(c, &who, &r), E_NOTFOUND);
	db_rollback(c);
}

/* ---- folders */

static bool
has_folders(struct ctx *c, const struct place *p)
{
	static const char *const branches[] = { "SRPMS", "i386", "i586", "x86_64" };
	size_t n = 0;

	for (size_t i = 0; i < N_OF(branches); i++)
		n += path_is_dir(arena_printf(c->mem, "%s/platforms/%lld/repository/%s/%s",
		    conf.data_dir, (long long)p->platform_id, branches[i], p->name));
	assert_true(n == 0 || n == N_OF(branches));
	return n > 0;
}

/* A repository of a main platform, made behind the hub's back. */
static struct place
new_place(const char *name)
{
	harness_sql(arena_printf(eyes->mem,
	    "INSERT INTO hub.platform (name, description, distrib_type, default_branch,"
	    " owner_account_id) SELECT '%s', 'd', 'mdv', 'b', min(id) FROM hub.account;"
	    "INSERT INTO hub.repository (platform_id, name, description)"
	    " SELECT id, 'main', 'd' FROM hub.platform WHERE name = '%s'",
	    name, name));
	return (struct place){
		.id = repository_id(name, "main"), .platform_id = platform_id(name), .name = "main"
	};
}

/* One destroys it, another makes it anew, and the first comes late to the folders. */
static void
folders_of_a_name_that_is_there_again_are_left_to_it(void **state)
{
	struct ctx *c = *state;
	struct place old = new_place("again"), new;

	assert_ok(c, platform_tree_make(c, &old, 1));
	assert_true(has_folders(c, &old));
	harness_sql(arena_printf(c->mem,
	    "DELETE FROM hub.repository WHERE id = %lld;"
	    "INSERT INTO hub.repository (platform_id, name, description)"
	    " VALUES (%lld, 'main', 'd')",
	    (long long)old.id, (long long)old.platform_id));
	new = old;
	new.id = repository_id("again", "main");
	assert_ok(c, platform_tree_make(c, &new, 1));
	assert_ok(c, platform_tree_remove(c, &old));
	assert_true(has_folders(c, &new));
	harness_sql("DELETE FROM hub.repository WHERE platform_id ="
		    " (SELECT id FROM hub.platform WHERE name = 'again')");
	assert_ok(c, platform_tree_remove(c, &new));
	assert_false(has_folders(c, &new));
	assert_ok(c, platform_tree_remove(c, &new)); /* and once more */
}

static void
a_sweep_comes_once_an_hour_and_brings_the_disk_to_the_rows(void **state)
{
	struct ctx *c = *state;
	struct place one = new_place("sweep-one"), two = new_place("sweep-two");
	int64_t removed = 0;

	assert_ok(c, platform_tree_sweep(c, true, &removed));
	assert_true(has_folders(c, &one) && has_folders(c, &two));
	harness_sql("DELETE FROM hub.platform WHERE name = 'sweep-one';"
		    "DELETE FROM hub.repository WHERE platform_id ="
		    " (SELECT id FROM hub.platform WHERE name = 'sweep-two')");
	assert_ok(c, platform_tree_sweep(c, false, &removed));
	assert_int_equal(removed, 0);
	assert_true(has_folders(c, &one) && has_folders(c, &two));
	assert_ok(c, platform_tree_sweep(c, true, &removed));
	assert_int_equal(removed, 5); /* a platform, and four folders */
	assert_false(has_folders(c, &one) || has_folders(c, &two));
}

/* ---- */

static int
arrange(void **state)
{
	(void)state;
	conf.data_dir = mkdtemp(folder);
	harness_sql(matrix_sql);
	eyes = harness_open("mirrorhub_owner", look_tables);
	return conf.data_dir == NULL;
}

static int
clear(void **state)
{
	(void)state;
	assert_int_equal(path_remove_tree(eyes, folder), OK);
	harness_close(eyes);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(everyone_has_the_access_of_what_he_is),
		CONNECTED(members_of_a_hidden_platform_are_for_its_members),
		CONNECTED(lists_never_disagree_with_look_ups),
		CONNECTED(attached_projects_are_those_that_one_may_read),
		CONNECTED(hidden_and_missing_projects_cannot_be_attached_in_the_same_words),
		CONNECTED(faults_come_in_the_order_of_the_contract),
		CONNECTED(a_name_is_checked_whole_and_a_taken_one_is_told_by_the_database),
		CONNECTED(a_system_account_owns_nothing_and_is_no_member),
		CONNECTED(what_is_for_one_kind_of_platform_is_denied_on_the_other),
		CONNECTED(a_token_without_all_rights_makes_no_repository),
		CONNECTED(a_change_does_not_undo_what_another_one_did_meanwhile),
		CONNECTED(what_was_deleted_meanwhile_is_missing),
		CONNECTED(folders_of_a_name_that_is_there_again_are_left_to_it),
		CONNECTED(a_sweep_comes_once_an_hour_and_brings_the_disk_to_the_rows),
	};

	return cmocka_run_group_tests_name("platform", tests, arrange, clear);
}
