/* Names from URLs (hpr contract A5.1, the [R] column, every row), allowed names (A5.2), and what an
 * upstream's address may be. */
#include "tests/unit/unit.h"

#include "base/conf.h"
#include "core/account.h"
#include "core/name.h"
#include "core/upstream.h"

/* Counts and tells a row that does not hold, so that one run shows them all. */
#define bad(n, ...)                                                                                \
	do {                                                                                       \
		print_error(__VA_ARGS__);                                                          \
		++*(n);                                                                            \
	} while (0)

/* clang-format off */
static const struct {
	const char *url, *name; /* NULL: refused */
} url_rows[] = {
	{ "https://github.com/icyleaf/hpr.git", "icyleaf-hpr" },
	{ "https://git.example.com:222/google-chrome/core", "google-chrome-core" },
	{ "git@icyleaf.repo.com:hpr.git", "hpr" },
	{ "https://git.coding.net/coding/coding-docs.git", "coding-coding-docs" },
	{ "https://github.com/spf13/viper.git", "spf13-viper" },
	{ "http://icyleaf.git.com/hpr.git", "hpr" },
	{ "http://git.example.com/EWS-Team/hpr.git", "EWS-Team-hpr" },
	{ "http://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git", "torvalds-linux" },
	{ "http://icyleaf.git.com:82/icyleaf.git", "icyleaf" },
	{ "https://icyleaf.git.com:82/hpr.git", "hpr" },
	{ "ssh://icyleaf@icyleaf.git.com:hpr.git", "hpr" },
	{ "ssh://git@github.com:icyleaf/hpr.git", "icyleaf-hpr" },
	{ "ssh://git@github.com:~icyleaf/hpr.git", "icyleaf-hpr" },
	{ "ssh://git@github.com:2222/icy-leaf/hpr.git", "icy-leaf-hpr" },
	{ "git@github.com:icyleaf/hpr.git", "icyleaf-hpr" },
	{ "git@long.git.com:long/long/long/path/to/~icyleaf/hpr.git", "icyleaf-hpr" },
	{ "git@github.com:2222/icy-leaf/hpr.git", "icy-leaf-hpr" },
	{ "git://icyleaf.git.com:hpr.git", "hpr" },
	{ "git://github.com:icyleaf/hpr.git", "icyleaf-hpr" },
	{ "git://github.com:~icyleaf/hpr.git", "icyleaf-hpr" },
	{ "git://github.com:2222/icy-leaf/hpr.git", "icy-leaf-hpr" },
	{ "ftp://example.com:21/a/b/c/foo/bar", NULL },
	{ "/home/me/icyleaf/hpr", NULL },
	{ "https://github.com/icyleaf/hpr", "icyleaf-hpr" },
	{ "ssh://git@example.com:22/foo/bar.git", "foo-bar" },
	{ "ssh://git@example.com/foo/bar.git", "foo-bar" },
	{ "ssh://git@example.com/bar.git", "bar" },
	{ "ssh://git@example.com:2222/hpr.git", "hpr" },
	{ "git@example.com:2222/hpr.git", "2222-hpr" },
	{ "ssh://example.com/foo/bar.git", "foo-bar" },
	{ "git://github.com/icyleaf/hpr.git", "icyleaf-hpr" },
	{ "git://github.com/hpr.git", "hpr" },
	{ "https://gitlab.com/group/sub/sub2/proj.git", "sub2-proj" },
	{ "https://user:tok@example.com/a/b.git", "a-b" },
	{ "https://example.com/a/b.git?x=1", "a-b" },
	{ "https://example.com/a/b.git#frag", "a-b" },
	{ "https://github.com/icyleaf/hpr/", "icyleaf-hpr" },
	{ "https://github.com/icyleaf/hpr.git/", "icyleaf-hpr" },
	{ "https://github.com//icyleaf//hpr.git", "icyleaf-hpr" },
	{ "https://github.com/icyleaf/icyleaf.github.io.git", "icyleaf-icyleaf.github.io" },
	{ "https://github.com/foo/.github.git", "foo-.github" },
	{ "https://github.com/foo/bar.git.git", NULL },
	{ "https://github.com/foo/.git", "foo" },
	{ "https://git.example.com/re~po.git", "re-po" },
	{ "https://git.sr.ht/~icyleaf/hpr", "icyleaf-hpr" },
	{ "https://dev.azure.com/org/project/_git/repo", "_git-repo" },
	{ "https://bitbucket.org/team/My.Repo-1.git", "team-My.Repo-1" },
	{ "HTTPS://GitHub.com/icyleaf/hpr.git", "icyleaf-hpr" },
	{ "deploy@example.com:foo/bar.git", "foo-bar" },
	{ "git+ssh://git@example.com/foo/bar.git", "foo-bar" },
	{ "git@[2001:db8::1]:foo/bar.git", "foo-bar" },
	{ "ssh://git@[2001:db8::1]:2222/foo/bar.git", "foo-bar" },
	{ "git@example.com:foo@x/bar.git", "foo-x-bar" },
	{ "git@example.com:foo/ba:r.git", "foo-ba-r" },
	{ "https://example.com/a%20b/c.git", "a-b-c" },
	{ "https://example.com/", NULL },
	{ "https://example.com", NULL },
	{ "https://example.com/../../etc/passwd", NULL },
	{ "https://example.com/%2e%2e/%2E./etc/passwd", NULL },
	{ "git@example.com:../../etc/passwd", NULL },
	{ "git@example.com:-foo/bar.git", "foo-bar" },
	{ "https://example.com/\xe4\xb8\xad/\xe6\x96\x87.git", NULL },
	{ "httpfoo", NULL },
	{ "ssh", NULL },
	{ "file:///srv/a/b.git", NULL },
	{ "ext::sh -c x", NULL },
	{ "ext::sh", NULL },
	{ "-oProxyCommand=x", NULL },
	{ "--upload-pack=x", NULL },
	{ "-x@example.com:a/b", NULL },
	{ "git@-oProxyCommand=x:a/b", NULL },
	{ "ssh://-oProxyCommand=x/a/b", NULL },
	{ "https://example.com/a/b%zz", NULL },
	{ "https://example.com/a\nb", NULL },
	{ "https://example.com/a\\b", NULL },
	{ "https://example.com:80x/a/b", NULL },
	{ "https:///a/b", NULL },
	{ "https://example.com/.github", NULL },
	{ "https://example.com/info", NULL },
	{ "", NULL },
};

