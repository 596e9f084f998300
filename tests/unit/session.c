/* The texts of cookies, and the tokens of forms. */
#include "auth/session.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/str.h"
#include "tests/unit/connection.h"
#include "web/cookie.h"

#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
only_a_kind_and_256_bits_are_a_text(void **state)
{
	static const struct {
		const char *text;
		enum session_kind kind;
	} rows[] = {
		{ "s" SECRET, SESSION_SIGNED_IN },
		{ "p" SECRET, SESSION_BEFORE },
		{ "x" SECRET, SESSION_NONE },
		{ SECRET, SESSION_NONE },
		{ "0" SECRET, SESSION_NONE },
		{ "S" SECRET, SESSION_NONE },
		{ "s" SECRET "0", SESSION_NONE },
		{ "s" SECRET " ", SESSION_NONE },
		{ "\"s" SECRET "\"", SESSION_NONE },
		{ "s0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", SESSION_NONE },
		{ "s", SESSION_NONE },
		{ "", SESSION_NONE },
		{ NULL, SESSION_NONE },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct claim claim;

		assert_int_equal(session_kind_of(rows[i].text), rows[i].kind);
		session_claim(rows[i].text, &claim);
		assert_int_equal(claim.kind,
		    rows[i].kind == SESSION_SIGNED_IN ? CLAIM_SESSION : CLAIM_NOBODY);
	}
}

static void
each_text_is_a_new_one(void **state)
{
	struct ctx *c = *state;
	const char *one = session_before(c), *other = session_before(c);

	assert_int_equal(session_kind_of(one), SESSION_BEFORE);
	assert_string_not_equal(one, other);
}

static void
the_token_of_a_form_belongs_to_one_cookie_and_is_not_it(void **state)
{
	struct ctx *c = *state;
	const char *cookie = "s" SECRET, *before = "p" SECRET;
	const char *token = session_form_token(c->mem, cookie, "/a");

	assert_int_equal(strlen(token), 128);
	assert_null(strstr(token, SECRET));
	assert_true(session_is_form_token(cookie, token));
	/* that of the log-in form is worth nothing afterwards */
	assert_false(session_is_form_token(before, token));
	assert_false(session_is_form_token(cookie, session_form_token(c->mem, before, "/a")));
	for (size_t i = 0; i < 128; i++) {
		char *wrong = arena_strdup(c->mem, token);

		wrong[i] = wrong[i] == '0' ? '1' : '0';
		assert_false(session_is_form_token(cookie, wrong));
	}
	assert_false(session_is_form_token(cookie, ""));
	assert_false(session_is_form_token(cookie, NULL));
	assert_false(session_is_form_token(NULL, token));
	assert_false(session_is_form_token(NULL, NULL));
}

static void
the_token_looks_different_in_each_place_and_the_same_in_one(void **state)
{
	struct ctx *c = *state;
	const char *cookie = "s" SECRET, *token = session_form_token(c->mem, cookie, "/a?q=x");
	const char *other = session_form_token(c->mem, cookie, "/a?q=y");

	assert_string_equal(token, session_form_token(c->mem, cookie, "/a?q=x"));
	assert_true(session_is_form_token(cookie, other));
	assert_string_not_equal(token, other);
	assert_string_not_equal(token + 64, other + 64);
}

/* ---- the header */

static int
nothing(struct req *r)
{
	(void)r;
	return OK;
}

static const struct dialect pages = { .name = "pages", .habits = HABIT_SESSION };

static struct req
request(struct ctx *c, struct conf *conf, struct fcgi *f, const char *header)
{
	*f = (struct fcgi){ .variables = { header != NULL ? "HTTP_COOKIE" : NULL, header } };
	c->conf = conf;
	return (struct req){
		.ctx = c, .fcgi = f, .dialect = &pages, .path = "/login", .query = ""
	};
}

static void
the_cookie_is_found_among_others(void **state)
{
	static const struct {
		const char *header;
		bool is_found; /* s SECRET */
	} rows[] = {
		{ "mirrorhub=s" SECRET, true },
		{ "a=b; mirrorhub=s" SECRET "; c=d", true },
		{ "a=b;mirrorhub=s" SECRET, true },
		{ ";; ;\tmirrorhub=s" SECRET ";", true },
		{ "xmirrorhub=s" SECRET, false },
		{ "mirrorhub2=s" SECRET, false },
		{ "Mirrorhub=s" SECRET, false },
		{ "mirrorhub =s" SECRET, false },
		{ "mirrorhub= s" SECRET, false },
		{ "__Host-mirrorhub=s" SECRET, false },
		{ "a=mirrorhub=s" SECRET, false },
		{ "mirrorhub=x; mirrorhub=s" SECRET, false }, /* one may be a neighbour's */
		{ "mirrorhub=s" SECRET "; mirrorhub=s" SECRET, false },
		{ "mirrorhub", false },
		{ "mirrorhub=", false },
		{ "", false },
		{ NULL, false },
	};
	struct ctx *c = *state;
	struct conf conf = { .base_url = "http://hub.example:8848" };

	for (size_t i = 0; i < N_OF(rows); i++) {
		struct fcgi f;
		struct req r = request(c, &conf, &f, rows[i].header);

		cookie_claim(&r);
		assert_int_equal(r.claim.kind, rows[i].is_found ? CLAIM_SESSION : CLAIM_NOBODY);
		assert_int_equal(r.cookie != NULL, rows[i].is_found);
	}
}

