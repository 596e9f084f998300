/* The verbs of lib/core on ABF's projects: rules, members, copies, and what happens when two come at
 * the same time. As the web's role. */
#include <unistd.h>

#include "base/conf.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/project.h"
#include "core/project_edit.h"
#include "core/project_fork.h"
#include "core/project_member.h"
#include "git/branches.h"
#include "git/init.h"
#include "store/project_member.h"
#include "store/store.h"
#include "tests/db/harness.h"

static char folder[] = "/tmp/mirrorhub-edit-XXXXXX";
static struct conf conf = { .base_url = "http://hub.test",
	.data_dir = folder,
	.sync_refs = 100,
	.sync_objects = 1000,
	.sync_object_bytes = 1000000 };

static const char people_sql[] =
    "INSERT INTO hub.account (uname, role) VALUES ('bob', 'user'), ('carol', 'user'),"
    " ('root', 'admin'), ('robot', 'system');"
    "INSERT INTO hub.team (uname, owner_account_id) VALUES ('red', 1), ('blue', 2);"
    "INSERT INTO hub.team_member VALUES (2, 1, 1);";

static const struct account bob = { .id = 1, .uname = "bob", .role = "user", .scope = 3 };
static const struct account carol = { .id = 2, .uname = "carol", .role = "user", .scope = 3 };
static const struct account root = { .id = 3, .uname = "root", .role = "admin", .is_admin = true };
static const struct actor as_bob = { .account = &bob, .remote_addr = "" };
static const struct actor as_carol = { .account = &carol, .remote_addr = "" };
static const struct actor as_root = { .account = &root, .remote_addr = "" };

/* ---- helpers */

static int64_t
make_as(struct ctx *c, const struct actor *who, const char *name)
{
	const struct owner owner = { .id = who->account->id };
	struct project_wish wish = project_wish_new(who);
	int64_t id;

	wish.name = name;
	wish.visibility = "open";
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, project_create(c, who, &owner, &wish, &id));
	assert_ok(c, db_commit(c));
	return id;
}

static int64_t
make(struct ctx *c, const char *name)
{
	return make_as(c, &as_bob, name);
}

static struct project_full *
load(struct ctx *c, const struct account *asker, int64_t id)
{
	const struct claim claim = { .kind = CLAIM_ACCOUNT,
		.account_id = asker->id,
		.password_version = 1 };
	struct project_full *p = arena_new_of(c->mem, struct project_full);
	struct account who;

	assert_ok(c, project_full_by_id(c, &claim, id, &who, p));
	return p;
}

/* "name taken, owner blank": the faults of a failure, in order. */
static const char *
told(struct ctx *c)
{
	static const char *const kinds[] = { [FAULT_BLANK] = "blank",
		[FAULT_INVALID] = "invalid",
		[FAULT_TAKEN] = "taken",
		[FAULT_TOO_LONG] = "too long",
		[FAULT_NOT_INCLUDED] = "not included",
		[FAULT_UNKNOWN] = "unknown",
		[FAULT_FIXED] = "fixed",
		[FAULT_TOO_MANY] = "too many",
		[FAULT_REFUSED] = "refused" };
	const char *text = "";

	for (size_t i = 0; c->faults != NULL && i < c->faults->n; i++)
		text = arena_printf(c->mem, "%s%s%s %s", text, i > 0 ? ", " : "",
		    c->faults->rows[i].field, kinds[c->faults->rows[i].kind]);
	c->faults = NULL;
	return text;
}

static int
try_create(struct ctx *c, const struct actor *who, const struct owner *owner,
    const struct project_wish *wish)
{
	int64_t id;
	int code;

	assert_ok(c, db_begin(c, DB_WRITE));
	code = project_create(c, who, owner, wish, &id);
	db_rollback(c);
	return code;
}

/* ---- making */