static const struct {
	const char *path;
	bool is_good;
} path_rows[] = {
	{ "a", true }, { "My.Name_1", true }, { "foo-.github", true }, { "foo/bar/baz", true },
	{ "_git-repo", true }, { "0a", true }, { "7/8", true }, { "foo/.config", true },
	{ "test", true }, { "admin", true }, { "foo/api", true }, { "apis", true },
	{ "", false }, { ".", false }, { "..", false }, { ".hidden", false }, { "-x", false },
	{ "foo/-x", false }, { "a b", false }, { "a/", false }, { "/a", false }, { "a//b", false },
	{ "a.git", false }, { "a.GIT", false }, { "a.git/b", false }, { "a.lock", false },
	{ "a.atom", false }, { "a.", false }, { "a..b", false }, { "../x", false }, { "a/../b", false },
	{ "12345", false }, { "search", false }, { "healthz", false },
	{ "readyz", false }, { "API", false }, { "api/x", false },
	{ "Repositores", false }, { "favicon.ico", false }, { "_admin", false }, { "a%2fb", false },
	{ "a\tb", false }, { "a\x7f", false }, { "caf\xc3\xa9", false }, { "a\\b", false },
};

static const struct {
	const char *url, *clean, *credentials; /* clean NULL: refused */
} upstream_rows[] = {
	{ "https://h/a", "https://h/a", NULL },
	{ "https://me:pw@h/a", "https://h/a", "me:pw" },
	{ "https://me:p%40w%3a@h:8080/a?x", "https://h:8080/a?x", "me:p@w:" },
	{ "https://token@h/a", "https://h/a", "token:" },
	{ "https://me:p@w@h/a", "https://h/a", "me:p@w" },
	{ "https://@h/a", "https://h/a", NULL },
	{ "http://me:@h/a", "http://h/a", "me:" },
	{ "https://me:p%0aw@h/a", NULL, NULL },
	{ "https://me:p%zzw@h/a", NULL, NULL },
	{ "https://m%3ae:pw@h/a", NULL, NULL },
	{ "ssh://git@h/a", "ssh://git@h/a", NULL },
	{ "ssh://git:pw@h/a", NULL, NULL },
	{ "git@h:a/b", "git@h:a/b", NULL },
	{ "git://h/a", "git://h/a", NULL },
	{ "file:///a/b", NULL, NULL },
	{ "gopher://h/a", NULL, NULL },
};

