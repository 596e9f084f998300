/* People and teams: what others see of them, and what goes with a team. */
#include "base/conf.h"
#include "base/fault.h"
#include "core/person.h"
#include "core/team.h"
#include "store/arch.h"
#include "store/member.h"
#include "store/project.h"
#include "store/store.h"
#include "tests/db/harness.h"

#define MANY 1200 /* more than team_delete takes at once */

static char folder[] = "/tmp/mirrorhub-people-XXXXXX";
static struct conf conf = { .data_dir = folder };


enum { VERSION_OF, LEFT_OF, EVENTS_OF, FAMILY_OF };

#define TEXT(sql) sql, text_row, sizeof(struct text)

static const struct db_stmt look_sql[] = {
	[VERSION_OF] = { "l_version",
	    TEXT("SELECT password_version::text AS text FROM hub.account WHERE uname = $1") },
	[LEFT_OF] = { "l_left",
	    TEXT("SELECT concat_ws(' ', (SELECT count(*) FROM hub.project WHERE path LIKE $1 || "
		 "'%'),"
		 " (SELECT count(*) FROM hub.platform WHERE name LIKE $1 || '%'),"
		 " (SELECT count(*) FROM hub.job WHERE kind = 'remove_store'),"
		 " (SELECT count(*) FROM hub.uname_taken WHERE uname_key = $1)) AS text") },
	[EVENTS_OF] = { "l_events",
	    TEXT("SELECT string_agg(action || '=' || n, ' ' ORDER BY action) AS text FROM ("
		 "SELECT action, count(*) AS n FROM hub.event WHERE actor = $1 GROUP BY 1) e") },
	[FAMILY_OF] = { "l_family",
	    TEXT("SELECT concat_ws(' ', (SELECT string_agg(concat_ws(' of ', p.path, q.path, "
		 "r.path),"
		 " ', ' ORDER BY p.path) FROM hub.project p"
		 " LEFT JOIN hub.project q ON q.id = p.alias_of"
		 " LEFT JOIN hub.project r ON r.id = p.parent_id"
		 " JOIN hub.account a ON a.id = p.owner_account_id AND a.uname = $1),"
		 " 'removed', (SELECT string_agg(s.generation::text, ',' ORDER BY s.generation)"
		 " FROM hub.job j JOIN hub.store s ON s.id = j.store_id"
		 " WHERE s.generation > 1000)) AS text") },
	{ 0 }
};
static const struct db_stmt *const look_tables[] = { look_sql, NULL };

static const char *
look(struct ctx *mem, int which, const char *parameter)
{
	struct ctx *c = harness_open("mirrorhub_owner", look_tables);
	struct text row;
	const char *text;

	assert_ok(c, db_one(c, &look_sql[which], &row, db_text(parameter)));
	text = arena_strdup(mem->mem, row.text != NULL ? row.text : "");
	harness_close(c);
	return text;
}

static struct account
asker_of(struct ctx *c, const char *uname)
{
	struct claim claim = { .kind = CLAIM_NOBODY };
	struct account account;

	if (uname != NULL) {
		claim.kind = CLAIM_ACCOUNT;
		claim.password_version = atoi(look(c, VERSION_OF, uname));
		assert_ok(c, account_id_by_uname(c, uname, &claim.account_id));
	}
	assert_ok(c, account_by_claim(c, &claim, &account));
	return account;
}

