#include "tests/unit/unit.h"

#include "net/url.h"

static const struct good {
	const char *text;
	enum net_scheme scheme;
	const char *user, *host;
	int port;
	const char *path, *clean;
} goods[] = {
	{ "https://github.com/a/b.git", NET_HTTPS, NULL, "github.com", 443, "/a/b.git",
	    "https://github.com/a/b.git" },
	{ "HTTPS://GitHub.COM./a/b/", NET_HTTPS, NULL, "github.com", 443, "/a/b",
	    "https://github.com/a/b" },
	{ "http://h:8080/a?x=1", NET_HTTP, NULL, "h", 8080, "/a", "http://h:8080/a" },
	{ "http://h/a#frag", NET_HTTP, NULL, "h", 80, "/a", "http://h/a" },
	{ "http://h/a%20b/\xc3\xa9", NET_HTTP, NULL, "h", 80, "/a%20b/%C3%A9",
	    "http://h/a%20b/%C3%A9" },
	{ "https://[2001:DB8::1]:444/a", NET_HTTPS, NULL, "2001:db8::1", 444, "/a",
	    "https://[2001:db8::1]:444/a" },
	{ "git://h/a.git", NET_GIT, NULL, "h", 9418, "/a.git", "git://h/a.git" },
	{ "git://h:a/b.git", NET_GIT, NULL, "h", 9418, "/a/b.git", "git://h/a/b.git" },
	{ "ssh://git@h:2222/a/b.git", NET_SSH, "git", "h", 2222, "/a/b.git",
	    "ssh://git@h:2222/a/b.git" },
	{ "ssh://git@h:a/b.git", NET_SSH, "git", "h", 22, "a/b.git", "git@h:a/b.git" },
	{ "ssh://h/~a/b.git", NET_SSH, NULL, "h", 22, "~a/b.git", "h:~a/b.git" },
	{ "git+ssh://h/a", NET_SSH, NULL, "h", 22, "/a", "ssh://h/a" },
	{ "git@h:a/b.git", NET_SSH, "git", "h", 22, "a/b.git", "git@h:a/b.git" },
	{ "git@h:a@b:c/d.git", NET_SSH, "git", "h", 22, "a@b:c/d.git", "git@h:a@b:c/d.git" },
	{ "h:a@b/d.git", NET_SSH, NULL, "h", 22, "a@b/d.git", "h:a@b/d.git" },
	{ "git@[::1]:/a", NET_SSH, "git", "::1", 22, "/a", "ssh://git@[::1]/a" },
	{ "file:///srv/a.git", NET_FILE, NULL, "", 0, "/srv/a.git", "file:///srv/a.git" },
	{ "/srv/a.git", NET_FILE, NULL, "", 0, "/srv/a.git", "file:///srv/a.git" },
	/* M-02: every spelling of an IPv4 address is one address */
	{ "http://127.1/a", NET_HTTP, NULL, "127.0.0.1", 80, "/a", "http://127.0.0.1/a" },
	{ "http://0x7f000001/a", NET_HTTP, NULL, "127.0.0.1", 80, "/a", "http://127.0.0.1/a" },
	{ "http://2130706433/a", NET_HTTP, NULL, "127.0.0.1", 80, "/a", "http://127.0.0.1/a" },
	{ "http://0177.0.0.1/a", NET_HTTP, NULL, "127.0.0.1", 80, "/a", "http://127.0.0.1/a" },
	{ "http://0/a", NET_HTTP, NULL, "0.0.0.0", 80, "/a", "http://0.0.0.0/a" },
	{ "http://127.0.0.1./a", NET_HTTP, NULL, "127.0.0.1", 80, "/a", "http://127.0.0.1/a" },
	{ "http://localhost./a", NET_HTTP, NULL, "localhost", 80, "/a", "http://localhost/a" },
	{ "http://[::ffff:127.0.0.1]/a", NET_HTTP, NULL, "::ffff:127.0.0.1", 80, "/a",
	    "http://[::ffff:127.0.0.1]/a" },
};

