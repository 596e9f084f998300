/* The hook jira: tickets, lists of branches, comments, its settings and its memory. */
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"
#include "sync/jira_conf.h"
#include "sync/jira_seen.h"
#include "sync/jira_text.h"
#include "tests/unit/unit.h"

#define ID "0123456789abcdef0123456789abcdef01234567"

static const char *
joined(struct ctx *c, const struct jira_list *list)
{
	struct buf *b = buf_new(c->mem, 65536);

	for (size_t i = 0; i < list->n; i++)
		buf_printf(b, "%s%s", i > 0 ? " " : "", list->rows[i]);
	return b->data;
}

static void
tickets_stand_at_word_borders_and_count_once(void **state)
{
	static const struct {
		const char *message, *any, *ours; /* ours: of OPS and P2 */
	} rows[] = {
		{ "OPS-1: fix", "OPS-1", "OPS-1" },
		{ "fix OPS-1, OPS-22 and OPS-1 (again OPS-22)", "OPS-1 OPS-22", "OPS-1 OPS-22" },
		{ "A-1 ops-1 Ops-1 oPS-1 xOPS-1 _OPS-1 9OPS-1", "", "" },
		{ "OPS-1x OPS-1_ OPS- OPS OPS-x", "", "" },
		{ "[OPS-1] (OPS-2) #OPS-3 OPS-4.\nOPS-5-6 a/OPS-7/b", "OPS-1 OPS-2 OPS-3 OPS-4 OPS-5 OPS-7",
		    "OPS-1 OPS-2 OPS-3 OPS-4 OPS-5 OPS-7" },
		{ "UTF-8 P2-3 XOPS-4", "UTF-8 XOPS-4", "P2-3" },
		{ "f\xc3\xbcr OPS-1\xe2\x80\xa6", "OPS-1", "OPS-1" },
		{ "OPS-1234567890 OPS-12345678901", "OPS-1234567890", "OPS-1234567890" },
		{ "OPS-OPS-1", "OPS-1", "OPS-1" },
		{ "", "", "" },
	};
	static const char *names[] = { "OPS", "P2" };
	const struct jira_list any = { .n = 0 }, ours = { .rows = names, .n = 2 };
	struct ctx *c = *state;
	struct jira_list got;

	for (size_t i = 0; i < N_OF(rows); i++) {
		jira_tickets(c, rows[i].message, &any, &got);
		assert_string_equal(joined(c, &got), rows[i].any);
		jira_tickets(c, rows[i].message, &ours, &got);
		assert_string_equal(joined(c, &got), rows[i].ours);
	}
}

static void
of_a_message_full_of_tickets_the_first_fifty_count(void **state)
{
	const struct jira_list any = { .n = 0 };
	struct ctx *c = *state;
	struct buf *b = buf_new(c->mem, 65536);
	struct jira_list got;

	for (int i = 1; i <= 2000; i++)
		buf_printf(b, "OPS-%d ", i);
	jira_tickets(c, b->data, &any, &got);
	assert_int_equal(got.n, JIRA_TICKETS_MAX);
	assert_string_equal(got.rows[49], "OPS-50");
}

static void
the_blacklist_beats_the_whitelist_and_a_star_takes_slashes(void **state)
{
	static const char *white[] = { "tools/*", "*/main" }, *black[] = { "*/wip-*", "tools/old/?" };
	struct jira_server s = { 0 };

	(void)state;
	assert_true(jira_is_wanted(&s, "any/branch"));
	s.whitelist = (struct jira_list){ .rows = white, .n = 2 };
	assert_true(jira_is_wanted(&s, "tools/a/b/topic"));
	assert_true(jira_is_wanted(&s, "other/main"));
	assert_false(jira_is_wanted(&s, "other/topic"));
	s.blacklist = (struct jira_list){ .rows = black, .n = 2 };
	assert_false(jira_is_wanted(&s, "tools/wip-1"));
	assert_false(jira_is_wanted(&s, "tools/a/wip-b/main"));
	assert_false(jira_is_wanted(&s, "tools/old/x"));
	assert_true(jira_is_wanted(&s, "tools/old/xx"));
	s.whitelist.n = 0;
	assert_true(jira_is_wanted(&s, "other/topic"));
	assert_false(jira_is_wanted(&s, "other/wip-"));
}

