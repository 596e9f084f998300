/* Sessions against a real database: how they begin and end, and the walk of a request that brings
 * a cookie. The connection is a fake. */
#include "auth/session.h"

#include "auth/token.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/str.h"
#include "store/session.h"
#include "store/store.h"
#include "tests/db/harness.h"
#include "tests/unit/connection.h"
#include "web/cookie.h"

static struct conf conf = {
	.base_url = "https://hub.example",
	.anonymous_read = true,
	.body_bytes = 65536,
};

struct event_seen {
	const char *actor, *action, *remote_addr;
};

static const struct field event_row[] = { FIELD(event_seen, actor), FIELD(event_seen, action),
	FIELD(event_seen, remote_addr), { 0 } };

enum { COUNT_SESSIONS, LAST_EVENT };

static const struct db_stmt own_sql[] = {
	[COUNT_SESSIONS] = { "own_count_sessions",
	    "SELECT count(*) AS n FROM hub.session s JOIN hub.account a ON a.id = s.account_id "
	    "WHERE a.uname = $1",
	    number_row, sizeof(struct number) },
	[LAST_EVENT] = { "own_last_event",
	    "SELECT actor, action, remote_addr FROM hub.event ORDER BY id DESC LIMIT 1", event_row,
	    sizeof(struct event_seen) },
	{ 0 }
};
static const struct db_stmt *const own_tables[] = { own_sql, NULL };

static int64_t
sessions_of(const char *uname)
{
	struct ctx *c = harness_open("mirrorhub_owner", own_tables);
	struct number row;

	assert_ok(c, db_one(c, &own_sql[COUNT_SESSIONS], &row, db_text(uname)));
	harness_close(c);
	return row.n;
}

static void
last_event_is(const char *actor, const char *action, const char *remote_addr)
{
	struct ctx *c = harness_open("mirrorhub_owner", own_tables);
	struct event_seen row;

	assert_ok(c, db_one(c, &own_sql[LAST_EVENT], &row));
	assert_string_equal(row.actor, actor);
	assert_string_equal(row.action, action);
	assert_string_equal(row.remote_addr, remote_addr);
	harness_close(c);
}

/* What a right password comes to. */
static struct claim
claim_of(struct ctx *c, const char *uname, int64_t version)
{
	struct claim claim = { .kind = CLAIM_ACCOUNT, .password_version = version };

	assert_ok(c, account_id_by_uname(c, uname, &claim.account_id));
	return claim;
}

static const char *
sign_in(struct ctx *c, const char *uname)
{
	struct claim claim = claim_of(c, uname, 1);
	const struct session_place place = { .remote_addr = "192.0.2.7",
		.user_agent = "Browser/1 caf\xe9" };
	const char *text;

	assert_ok(c, db_begin(c, DB_WRITE));
	assert_ok(c, session_begin(c, &claim, &place, &text));
	assert_ok(c, db_commit(c));
	return text;
}

/* Whose session it is; NULL: nobody's. */
static const char *
who(struct ctx *c, const char *text)
{
	struct claim claim;
	struct account account;
	int code;

	session_claim(text, &claim);
	code = account_by_claim(c, &claim, &account);
	if (code == E_DENIED)
		return NULL;
	assert_ok(c, code);
	assert_int_equal(account.scope, 3);
	assert_int_not_equal(account.session_id, 0);
	return account.uname;
}

static void
age(const char *column, const char *interval)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "UPDATE hub.session SET %s = %s - interval '%s'", column,
	    column, interval);
	harness_sql(sql);
}

/* As the janitor does it. */
static void
clean(void)
{
	struct ctx *c = harness_open("mirrorhub_sync", store_sync_tables);

	assert_ok(c, session_clean(c));
	harness_close(c);
}

/* ---- */

static void
a_session_is_its_accounts_until_it_ends(void **state)
{
	struct ctx *c = *state;
	const char *one = sign_in(c, "alice"), *other = sign_in(c, "alice");
	struct session *rows;
	struct claim claim;
	struct account alice;
	size_t n;

	assert_string_not_equal(one, other);
	assert_string_equal(who(c, one), "alice");
	last_event_is("alice", "session.create", "192.0.2.7");
	session_claim(one, &claim);
	assert_ok(c, account_by_claim(c, &claim, &alice));
	assert_ok(c, session_list(c, alice.id, 10, &rows, &n));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].remote_addr, "192.0.2.7");
	assert_string_equal(rows[0].user_agent, "Browser/1 caf\xef\xbf\xbd");
	assert_ok(c, session_end(c, &alice, alice.session_id, "192.0.2.8"));
	last_event_is("alice", "session.end", "192.0.2.8");
	assert_null(who(c, one));
	assert_string_equal(who(c, other), "alice");
	assert_code(c, session_end(c, &alice, alice.session_id, ""), E_NOTFOUND);
	assert_ok(c, session_end_others(c, &alice, 0, ""));
	assert_null(who(c, other));
}