static const struct {
	const char *uname;
	bool is_good;
} uname_rows[] = {
	{ "bob", true }, { "_x", true }, { "9lives", true }, { "a.b-c", true }, { "admin", true },
	{ "", false }, { ".bob", false }, { "-bob", false }, { "123", false }, { "bob smith", false },
	{ "login", false }, { "Wiki", false }, { "api", false }, { "b\xc3\xb6", false },
};
/* clang-format on */

static void
each_url_gives_its_name(void **state)
{
	struct ctx *c = *state;
	int n_bad = 0;

	for (size_t i = 0; i < N_OF(url_rows); i++) {
		const char *name = NULL;
		int code = name_from_url(c, url_rows[i].url, &name);

		if (code != (url_rows[i].name != NULL ? OK : E_INVALID) ||
		    (name != NULL) != (url_rows[i].name != NULL) ||
		    (name != NULL && strcmp(name, url_rows[i].name) != 0))
			bad(&n_bad, "%s gives %s (%s)\n", url_rows[i].url, name, c->reason);
	}
	assert_int_equal(n_bad, 0);
}

static void
only_safe_paths_are_allowed(void **state)
{
	struct ctx *c = *state;
	int n_bad = 0;

	for (size_t i = 0; i < N_OF(path_rows); i++) {

		if (name_check_path(c, path_rows[i].path) !=
		    (path_rows[i].is_good ? OK : E_INVALID))
			bad(&n_bad, "%s: %s\n", path_rows[i].path, c->reason);
	}
	assert_int_equal(n_bad, 0);
}

static void
a_plus_is_for_all_names_but_those_of_hpr(void **state)
{
	struct ctx *c = *state;
	const char *name;

	assert_int_equal(name_check_path(c, "bob/gtk+"), OK);
	assert_int_equal(name_check_path(c, "g++/libstdc++"), OK);
	assert_int_equal(name_check_mirror(c, "bob/gtk+"), E_INVALID);
	assert_int_equal(name_check(c, "gtk+"), E_INVALID);
	assert_int_equal(name_from_url(c, "https://h/gnome/gtk+x.git", &name), OK);
	assert_string_equal(name, "gnome-gtk-x");
	assert_true(name_has_characters("gtk+-2.0_x"));
	assert_false(name_has_characters("a b"));
	assert_false(name_has_characters("a\n"));
	assert_false(name_has_characters("a/b"));
}

static void
a_name_is_one_part_and_has_its_limits(void **state)
{
	struct ctx *c = *state;
	char part[300];

	assert_int_equal(name_check(c, "a/b"), E_INVALID);
	assert_int_equal(name_check(c, "a"), OK);
	memset(part, 'a', sizeof(part));
	part[255] = '\0';
	assert_int_equal(name_check(c, part), OK);
	part[255] = 'a';
	part[256] = '\0';
	assert_int_equal(name_check(c, part), E_INVALID);
}