static const struct wish_row {
	const char *name, *visibility, *branch;
	int64_t maintainer_id, autostart_status;
	const char *told;
} wish_rows[] = {
	{ "ok", "open", "master", 1, -1, "" },
	{ "  ok2\t", "hidden", "a/b", 2, 2, "" },
	{ "TAKEN", "open", "master", 1, -1, "name taken" },
	{ "", "open", "master", 1, -1, "name blank, name invalid" },
	{ NULL, "open", "master", 1, -1, "name blank, name invalid" },
	{ "a\nb", "open", "master", 1, -1, "name invalid" },
	{ "a/b", "open", "master", 1, -1, "name invalid" },
	{ "..", "open", "master", 1, -1, "name refused" },
	{ "x.GIT", "open", "master", 1, -1, "name refused" },
	{ "ok", NULL, "master", 1, -1, "visibility blank, visibility not included" },
	{ "ok", "  ", "master", 1, -1, "visibility blank, visibility not included" },
	{ "ok", "Open", "master", 1, -1, "visibility not included" },
	{ "ok", "open", "a b", 1, -1, "default_branch unknown" },
	{ "ok", "open", "x\ny", 1, -1, "default_branch unknown" },
	{ "ok", "open", "master", -1, 3, "maintainer unknown, autostart not included" },
	{ "TAKEN", "x", "..", 99, 9,
	    "name taken, visibility not included, default_branch unknown, maintainer unknown, "
	    "autostart not included" },
};

static void
what_is_wrong_with_a_new_project_is_one_list(void **state)
{
	struct ctx *c = *state;
	const struct owner owner = { .id = bob.id };

	make(c, "taken");
	for (size_t i = 0; i < N_OF(wish_rows); i++) {
		const struct wish_row *row = &wish_rows[i];
		struct project_wish wish = project_wish_new(&as_bob);
		const char *faults;
		int code;

		wish.name = row->name;
		wish.visibility = row->visibility;
		wish.default_branch = row->branch;
		wish.maintainer_id = row->maintainer_id;
		wish.autostart_status = row->autostart_status;
		code = try_create(c, &as_bob, &owner, &wish);
		faults = told(c);
		assert_string_equal(faults, row->told);
		assert_int_equal(code == OK, row->told[0] == '\0');
	}
}

static void
who_may_create_is_a_rule_of_the_owner(void **state)
{
	struct ctx *c = *state;
	struct project_wish wish = project_wish_new(&as_bob);
	const struct owner own = { .id = 1 }, other = { .id = 2 }, nobody = { .id = 99 };
	const struct owner red = { .is_team = true, .id = 1 }, blue = { .is_team = true, .id = 2 };

	wish.name = "who";
	wish.visibility = "open";
	assert_code(c, try_create(c, &as_bob, &own, &wish), OK);
	assert_code(c, try_create(c, &as_bob, &other, &wish), E_DENIED);
	assert_code(c, try_create(c, &as_root, &other, &wish), OK);
	assert_code(c, try_create(c, &as_bob, &red, &wish), OK);
	assert_code(c, try_create(c, &as_bob, &blue, &wish), E_DENIED); /* a reader */
	harness_sql("UPDATE hub.team_member SET role = 2 WHERE team_id = 2");
	assert_code(c, try_create(c, &as_bob, &blue, &wish), OK);
	harness_sql("UPDATE hub.team_member SET role = 1 WHERE team_id = 2");
	assert_code(c, try_create(c, &as_carol, &red, &wish), E_DENIED);
	assert_code(c, try_create(c, &as_root, &nobody, &wish), E_INVALID);
	assert_string_equal(told(c), "owner blank");
}

static void
an_owner_has_a_most_of_projects(void **state)
{
	struct ctx *c = *state;
	const struct owner owner = { .id = carol.id };
	struct project_wish wish = project_wish_new(&as_carol);

	harness_sql("INSERT INTO hub.store (id) OVERRIDING SYSTEM VALUE VALUES (-1);"
		    "INSERT INTO hub.project (path, owner_account_id, store_id)"
		    " SELECT 'many/p' || i, 2, -1 FROM generate_series(1, 32000) i");
	wish.name = "more";
	wish.visibility = "open";
	assert_code(c, try_create(c, &as_carol, &owner, &wish), E_INVALID);
	assert_string_equal(told(c), "owner too many");
	harness_sql("DELETE FROM hub.project WHERE path = 'many/p1'");
	assert_code(c, try_create(c, &as_carol, &owner, &wish), OK);
	harness_sql("DELETE FROM hub.project WHERE path LIKE 'many/%'");
}

