/* Searching by a part of a name: what fits, in what order, and for whom. */
#include "store/search.h"

#include "store/account.h"
#include "store/platform.h"
#include "store/project_full.h"
#include "store/store.h"
#include "tests/db/harness.h"

static const char world_sql[] =
    "INSERT INTO hub.account (uname, role, first_name) VALUES ('olga', 'user', 'Olga'),"
    " ('root', 'admin', ''), ('worker', 'system', ''), ('member', 'user', ''),"
    " ('granted', 'user', ''), ('a_b', 'user', ''), ('axb', 'user', ''), ('olga_long', 'user', ''),"
    " ('banned_olga', 'banned', '');"
    "INSERT INTO hub.team (uname, owner_account_id) SELECT t, a.id FROM hub.account a,"
    " unnest(ARRAY['rpm', 'rpm_devel', 'xrpmx']) t WHERE a.uname = 'olga';"
    "INSERT INTO hub.team_member SELECT t.id, a.id, 1 FROM hub.team t, hub.account a"
    " WHERE t.uname = 'rpm' AND a.uname = 'member';"
    "INSERT INTO hub.store (size_bytes) SELECT 0 FROM generate_series(1, 100);"
    "INSERT INTO hub.project (path, owner_account_id, default_access, store_id)"
    " SELECT p, a.id, d, row_number() OVER () FROM hub.account a, (VALUES ('olga/glibc', 1),"
    " ('olga/GLib2.0', 1), ('olga/lib', 1), ('olga/lib64', 1), ('mylib', 0), ('100%', 1),"
    " ('1000', 1), ('olga/c++', 1), ('olga/g.l', 1), ('liberty/x', 1)) v (p, d)"
    " WHERE a.uname = 'olga' AND p !~ '[%+]' AND p !~ '^[0-9]+$';"
    "INSERT INTO hub.project (path, owner_team_id, default_access, store_id)"
    " SELECT 'rpm/lib-hidden', id, 0, 50 FROM hub.team WHERE uname = 'rpm';"
    "INSERT INTO hub.project_grant (project_id, account_id, access) SELECT p.id, a.id, 1"
    " FROM hub.project p, hub.account a WHERE p.path = 'mylib' AND a.uname = 'granted';"
    "INSERT INTO hub.platform (name, description, distrib_type, default_branch, is_hidden,"
    " owner_account_id) SELECT n, 'x', 'mdv', 'x', h, a.id FROM hub.account a,"
    " (VALUES ('rosa2014', false), ('Rosa2012', false), ('rosa_secret', true)) v (n, h)"
    " WHERE a.uname = 'olga';"
    "INSERT INTO hub.platform_grant (platform_id, account_id, access) SELECT p.id, a.id, 1"
    " FROM hub.platform p, hub.account a WHERE p.name = 'rosa_secret' AND a.uname = 'granted';";

static struct account
asker_of(struct ctx *c, const char *uname)
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

#define LIMIT_MOST 1000

enum kind { PEOPLE, TEAMS, PROJECTS, PLATFORMS };

/* What is found, joined by blanks. */
static const char *
found(struct ctx *c, enum kind kind, const char *uname, const char *text, int64_t limit,
    int64_t offset)
{
	const struct account asker = asker_of(c, uname);
	const struct search s = { &asker, text, limit, offset };
	struct found_person *people;
	struct found_team *teams;
	struct project_card *cards;
	struct found_platform *platforms;
	const char *line = "";
	size_t n = 0;

	switch (kind) {
	case PEOPLE:
		assert_ok(c, search_people(c, &s, &people, &n));
		break;
	case TEAMS:
		assert_ok(c, search_teams(c, &s, &teams, &n));
		break;
	case PROJECTS:
		assert_ok(c, search_projects(c, &s, &cards, &n));
		break;
	case PLATFORMS:
		assert_ok(c, search_platforms(c, &s, &platforms, &n));
		break;
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = kind == PEOPLE ? people[i].uname
		    : kind == TEAMS		  ? teams[i].uname
		    : kind == PROJECTS		  ? cards[i].path
						  : platforms[i].name;

		line = arena_printf(c->mem, "%s%s%s", line, i > 0 ? " " : "", name);
	}
	return line;
}

static const char *
all(struct ctx *c, enum kind kind, const char *uname, const char *text)
{
	return found(c, kind, uname, text, LIMIT_MOST, 0);
}

