/* JSON-RPC: bodies and what may be shown of them, arguments, profiles, and the table of methods.
 * Calls up to their key need no database; behind it tests/conformance/rhodecode goes on. */
#include "web/rpc.h"

#include "tests/unit/connection.h"

#include "base/conf.h"
#include "base/js.h"
#include "base/str.h"
#include "cgi/rhodecode/rhodecode.h"
#include "web/rpc_args.h"

#define MANUAL "docs/api/rhodecode.md"
#define MANUAL_MAX_BYTES (256 * 1024)
#define KEY "0123456789abcdef0123456789abcdef01234567"

/* ---- the table */

static void
every_method_has_its_columns(void **state)
{
	(void)state;
	rpc_check(&rhodecode_door);
}

static bool
has_method(const char *name)
{
	for (const struct rpc_method *m = rhodecode_door.methods; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return true;
	return false;
}

static void
the_manual_has_every_method_and_no_other(void **state)
{
	struct ctx *c = *state;
	char *manual, **lines;
	size_t n;

	assert_int_equal(path_read(c, MANUAL, MANUAL_MAX_BYTES, &manual), OK);
	for (const struct rpc_method *m = rhodecode_door.methods; m->name != NULL; m++)
		if (strstr(manual, arena_printf(c->mem, "\n### %s\n", m->name)) == NULL)
			unit_fail("%s does not have \"### %s\"", MANUAL, m->name);
	lines = str_split(c->mem, manual, '\n', &n);
	for (size_t i = 0; i < n; i++)
		/* headings of sections have capitals */
		if (str_starts(lines[i], "### ") && lines[i][4] >= 'a' && !has_method(lines[i] + 4))
			unit_fail("%s has %s, which is no method", MANUAL, lines[i]);
}

static void
a_method_that_changes_is_never_open_to_all_without_an_object(void **state)
{
	(void)state;
	for (const struct rpc_method *m = rhodecode_door.methods; m->name != NULL; m++)
		if ((m->flags & RPC_WRITES) && m->perm == PERM_USER && m->loads[0].object == 0 &&
		    !str_starts(m->name, "create_"))
			unit_fail("%s: who may?", m->name);
}

static bool
is_marked(const struct rpc_method *m, const char *mark)
{
	for (size_t i = 0; i < RPC_MARKS_MAX && m->marks[i] != NULL; i++)
		if (strcmp(m->marks[i], mark) == 0)
			return true;
	return false;
}

static unsigned
forms_of(const char *name)
{
	unsigned forms = 0;

	for (const struct rpc_method *m = rhodecode_door.methods; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			forms |= m->profiles;
	return forms;
}

/* Section 0 of the contract, points 2 and 3. */
static void
what_existed_in_S_alone_makes_a_call_one_of_S(void **state)
{
	static const struct {
		const char *method, *mark;
	} marks[] = { { "pull", "repo" }, { "get_repo", "name" }, { "create_repo", "name" },
		{ "create_user", "name" }, { "create_users_group", "name" },
		{ "get_users_group", "group_name" }, { "add_user_to_users_group", "group_name" },
		{ "add_user_to_users_group", "user_name" } };
	static const char *const only_s[] = { "add_user_to_repo", "add_users_group_to_repo",
		"add_user_users_group", "add_user_to_users_groups" };

	(void)state;
	for (size_t i = 0; i < N_OF(marks); i++) {
		size_t n = 0;

		for (const struct rpc_method *m = rhodecode_door.methods; m->name != NULL; m++)
			n += strcmp(m->name, marks[i].method) == 0 && is_marked(m, marks[i].mark);
		if (n != 1)
			unit_fail("%s.%s", marks[i].method, marks[i].mark);
	}
	for (size_t i = 0; i < N_OF(only_s); i++)
		if (forms_of(only_s[i]) != RPC_S)
			unit_fail("%s", only_s[i]);
}

/* A call without an id must find its own form where there is one. */
static void
the_seeds_methods_have_both_forms(void **state)
{
	static const char *const names[] = { "pull", "get_users", "get_user", "create_user",
		"get_users_groups", "get_users_group", "create_users_group",
		"add_user_to_users_group", "get_repos", "get_repo", "create_repo" };

	(void)state;
	for (size_t i = 0; i < N_OF(names); i++)
		if (forms_of(names[i]) != (RPC_S | RPC_M))
			unit_fail("%s", names[i]);
}

/* ---- what is shown of a body */

static const char *
echo(struct ctx *c, const char *body)
{
	return rhodecode_echo(c->mem, body, strlen(body));
}

static void
what_may_be_secret_is_never_shown(void **state)
{
	struct ctx *c = *state;
	static const char *const bodies[] = {
		"{\"api_key\":\"" KEY "\",}",
		"{'api_key': '" KEY "'}",
		"{\"auth_token\" : \"" KEY "\" \"x\"}",
		"{\"API_KEY\":" KEY "}",
		"api_key=" KEY "&method=x",
		"%7B%22api_key%22%3A%22" KEY "%22%2C",
		"%7B%22password%22%3A+%22a%2C0123456789%22%7D%2C",
		"%7B%22clone_uri%22%3A%22http%3A%2F%2Fu%3A0123456789%40h%2F",
		"{\"oops\":\"" KEY "\"",
		KEY,
		"{\"args\":{\"password\":\"" KEY "\"",
	};

	for (size_t i = 0; i < N_OF(bodies); i++) {
		if (strstr(echo(c, bodies[i]), "0123456789") != NULL)
			unit_fail("shown: %s", echo(c, bodies[i]));
		if (strstr(echo(c, bodies[i]), "***") == NULL)
			unit_fail("not masked: %s", echo(c, bodies[i]));
	}
}

static void
passwords_are_masked_whatever_is_in_them(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(
	    echo(c, "{\"password\":\"hunter2\",\"x\":1"), "{\"password\":***\",\"x\":1");
	assert_string_equal(echo(c, "{\"password\":\"hun\\\"ter2\"}"), "{\"password\":***\"}");
	assert_string_equal(echo(c, "{\"password\":\"hun\"ter2\"}"), "{\"password\":***\"}");
	assert_string_equal(echo(c, "{\"password\": \"hunter2"), "{\"password\": ***");
	assert_string_equal(echo(c, "{\"new_password\" : hunter2, "), "{\"new_password\" : ***, ");
	assert_string_equal(echo(c, "{\"clone_uri\":\"https://a:b@h/\"}"),
	    "{\"clone_uri\":\"https://a:***@h/\"}");
}

static void
the_rest_is_shown_and_cut(void **state)
{
	struct ctx *c = *state;
	char body[1001] = { 0 };

	assert_string_equal(echo(c, ""), "");
	assert_string_equal(
	    echo(c, "{\"method\":\"get_repo\",oops"), "{\"method\":\"get_repo\",oops");
	assert_string_equal(echo(c, "the password is lost"), "the password is lost");
	memset(body, '-', sizeof(body) - 1);
	assert_int_equal(strlen(echo(c, body)), 200);
	for (size_t i = 0; i + 1 < sizeof(body); i += 2)
		memcpy(body + i, "\xc3\xa9", 2);
	memmove(body + 1, body, sizeof(body) - 2);
	body[0] = 'x';
	assert_int_equal(strlen(echo(c, body)), 199); /* no half of a character */
	/* a key that the cut goes through is masked all the same */
	memset(body, '-', 190);
	memcpy(body + 190, KEY, sizeof(KEY));
	assert_null(strstr(echo(c, body), "0123"));
	assert_string_equal(echo(c, "\xff{"), "\xef\xbf\xbd{");
}

/* ---- envelopes */

static struct fcgi connection;
static struct conf conf;

static const char *
answer_to(struct ctx *c, const char *method, const char *length, const char *body)
{
	static const struct dialect *const dialects[] = { &rhodecode_dialect, NULL };
	struct req r = { .ctx = c, .fcgi = &connection };

	conf = (struct conf){ .body_bytes = 1024, .rhodecode_profile = "auto" };
	c->conf = &conf;
	c->http_status = c->retry_after_s = 0;
	connection = (struct fcgi){
		.variables = { "REQUEST_METHOD", method, "REQUEST_URI", "/_admin/api",
		    "CONTENT_LENGTH", length },
		.body = body,
		.body_len = strlen(body),
		.answer = buf_new(c->mem, RES_BODY_MAX),
	};
	route_serve(&r, dialects);
	return connection.answer->data;
}

static void
is_refused(struct ctx *c, const char *body, const char *expected)
{
	char length[20];

	snprintf(length, sizeof(length), "%zu", strlen(body));
	is_answer(answer_to(c, "POST", length, body), 200, expected);
}

static void
without_a_body_every_method_of_http_is_told_so(void **state)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
		"PROPFIND" };
	struct ctx *c = *state;

	for (size_t i = 0; i < N_OF(methods); i++) {
		is_answer(answer_to(c, methods[i], "", ""), 200,
		    "{\"result\":null,\"error\":\"No Content-Length in request\"}");
		is_answer(answer_to(c, methods[i], "0", ""), 200,
		    "{\"result\":null,\"error\":\"Content-Length is 0\"}");
	}
}