static void
nobody_ends_anothers_session(void **state)
{
	struct ctx *c = *state;
	const char *mine = sign_in(c, "bob"), *others = sign_in(c, "alice");
	struct claim claim;
	struct account bob, alice;

	session_claim(mine, &claim);
	assert_ok(c, account_by_claim(c, &claim, &bob));
	session_claim(others, &claim);
	assert_ok(c, account_by_claim(c, &claim, &alice));
	assert_code(c, session_end(c, &bob, alice.session_id, ""), E_NOTFOUND);
	assert_ok(c, session_end_others(c, &bob, bob.session_id, ""));
	assert_string_equal(who(c, others), "alice");
	assert_string_equal(who(c, mine), "bob");
	harness_sql("DELETE FROM hub.session");
}

static void
it_ends_8_hours_after_it_was_seen_and_after_7_days(void **state)
{
	struct ctx *c = *state;
	const char *text = sign_in(c, "alice");

	age("seen_at", "7 hours 59 minutes");
	assert_string_equal(who(c, text), "alice");
	age("seen_at", "2 minutes");
	assert_null(who(c, text));
	harness_sql("UPDATE hub.session SET seen_at = now()");
	assert_string_equal(who(c, text), "alice");
	age("created_at", "6 days 23 hours 59 minutes");
	assert_string_equal(who(c, text), "alice");
	age("created_at", "2 minutes");
	assert_null(who(c, text));
	assert_int_equal(sessions_of("alice"), 1);
	clean();
	assert_int_equal(sessions_of("alice"), 0);
}

static void
a_new_password_a_ban_and_an_end_of_the_account_end_them(void **state)
{
	static const struct {
		const char *change, *back;
	} rows[] = {
		{ "password_version = password_version + 1", "password_version = 1" },
		{ "role = 'banned'", "role = 'user'" },
		{ "active = false", "active = true" },
	};
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *text = sign_in(c, "carol"), *others = sign_in(c, "bob");

		assert_string_equal(who(c, text), "carol");
		harness_sql(arena_printf(c->mem,
		    "UPDATE hub.account SET %s WHERE uname = 'carol'", rows[i].change));
		assert_null(who(c, text));
		assert_int_equal(sessions_of("carol"), 0);
		/* what was ended stays ended */
		harness_sql(arena_printf(c->mem,
		    "UPDATE hub.account SET %s WHERE uname = 'carol'", rows[i].back));
		assert_null(who(c, text));
		assert_string_equal(who(c, others), "bob");
	}
	harness_sql("UPDATE hub.account SET first_name = 'B' WHERE uname = 'bob'");
	assert_int_equal(sessions_of("bob"), 3);
	harness_sql("DELETE FROM hub.session");
}

static void
none_is_made_from_a_claim_that_holds_no_more(void **state)
{
	struct ctx *c = *state;
	const struct session_place place = { .remote_addr = "" };
	struct claim old = claim_of(c, "alice", 0), banned = claim_of(c, "banned", 1);
	const char *text;

	assert_code(c, session_begin(c, &old, &place, &text), E_DENIED);
	assert_code(c, session_begin(c, &banned, &place, &text), E_DENIED);
	assert_int_equal(sessions_of("alice"), 0);
	assert_int_equal(sessions_of("banned"), 0);
}

static void
an_account_has_a_hundred_at_most(void **state)
{
	struct ctx *c = *state;
	const char *first = sign_in(c, "alice");

	for (int i = 1; i < SESSIONS_MOST; i++)
		sign_in(c, "alice");
	assert_string_equal(who(c, first), "alice");
	sign_in(c, "alice");
	assert_null(who(c, first));
	assert_int_equal(sessions_of("alice"), SESSIONS_MOST);
	harness_sql("DELETE FROM hub.session");
}

/* ---- the walk */

static int
say_who(struct req *r)
{
	buf_printf(r->out, "%s %s", r->account.uname != NULL ? r->account.uname : "nobody",
	    r->project != NULL ? r->project->path : "-");
	return OK;
}

static int
begin_to_sign_in(struct req *r)
{
	cookie_before(r);
	buf_text(r->out, cookie_form_token(r));
	return OK;
}