static void
the_shortest_names_come_first_and_case_does_not_matter(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(all(c, PEOPLE, NULL, "OLGA"), "olga olga_long banned_olga");
	assert_string_equal(all(c, PEOPLE, NULL, "ol"), "olga olga_long banned_olga");
	assert_string_equal(all(c, TEAMS, NULL, "rpm"), "rpm xrpmx rpm_devel");
	assert_string_equal(all(c, TEAMS, NULL, "RP"), "rpm xrpmx rpm_devel");
	assert_string_equal(all(c, PROJECTS, NULL, "lib"), "olga/lib olga/glibc olga/lib64 olga/GLib2.0");
	assert_string_equal(all(c, PROJECTS, NULL, "LI"), "olga/lib olga/glibc olga/lib64 olga/GLib2.0");
}

static void
platforms_come_by_name(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(all(c, PLATFORMS, NULL, "rosa"), "Rosa2012 rosa2014");
	assert_string_equal(all(c, PLATFORMS, NULL, "sa"), "Rosa2012 rosa2014");
	assert_string_equal(all(c, PLATFORMS, NULL, "rpm_p"), "rpm_personal");
}

static void
a_text_is_taken_literally(void **state)
{
	struct ctx *c = *state;
	static const char *const none[] = { "%", "%%%", "\\", "ol\\ga", "o%a", "olg_", "'", "\xd0\x98" };

	for (size_t i = 0; i < N_OF(none); i++) {
		assert_string_equal(all(c, PEOPLE, "root", none[i]), "");
		assert_string_equal(all(c, PROJECTS, "root", none[i]), "");
	}
	assert_string_equal(all(c, PEOPLE, NULL, "a_b"), "a_b"); /* not axb */
	assert_string_equal(all(c, PROJECTS, NULL, "g.l"), "olga/g.l");
	assert_string_equal(all(c, PROJECTS, NULL, "lib2.0"), "olga/GLib2.0");
	/* folders of a path are no part of the name */
	assert_string_equal(all(c, PROJECTS, NULL, "liberty"), "");
}

static void
nothing_finds_everything_but_system_accounts(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(all(c, PEOPLE, "root", ""),
	    "a_b axb olga root member granted olga_long banned_olga");
	assert_string_equal(all(c, PEOPLE, "root", "worker"), "");
	assert_string_equal(all(c, PEOPLE, "worker", "wor"), "");
}

static void
what_is_hidden_is_found_by_who_may_see_it(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const char *uname, *mylib, *team, *platform;
	} rows[] = {
		{ NULL, "", "", "" },
		{ "axb", "", "", "" },
		{ "root", "mylib", "rpm/lib-hidden", "rosa_secret" },
		{ "olga", "mylib", "rpm/lib-hidden", "rosa_secret" },
		{ "member", "", "rpm/lib-hidden", "" },
		{ "granted", "mylib", "", "rosa_secret" },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_string_equal(all(c, PROJECTS, rows[i].uname, "mylib"), rows[i].mylib);
		assert_string_equal(all(c, PROJECTS, rows[i].uname, "y"), rows[i].mylib);
		assert_string_equal(all(c, PROJECTS, rows[i].uname, "lib-h"), rows[i].team);
		assert_string_equal(all(c, PROJECTS, rows[i].uname, "-h"), rows[i].team);
		assert_string_equal(all(c, PLATFORMS, rows[i].uname, "secret"), rows[i].platform);
		assert_string_equal(all(c, PLATFORMS, rows[i].uname, "_s"), rows[i].platform);
	}
}

static void
pages_are_parts_of_the_whole_without_holes(void **state)
{
	struct ctx *c = *state;
	static const char *const texts[] = { "", "l", "lib", "r", "rpm" };

	for (size_t i = 0; i < N_OF(texts); i++)
		for (enum kind kind = PEOPLE; kind <= PLATFORMS; kind++) {
			const char *whole = all(c, kind, "axb", texts[i]), *line = "", *page;

			for (int64_t at = 0; (page = found(c, kind, "axb", texts[i], 2, at))[0] != '\0';
			     at += 2)
				line = arena_printf(c->mem, "%s%s%s", line, at > 0 ? " " : "", page);
			assert_string_equal(line, whole);
		}
}

/* ---- */

static int
arrange(void **state)
{
	(void)state;
	harness_sql(world_sql);
	return 0;
}

static struct harness web = { "mirrorhub_web", store_web_tables, NULL, NULL };

#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(the_shortest_names_come_first_and_case_does_not_matter),
		CONNECTED(platforms_come_by_name),
		CONNECTED(a_text_is_taken_literally),
		CONNECTED(nothing_finds_everything_but_system_accounts),
		CONNECTED(what_is_hidden_is_found_by_who_may_see_it),
		CONNECTED(pages_are_parts_of_the_whole_without_holes),
	};

	return cmocka_run_group_tests_name("search", tests, arrange, NULL);
}
