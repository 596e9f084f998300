/* The Authorization header, and what all processes remember together. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/limit.h"
#include "auth/shared.h"
#include "auth/who.h"
#include "base/conf.h"
#include "base/str.h"

#define TOKEN "0123456789abcdef0123456789abcdef01234567"

/* What stands in base64 behind "Basic ", and what it gives; all NULL: refused. */
static const struct {
	const char *text;
	size_t len; /* 0: strlen */
	const char *token, *uname, *password;
} basic_rows[] = {
	{ "bob:secret", 0, NULL, "bob", "secret" },
	{ "bob:a:b:c", 0, NULL, "bob", "a:b:c" },
	{ "bob: blank at both ends ", 0, NULL, "bob", " blank at both ends " },
	{ "bob:tab\there", 0, NULL, "bob", "tab\there" },
	{ "bob:caf\xc3\xa9", 0, NULL, "bob", "caf\xc3\xa9" },
	{ "bob:", 0, NULL, "bob", "" },
	{ ":secret", 0, NULL, "", "secret" },
	{ ":", 0, NULL, "", "" },
	{ "12345:67890", 0, NULL, "12345", "67890" },
	{ TOKEN ":", 0, TOKEN, NULL, NULL },
	{ TOKEN ":x-oauth-basic", 0, TOKEN, NULL, NULL },
	{ ":" TOKEN, 0, TOKEN, NULL, NULL },
	{ "bob:" TOKEN, 0, TOKEN, NULL, NULL },
	{ "bob:" TOKEN "0", 0, NULL, "bob", TOKEN "0" },
	{ "bob", 0, NULL, NULL, NULL },
	{ TOKEN, 0, NULL, NULL, NULL },
	{ "bob:se\0cret", 10, NULL, NULL, NULL },
	{ "bo\0b:secret", 11, NULL, NULL, NULL },
	{ "bob:secret\0", 11, NULL, NULL, NULL },
	{ "bob:sec\r\nret", 0, NULL, NULL, NULL },
	{ "bob\n:secret", 0, NULL, NULL, NULL },
	{ "bob:\x7f", 0, NULL, NULL, NULL },
	{ "bob:\xff\xfe", 0, NULL, NULL, NULL },
	{ "\xff:secret", 0, NULL, NULL, NULL },
};

static void
basic_gives_a_pair_or_a_token(void **state)
{
	struct ctx *c = *state;
	static const char *const schemes[] = { "Basic ", "basic ", "BASIC   ", "  Basic " };
	int n_bad = 0;

	for (size_t i = 0; i < N_OF(basic_rows) * N_OF(schemes); i++) {
		size_t row = i / N_OF(schemes), len = basic_rows[row].len;
		const char *text = basic_rows[row].text;
		const char *header = arena_printf(c->mem, "%s%s", schemes[i % N_OF(schemes)],
		    str_base64(c->mem, text, len > 0 ? len : strlen(text)));
		bool is_good = basic_rows[row].token != NULL || basic_rows[row].uname != NULL;
		struct who_given given = { 0 };
		int code = who_parse(c, header, &given);

		if (code == (is_good ? OK : E_DENIED) &&
		    (!is_good ||
			(str_is_equal(given.token, basic_rows[row].token) &&
			    str_is_equal(given.uname, basic_rows[row].uname) &&
			    str_is_equal(given.password, basic_rows[row].password))))
			continue;
		print_error("row %zu: %s\n", row, text);
		n_bad++;
	}
	assert_int_equal(n_bad, 0);
}

static void
malformed_headers_are_refused(void **state)
{
	struct ctx *c = *state;
	static const char *const bad[] = { "", " ", "Basic", "Basic ", "Basic ???", "Basic Ym9iOng",
		"Basic Ym9iOng= x", "Basic Ym9iOng=x", "Basic Ym9i\tOng=", "Basic=Ym9iOng=",
		"Basicx Ym9iOng=", "Basic\tYm9iOng=", "Digest username=x", "Bearer", "Bearer ",
		"Bearer x", "Bearer " TOKEN "0", "Bearer " TOKEN " x", "Bearer Ym9iOng=", TOKEN };

	for (size_t i = 0; i < N_OF(bad); i++) {
		struct who_given given;

		assert_int_equal(who_parse(c, bad[i], &given), E_DENIED);
		assert_string_equal(c->reason, ACCOUNT_WRONG);
	}
}

static void
bearer_gives_a_token(void **state)
{
	struct ctx *c = *state;
	static const char *const good[] = { "Bearer " TOKEN, "bearer " TOKEN,
		"BEARER   " TOKEN " " };

	for (size_t i = 0; i < N_OF(good); i++) {
		struct who_given given;

		assert_int_equal(who_parse(c, good[i], &given), OK);
		assert_string_equal(given.token, TOKEN);
		assert_null(given.uname);
	}
}

static void
nobody_and_tokens_need_no_database(void **state)
{
	struct ctx *c = *state;
	struct claim claim;

	assert_int_equal(who_claim(c, NULL, "192.0.2.1", &claim), OK);
	assert_int_equal(claim.kind, CLAIM_NOBODY);
	assert_int_equal(who_claim(c, "Bearer " TOKEN, "192.0.2.1", &claim), OK);
	assert_int_equal(claim.kind, CLAIM_TOKEN);
	/* what can be no account: no statement, no hash */
	assert_int_equal(
	    who_claim(c, "Basic Ym9iIHM6eA==" /* "bob s:x" */, "192.0.2.1", &claim), E_DENIED);
	assert_int_equal(
	    who_claim(c, "Basic Ym9iOg==" /* "bob:" */, "192.0.2.1", &claim), E_DENIED);
}