static void
refuse(struct req *r, int code)
{
	buf_printf(r->out, "no %s", code_text(code));
}

struct inputs {
	const char *text;
};

static const struct field inputs_in[] = { FIELD(inputs, text), { 0 } };

/* clang-format off */
static const struct route rows[] = {
	{ GET,  "/",         PERM_PUBLIC, LOAD_NONE,    say_who, NULL, 0 },
	{ GET,  "/mine",     PERM_USER,   LOAD_NONE,    say_who, NULL, 0 },
	{ GET,  "/p/:path",  PERM_READ,   LOAD_PROJECT, say_who, NULL, 0 },
	{ GET,  "/login",    PERM_PUBLIC, LOAD_NONE,    begin_to_sign_in, NULL, ROUTE_ANYONE },
	{ POST, "/login",    PERM_PUBLIC, LOAD_NONE,    say_who, inputs_in, ROUTE_SIGN_IN },
	{ POST, "/mine",     PERM_USER,   LOAD_NONE,    say_who, inputs_in, 0 },
	{ POST, "/p/:path",  PERM_WRITE,  LOAD_PROJECT, say_who, NULL, 0 },
	{ 0 }
};
/* clang-format on */
static const struct dialect pages = { .name = "pages",
	.realm = "R",
	.type = "text/html; charset=utf-8",
	.routes = rows,
	.fail = refuse,
	.inputs = INPUT_FORM | INPUT_MULTIPART,
	.habits = HABIT_SESSION };
static const struct dialect documents = { .name = "documents",
	.realm = "R",
	.type = "text/plain",
	.routes = rows,
	.fail = refuse,
	.inputs = INPUT_FORM };

struct asked {
	enum method method;
	const char *path, *cookie, *form_token, *origin, *site, *authorization;
	const struct dialect *dialect; /* NULL: pages */
};

static struct fcgi connection;
static int64_t n_statements;

static const char *
ask(struct ctx *c, struct asked a)
{
	const struct dialect *const dialects[] = { a.dialect != NULL ? a.dialect : &pages, NULL };
	const char *body = a.form_token != NULL
	    ? arena_printf(c->mem, "text=x&%s=%s", COOKIE_FORM_TOKEN, a.form_token)
	    : "text=x";
	const char *pairs[][2] = {
		{ "REQUEST_METHOD", req_method_text(a.method) },
		{ "REQUEST_URI", a.path },
		{ "REMOTE_ADDR", "192.0.2.7" },
		{ "HTTP_COOKIE",
		    a.cookie != NULL ? arena_printf(c->mem, "__Host-mirrorhub=%s", a.cookie)
				     : NULL },
		{ "HTTP_ORIGIN", a.origin },
		{ "HTTP_SEC_FETCH_SITE", a.site },
		{ "HTTP_AUTHORIZATION", a.authorization },
		{ "CONTENT_TYPE", "application/x-www-form-urlencoded" },
	};
	struct req r = { .ctx = c, .fcgi = &connection };
	size_t n = 0;

	connection = (struct fcgi){ .answer = buf_new(c->mem, 1 << 20),
		.body = body,
		.body_len = strlen(body) };
	for (size_t i = 0; i < N_OF(pairs); i++)
		if (pairs[i][1] != NULL) {
			connection.variables[n++] = pairs[i][0];
			connection.variables[n++] = pairs[i][1];
		}
	c->http_status = c->retry_after_s = 0;
	route_serve(&r, dialects);
	n_statements = r.statements;
	route_finish(&r);
	return connection.answer->data;
}

#define ASK(c, ...) ask((c), (struct asked){ __VA_ARGS__ })

static bool
has_line(const char *answer, const char *text)
{
	return strstr(answer, text) != NULL;
}

static void
a_cookie_says_who_asks_in_one_statement(void **state)
{
	struct ctx *c = *state;
	const char *text = sign_in(c, "alice"), *answer;

	answer = ASK(c, GET, "/p/hidden", text);
	is_answer(answer, 200, "alice hidden");
	assert_int_equal(n_statements, 1);
	assert_true(has_line(answer, "\r\nCache-Control: private, no-cache\r\n"));
	assert_true(has_line(answer, "\r\nVary: Cookie\r\n"));
	is_answer(ASK(c, GET, "/mine", text), 200, "alice -");
	assert_int_equal(n_statements, 1);
	is_answer(ASK(c, GET, "/p/hidden", sign_in(c, "bob")), 404, "no notfound");
	answer = ASK(c, GET, "/p/hidden");
	is_answer(answer, 404, "no notfound");
	answer = ASK(c, GET, "/");
	is_answer(answer, 200, "nobody -");
	assert_int_equal(n_statements, 0);
	assert_true(has_line(answer, "\r\nCache-Control: no-cache\r\n"));
	assert_false(has_line(answer, "Set-Cookie"));
}