/* ---- changing */

static int
update(struct ctx *c, int64_t id, struct project_wish wish)
{
	int code;

	assert_ok(c, db_begin(c, DB_WRITE));
	code = project_update(c, &as_bob, load(c, &bob, id), &wish);
	if (code == OK)
		assert_ok(c, db_commit(c));
	else
		db_rollback(c);
	return code;
}

static void
a_change_of_nothing_is_nothing(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, "same");
	int64_t before;

	harness_sql("UPDATE hub.project SET maintainer_id = NULL, default_access = 2,"
		    " updated_at = 'epoch' WHERE path = 'bob/same'");
	assert_ok(c, update(c, id, project_wish_of(load(c, &bob, id))));
	before = load(c, &bob, id)->base.updated_at;
	assert_int_equal(before, 0);
	assert_int_equal(load(c, &bob, id)->base.default_access, 2);
}

static void
a_change_keeps_what_another_one_did_meanwhile(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, "meanwhile");
	const struct project_full *before = load(c, &bob, id);
	struct project_wish wish = project_wish_of(before);

	harness_sql("UPDATE hub.project SET description = 'theirs', has_wiki = true"
		    " WHERE path = 'bob/meanwhile'");
	wish.name = "mine";
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, project_update(c, &as_bob, before, &wish));
	assert_ok(c, db_commit(c));
	assert_string_equal(load(c, &bob, id)->base.path, "bob/mine");
	assert_string_equal(load(c, &bob, id)->base.description, "theirs");
	assert_true(load(c, &bob, id)->has_wiki);
}

/* The push comes between the reading and the writing of the row. */
static void
a_change_leaves_the_head_alone_that_a_push_moves_meanwhile(void **state)
{
	struct ctx *c = *state;
	const struct project_full *p = load(c, &bob, make(c, "moving"));
	struct project_wish wish = project_wish_of(p);

	harness_sql("CREATE FUNCTION push() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ "
		    "BEGIN UPDATE hub.store SET head = 'pushed' WHERE id = NEW.store_id; "
		    "RETURN NEW; END $$; "
		    "CREATE TRIGGER push BEFORE UPDATE ON hub.project FOR EACH ROW "
		    "EXECUTE FUNCTION push()");
	wish.description = "another one";
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, project_update(c, &as_bob, p, &wish));
	assert_ok(c, db_commit(c));
	harness_sql("DROP TRIGGER push ON hub.project; DROP FUNCTION push");
	p = load(c, &bob, p->base.id);
	assert_string_equal(p->base.description, "another one");
	assert_string_equal(p->head, "pushed");
}

static void
open_keeps_the_right_of_all_to_push(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, "pushable");
	struct project_wish wish;

	harness_sql("UPDATE hub.project SET default_access = 2 WHERE path = 'bob/pushable'");
	wish = project_wish_of(load(c, &bob, id));
	wish.description = "x";
	assert_ok(c, update(c, id, wish));
	assert_int_equal(load(c, &bob, id)->base.default_access, 2);
	wish.visibility = "hidden";
	assert_ok(c, update(c, id, wish));
	assert_int_equal(load(c, &bob, id)->base.default_access, 0);
	wish.visibility = "open";
	assert_ok(c, update(c, id, wish));
	assert_int_equal(load(c, &bob, id)->base.default_access, 1);
}

static void
a_new_name_stays_in_its_folder(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, "old");
	struct project_wish wish = project_wish_of(load(c, &bob, id));

	make(c, "there");
	wish.name = "There";
	assert_code(c, update(c, id, wish), E_CONFLICT);
	assert_string_equal(told(c), "name taken");
	wish.name = "OLD";
	assert_ok(c, update(c, id, wish)); /* its own name in another case */
	assert_string_equal(load(c, &bob, id)->base.path, "bob/OLD");
	harness_sql("UPDATE hub.project SET path = 'elsewhere/deep/OLD' WHERE path = 'bob/OLD'");
	wish.name = "new";
	assert_ok(c, update(c, id, wish));
	assert_string_equal(load(c, &bob, id)->base.path, "elsewhere/deep/new");
}