static void
credentials_leave_the_stored_address(void **state)
{
	struct ctx *c = *state;
	int n_bad = 0;

	c->conf = &(const struct conf){ .net_schemes = "https http ssh git" };
	for (size_t i = 0; i < N_OF(upstream_rows); i++) {
		struct upstream u = { 0 };
		int code = upstream_check(c, upstream_rows[i].url, &u);

		if (upstream_rows[i].clean == NULL) {
			if (code != E_INVALID)
				bad(&n_bad, "%s is not refused\n", upstream_rows[i].url);
		} else {
			assert_int_equal(code, OK);
			assert_string_equal(u.url, upstream_rows[i].clean);
			assert_true(
			    (u.credentials != NULL) == (upstream_rows[i].credentials != NULL));
			if (u.credentials != NULL)
				assert_string_equal(u.credentials, upstream_rows[i].credentials);
		}
	}
	assert_int_equal(n_bad, 0);
}

/* Addresses put together by chance, the same ones each time. */
static const char *
odd_url(struct ctx *c, uint32_t *seed)
{
	static const char *const pieces[] = { "http", "https", "ssh", "git", "git+ssh", "file",
		"ext", "://", "://", "://", ":", ":", "/", "/", "/", "//", "@", "@", "~", ".git",
		".git/", ".", "..", "%2e", "%2F", "%00", "%0a", "%zz", "%", "?", "#", "[", "]",
		"[::1]", "host", "a", "b.c", "-", "-o", "--upload-pack=x", "\n", " ", "\\",
		"\xc3\xa9", "\xff", "2222", "user", "secret", "search", "$(id)", ";" };
	char *url = arena_strdup(c->mem, "");
	int n = 1 + (int)((*seed >> 8) % 12);

	for (int i = 0; i < n; i++) {
		*seed = *seed * 1664525 + 1013904223;
		url = arena_printf(c->mem, "%s%s", url, pieces[(*seed >> 8) % N_OF(pieces)]);
	}
	return url;
}

static void
whatever_the_address_the_name_is_allowed_and_the_secret_gone(void **state)
{
	uint32_t seed = 1;
	int n_names = 0;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		struct ctx turn = { .mem = arena_new(), .reason = "" };
		const char *url = odd_url(&turn, &seed), *name;
		struct upstream u;

		if (upstream_parse(&turn, url, &u) == OK && u.credentials != NULL)
			assert_null(memchr(u.url, '@', strcspn(u.url + 8, "/?#") + 8));
		if (name_from_url(&turn, url, &name) == OK) {
			assert_int_equal(name_check(&turn, name), OK);
			n_names++;
		}
		arena_free(turn.mem);
	}
	assert_true(n_names > 100);
}

static void
an_address_has_a_longest_length(void **state)
{
	struct ctx *c = *state;
	struct upstream u;
	char *url = arena_alloc(c->mem, UPSTREAM_MOST_BYTES + 2);

	c->conf = &(const struct conf){ .net_schemes = "https http ssh git" };
	memset(url, 'a', UPSTREAM_MOST_BYTES + 1);
	memcpy(url, "https://h/", strlen("https://h/"));
	assert_int_equal(upstream_check(c, url, &u), E_INVALID);
	url[UPSTREAM_MOST_BYTES] = '\0';
	assert_int_equal(upstream_check(c, url, &u), OK);
}

static void
only_safe_unames_are_allowed(void **state)
{
	struct ctx *c = *state;
	int n_bad = 0;

	for (size_t i = 0; i < N_OF(uname_rows); i++) {

		if (account_check_uname(c, uname_rows[i].uname) !=
		    (uname_rows[i].is_good ? OK : E_INVALID))
			bad(&n_bad, "%s: %s\n", uname_rows[i].uname, c->reason);
	}
	assert_int_equal(n_bad, 0);
}