static const char world_sql[] =
    "INSERT INTO hub.account (uname, role) VALUES ('olga', 'user'), ('root', 'admin'),"
    " ('worker', 'system'), ('reader', 'user'), ('admin3', 'user'), ('granted', 'user'),"
    " ('stranger', 'user');"
    "INSERT INTO hub.team (uname, owner_account_id) SELECT 'herd', id FROM hub.account"
    " WHERE uname = 'olga';"
    "INSERT INTO hub.team_member SELECT t.id, a.id, CASE a.uname WHEN 'reader' THEN 1 ELSE 3 END"
    " FROM hub.team t, hub.account a WHERE a.uname IN ('olga', 'reader', 'admin3');"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 6);"
    "INSERT INTO hub.project (path, owner_team_id, default_access, store_id)"
    " SELECT 'herd/' || i, t.id, i % 2, i FROM hub.team t, generate_series(1, 3) i;"
    "INSERT INTO hub.project (path, owner_account_id, default_access, store_id)"
    " SELECT 'olga/' || i, a.id, i % 2, i FROM hub.account a, generate_series(4, 6) i"
    " WHERE a.uname = 'olga';"
    "INSERT INTO hub.project_grant (project_id, account_id, access) SELECT p.id, a.id, 1"
    " FROM hub.project p, hub.account a WHERE p.path IN ('olga/4', 'herd/2')"
    " AND a.uname = 'granted';";

static void
a_count_of_projects_is_of_those_that_one_may_read(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const char *uname;
		int64_t of_olga, of_herd, access;
	} rows[] = {
		{ NULL, 1, 2, 1 },
		{ "stranger", 1, 2, 1 },
		{ "granted", 2, 3, 1 },
		{ "reader", 1, 3, 1 },
		{ "admin3", 1, 3, 3 },
		{ "olga", 3, 3, 4 },
		{ "root", 3, 3, 4 },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct account asker = asker_of(c, rows[i].uname);
		struct person olga;
		struct team herd;

		assert_ok(c, person_by_uname(c, &asker, "OLGA", &olga));
		assert_int_equal(olga.own_projects_count, rows[i].of_olga);
		assert_ok(c, person_by_id(c, &asker, olga.id, &olga));
		assert_int_equal(olga.own_projects_count, rows[i].of_olga);
		assert_ok(c, team_by_id(c, &asker, 1, &herd));
		assert_int_equal(herd.own_projects_count, rows[i].of_herd);
		assert_int_equal(herd.access, rows[i].access);
		assert_int_equal(herd.owner_account_id, olga.id);
	}
}

static void
a_system_account_is_nobody_to_others(void **state)
{
	struct ctx *c = *state;
	const struct account root = asker_of(c, "root"), worker = asker_of(c, "worker");
	const struct actor who = { .account = &root, .remote_addr = "" };
	struct person person;
	struct team herd;

	assert_code(c, person_by_uname(c, &root, "worker", &person), E_NOTFOUND);
	assert_code(c, person_by_id(c, &root, worker.id, &person), E_NOTFOUND);
	assert_ok(c, person_by_self(c, &worker, &person));
	assert_string_equal(person.uname, "worker");
	assert_ok(c, team_by_id(c, &root, 1, &herd));
	assert_code(c, team_admit(c, &who, &herd, worker.id, "reader"), E_INVALID);
	assert_null(c->faults);
}

static void
what_a_person_changes_of_itself_leaves_its_password_alone(void **state)
{
	struct ctx *c = *state;
	const struct account olga = asker_of(c, "olga");
	const struct actor who = { .account = &olga, .remote_addr = "" };
	static const struct person_change rows[] = {
		{ .name = "Olga the First" },
		{ .email = " Olga@Example.org " },
		{ .email = "olga@example.org", .site = "s" },
		{ .email = "new@example.org" },
	};
	struct person person;

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_ok(c, person_update(c, &who, &rows[i]));
		/* or requests that run beside would be told that it is wrong */
		assert_string_equal(look(c, VERSION_OF, "olga"), "1");
	}
	assert_ok(c, person_by_self(c, &olga, &person));
	assert_string_equal(person.name, "Olga the First");
	assert_string_equal(person.email, "new@example.org");
	assert_string_equal(person.site, "s");
	assert_null(person.company);
}