/* The constraint has the last word when two look at the same time. */
static void
of_two_with_one_name_one_is_told_that_it_is_taken(void **state)
{
	struct ctx *c = *state;
	const struct owner owner = { .id = bob.id };
	const struct project_values row = { .path = "bob/twice", .description = "", .head = "m" };
	struct project_ids ids;

	make(c, "twice");
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_code(c, project_conflict(c, project_insert(c, &owner, &row, &ids)), E_CONFLICT);
	assert_string_equal(told(c), "name taken");
	db_rollback(c);
}

/* ---- members */

static int
n_members(struct ctx *c, int64_t id)
{
	struct member *rows;
	int64_t total;
	size_t n;

	assert_ok(c, project_list_members(c, id, 100, 0, &rows, &n));
	assert_ok(c, project_count_members(c, id, &total));
	assert_int_equal(total, n);
	return (int)n;
}

static void
members_come_change_and_go(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, "members");
	const struct project *p = &load(c, &bob, id)->base;
	const struct whom him = { .id = carol.id }, team = { .is_team = true, .id = 2 };
	const struct whom owner = { .id = bob.id }, robot = { .id = 4 }, nobody = { .id = 99 };

	assert_int_equal(n_members(c, id), 1); /* the owner */
	assert_ok(c, project_admit(c, &as_bob, p, &him, NULL));
	assert_int_equal(load(c, &carol, id)->base.access, 1);
	assert_ok(c, project_admit(c, &as_bob, p, &him, "admin")); /* keeps what he has */
	assert_int_equal(load(c, &carol, id)->base.access, 1);
	assert_ok(c, project_promote(c, &as_bob, p, &him, "writer"));
	assert_int_equal(load(c, &carol, id)->base.access, 2);
	assert_ok(c, project_admit(c, &as_bob, p, &team, "admin"));
	assert_int_equal(n_members(c, id), 3);
	assert_ok(c, project_admit(c, &as_bob, p, &owner, "reader"));
	assert_int_equal(n_members(c, id), 3);
	assert_code(c, project_promote(c, &as_bob, p, &owner, "reader"), E_INVALID);
	assert_code(c, project_dismiss(c, &as_bob, p, &owner), E_INVALID);
	assert_code(c, project_admit(c, &as_bob, p, &robot, "reader"), E_INVALID);
	assert_code(c, project_admit(c, &as_bob, p, &nobody, "reader"), E_INVALID);
	assert_code(c, project_promote(c, &as_bob, p, &him, "king"), E_INVALID);
	assert_code(c, project_promote(c, &as_bob, p, &him, ""), E_INVALID);
	assert_ok(c, project_dismiss(c, &as_bob, p, &him));
	assert_ok(c, project_dismiss(c, &as_bob, p, &him));
	assert_code(c, project_promote(c, &as_bob, p, &him, "reader"), E_INVALID);
	assert_int_equal(n_members(c, id), 2);
}

/* Another door can take the default away by a grant of nothing: that is no membership. */
static void
a_grant_of_nothing_is_no_membership(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, "nothing");
	const struct project *p = &load(c, &bob, id)->base;
	const struct whom him = { .id = carol.id };

	harness_sql("INSERT INTO hub.project_grant (project_id, account_id, access)"
		    " SELECT id, 2, 0 FROM hub.project WHERE path = 'bob/nothing'");
	assert_int_equal(load(c, &carol, id)->base.access, 0);
	assert_int_equal(n_members(c, id), 1);
	assert_code(c, project_promote(c, &as_bob, p, &him, "reader"), E_INVALID);
	assert_ok(c, project_dismiss(c, &as_bob, p, &him));
	assert_int_equal(load(c, &carol, id)->base.access, 0); /* the ban stays */
	assert_ok(c, project_admit(c, &as_bob, p, &him, "writer"));
	assert_int_equal(load(c, &carol, id)->base.access, 2);
}