static void
links_lead_to_github_when_the_upstream_is_there(void **state)
{
	static const char *const there[] = { "https://github.com/o/n", "https://github.com/o/n.git",
		"https://GitHub.com/o/n/", "git://github.com/o/n.git", "git@github.com:o/n.git",
		"ssh://git@github.com/o/n.git", "http://github.com/o/n.git" };
	static const char *const elsewhere[] = { "", "https://github.com.example.com/o/n",
		"https://example.com/github.com/o/n", "https://github.com/o", "https://github.com/o/n/x",
		"git@example.com:o/n.git", "/srv/github.com/o/n", "nonsense" };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(there); i++)
		assert_string_equal(
		    jira_pages(c, "https://hub", "a/b", there[i]), "https://github.com/o/n");
	for (size_t i = 0; i < N_OF(elsewhere); i++)
		assert_string_equal(jira_pages(c, "https://hub", "a/b c", elsewhere[i]),
		    "https://hub/a/b%20c");
}

static const char *
comment(struct ctx *c, const char *branch, const char *author, const char *message)
{
	const struct jira_push push = { .project = "a/b", .branch = branch, .pages = "https://h/a/b" };
	struct git_commit_info info = { .id = ID, .author.name = author, .message = message };

	return jira_comment(c, &push, &info);
}

static void
a_comment_is_a_panel_with_links_author_and_message(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(comment(c, "x/topic", "J\xc3\xb6rg", "OPS-1: fix\n\n* all of it"),
	    "{panel:borderColor=#ccc|borderStyle=solid|bgColor=#d3e1fe}\n"
	    "*[a/b commit 0123456|https://h/a/b/commit/" ID "]*"
	    " ([branch x/topic|https://h/a/b/commits/x/topic], by J\xc3\xb6rg)\n\n"
	    "OPS-1: fix\n\n* all of it\n{panel}");
}

static void
nothing_of_others_ends_the_panel_or_a_link(void **state)
{
	struct ctx *c = *state;
	const char *text =
	    comment(c, "a|b]{x\xff", "E|v]i*l\\ {panel}", "{panel} \\{code} \\\\{x {y}");

	assert_non_null(strstr(
	    text, "[branch a\\|b\\]\\{x\xef\xbf\xbd|https://h/a/b/commits/a%7Cb%5D%7Bx%FF]"));
	assert_non_null(strstr(text, "by E\\|v\\]i\\*l&#92; \\{panel\\})"));
	assert_non_null(strstr(text, "\n\n\\{panel} &#92;\\{code} \\&#92;\\{x \\{y}\n{panel}"));
}

static void
a_long_message_is_cut_before_a_character(void **state)
{
	struct ctx *c = *state;
	char *long_text = arena_alloc(c->mem, 20001);
	const char *text;

	for (int i = 0; i < 20000; i += 2)
		memcpy(long_text + i, "\xc3\xa4", 2);
	long_text[0] = 'x';
	memmove(long_text + 1, long_text + 2, 19999);
	text = comment(c, "main", "A", long_text);
	assert_true(str_is_utf8(text, strlen(text)));
	assert_true(strlen(text) < JIRA_MESSAGE_MAX + 300);
	assert_true(str_ends(text, "\xc3\xa4 \xe2\x80\xa6\n{panel}"));
}

/* ---- settings */