static void
what_is_wrong_is_a_list_of_fields(void **state)
{
	struct ctx *c = *state;
	const struct account root = asker_of(c, "root");
	const struct actor who = { .account = &root, .remote_addr = "" };
	const struct person_wish wish = {
		.uname = "No Name", .password = "1234567", .role = "king"
	};
	static const struct fault rows[] = { { "uname", FAULT_INVALID, 0 },
		{ "email", FAULT_BLANK, 0 }, { "password", FAULT_TOO_SHORT, 8 },
		{ "role", FAULT_NOT_INCLUDED, 0 } };
	int64_t id;

	assert_code(c, person_create(c, &who, &wish, &id), E_INVALID);
	assert_int_equal(c->faults->n, N_OF(rows));
	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_string_equal(c->faults->rows[i].field, rows[i].field);
		assert_int_equal(c->faults->rows[i].kind, rows[i].kind);
		assert_int_equal(c->faults->rows[i].limit, rows[i].limit);
	}
}

static void
a_team_takes_all_that_it_owns_with_it(void **state)
{
	struct ctx *c = *state;
	const struct account olga = asker_of(c, "olga");
	const struct actor who = { .account = &olga, .remote_addr = "" };
	const struct team_wish wish = { .uname = "big" };
	struct team big;
	int64_t id;

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, team_create(c, &who, &wish, &id));
	assert_ok(c, db_commit(c));
	harness_sql(arena_printf(c->mem,
	    "WITH s AS (INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, %d)"
	    " RETURNING id) INSERT INTO hub.project (path, owner_team_id, store_id)"
	    " SELECT 'big/' || s.id, %lld, s.id FROM s;"
	    "INSERT INTO hub.platform (name, description, distrib_type, default_branch,"
	    " owner_team_id) VALUES ('big_main', 'x', 'mdv', 'x', %lld)",
	    MANY, (long long)id, (long long)id));
	assert_ok(c, team_by_id(c, &olga, id, &big));
	assert_string_equal(look(c, LEFT_OF, "big"), "1200 2 0 1");
	assert_ok(c, team_delete(c, &who, &big));
	assert_string_equal(look(c, LEFT_OF, "big"), "0 0 1200 0");
	assert_non_null(
	    strstr(look(c, EVENTS_OF, "olga"), "project.delete=1200 team.create=1 team.delete=1"));
	assert_code(c, team_delete(c, &who, &big), E_NOTFOUND);
	db_rollback(c);
}

/* Of one store 1001 and one 1002: the team has an alias that is older than what it is one of,
 * another alias, and a project of its own; mine are an alias, and a fork of a fork. */
static const char family_sql[] =
    "INSERT INTO hub.account (uname) VALUES ('kin');"
    "INSERT INTO hub.team (uname, owner_account_id) SELECT 'clan', id FROM hub.account"
    " WHERE uname = 'kin';"
    "INSERT INTO hub.store (generation) VALUES (1001), (1002);"
    "INSERT INTO hub.project (path, owner_team_id, store_id) SELECT 'clan/' || w.word, t.id, s.id"
    " FROM hub.team t, (VALUES (1, 'a1', 1001), (2, 'root', 1001), (3, 'a2', 1001),"
    " (4, 'lone', 1002)) w (k, word, generation)"
    " JOIN hub.store s ON s.generation = w.generation WHERE t.uname = 'clan' ORDER BY w.k;"
    "INSERT INTO hub.project (path, owner_account_id, store_id) SELECT 'kin/' || w, a.id, s.id"
    " FROM hub.account a, hub.store s, (VALUES ('alias'), ('alias2'), ('fork'), ('source')) v (w)"
    " WHERE a.uname = 'kin' AND s.generation = 1001;"
    "UPDATE hub.project p SET alias_of = q.id FROM hub.project q WHERE q.path = 'clan/root'"
    " AND p.path IN ('clan/a1', 'clan/a2', 'kin/alias', 'kin/alias2');"
    "UPDATE hub.project p SET parent_id = q.id FROM hub.project q"
    " WHERE (p.path, q.path) IN (('kin/fork', 'clan/lone'), ('clan/lone', 'clan/root'),"
    " ('clan/root', 'kin/source'));";