/* ---- lists and look-ups */

static bool
is_in_list(struct ctx *c, const struct account *asker, int64_t id)
{
	struct project_full *rows;
	size_t n;

	assert_ok(c, project_full_list(c, asker, 1000, 0, &rows, &n));
	for (size_t i = 0; i < n; i++)
		if (rows[i].base.id == id)
			return true;
	return false;
}

static void
a_list_has_what_one_belongs_to_and_nothing_else(void **state)
{
	struct ctx *c = *state;
	const struct owner blue = { .is_team = true, .id = 2 };
	struct project_wish wish = project_wish_new(&as_root);
	int64_t own = make(c, "list-own"), open = make_as(c, &as_root, "list-open"), teams;

	wish.name = "list-team";
	wish.visibility = "hidden";
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, project_create(c, &as_root, &blue, &wish, &teams));
	assert_ok(c, db_commit(c));
	assert_true(is_in_list(c, &bob, own));
	assert_true(is_in_list(c, &bob, teams));  /* a reader of the team */
	assert_false(is_in_list(c, &bob, open));  /* he may read it, it is not his */
	assert_false(is_in_list(c, &root, own));  /* an administrator belongs to nothing by that */
	assert_true(is_in_list(c, &carol, teams)); /* the team's owner */
	harness_sql("INSERT INTO hub.project_grant (project_id, account_id, access)"
		    " SELECT id, 1, 1 FROM hub.project WHERE path = 'root/list-open'");
	assert_true(is_in_list(c, &bob, open));
	harness_sql("UPDATE hub.project_grant SET access = 0 WHERE account_id = 1");
	assert_false(is_in_list(c, &bob, open));
}

static void
a_name_is_found_by_path_first_and_in_any_case(void **state)
{
	struct ctx *c = *state;
	const struct claim nobody = { .kind = CLAIM_NOBODY };
	int64_t id = make(c, "Find.Me_1");
	struct project_full p;
	struct account who;

	assert_ok(c, project_full_by_name(c, &nobody, "BOB", "find.me_1", &who, &p));
	assert_int_equal(p.base.id, id);
	assert_code(c, project_full_by_name(c, &nobody, "bob", "findXme_1", &who, &p), E_NOTFOUND);
	assert_code(c, project_full_by_name(c, &nobody, "bob", "find%", &who, &p), E_NOTFOUND);
	assert_code(c, project_full_by_name(c, &nobody, "bo", "find.me_1", &who, &p), E_NOTFOUND);
	harness_sql("UPDATE hub.project SET path = 'else/Find.Me_1' WHERE path = 'bob/Find.Me_1'");
	assert_ok(c, project_full_by_name(c, &nobody, "bob", "find.me_1", &who, &p));
	assert_int_equal(p.base.id, id);
	make_as(c, &as_root, "Find.Me_1");
	assert_ok(c, project_full_by_name(c, &nobody, "root", "find.me_1", &who, &p));
	assert_int_not_equal(p.base.id, id);
}

/* ---- copies */

static void
an_alias_of_what_goes_meanwhile_does_not_come(void **state)
{
	struct ctx *c = *state, *other = harness_open("mirrorhub_web", store_web_tables);
	int64_t id = make(c, "going"), alias;
	const struct project_full *p = load(c, &bob, id);
	const struct copy_wish wish = { .name = "late" };

	assert_ok(other, db_begin(other, DB_WRITE));
	assert_ok(other, project_delete(other, &as_bob, &p->base));
	assert_ok(other, db_commit(other));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_code(c, project_alias(c, &as_bob, p, &wish, &alias), E_NOTFOUND);
	db_rollback(c);
	assert_code(c, project_fork(c, &as_bob, p, &wish, &alias), E_NOTFOUND);
	harness_close(other);
}