static void
with_https_the_cookie_is_bound_to_the_host(void **state)
{
	struct ctx *c = *state;
	struct conf conf = { .base_url = "HTTPS://hub.example" };
	struct fcgi f;
	struct req r = request(c, &conf, &f, "mirrorhub=s" SECRET);

	cookie_claim(&r);
	assert_int_equal(r.claim.kind, CLAIM_NOBODY);
	r = request(c, &conf, &f, "__Host-mirrorhub=s" SECRET);
	cookie_claim(&r);
	assert_int_equal(r.claim.kind, CLAIM_SESSION);
	r.head = buf_new(c->mem, 1000);
	cookie_set(&r, "s" SECRET);
	assert_string_equal(r.head->data,
	    "Set-Cookie: __Host-mirrorhub=s" SECRET
	    "; Path=/; HttpOnly; SameSite=Lax; Secure\r\n");
}

static void
the_log_in_form_keeps_the_cookie_it_was_bound_to(void **state)
{
	struct ctx *c = *state;
	struct conf conf = { .base_url = "http://hub.example" };
	struct fcgi f;
	struct req r = request(c, &conf, &f, "mirrorhub=p" SECRET);

	cookie_claim(&r);
	r.head = buf_new(c->mem, 1000);
	cookie_before(&r);
	assert_string_equal(r.head->data, "");
	assert_true(session_is_form_token("p" SECRET, cookie_form_token(&r)));
	/* that of a session that is over is no good: its form would be refused */
	r = request(c, &conf, &f, "mirrorhub=s" SECRET);
	cookie_claim(&r);
	cookie_drop(&r);
	assert_int_equal(r.claim.kind, CLAIM_NOBODY);
	r.head = buf_new(c->mem, 1000);
	cookie_before(&r);
	assert_true(str_starts(r.head->data, "Set-Cookie: mirrorhub=p"));
	assert_null(strstr(r.head->data, "Secure"));
	assert_int_equal(session_kind_of(r.cookie), SESSION_BEFORE);
}

/* ---- tables that are refused at start; the asserts end the process, so look at a child */

static void
refuse(struct req *r, int code)
{
	(void)r;
	(void)code;
}

static bool
is_table(const struct route *row, const char *type, unsigned habits)
{
	const struct route rows[] = { *row, { 0 } };
	const struct dialect dialect = { .name = "d",
		.realm = "R",
		.type = type,
		.routes = rows,
		.fail = refuse,
		.inputs = INPUT_FORM,
		.habits = habits };
	const struct dialect *const dialects[] = { &dialect, NULL };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		signal(SIGABRT, SIG_DFL);
		dup2(null, STDERR_FILENO);
		route_check(dialects);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#define HTML "text/html; charset=utf-8"

static void
only_signing_in_changes_something_for_nobody(void **state)
{
	static const struct {
		struct route row;
		const char *type;
		unsigned habits;
		bool is_good;
	} rows[] = {
		{ { POST, "/a", PERM_PUBLIC, LOAD_NONE, nothing, NULL, ROUTE_SIGN_IN }, HTML,
		    HABIT_SESSION, true },
		{ { POST, "/a", PERM_PUBLIC, LOAD_NONE, nothing, NULL, ROUTE_SIGN_IN }, HTML, 0,
		    false },
		{ { POST, "/a", PERM_PUBLIC, LOAD_NONE, nothing, NULL, 0 }, HTML, HABIT_SESSION,
		    false },
		{ { GET, "/a", PERM_PUBLIC, LOAD_NONE, nothing, NULL, ROUTE_SIGN_IN }, HTML,
		    HABIT_SESSION, false },
		{ { POST, "/a", PERM_USER, LOAD_NONE, nothing, NULL, ROUTE_SIGN_IN }, HTML,
		    HABIT_SESSION, false },
		{ { POST, "/:path", PERM_PUBLIC, LOAD_PROJECT, nothing, NULL, ROUTE_SIGN_IN }, HTML,
		    HABIT_SESSION, false },
		/* no token can be looked for in what the handler reads */
		{ { POST, "/a", PERM_USER, LOAD_NONE, nothing, NULL, ROUTE_STREAM }, HTML,
		    HABIT_SESSION, false },
		{ { POST, "/a", PERM_USER, LOAD_NONE, nothing, NULL, 0 }, HTML, HABIT_SESSION, true },
		/* no API takes a cookie */
		{ { GET, "/a", PERM_USER, LOAD_NONE, nothing, NULL, 0 }, "application/json",
		    HABIT_SESSION, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		assert_int_equal(
		    is_table(&rows[i].row, rows[i].type, rows[i].habits), rows[i].is_good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(only_a_kind_and_256_bits_are_a_text),
		WITH_CTX(each_text_is_a_new_one),
		WITH_CTX(the_token_of_a_form_belongs_to_one_cookie_and_is_not_it),
		WITH_CTX(the_token_looks_different_in_each_place_and_the_same_in_one),
		WITH_CTX(the_cookie_is_found_among_others),
		WITH_CTX(with_https_the_cookie_is_bound_to_the_host),
		WITH_CTX(the_log_in_form_keeps_the_cookie_it_was_bound_to),
		WITH_CTX(only_signing_in_changes_something_for_nobody),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