static void
members_are_missed_in_their_order_and_the_id_is_said_again(void **state)
{
	struct ctx *c = *state;

	is_refused(
	    c, "[]", "{\"result\":null,\"error\":\"Incorrect JSON query missing 'api_key'\"}");
	is_refused(c, "{\"id\":\"\"}",
	    "{\"id\":\"\",\"result\":null,\"error\":\"Incorrect JSON query missing 'api_key'\"}");
	is_refused(c, "{\"id\":1.0,\"api_key\":1}",
	    "{\"id\":1.0,\"result\":null,\"error\":\"Incorrect JSON query missing 'method'\"}");
	is_refused(c, "{\"id\":null,\"auth_token\":1,\"method\":1}",
	    "{\"id\":null,\"result\":null,\"error\":\"Incorrect JSON query missing 'args'\"}");
}

static void
a_body_like_a_form_is_decoded_once(void **state)
{
	struct ctx *c = *state;

	is_refused(c, "%7B%22id%22:7%7D",
	    "{\"id\":7,\"result\":null,\"error\":\"Incorrect JSON query missing 'api_key'\"}");
	is_refused(c, "%257B%257D",
	    "{\"result\":null,\"error\":\"JSON parse error ERR:not JSON at byte 1: expected a value"
	    " RAW:'%257B%257D'\"}");
}