static void
both_forms_of_settings_are_read(void **state)
{
	struct ctx *c = *state;
	struct jira_conf conf;

	assert_int_equal(jira_conf_parse(c,
			     "{\"port\":1,\"adminName\":\"Ann\",\"jiraPostFetchHook\":{\"git\":\"/x\","
			     "\"dryRun\":true,\"jiras\":[{\"jiraUrl\":\"https://j/jira/\","
			     "\"jiraCredentials\":\"u:p:q\",\"jiraProjects\":[\"OPS\",\"P2\"],"
			     "\"branchWhitelist\":[\"a/*\"],\"branchBlacklist\":null},"
			     "{\"jiraUrl\":\"http://k:8080\",\"jiraToken\":\"t\",\"moUrl\":\"https://mo/\"}]}}",
			     &conf),
	    OK);
	assert_true(conf.is_dry_run);
	assert_string_equal(conf.admin, "Ann");
	assert_int_equal(conf.n, 2);
	assert_string_equal(conf.servers[0].url, "https://j/jira");
	assert_string_equal(conf.servers[0].credentials, "u:p:q");
	assert_string_equal(joined(c, &conf.servers[0].projects), "OPS P2");
	assert_string_equal(joined(c, &conf.servers[0].whitelist), "a/*");
	assert_int_equal(conf.servers[0].blacklist.n, 0);
	assert_string_equal(conf.servers[1].pages, "https://mo");
	assert_string_equal(conf.servers[1].token, "t");
	assert_int_equal(jira_conf_parse(c,
			     "{\"jiraUrl\":\"https://j\",\"jiraCredentials\":\"u:p\",\"admin\":\"Bob\"}",
			     &conf),
	    OK);
	assert_false(conf.is_dry_run);
	assert_int_equal(conf.n, 1);
	assert_string_equal(conf.admin, "Bob");
}

#define ONE(more) "{\"jiraUrl\":\"https://j\",\"jiraCredentials\":\"u:geheim\"" more "}"

static void
settings_that_mean_nothing_are_refused_without_their_values(void **state)
{
	static const char *const bad[] = { "", "[]", "{}", "{\"jiraPostFetchHook\":[]}", "{\"jiras\":{}}",
		"{\"jiras\":[1]}", "{\"jiras\":[{}]}", ONE(",\"jiras\":[]"), ONE(",\"branchBlackList\":[]"),
		ONE(",\"branchBlacklist\":\"x\""), ONE(",\"branchBlacklist\":[1]"), ONE(",\"dryRun\":\"no\""),
		ONE(",\"jiraToken\":\"geheim\""), ONE(",\"jiraProjects\":[\"A-B\"]"),
		ONE(",\"jiraProjects\":[\"\"]"), ONE(",\"moUrl\":\"geheim\""),
		"{\"jiras\":[" ONE(",\"dryRun\":true") "]}", "{\"jiraUrl\":\"https://j\"}",
		"{\"jiraUrl\":\"https://j\",\"jiraCredentials\":\"geheim\"}",
		"{\"jiraUrl\":\"https://j\",\"jiraToken\":\"geheim\\r\\nX: y\"}",
		"{\"jiraUrl\":\"https://u:geheim@j\",\"jiraToken\":\"t\"}",
		"{\"jiraUrl\":\"ssh://j\",\"jiraToken\":\"t\"}", "{\"jiraUrl\":\"/j\",\"jiraToken\":\"t\"}",
		"{\"jiraUrl\":\"https://j?x=geheim\",\"jiraToken\":\"t\"}" };
	struct ctx *c = *state;
	struct jira_conf conf;

	for (size_t i = 0; i < N_OF(bad); i++) {
		if (jira_conf_parse(c, bad[i], &conf) != E_INVALID)
			unit_fail("%s is taken", bad[i]);
		if (strstr(c->reason, "geheim") != NULL)
			unit_fail("a secret is told: %s", c->reason);
	}
}

static void
a_file_that_others_may_read_is_refused(void **state)
{
	static const char text[] = ONE("");
	struct ctx *c = *state;
	const char *path = path_under(c->mem, unit_folder(c), "jira.json");
	struct jira_conf conf;

	assert_int_equal(jira_conf_read(c, path, &conf), E_NOTFOUND);
	assert_int_equal(path_write(c, path, 0600, text, strlen(text)), OK);
	assert_int_equal(jira_conf_read(c, path, &conf), OK);
	for (mode_t bit = 1; bit < 0100; bit <<= 1) {
		assert_int_equal(chmod(path, 0600 | bit), 0);
		assert_int_equal(jira_conf_read(c, path, &conf), E_DENIED);
		assert_non_null(strstr(c->reason, "has to be 0600"));
	}
}

/* ---- memory */