static void
where_there_is_no_habit_a_cookie_is_nothing(void **state)
{
	struct ctx *c = *state;
	const char *answer =
	    ASK(c, GET, "/mine", sign_in(c, "alice"), .dialect = &documents);

	is_answer(answer, 401, NULL);
	assert_false(has_line(answer, "Cookie"));
}

static void
the_authorization_header_wins(void **state)
{
	struct ctx *c = *state;
	const char *cookie = sign_in(c, "alice"), *token;
	struct claim bob = claim_of(c, "bob", 1);

	assert_ok(c, token_create(c, bob.account_id, &(struct token_wish){ "t", 3, 0 }, &token));
	token = arena_printf(c->mem, "Bearer %s", token);
	is_answer(ASK(c, GET, "/mine", cookie, .authorization = token), 200, "bob -");
	/* a program with a token has no forms */
	is_answer(ASK(c, POST, "/mine", cookie, .authorization = token), 200, "bob -");
	is_answer(ASK(c, GET, "/mine", cookie, .authorization = "Bearer x"), 401, NULL);
}

static void
a_session_that_is_over_makes_a_guest(void **state)
{
	struct ctx *c = *state;
	const char *text = sign_in(c, "alice"), *answer;

	harness_sql("DELETE FROM hub.session");
	answer = ASK(c, GET, "/", text);
	is_answer(answer, 200, "nobody -");
	assert_true(has_line(answer,
	    "\r\nSet-Cookie: __Host-mirrorhub=; Path=/; HttpOnly; SameSite=Lax; Secure; "
	    "Max-Age=0\r\n"));
	assert_true(has_line(answer, "\r\nCache-Control: no-store\r\n"));
	is_answer(ASK(c, GET, "/p/open", text), 200, "nobody open");
	is_answer(ASK(c, GET, "/p/hidden", text), 404, "no notfound");
	answer = ASK(c, GET, "/mine", text);
	is_answer(answer, 401, NULL);
	assert_true(has_line(answer, "Max-Age=0\r\n"));
	is_answer(ASK(c, POST, "/mine", text, session_form_token(c->mem, text, "")), 401, NULL);
	conf.anonymous_read = false;
	is_answer(ASK(c, GET, "/", text), 401, NULL);
	is_answer(ASK(c, GET, "/login", text), 200, NULL);
	conf.anonymous_read = true;
	/* one for the log-in form is nobody's, and costs nothing */
	answer = ASK(c, GET, "/", session_before(c));
	is_answer(answer, 200, "nobody -");
	assert_int_equal(n_statements, 0);
	assert_false(has_line(answer, "Set-Cookie"));
}

static void
changes_need_the_token_of_the_form(void **state)
{
	struct ctx *c = *state;
	const char *text = sign_in(c, "alice"), *other = sign_in(c, "alice");
	const char *token = session_form_token(c->mem, text, "");

	is_answer(ASK(c, POST, "/mine", text, token), 200, "alice -");
	is_answer(ASK(c, POST, "/p/hidden", text, token), 200, "alice hidden");
	is_answer(ASK(c, POST, "/mine", text), 403, NULL);
	is_answer(ASK(c, POST, "/mine", text, ""), 403, NULL);
	is_answer(ASK(c, POST, "/mine", text, session_form_token(c->mem, other, "")), 403, NULL);
	is_answer(ASK(c, POST, "/p/hidden", text), 403, NULL);
	last_event_is("alice", "denied", "192.0.2.7");
	/* nor is anything told to who may not see it */
	is_answer(ASK(c, POST, "/p/hidden", sign_in(c, "bob")), 404, NULL);
}

static void
changes_come_from_our_own_pages(void **state)
{
	static const struct {
		const char *origin, *site;
		bool is_good;
	} from[] = {
		{ NULL, NULL, true }, /* an old browser: the token is there */
		{ "https://hub.example", NULL, true },
		{ "HTTPS://HUB.EXAMPLE", "same-origin", true },
		{ "null", "same-origin", true }, /* ours: Referrer-Policy is no-referrer */
		{ "null", NULL, true },
		{ NULL, "same-origin", true },
		{ NULL, "none", true },
		{ "https://hub.example.evil", NULL, false },
		{ "https://hub.example:8443", NULL, false },
		{ "http://hub.example", NULL, false },
		{ "https://evil.example", "same-origin", false },
		{ "https://hub.example", "cross-site", false },
		{ "null", "cross-site", false },
		{ NULL, "cross-site", false },
		{ NULL, "same-site", false },
		{ NULL, "", false },
	};
	struct ctx *c = *state;
	const char *text = sign_in(c, "alice");
	const char *token = session_form_token(c->mem, text, "");

	for (size_t i = 0; i < N_OF(from); i++)
		is_answer(ASK(c, POST, "/mine", text, token, from[i].origin, from[i].site),
		    from[i].is_good ? 200 : 403, NULL);
}