static void
networks_are_counted_together(void **state)
{
	struct ctx *c = *state;
	static const struct {
		const char *addr, *network;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.0/24" },
		{ "192.0.2.254", "192.0.2.0/24" },
		{ "192.0.3.1", "192.0.3.0/24" },
		{ "::ffff:192.0.2.9", "192.0.2.0/24" },
		{ "2001:db8:1:200::1", "20010db8000102/56" },
		{ "2001:db8:1:2ff:ffff::", "20010db8000102/56" },
		{ "2001:db8:1:300::1", "20010db8000103/56" },
		{ "", "local" },
		{ "unix:", "local" },
	};

	for (size_t i = 0; i < N_OF(rows); i++)
		assert_string_equal(limit_network(c->mem, rows[i].addr), rows[i].network);
}

/* One file for the whole program: the mapping lasts as long as the process. */
static const struct conf *
shared_conf(struct ctx *c)
{
	static struct conf conf = { .auth_cache_s = 60 };
	static char folder[] = "/tmp/mirrorhub-unit-XXXXXX";

	if (conf.run_dir == NULL) {
		assert_non_null(mkdtemp(folder));
		conf.run_dir = folder;
	}
	c->conf = &conf;
	assert_int_equal(shared_open(c), OK);
	return &conf;
}

static void
a_right_password_is_remembered(void **state)
{
	struct ctx *c = *state;
	int64_t id = 0, version = 0;

	shared_conf(c);
	assert_false(shared_recall(c, "bob", "secret", &id, &version));
	shared_keep(c, "bob", "secret", 7, 3);
	assert_true(shared_recall(c, "bob", "secret", &id, &version));
	assert_int_equal(id, 7);
	assert_int_equal(version, 3);
	assert_false(shared_recall(c, "bob", "secre", &id, &version));
	assert_false(shared_recall(c, "bobs", "ecret", &id, &version));
	shared_keep(c, "bob", "secret", 7, 4); /* the newer one counts */
	assert_true(shared_recall(c, "bob", "secret", &id, &version));
	assert_int_equal(version, 4);
}

static void
memory_ends_by_the_clock_or_the_setting(void **state)
{
	struct ctx *c = *state;
	struct conf other = *shared_conf(c);
	int64_t id, version;

	c->conf = &other;
	other.auth_cache_s = 0;
	shared_keep(c, "eve", "secret", 8, 1);
	other.auth_cache_s = 60;
	assert_false(shared_recall(c, "eve", "secret", &id, &version));
	shared_keep(c, "eve", "secret", 8, 1);
	assert_true(shared_recall(c, "eve", "secret", &id, &version));
	other.auth_cache_s = 30; /* a time too far ahead: the clock was set back */
	assert_false(shared_recall(c, "eve", "secret", &id, &version));
}

static void
processes_remember_together(void **state)
{
	struct ctx *c = *state;
	int64_t id, version;
	int status;
	pid_t pid;

	shared_conf(c);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		shared_keep(c, "child", "secret", 9, 1);
		shared_delay("child", 60);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(shared_recall(c, "child", "secret", &id, &version));
	assert_true(shared_is_delayed("child"));
	assert_false(shared_is_delayed("parent"));
	shared_delay("child", 0);
	assert_false(shared_is_delayed("child"));
}

static void
a_damaged_file_remembers_nothing_and_holds_no_secret(void **state)
{
	struct ctx *c = *state;
	const char *path = path_under(c->mem, shared_conf(c)->run_dir, "auth.shared");
	size_t size = 4 * 1024 * 1024, len;
	char *bytes = arena_alloc(c->mem, size);
	int64_t id, version;
	int fd;

	shared_keep(c, "dora", "a very secret one", 10, 1);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	len = (size_t)read(fd, bytes, size);
	assert_true(len > 100000 && len < size);
	assert_null(memmem(bytes, len, "a very secret one", 17));
	/* one bit of each byte behind the key */
	assert_true(shared_recall(c, "dora", "a very secret one", &id, &version));
	for (size_t i = 40; i < len; i++)
		bytes[i] ^= 0x10;
	assert_int_equal(pwrite(fd, bytes + 40, len - 40, 40), len - 40);
	assert_false(shared_recall(c, "dora", "a very secret one", &id, &version));
	close(fd);
	assert_int_equal(path_remove_tree(c, shared_conf(c)->run_dir), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(basic_gives_a_pair_or_a_token),
		WITH_CTX(malformed_headers_are_refused),
		WITH_CTX(bearer_gives_a_token),
		WITH_CTX(nobody_and_tokens_need_no_database),
		WITH_CTX(networks_are_counted_together),
		WITH_CTX(a_right_password_is_remembered),
		WITH_CTX(memory_ends_by_the_clock_or_the_setting),
		WITH_CTX(processes_remember_together),
		WITH_CTX(a_damaged_file_remembers_nothing_and_holds_no_secret),
	};

	return cmocka_run_group_tests_name("who", tests, NULL, NULL);
}