static void
what_others_have_of_a_teams_projects_outlives_it(void **state)
{
	struct ctx *c = *state;
	struct account kin;
	struct actor who = { .account = &kin, .remote_addr = "" };
	struct team clan;

	harness_sql(family_sql);
	kin = asker_of(c, "kin");
	assert_ok(c, team_by_uname(c, &kin, "clan", &clan));
	assert_ok(c, team_delete(c, &who, &clan));
	assert_string_equal(look(c, FAMILY_OF, "kin"),
	    "kin/alias, kin/alias2 of kin/alias, kin/fork of kin/source, kin/source removed 1002");
}

/* The first row that goes locks the hub's counters, and others wait for them until the commit. */
static void
the_rows_of_a_teams_projects_go_when_all_else_is_done(void **state)
{
	struct ctx *c = *state;
	struct account kin;
	struct actor who = { .account = &kin, .remote_addr = "" };
	struct team slow;

	harness_sql(
	    "INSERT INTO hub.team (uname, owner_account_id) SELECT 'slow', id FROM hub.account"
	    " WHERE uname = 'kin';"
	    "INSERT INTO hub.project (path, owner_team_id, store_id) SELECT 'slow/' || i, t.id, "
	    "s.id"
	    " FROM hub.team t, hub.store s, generate_series(1, 3) i"
	    " WHERE t.uname = 'slow' AND s.generation = 1001;"
	    "CREATE FUNCTION hub.early() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$"
	    " BEGIN ASSERT (SELECT count(*) FROM hub.event WHERE object LIKE 'slow/%') = 3;"
	    " RETURN OLD; END $$;"
	    "CREATE TRIGGER early BEFORE DELETE ON hub.project FOR EACH ROW"
	    " EXECUTE FUNCTION hub.early()");
	kin = asker_of(c, "kin");
	assert_ok(c, team_by_uname(c, &kin, "slow", &slow));
	assert_ok(c, team_delete(c, &who, &slow));
	harness_sql("DROP TRIGGER early ON hub.project");
	assert_string_equal(look(c, LEFT_OF, "slow"), "0 0 1201 0");
}

static void
a_team_that_cannot_go_whole_does_not_go_at_all(void **state)
{
	struct ctx *c = *state;
	const struct account olga = asker_of(c, "olga");
	const struct actor who = { .account = &olga, .remote_addr = "" };
	struct team herd;

	harness_sql("CREATE FUNCTION hub.stop() RETURNS trigger LANGUAGE plpgsql AS"
		    " $$ BEGIN RAISE EXCEPTION 'stop'; END $$;"
		    "CREATE TRIGGER stop BEFORE DELETE ON hub.team FOR EACH ROW"
		    " EXECUTE FUNCTION hub.stop()");
	assert_ok(c, team_by_id(c, &olga, 1, &herd));
	assert_code(c, team_delete(c, &who, &herd), E_INVALID);
	db_rollback(c);
	harness_sql("DROP TRIGGER stop ON hub.team");
	assert_string_equal(look(c, LEFT_OF, "herd"), "3 1 1200 1");
}

static void
no_project_comes_to_a_team_that_is_going(void **state)
{
	struct ctx *c = *state, *other = harness_open("mirrorhub_web", store_web_tables);
	const struct project_new row = {
		.path = "herd/late", .owner_team_id = 1, .description = ""
	};
	int64_t id, store_id;

	assert_ok(other, db_script(other, "SET lock_timeout = '20ms'"));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, team_lock(c, 1));
	assert_code(other, project_add(other, &row, &id, &store_id), E_INTERNAL);
	assert_true(other->retry_after_s > 0); /* it waits, and would find the team gone */
	db_rollback(c);
	assert_ok(other, project_add(other, &row, &id, &store_id));
	harness_close(other);
}