static void
a_slug_is_what_rhodecode_makes_of_itself(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const char *path;
		bool is_one;
	} rows[] = {
		{ "a", true },
		{ "Foo/bar.baz/qu_x", true },
		{ "a-b/c-1", true },
		{ "_x/y", true },
		{ "rm__notes", true },
		{ "1/2", true },
		{ "", false },
		{ "a+b", false },
		{ "a--b", false },
		{ "a-", false },
		{ "-a", false },
		{ "a/-b", false },
		{ "a/.b", false },
		{ "a/", false },
		{ "/a", false },
		{ "a//b", false },
		{ "a/..", false },
		{ "123", false },
		{ "_ADMIN/x", false },
		{ "rm__20200101_000000_000000__x", false },
		{ "a/rm__2", false },
		{ "a/x.GIT/b", false },
		{ "a/x.lock", false },
		{ "a b", false },
		{ "a:b", false },
		{ "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", true },
		{ "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", false },
	};
	char longest[257];
	int n = 0;

	for (size_t i = 0; i < N_OF(rows); i++)
		if ((name_check_slug(c, rows[i].path) == OK) != rows[i].is_one)
			bad(&n, "%s: %s\n", rows[i].path, c->reason);
	memset(longest, 'x', sizeof(longest));
	longest[255] = '\0';
	assert_int_equal(name_check_slug(c, longest), OK);
	longest[127] = '/';
	longest[255] = 'x';
	longest[256] = '\0';
	assert_int_equal(name_check_slug(c, longest), E_INVALID);
	assert_int_equal(n, 0);
}

static void
addresses_of_one_place_are_the_same_however_written(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_same;
	} rows[] = {
		{ "https://h/o/r.git", "https://h/o/r.git", true },
		{ "https://h/o/r.git", "https://h/o/r", true },
		{ "https://h/o/r.git/", "https://h/o/r", true },
		{ "https://h/o/r/", "https://H/o/r.git", true },
		{ "https://u:p@h/o/r", "https://h/o/r", true },
		{ "git@h:o/r.git", "git@H:o/r", true },
		{ "ssh://git@H:22/o/r", "ssh://git@h:22/o/r.git", true },
		{ "https://h/o/r", "https://h/O/r", false },
		{ "https://h/o/r", "http://h/o/r", false },
		{ "git@h:o/r", "ssh://git@h/o/r", false },
		{ "Git@h:o/r", "git@h:o/r", false },
		{ "https://h/o/r", "https://h/o/r//", false },
		{ "https://h/o/r", "https://h:444/o/r", false },
		{ "nonsense", "nonsense", false },
		{ "", "", false },
	};
	struct ctx *c = *state;
	int n_bad = 0;

	for (size_t i = 0; i < N_OF(rows); i++) {
		if (upstream_is_same(c, rows[i].a, rows[i].b) != rows[i].is_same ||
		    upstream_is_same(c, rows[i].b, rows[i].a) != rows[i].is_same)
			bad(&n_bad, "%s and %s\n", rows[i].a, rows[i].b);
	}
	assert_int_equal(n_bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(each_url_gives_its_name),
		WITH_CTX(only_safe_paths_are_allowed),
		WITH_CTX(a_plus_is_for_all_names_but_those_of_hpr),
		WITH_CTX(a_name_is_one_part_and_has_its_limits),
		WITH_CTX(credentials_leave_the_stored_address),
		WITH_CTX(whatever_the_address_the_name_is_allowed_and_the_secret_gone),
		WITH_CTX(an_address_has_a_longest_length),
		WITH_CTX(only_safe_unames_are_allowed),
		WITH_CTX(a_slug_is_what_rhodecode_makes_of_itself),
		WITH_CTX(addresses_of_one_place_are_the_same_however_written),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