static void
the_log_in_form_is_bound_to_its_cookie(void **state)
{
	struct ctx *c = *state;
	const char *answer = ASK(c, GET, "/login"), *cookie, *token = body_of(answer);

	cookie = strstr(answer, "__Host-mirrorhub=");
	assert_non_null(cookie);
	cookie = arena_strndup(c->mem, cookie + 17, 65);
	assert_int_equal(session_kind_of(cookie), SESSION_BEFORE);
	is_answer(ASK(c, POST, "/login", cookie, token), 200, "nobody -");
	is_answer(ASK(c, POST, "/login", NULL, token), 403, NULL);
	is_answer(ASK(c, POST, "/login", cookie), 403, NULL);
	is_answer(ASK(c, POST, "/login", session_before(c), token), 403, NULL);
	is_answer(ASK(c, POST, "/login", cookie, token, "https://evil.example"), 403, NULL);
	conf.anonymous_read = false;
	is_answer(ASK(c, POST, "/login", cookie, token), 200, "nobody -");
	conf.anonymous_read = true;
	/* it is no session, whatever else it opens */
	is_answer(ASK(c, POST, "/mine", cookie, token), 401, NULL);
}

static void
it_is_noted_once_a_minute_that_a_session_was_seen(void **state)
{
	struct ctx *c = *state;
	const char *text = sign_in(c, "alice");
	struct claim claim;
	struct account account;

	session_claim(text, &claim);
	assert_ok(c, account_by_claim(c, &claim, &account));
	assert_false(account.session_is_stale);
	age("seen_at", "61 seconds");
	assert_ok(c, account_by_claim(c, &claim, &account));
	assert_true(account.session_is_stale);
	is_answer(ASK(c, GET, "/mine", text), 200, "alice -");
	assert_int_equal(n_statements, 1); /* it is noted when the answer has gone */
	assert_ok(c, account_by_claim(c, &claim, &account));
	assert_false(account.session_is_stale);
}

/* ---- */

static int
arrange(void **state)
{
	(void)state;
	log_open("session", LOG_WARN);
	harness_sql(
	    "INSERT INTO hub.account (uname) SELECT u FROM unnest(ARRAY['alice', 'bob', 'carol',"
	    " 'banned']) u;"
	    "UPDATE hub.account SET role = 'banned' WHERE uname = 'banned';"
	    "INSERT INTO hub.store (id) OVERRIDING SYSTEM VALUE VALUES (901), (902);"
	    "INSERT INTO hub.project (path, owner_account_id, default_access, store_id)"
	    " SELECT x.path, a.id, x.access, x.store FROM hub.account a, (VALUES ('open', 1, 901),"
	    " ('hidden', 0, 902)) x (path, access, store) WHERE a.uname = 'alice'");
	return 0;
}

static struct harness web = { "mirrorhub_web", store_web_tables, &conf, NULL };

#define CONNECTED(test) WITH_HARNESS(test, web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECTED(a_session_is_its_accounts_until_it_ends),
		CONNECTED(nobody_ends_anothers_session),
		CONNECTED(it_ends_8_hours_after_it_was_seen_and_after_7_days),
		CONNECTED(a_new_password_a_ban_and_an_end_of_the_account_end_them),
		CONNECTED(none_is_made_from_a_claim_that_holds_no_more),
		CONNECTED(an_account_has_a_hundred_at_most),
		CONNECTED(a_cookie_says_who_asks_in_one_statement),
		CONNECTED(where_there_is_no_habit_a_cookie_is_nothing),
		CONNECTED(the_authorization_header_wins),
		CONNECTED(a_session_that_is_over_makes_a_guest),
		CONNECTED(changes_need_the_token_of_the_form),
		CONNECTED(changes_come_from_our_own_pages),
		CONNECTED(the_log_in_form_is_bound_to_its_cookie),
		CONNECTED(it_is_noted_once_a_minute_that_a_session_was_seen),
	};

	return cmocka_run_group_tests_name("session", tests, arrange, NULL);
}