/* Else each of the two would hold what the other one wants. */
static void
who_ends_or_aliases_a_project_waits_for_a_push_first(void **state)
{
	struct ctx *c = *state, *push = harness_open("mirrorhub_web", store_web_tables);
	const struct project_full *p = load(c, &bob, make(c, "pushed"));
	const struct copy_wish wish = { .name = "pushed-too" };
	int64_t alias;

	assert_ok(c, db_script(c, "SET lock_timeout = '50ms'"));
	assert_ok(push, db_begin(push, DB_WRITE));
	assert_ok(push, project_raise_generation(push, p->base.store_id, NULL));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_int_not_equal(project_delete(c, &as_bob, &p->base), OK);
	db_rollback(c);
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_int_not_equal(project_alias(c, &as_bob, p, &wish, &alias), OK);
	db_rollback(c);
	assert_ok(push, db_commit(push));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, project_alias(c, &as_bob, p, &wish, &alias));
	assert_ok(c, project_delete(c, &as_bob, &p->base));
	assert_ok(c, db_commit(c));
	harness_close(push);
}

static void
a_store_that_is_kept_is_not_removed_and_one_too_late_not_kept(void **state)
{
	struct ctx *c = *state;
	int64_t id;

	assert_ok(c, store_reserve(c, &id));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, store_keep(c, id, "main"));
	assert_ok(c, db_commit(c));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_code(c, store_keep(c, id, "main"), E_CONFLICT);
	db_rollback(c);
	assert_ok(c, store_reserve(c, &id));
	assert_ok(c, store_give_up(c, id));
	assert_ok(c, db_begin(c, DB_WRITE));
	assert_code(c, store_keep(c, id, "main"), E_CONFLICT);
	db_rollback(c);
}

static void
a_fork_with_too_many_refs_is_refused_and_leaves_no_project(void **state)
{
	struct ctx *c = *state;
	int64_t id = make(c, "wide"), fork;
	const struct project_full *p = load(c, &bob, id);
	const struct copy_wish wish = { .name = "wide-2" };
	char *packed = arena_strdup(c->mem, "# pack-refs with: peeled fully-peeled sorted \n");

	for (int i = 100; i < 201; i++)
		packed = arena_printf(c->mem,
		    "%s4b825dc642cb6eb9a060e54bf8d69288fbee4904 refs/heads/b%d\n", packed, i);
	assert_ok(c,
	    path_write(c,
		path_under(c->mem, project_store_dir(c, p->base.store_id), "packed-refs"), 0640,
		packed, strlen(packed)));
	assert_code(c, project_fork(c, &as_bob, p, &wish, &fork), E_INVALID);
	assert_false(is_in_list(c, &bob, id + 1));
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
		CONNECTED(what_is_wrong_with_a_new_project_is_one_list),
		CONNECTED(who_may_create_is_a_rule_of_the_owner),
		CONNECTED(an_owner_has_a_most_of_projects),
		CONNECTED(a_change_of_nothing_is_nothing),
		CONNECTED(a_change_keeps_what_another_one_did_meanwhile),
		CONNECTED(a_change_leaves_the_head_alone_that_a_push_moves_meanwhile),
		CONNECTED(open_keeps_the_right_of_all_to_push),
		CONNECTED(a_new_name_stays_in_its_folder),
		CONNECTED(of_two_with_one_name_one_is_told_that_it_is_taken),
		CONNECTED(members_come_change_and_go),
		CONNECTED(a_grant_of_nothing_is_no_membership),
		CONNECTED(a_list_has_what_one_belongs_to_and_nothing_else),
		CONNECTED(a_name_is_found_by_path_first_and_in_any_case),
		CONNECTED(an_alias_of_what_goes_meanwhile_does_not_come),
		CONNECTED(who_ends_or_aliases_a_project_waits_for_a_push_first),
		CONNECTED(a_store_that_is_kept_is_not_removed_and_one_too_late_not_kept),
		CONNECTED(a_fork_with_too_many_refs_is_refused_and_leaves_no_project),
	};

	return cmocka_run_group_tests_name("project_edit", tests, arrange, tidy);
}