static void
urls_are_taken_apart(void **state)
{
	struct ctx *c = *state;

	for (const struct good *g = goods; g < goods + N_OF(goods); g++) {
		struct net_url url;

		if (net_url_parse(c, g->text, &url) != OK)
			unit_fail("%s: %s", g->text, c->reason);
		assert_int_equal(url.scheme, g->scheme);
		assert_string_equal(url.host, g->host);
		assert_int_equal(url.port, g->port);
		assert_string_equal(url.path, g->path);
		assert_true((url.user == NULL) == (g->user == NULL));
		if (url.user != NULL)
			assert_string_equal(url.user, g->user);
		assert_string_equal(net_url_text(c->mem, &url), g->clean);
	}
}

static void
the_clean_text_says_the_same_again(void **state)
{
	struct ctx *c = *state;

	for (const struct good *g = goods; g < goods + N_OF(goods); g++) {
		struct net_url url;

		assert_int_equal(net_url_parse(c, g->clean, &url), OK);
		assert_string_equal(net_url_text(c->mem, &url), g->clean);
	}
}

static void
what_two_parsers_could_read_differently_is_refused(void **state)
{
	static const char *const bads[] = {
		"", "/", "//", "httpfoo", "ssh", "ftp://h/a", "gopher://h/a", "dict://h/a",
		"ext::sh -c x", "ext::sh", "fd::1", "-uxx", "--upload-pack=x", "./a", "a/b", "C:\\a",
		"http:///a", "http://h", "https://h/", "http://h:0/a", "http://h:65536/a",
		"http://h:x/a", "http://h:999999/a", "http://u@h/a", "http://u:p@h/a",
		"https://good.example\\@127.0.0.1/", "git://u@h/a", "http://h/a b", "http://h/a\tb",
		"http://h/a\nb", "http://h/a\x7f", "http://h\\a", "http://[::1%25lo]/a",
		"http://[::1%lo]/a", "http://[::1/a", "http://[x]/a", "http://[::1]x/a",
		"http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/a", "http://m\xc3\xbcnchen.de/a",
		"http://256.1.1.1/a", "http://1.2.3.4.5/a", "http://0x7f.0.0.0x/a", "http://-h/a",
		"http://.h/a", "http://h..i/a", "http://h../a", "http://h_$/a", "http://h/../a", "http://h/a/./b",
		"git@h:../../etc", "ssh://-oProxyCommand=x/a", "ssh://-u@h/a", "ssh://u;x@h/a",
		"ssh://u:p@h/a", "-oX@h:a", "git@-h:a", "git@h:-a", "git@h:a'b", "git@h:a\"b",
		"git@h:a`b`", "git@h:a$b", "git@h:a;b", "git@h:a|b", "git@h::a", "https:/h/a", "file://h/a",
		"file:///../a",
	};
	struct ctx *c = *state;
	struct net_url url = { .port = -1 };

	for (size_t i = 0; i < N_OF(bads); i++) {
		if (net_url_parse(c, bads[i], &url) != E_INVALID)
			unit_fail("\"%s\" was taken: host %s", bads[i], url.host);
		assert_int_equal(url.port, -1); /* untouched */
	}
}

static void
a_url_has_an_end(void **state)
{
	struct ctx *c = *state;
	struct net_url url;
	char text[NET_URL_MAX_BYTES + 2] = "http://h/";

	memset(text + 9, 'a', NET_URL_MAX_BYTES - 9);
	assert_int_equal(net_url_parse(c, text, &url), OK);
	text[NET_URL_MAX_BYTES] = 'a';
	assert_int_equal(net_url_parse(c, text, &url), E_INVALID);
}

static void
origins_are_scheme_host_and_port(void **state)
{
	struct ctx *c = *state;
	struct net_url a, b;
	static const struct {
		const char *text;
		bool same;
	} rows[] = { { "http://H:80/other", true }, { "https://h/a", false },
		{ "http://h:81/a", false }, { "http://i/a", false } };

	assert_int_equal(net_url_parse(c, "http://h/a", &a), OK);
	for (size_t i = 0; i < N_OF(rows); i++) {
		assert_int_equal(net_url_parse(c, rows[i].text, &b), OK);
		assert_int_equal(net_url_is_same_origin(&a, &b), rows[i].same);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(urls_are_taken_apart),
		WITH_CTX(the_clean_text_says_the_same_again),
		WITH_CTX(what_two_parsers_could_read_differently_is_refused),
		WITH_CTX(a_url_has_an_end),
		WITH_CTX(origins_are_scheme_host_and_port),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