static void
a_large_body_is_413(void **state)
{
	struct ctx *c = *state;

	is_answer(answer_to(c, "POST", "1025", ""), 413, NULL);
}

static void
without_a_database_it_is_an_internal_error_and_200(void **state)
{
	struct ctx *c = *state;

	is_refused(c, "{\"id\":1,\"api_key\":\"" KEY "\",\"method\":\"test\",\"args\":null}",
	    "{\"id\":1,\"result\":null,\"error\":\"Internal server error\"}");
}

/* ---- arguments */

struct wish {
	const struct rpc_ref *repoid;
	const char *text, *secret, *perm;
	const bool *flag;
	const int64_t *number;
	const struct js *any;
};

static const struct rpc_arg wish_in[] = {
	RPC_ARG(wish, repoid, RPC_NEED, "repo", "name"),
	RPC_ARG(wish, text, RPC_NEED),
	RPC_ARG(wish, secret, RPC_HIDE),
	RPC_ARG(wish, flag, 0),
	RPC_ARG(wish, number, 0),
	RPC_ARG(wish, any, 0),
	RPC_ARG(wish, perm, RPC_NEED | RPC_NULLABLE),
	{ 0 },
};

static int
do_nothing(struct req *r)
{
	(void)r;
	return OK;
}

static const char *const tolerated[] = { "cache", NULL };
static const struct rpc_method wish_method = { "wish", RPC_S | RPC_M, PERM_USER, { { 0 } },
	do_nothing, wish_in, 0, "failed to wish {text} for `{repoid}`" };
static const struct rpc_door door = { &wish_method, tolerated };

static int
read_args(struct ctx *c, enum rpc_profile profile, const char *json, struct req *r)
{
	const struct js *args;
	struct rpc_call *call = arena_new_of(c->mem, struct rpc_call);

	assert_int_equal(js_parse(c, json, strlen(json), &args), OK);
	*call = (struct rpc_call){ .args = args, .profile = profile, .method = &wish_method };
	*r = (struct req){ .ctx = c, .call = call };
	return rpc_args_read(r, &door);
}

static const struct wish *
wished(struct ctx *c, const char *json)
{
	struct req *r = arena_new_of(c->mem, struct req);

	assert_int_equal(read_args(c, RPC_M, json, r), OK);
	return r->in;
}