static void
the_owner_is_a_member_for_good(void **state)
{
	struct ctx *c = *state;
	const struct account admin = asker_of(c, "admin3");
	const struct actor who = { .account = &admin, .remote_addr = "" };
	struct member *rows;
	struct team herd;
	size_t n;

	assert_ok(c, team_by_id(c, &admin, 1, &herd));
	assert_code(c, team_dismiss(c, &who, &herd, herd.owner_account_id), E_INVALID);
	assert_code(c, team_promote(c, &who, &herd, herd.owner_account_id, "reader"), E_INVALID);
	assert_ok(c, team_admit(c, &who, &herd, herd.owner_account_id, "reader"));
	assert_ok(c, team_dismiss(c, &who, &herd, admin.id)); /* but an admin may leave */
	assert_ok(c, team_list_members(c, &herd, 10, 0, &rows, &n));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].uname, "reader");
	assert_ok(c, team_by_id(c, &admin, 1, &herd));
	assert_int_equal(herd.access, 1);
}

/* Who owns a team is in its list once, a member of it or not. */
static void
totals_are_as_long_as_their_lists(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const char *uname;
		int64_t n;
	} askers[] = { { "stranger", 0 }, { "granted", 1 }, { "reader", 5 }, { "root", 1 } };
	struct member *members;
	struct team *rows;
	struct arch *arches;
	int64_t total;
	size_t n;

	harness_sql("INSERT INTO hub.team (uname, owner_account_id) SELECT 'total' || i, a.id"
		    " FROM hub.account a, generate_series(1, 4) i WHERE a.uname = 'reader';"
		    "INSERT INTO hub.team_member SELECT t.id, a.id, 1 FROM hub.team t, hub.account a"
		    " WHERE t.uname IN ('total1', 'total2') AND a.uname = 'reader'"
		    " OR t.uname = 'total3' AND a.uname IN ('granted', 'root')");
	for (size_t i = 0; i < N_OF(askers); i++) {
		const struct account asker = asker_of(c, askers[i].uname);

		assert_ok(c, team_list_of(c, &asker, 100, 0, &rows, &n));
		assert_ok(c, team_count_of(c, &asker, &total));
		assert_int_equal(n, askers[i].n);
		assert_int_equal(total, n);
		for (size_t t = 0; t < (size_t)total; t++) {
			int64_t n_members;

			assert_ok(c, team_list_members(c, &rows[t], 100, 0, &members, &n));
			assert_ok(c, team_count_members(c, &rows[t], &n_members));
			assert_int_equal(n_members, n);
		}
	}
	assert_ok(c, arch_list(c, 100, 0, &arches, &n));
	assert_ok(c, arch_count(c, &total));
	assert_true(n > 0 && (int64_t)n == total);
}

/* ---- */

static int
arrange(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	harness_sql(world_sql);
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
		CONNECTED(a_count_of_projects_is_of_those_that_one_may_read),
		CONNECTED(a_system_account_is_nobody_to_others),
		CONNECTED(what_a_person_changes_of_itself_leaves_its_password_alone),
		CONNECTED(what_is_wrong_is_a_list_of_fields),
		CONNECTED(a_team_takes_all_that_it_owns_with_it),
		CONNECTED(a_team_that_cannot_go_whole_does_not_go_at_all),
		CONNECTED(what_others_have_of_a_teams_projects_outlives_it),
		CONNECTED(the_rows_of_a_teams_projects_go_when_all_else_is_done),
		CONNECTED(no_project_comes_to_a_team_that_is_going),
		CONNECTED(the_owner_is_a_member_for_good),
		CONNECTED(totals_are_as_long_as_their_lists),
	};

	return cmocka_run_group_tests_name("people", tests, arrange, tidy);
}