static void
what_was_commented_is_remembered(void **state)
{
	struct ctx *c = *state;
	const char *path = path_under(c->mem, unit_folder(c), "seen");
	struct jira_seen seen, again;

	assert_int_equal(jira_seen_open(c, path, &seen), OK);
	assert_false(jira_seen_has(c, &seen, "https://j", "OPS-1", ID));
	assert_int_equal(jira_seen_add(c, &seen, "https://j", "OPS-1", ID), OK);
	assert_int_equal(jira_seen_add(c, &seen, "https://j", "OPS-2", ID), OK);
	assert_int_equal(jira_seen_open(c, path, &again), OK);
	for (int i = 0; i < 2; i++) {
		const struct jira_seen *s = i == 0 ? &seen : &again;

		assert_true(jira_seen_has(c, s, "https://j", "OPS-1", ID));
		assert_true(jira_seen_has(c, s, "https://j", "OPS-2", ID));
		assert_false(jira_seen_has(c, s, "https://k", "OPS-1", ID));
		assert_false(jira_seen_has(c, s, "https://j", "OPS-12", ID));
		assert_false(jira_seen_has(c, s, "https", "OPS-1", ID));
	}
}

static void
the_memory_is_bounded_and_forgets_the_oldest(void **state)
{
	struct ctx *c = *state;
	const char *path = path_under(c->mem, unit_folder(c), "seen");
	struct buf *b = buf_new(c->mem, (size_t)1024 * 1024);
	struct jira_seen seen;
	char *text;

	for (int i = 0; i <= JIRA_SEEN_MOST + JIRA_SEEN_SLACK; i++)
		buf_printf(b, ID " OPS-%d https://j\n", i);
	assert_int_equal(path_write(c, path, 0600, b->data, b->len), OK);
	assert_int_equal(jira_seen_open(c, path, &seen), OK);
	assert_false(jira_seen_has(c, &seen, "https://j", "OPS-1000", ID));
	assert_true(jira_seen_has(c, &seen, "https://j", "OPS-1001", ID));
	assert_true(jira_seen_has(c, &seen, "https://j", "OPS-6000", ID));
	assert_int_equal(path_read(c, path, (size_t)1024 * 1024, &text), OK);
	assert_true(str_starts(text, ID " OPS-1001 "));
}

static void
half_a_line_of_a_killed_program_spoils_nothing(void **state)
{
	static const char text[] = ID " OPS-1 https://j\n" ID " OPS-2 htt";
	struct ctx *c = *state;
	const char *path = path_under(c->mem, unit_folder(c), "seen");
	struct jira_seen seen;

	assert_int_equal(path_write(c, path, 0600, text, strlen(text)), OK);
	assert_int_equal(jira_seen_open(c, path, &seen), OK);
	assert_true(jira_seen_has(c, &seen, "https://j", "OPS-1", ID));
	assert_int_equal(jira_seen_add(c, &seen, "https://j", "OPS-3", ID), OK);
	assert_int_equal(jira_seen_open(c, path, &seen), OK);
	assert_true(jira_seen_has(c, &seen, "https://j", "OPS-1", ID));
	assert_true(jira_seen_has(c, &seen, "https://j", "OPS-3", ID));
	assert_false(jira_seen_has(c, &seen, "https://j", "OPS-2", ID));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(tickets_stand_at_word_borders_and_count_once),
		WITH_CTX(of_a_message_full_of_tickets_the_first_fifty_count),
		WITH_CTX(the_blacklist_beats_the_whitelist_and_a_star_takes_slashes),
		WITH_CTX(links_lead_to_github_when_the_upstream_is_there),
		WITH_CTX(a_comment_is_a_panel_with_links_author_and_message),
		WITH_CTX(nothing_of_others_ends_the_panel_or_a_link),
		WITH_CTX(a_long_message_is_cut_before_a_character),
		WITH_CTX(both_forms_of_settings_are_read),
		WITH_CTX(settings_that_mean_nothing_are_refused_without_their_values),
		WITH_CTX(a_file_that_others_may_read_is_refused),
		WITH_CTX(what_was_commented_is_remembered),
		WITH_CTX(the_memory_is_bounded_and_forgets_the_oldest),
		WITH_CTX(half_a_line_of_a_killed_program_spoils_nothing),
	};

	return cmocka_run_group_tests_name("jira", tests, NULL, NULL);
}