static void
values_are_taken_as_clients_send_them(void **state)
{
	struct ctx *c = *state;
	const struct wish *in = wished(c,
	    "{\"repoid\":\"12\",\"text\":1.50,\"flag\":\" YES \",\"number\":\"-3\","
	    "\"any\":[null],\"perm\":null}");

	assert_string_equal(in->repoid->text, "12");
	assert_int_equal(in->repoid->number, 12);
	assert_string_equal(in->text, "1.50");
	assert_true(*in->flag);
	assert_int_equal(*in->number, -3);
	assert_int_equal(js_type(in->any), JS_ARRAY);
	assert_null(in->perm);
	assert_null(in->secret);
	in = wished(c, "{\"repoid\":3,\"text\":true,\"flag\":0,\"perm\":\"\",\"any\":null}");
	assert_int_equal(in->repoid->number, 3);
	assert_string_equal(in->text, "true");
	assert_false(*in->flag);
	assert_string_equal(in->perm, "");
	assert_int_equal(js_type(in->any), JS_NULL);
	in = wished(c, "{\"repoid\":\"1a\",\"text\":\"\",\"flag\":null,\"perm\":1}");
	assert_int_equal(in->repoid->number, 0);
	assert_null(in->flag);
}

static void
the_own_name_wins_over_the_others(void **state)
{
	struct ctx *c = *state;

	assert_string_equal(
	    wished(c, "{\"name\":\"a\",\"repo\":\"b\",\"text\":1,\"perm\":1}")->repoid->text, "b");
	assert_string_equal(
	    wished(c, "{\"name\":\"a\",\"repoid\":\"c\",\"text\":1,\"perm\":1}")->repoid->text,
	    "c");
}

static void
the_last_one_that_is_missing_is_named(void **state)
{
	struct ctx *c = *state;
	struct req r;

	assert_int_equal(read_args(c, RPC_M, "{}", &r), E_INVALID);
	assert_int_equal(r.call->no, RPC_NO_ARGUMENT);
	assert_string_equal(r.call->subject, "perm");
	assert_int_equal(read_args(c, RPC_S, "{\"perm\":1,\"x\":2,\"text\":null}", &r), E_INVALID);
	assert_string_equal(r.call->subject, "text");
}

static void
what_is_too_much_is_named_in_M_and_ignored_in_S(void **state)
{
	struct ctx *c = *state;
	struct req r;
	const char *json = "{\"repo\":1,\"text\":1,\"perm\":1,\"apiuser\":1,\"cache\":1,\"y\":1}";

	assert_int_equal(read_args(c, RPC_S, json, &r), OK);
	assert_int_equal(read_args(c, RPC_M, json, &r), E_INVALID);
	assert_int_equal(r.call->no, RPC_NO_SUCH_ARGUMENT);
	assert_string_equal(r.call->subject, "apiuser`, `y");
}

static void
another_type_is_the_methods_own_failure(void **state)
{
	struct ctx *c = *state;
	struct req r;

	assert_int_equal(
	    read_args(c, RPC_M, "{\"repo\":1,\"text\":[1],\"perm\":1}", &r), E_INVALID);
	assert_int_equal(r.call->no, 0);
	assert_string_equal(rpc_failed_text(&r), "failed to wish None for `1`");
	assert_int_equal(
	    read_args(c, RPC_M, "{\"repo\":1,\"text\":1,\"perm\":1,\"number\":\"x\"}", &r),
	    E_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CTX(every_method_has_its_columns),
		WITH_CTX(the_manual_has_every_method_and_no_other),
		WITH_CTX(a_method_that_changes_is_never_open_to_all_without_an_object),
		WITH_CTX(what_existed_in_S_alone_makes_a_call_one_of_S),
		WITH_CTX(the_seeds_methods_have_both_forms),
		WITH_CTX(what_may_be_secret_is_never_shown),
		WITH_CTX(passwords_are_masked_whatever_is_in_them),
		WITH_CTX(the_rest_is_shown_and_cut),
		WITH_CTX(without_a_body_every_method_of_http_is_told_so),
		WITH_CTX(members_are_missed_in_their_order_and_the_id_is_said_again),
		WITH_CTX(a_body_like_a_form_is_decoded_once),
		WITH_CTX(a_large_body_is_413),
		WITH_CTX(without_a_database_it_is_an_internal_error_and_200),
		WITH_CTX(values_are_taken_as_clients_send_them),
		WITH_CTX(the_own_name_wins_over_the_others),
		WITH_CTX(the_last_one_that_is_missing_is_named),
		WITH_CTX(what_is_too_much_is_named_in_M_and_ignored_in_S),
		WITH_CTX(another_type_is_the_methods_own_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
